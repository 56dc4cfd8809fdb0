//! Credentials: from an application to the badge that the public sees, and every way in which it ends.

use casebook_kernel::AgencyKind;
use casebook_proto::common::v1::Role;
use casebook_proto::credentials::v1::{
    self as pb, BadgeState, CertificateType, ConsentPurpose, CredentialState, LookupOutcome, VerificationOutcome,
};
use casebook_proto::enforcement::v1 as enforcement;
use tonic::Code;

use super::{Desk, Journey, people, request_id, time};
use crate::world::{self, PHYSICIANS};

pub const CALLS: &[&str] = &[
    "CredentialsService/AmendDisplay",
    "CredentialsService/ConcludeFraud",
    "CredentialsService/ConcludeVerification",
    "CredentialsService/FileCredential",
    "CredentialsService/GetBadge",
    "CredentialsService/GetCredential",
    "CredentialsService/GetNormalHeadcount",
    "CredentialsService/GetRecertification",
    "CredentialsService/IssueRecertificationNotice",
    "CredentialsService/ListCredentialHistory",
    "CredentialsService/ListCredentials",
    "CredentialsService/ListHeadcountAnomalies",
    "CredentialsService/ListRecertificationHistory",
    "CredentialsService/ListRecertifications",
    "CredentialsService/LookUpRegistry",
    "CredentialsService/RecordRegistryLookup",
    "CredentialsService/RenewCredential",
    "CredentialsService/ReportFraud",
    "CredentialsService/RequestSupplement",
    "CredentialsService/RestoreBadge",
    "CredentialsService/RevokeCredential",
    "CredentialsService/RunChecks",
    "CredentialsService/SetNormalHeadcount",
    "CredentialsService/SubmitSupplement",
    "CredentialsService/SuspendBadge",
    "EnforcementService/ListLeads",
];

const INSTITUTION: &str = "00000000-0000-4000-8000-000000000001";

fn certificate(kind: CertificateType, number: &str) -> pb::CertificateInput {
    let employment = kind == CertificateType::EmploymentProof;
    let of = |proof: &str, licence: &str| if employment { proof.to_owned() } else { licence.to_owned() };
    pb::CertificateInput {
        certificate_type: kind.into(),
        number: number.into(),
        issuing_authority: of("越州市中医院", "越州市卫生健康委员会"),
        issuing_department: of("人事科", ""),
        holder_department: of("针灸科", ""),
        valid_from: of("2026-02-01", "2021-06-01"),
        document_sha256: "0".repeat(64),
        professional_scope: if kind == CertificateType::PhysicianPractice {
            "中医专业".into()
        } else {
            String::new()
        },
        ..Default::default()
    }
}

fn certificates(physician: usize) -> Vec<pb::CertificateInput> {
    let (qualification, practice) = PHYSICIANS[physician];
    vec![
        certificate(CertificateType::PhysicianQualification, qualification),
        certificate(CertificateType::PhysicianPractice, practice),
        certificate(CertificateType::EmploymentProof, ""),
    ]
}

fn consent() -> pb::ConsentInput {
    let purposes = [ConsentPurpose::Verification, ConsentPurpose::RegistryComparison, ConsentPurpose::PublicDisplay];
    pb::ConsentInput {
        purposes: purposes.map(i32::from).to_vec(),
        text_version: "2026-01".into(),
        given_at: time("2026-03-01T00:00:00Z"),
    }
}

fn display(background: &str) -> pb::DisplayInput {
    pb::DisplayInput {
        employment_status: pb::EmploymentStatus::Employed.into(),
        mcn_affiliation: pb::McnAffiliation::None.into(),
        mcn_name: String::new(),
        background: background.into(),
    }
}

/// A physician of a hospital of Chinese medicine, with one of the physicians' certificates.
pub fn application(physician: usize) -> pb::FileCredentialRequest {
    pb::FileCredentialRequest {
        request_id: request_id(),
        platform: "douyin".into(),
        platform_uid: format!("dy-{physician}"),
        category: pb::ApplicantCategory::MedicalInstitution.into(),
        profession: pb::ApplicantProfession::TcmPhysician.into(),
        institution_id: INSTITUTION.into(),
        institution_name: "越州市中医院".into(),
        department: "针灸科".into(),
        region: "330600".into(),
        holder_reference: format!("holder-{physician}"),
        certificates: certificates(physician),
        consent: Some(consent()),
        display: Some(display("从事针灸临床工作二十年")),
        cohort: pb::Cohort::Existing.into(),
        ..Default::default()
    }
}

/// Who works on credentials in these journeys.
struct Office {
    journey: Journey,
    /// Files applications.
    desk: Desk,
    verifier: Desk,
    second: Desk,
}

impl Office {
    async fn open() -> Self {
        let journey = Journey::begin().await;
        let desk = |officer| journey.desk(people::verifier(officer));
        Self { desk: desk("desk"), verifier: desk("verifier-a"), second: desk("verifier-b"), journey }
    }

    async fn file(&self, request: pb::FileCredentialRequest) -> String {
        let filed = self.desk.credentials().file_credential(request).await.expect("filed").into_inner();
        filed.credential.expect("a credential").credential_id
    }

    async fn check(&self, id: &str) {
        let request = pb::RunChecksRequest { request_id: request_id(), credential_id: id.into(), ..Default::default() };
        self.verifier.credentials().run_checks(request).await.expect("checked");
    }

    /// R27: what the registry says is recorded, by asking it or by hand.
    async fn compare(&self, id: &str) {
        let ask = pb::LookUpRegistryRequest {
            request_id: request_id(),
            credential_id: id.into(),
            certificate_type: CertificateType::PhysicianQualification.into(),
            ..Default::default()
        };
        let lookup = self.verifier.credentials().look_up_registry(ask).await.expect("looked up").into_inner().lookup;
        assert_eq!(lookup.expect("an answer").outcome(), LookupOutcome::Match);
        let by_hand = pb::RecordRegistryLookupRequest {
            request_id: request_id(),
            credential_id: id.into(),
            certificate_type: CertificateType::PhysicianPractice.into(),
            source: "nhc-web".into(),
            looked_up_at: time("2026-03-02T00:30:00Z"),
            outcome: LookupOutcome::Match.into(),
            ..Default::default()
        };
        self.verifier.credentials().record_registry_lookup(by_hand).await.expect("recorded");
    }

    async fn conclude(&self, id: &str) -> pb::Credential {
        self.check(id).await;
        self.compare(id).await;
        let request = pb::ConcludeVerificationRequest {
            request_id: request_id(),
            credential_id: id.into(),
            outcome: VerificationOutcome::Verified.into(),
            reasons: "经核验属实".into(),
            ..Default::default()
        };
        let concluded =
            self.verifier.credentials().conclude_verification(request).await.expect("verified").into_inner();
        concluded.credential.expect("a credential")
    }

    async fn verify(&self, physician: usize) -> String {
        let id = self.file(application(physician)).await;
        assert_eq!(self.conclude(&id).await.state(), CredentialState::Verified);
        id
    }

    async fn badge(&self, physician: usize) -> pb::Badge {
        let at_least_position = self.journey.world.at_rest().await.0;
        let portal = self.journey.desk(people::portal());
        let request = pb::GetBadgeRequest {
            platform: "douyin".into(),
            platform_uid: format!("dy-{physician}"),
            at_least_position,
        };
        portal.credentials().get_badge(request).await.expect("a badge").into_inner().badge.expect("a badge")
    }
}

/// R20-R38: applications, checks, the registry, the badge, fraud, renewal, notices and headcounts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn physicians_are_verified() {
    let office = Office::open().await;
    supplemented_and_verified(&office).await;
    shown_suspended_and_restored(&office).await;
    fraud_ends_a_credential(&office).await;
    renewed(&office).await;
    noticed(&office).await;
    counted(&office).await;
    office.journey.end(CALLS).await;
}

/// R28: what is missing is asked for once, and comes.
async fn supplemented_and_verified(office: &Office) {
    let mut incomplete = application(0);
    incomplete.certificates.remove(1);
    let id = office.file(incomplete).await;
    office.check(&id).await;
    let ask = pb::RequestSupplementRequest {
        request_id: request_id(),
        credential_id: id.clone(),
        wanted: vec![CertificateType::PhysicianPractice.into()],
        reasons: "缺少医师执业证书".into(),
        ..Default::default()
    };
    office.verifier.credentials().request_supplement(ask).await.expect("asked");
    let answer = pb::SubmitSupplementRequest {
        request_id: request_id(),
        credential_id: id.clone(),
        certificates: vec![certificate(CertificateType::PhysicianPractice, PHYSICIANS[0].1)],
        ..Default::default()
    };
    let douyin = office.journey.desk(people::platform("douyin"));
    douyin.credentials().submit_supplement(answer).await.expect("answered");
    assert_eq!(office.conclude(&id).await.state(), CredentialState::Verified);

    let get = pb::GetCredentialRequest { credential_id: id.clone(), ..Default::default() };
    let credential = office.verifier.credentials().get_credential(get).await.expect("there").into_inner().credential;
    let at_least_position = office.journey.world.at_rest().await.0;
    let list = pb::ListCredentialsRequest {
        states: vec![CredentialState::Verified.into()],
        at_least_position,
        ..Default::default()
    };
    let listed = office.verifier.credentials().list_credentials(list).await.expect("listed").into_inner().credentials;
    assert_eq!(listed, credential.into_iter().collect::<Vec<_>>(), "a list says what a replay says");
    let history = pb::ListCredentialHistoryRequest { credential_id: id, ..Default::default() };
    let entries =
        office.verifier.credentials().list_credential_history(history).await.expect("a history").into_inner().entries;
    assert_eq!(entries[0].event_type, "casebook.credentials.v1.CredentialFiled");
    let numbers = |json: &str| PHYSICIANS.iter().any(|(one, other)| json.contains(one) || json.contains(other));
    assert!(!entries.iter().any(|entry| numbers(&entry.json)), "no certificate number is in the log");
}

/// R34-R37: the badge follows what is known, and tells the public nothing else.
async fn shown_suspended_and_restored(office: &Office) {
    let id = office.verify(1).await;
    assert_eq!(office.badge(1).await.state(), BadgeState::Verified);
    let suspend = pb::SuspendBadgeRequest {
        request_id: request_id(),
        credential_id: id.clone(),
        reasons: "进一步核验".into(),
        ..Default::default()
    };
    office.verifier.credentials().suspend_badge(suspend).await.expect("suspended");
    assert_eq!(office.badge(1).await.state(), BadgeState::Suspended);
    let restore = pb::RestoreBadgeRequest {
        request_id: request_id(),
        credential_id: id.clone(),
        reasons: "核验属实".into(),
        ..Default::default()
    };
    office.verifier.credentials().restore_badge(restore).await.expect("restored");
    let amend = pb::AmendDisplayRequest {
        request_id: request_id(),
        credential_id: id.clone(),
        display: Some(display("针灸科主任医师")),
        ..Default::default()
    };
    office.journey.desk(people::platform("douyin")).credentials().amend_display(amend).await.expect("amended");
    assert_eq!(office.badge(1).await.background, "针灸科主任医师");
    let revoke = pb::RevokeCredentialRequest {
        request_id: request_id(),
        credential_id: id,
        reasons: "主动申请注销认证".into(),
        ..Default::default()
    };
    office.verifier.credentials().revoke_credential(revoke).await.expect("revoked");
    assert_eq!(office.badge(1).await.state(), BadgeState::Revoked);
}

/// R31: forged papers end a credential, by two officers, and become a lead.
async fn fraud_ends_a_credential(office: &Office) {
    let id = office.verify(2).await;
    let report = pb::ReportFraudRequest {
        request_id: request_id(),
        credential_id: id.clone(),
        certificate_types: vec![CertificateType::EmploymentProof.into()],
        reasons: "在职证明系伪造".into(),
        evidence_sha256: vec!["a".repeat(64)],
        suspend_badge: true,
        ..Default::default()
    };
    office.verifier.credentials().report_fraud(report).await.expect("reported");
    let conclude = |reasons: &str| pb::ConcludeFraudRequest {
        request_id: request_id(),
        credential_id: id.clone(),
        outcome: pb::FraudOutcome::Confirmed.into(),
        reasons: reasons.into(),
        ..Default::default()
    };
    let same = office.verifier.credentials().conclude_fraud(conclude("属实")).await.expect_err("four eyes");
    assert_eq!((same.code(), world::reason(&same).as_str()), (Code::PermissionDenied, "SAME_OFFICER"));
    office.second.credentials().conclude_fraud(conclude("经医院核实，证明系伪造")).await.expect("concluded");
    assert_eq!(office.badge(2).await.certificate_names.len(), 0);
    // R28, R87: what was found of papers is a lead of whoever is competent where the institution is.
    let at_least_position = office.journey.world.at_rest().await.0;
    let officer = people::officer_of("health-330000", AgencyKind::Health, "officer-7", Role::CaseOfficer);
    let of_account = enforcement::ListLeadsRequest { at_least_position, ..Default::default() };
    let leads =
        office.journey.desk(officer).enforcement().list_leads(of_account).await.expect("listed").into_inner().leads;
    assert_eq!(leads.iter().map(|lead| lead.violation.as_str()).collect::<Vec<_>>(), ["V-05"]);
}

/// X12, X13: a credential is renewed by a successor of its own.
async fn renewed(office: &Office) {
    let old = office.verify(3).await;
    let request = pb::RenewCredentialRequest {
        request_id: request_id(),
        predecessor_id: old.clone(),
        certificates: certificates(3),
        consent: Some(consent()),
        ..Default::default()
    };
    let new = office.desk.credentials().renew_credential(request).await.expect("renewed").into_inner();
    assert_eq!(new.credential.expect("a credential").predecessor_id, old);
}

/// S1 §5, R32: an account has two months to be verified.
async fn noticed(office: &Office) {
    let (platform, platform_uid) = ("douyin".to_owned(), "dy-9".to_owned());
    let notice = pb::IssueRecertificationNoticeRequest {
        request_id: request_id(),
        platform: platform.clone(),
        platform_uid: platform_uid.clone(),
        served_at: time("2026-03-02T00:30:00Z"),
        service_proof_sha256: "b".repeat(64),
        ..Default::default()
    };
    let mut credentials = office.verifier.credentials();
    credentials.issue_recertification_notice(notice).await.expect("issued");
    let get = pb::GetRecertificationRequest {
        platform: platform.clone(),
        platform_uid: platform_uid.clone(),
        ..Default::default()
    };
    let running = credentials.get_recertification(get).await.expect("there").into_inner().recertification;
    let at_least_position = office.journey.world.at_rest().await.0;
    let list = pb::ListRecertificationsRequest { at_least_position, ..Default::default() };
    let listed = credentials.list_recertifications(list).await.expect("listed").into_inner().recertifications;
    assert_eq!(listed, running.into_iter().collect::<Vec<_>>());
    let history = pb::ListRecertificationHistoryRequest { platform, platform_uid, ..Default::default() };
    let entries = credentials.list_recertification_history(history).await.expect("a history").into_inner().entries;
    assert_eq!(entries.len(), 1);
}

/// R29: a department with more verified people than is normal is listed.
async fn counted(office: &Office) {
    let set = pb::SetNormalHeadcountRequest {
        request_id: request_id(),
        institution_id: INSTITUTION.into(),
        department: "针灸科".into(),
        normal: 1,
        ..Default::default()
    };
    let mut credentials = office.verifier.credentials();
    credentials.set_normal_headcount(set).await.expect("set");
    let get = pb::GetNormalHeadcountRequest {
        institution_id: INSTITUTION.into(),
        department: "针灸科".into(),
        ..Default::default()
    };
    let headcount = credentials.get_normal_headcount(get).await.expect("there").into_inner().headcount;
    assert_eq!(headcount.map(|it| it.normal), Some(1));
    let at_least_position = office.journey.world.at_rest().await.0;
    let list = pb::ListHeadcountAnomaliesRequest { at_least_position, ..Default::default() };
    let anomalies = credentials.list_headcount_anomalies(list).await.expect("listed").into_inner().anomalies;
    assert_eq!(anomalies.iter().map(|it| (it.department.as_str(), it.verified)).collect::<Vec<_>>(), [("针灸科", 2)]);
}
