//! What the shipped pack says, by requirement.

use std::collections::BTreeSet;

use casebook_kernel::AgencyKind;
use casebook_kernel::calendar::Term;
use casebook_kernel::certificate::CertificateType;
use casebook_policy::{
    ApplicantCategory, DeadlineName, Issuer, MeasureParameters, PolicyRefusal, Severity, SubCategory, Undoing,
    measures as m,
};

use crate::{measures, pack, policy};

#[test]
fn every_reference_of_the_shipped_pack_resolves() {
    let pack = pack();
    let known = |ids: &[casebook_policy::LegalBasisId]| {
        for id in ids {
            assert!(pack.legal_basis(id.as_str()).is_some(), "{id}");
        }
    };
    for violation in pack.violations() {
        known(&violation.bases);
        assert!(pack.ladder(violation.ladder.as_str()).is_some(), "{}", violation.id);
        for measure in &violation.accompanied_by {
            assert!(pack.measure(measure.as_str()).is_some(), "{}", violation.id);
        }
    }
    pack.measures().for_each(|measure| known(&measure.bases));
    pack.deadlines().for_each(|deadline| known(&deadline.bases));
    for set in pack.certificate_sets() {
        known(&set.bases);
        for certificate in &set.required {
            known(&pack.certificate(*certificate).expect("certificate").bases);
        }
    }
    for rule in policy().screening.rules() {
        known(&rule.bases);
        assert!(pack.violation(rule.violation.as_str()).is_some(), "{}", rule.id);
    }
}

#[test]
fn the_pack_and_the_screening_have_versions_that_events_can_name() {
    assert_eq!(pack().version(), "cn-2026.1");
    assert_eq!(policy().screening.version(), "health-science-2026.1");
    assert_eq!(policy().calendar.version(), "cn-working-days-2026.1");
}

/// R06: a head account has at least 100,000 followers.
#[test]
fn r06_head_accounts() {
    assert_eq!(pack().figures().head_account_followers, 100_000);
}

/// R87, R88-R90, R65, R66, R39-R43, R33, R44, R63, R64, R28, R13, X14: the catalogue is whole.
#[test]
fn the_catalogue_holds_every_violation_that_the_requirements_name() {
    for (requirement, ids) in [
        ("R87", &["V-01", "V-02", "V-03", "V-04", "V-05", "V-06"][..]),
        ("R88", &["PAID-CONSULT"]),
        ("R89", &["DOCTOR-ABSENT"]),
        ("R90", &["DIVERSION"]),
        ("R65", &["AD-MEDICAL", "AD-DRUG", "AD-DEVICE", "AD-HEALTH-FOOD", "AD-SPECIAL-FOOD"]),
        ("R66", &["AD-COOCCURRENCE"]),
        ("R39", &["LABEL-QUOTED-SOURCE"]),
        ("R40", &["LABEL-OLD-NEWS"]),
        ("R41", &["LABEL-STAGED-DRAMA"]),
        ("R42", &["LABEL-AI-GENERATED"]),
        ("R43", &["LABEL-PERSONAL-EXPERIENCE"]),
        ("R33", &["UNCERTIFIED"]),
        ("R44", &["FABRICATION", "FALSE-INFO", "SPLICING"]),
        ("R63", &["PRIVACY"]),
        ("R64", &["LIVE-COMMERCE"]),
        ("R28", &["CREDENTIAL-FRAUD"]),
        ("R13", &["INSTITUTION-NAME"]),
        ("X14", &["FALSE-INFO-PLATFORM"]),
    ] {
        let found: BTreeSet<&str> = pack()
            .violations()
            .filter(|violation| violation.requirement == requirement)
            .map(|violation| violation.id.as_str())
            .collect();
        assert_eq!(found, ids.iter().copied().collect(), "{requirement}");
    }
}

/// R93: cyberspace offices guide platforms, health and TCM deal with doctors, market punishes advertising.
#[test]
fn r93_who_leads_on_what() {
    for (violation, lead) in [
        ("V-05", AgencyKind::Cyberspace),
        ("UNCERTIFIED", AgencyKind::Cyberspace),
        ("V-06", AgencyKind::Market),
        ("AD-HEALTH-FOOD", AgencyKind::Market),
        ("AD-COOCCURRENCE", AgencyKind::Market),
        ("PRIVACY", AgencyKind::Health),
        ("CREDENTIAL-FRAUD", AgencyKind::Health),
    ] {
        assert_eq!(pack().violation(violation).expect(violation).lead(), lead, "{violation}");
    }
}

/// S1 §8 carries the ladder, so every violation that the notice names rests on it or on a platform's rules.
#[test]
fn every_violation_can_be_answered_with_a_platform_measure_request() {
    let today = pack().effective_from();
    for violation in pack().violations() {
        let admitted = pack().admits(
            casebook_policy::Instrument::PlatformMeasureRequest,
            &violation.bases,
            &measures(&[m::INTERACTIONS_REMOVED]),
            today,
        );
        assert_eq!(admitted, Ok(()), "{}", violation.id);
    }
}

#[test]
fn what_cannot_be_undone_says_so_and_has_a_remedy() {
    let pack = pack();
    let cleared = pack.measure(m::FOLLOWERS_CLEARED).expect("measure");
    assert!(cleared.needs_extra_confirmation());
    match &cleared.undoing {
        Undoing::Irreversible { remedy } => assert!(remedy.zh.contains("无法恢复") && !remedy.en.is_empty()),
        Undoing::Reversible { .. } => panic!("cleared followers cannot be restored"),
    }
    for id in [m::INTERACTIONS_REMOVED, m::MONETISATION_REVOKED, m::MUTED, m::ACCOUNT_CLOSED, m::CONTENT_REMOVED] {
        let measure = pack.measure(id).expect(id);
        assert!(measure.is_reversible(), "{id}");
        assert!(matches!(&measure.undoing, Undoing::Reversible { counter, .. } if counter.as_str() != id));
    }
}

/// X14: a platform mutes for 7, 15 or 30 days and deducts 2 to 20 points.
#[test]
fn measures_take_their_parameters_and_no_others() {
    let days = |days| MeasureParameters { days: Some(days), points: None };
    let points = |points| MeasureParameters { days: None, points: Some(points) };
    let none = MeasureParameters::default();
    let muted = pack().measure(m::MUTED).expect("measure");
    for allowed in [1, 7, 15, 30, 365] {
        assert_eq!(muted.check_parameters(&days(allowed)), Ok(()));
    }
    for refused in [0, 366] {
        assert!(matches!(
            muted.check_parameters(&days(refused)),
            Err(PolicyRefusal::ParameterOutOfRange { parameter: "days", got, .. }) if got == refused
        ));
    }
    assert!(matches!(muted.check_parameters(&none), Err(PolicyRefusal::ParameterMissing { parameter: "days", .. })));
    let credit = pack().measure(m::CREDIT_DEDUCTED).expect("measure");
    assert_eq!(credit.check_parameters(&points(20)), Ok(()));
    assert!(matches!(
        credit.check_parameters(&days(7)),
        Err(PolicyRefusal::ParameterNotTaken { parameter: "days", .. })
    ));
    let closed = pack().measure(m::ACCOUNT_CLOSED).expect("measure");
    assert_eq!(closed.check_parameters(&none), Ok(()));
    assert!(matches!(closed.check_parameters(&points(2)), Err(PolicyRefusal::ParameterNotTaken { .. })));
}

/// R73, R32, R54, X07, X09, X10: each deadline has the number and the unit of its article.
#[test]
fn the_deadlines_are_those_of_the_articles() {
    for (name, term) in [
        (DeadlineName::Correction, Term::Minutes(30)),                  // R73
        (DeadlineName::OrderReceipt, Term::Hours(24)),                  // the pack's own
        (DeadlineName::AppealWindow, Term::NaturalDays(15)),            // the pack's own
        (DeadlineName::Reconsideration, Term::NaturalDays(60)),         // 复议法 20
        (DeadlineName::Statement, Term::WorkingDays(5)),                // 处罚法 85
        (DeadlineName::HearingRequest, Term::WorkingDays(5)),           // 处罚法 64
        (DeadlineName::HearingNotice, Term::WorkingDays(7)),            // 处罚法 64
        (DeadlineName::TransferOffer, Term::WorkingDays(7)),            // X10
        (DeadlineName::ReportAcceptance, Term::WorkingDays(7)),         // X10
        (DeadlineName::ReporterNotice, Term::WorkingDays(5)),           // X10
        (DeadlineName::Recertification, Term::Months(2)),               // R32
        (DeadlineName::ReviewRetention, Term::ValidityMonths(24)),      // R54
        (DeadlineName::PenaltyDecision, Term::NaturalDays(90)),         // 处罚法 60
        (DeadlineName::DecisionService, Term::WorkingDays(7)),          // 处罚法 61
        (DeadlineName::PublicationWithdrawal, Term::WorkingDays(3)),    // 处罚法 48
        (DeadlineName::EvidencePreservation, Term::WorkingDays(7)),     // 处罚法 56
        (DeadlineName::Limitation, Term::ValidityMonths(24)),           // 处罚法 36
        (DeadlineName::LimitationHealth, Term::ValidityMonths(60)),     // 处罚法 36
        (DeadlineName::PlatformVerification, Term::ValidityMonths(12)), // X13
    ] {
        assert_eq!(pack().deadline(name).term(), term, "{name:?}");
    }
}

/// R20-R25: who needs which proofs.
#[test]
fn r20_to_r25_certificate_sets() {
    use CertificateType as C;
    let of_institution = |sub| (ApplicantCategory::MedicalInstitution, Some(sub));
    for ((category, subcategory), required) in [
        (
            of_institution(SubCategory::PhysicianWestern),
            vec![C::PhysicianQualification, C::PhysicianPractice, C::EmploymentProof],
        ),
        (
            of_institution(SubCategory::PhysicianTcm),
            vec![C::PhysicianQualification, C::PhysicianPractice, C::EmploymentProof],
        ),
        (of_institution(SubCategory::Nurse), vec![C::NursePractice, C::EmploymentProof]),
        (of_institution(SubCategory::Pharmacist), vec![C::PharmacyTitle, C::EmploymentProof]),
        (of_institution(SubCategory::MedicalTechnician), vec![C::TechnologyTitle, C::EmploymentProof]),
        (of_institution(SubCategory::Researcher), vec![C::EmploymentProof]),
        ((ApplicantCategory::MedicalSchool, None), vec![C::SchoolEmploymentProof]),
        ((ApplicantCategory::ResearchBody, None), vec![C::OrganisationCode, C::DepartmentEmploymentProof]),
        ((ApplicantCategory::Other, None), vec![C::OtherQualification]),
    ] {
        let set = pack().certificate_set(category, subcategory).expect("set");
        assert_eq!(set.required, required, "{category:?} {subcategory:?}");
        assert!(!set.professional_scope.zh.is_empty());
    }
    // R25: others are judged case by case.
    assert!(pack().certificate_set(ApplicantCategory::Other, None).expect("set").case_by_case);
    // A sub-category belongs to staff of medical institutions alone (R21).
    assert!(pack().certificate_set(ApplicantCategory::MedicalSchool, Some(SubCategory::Nurse)).is_none());
    assert!(pack().certificate_set(ApplicantCategory::MedicalInstitution, None).is_none());
}

/// R23: 具体到科室; R26: 落款部门; R27: the registry knows doctors and nurses; X12: a nurse's five years.
#[test]
fn what_a_certificate_must_show() {
    let certificate = |certificate| pack().certificate(certificate).expect("certificate");
    let employment = certificate(CertificateType::EmploymentProof);
    assert!(employment.names_department && employment.names_issuing_department);
    assert_eq!(employment.issuer, Issuer::MedicalInstitution);
    assert_eq!(certificate(CertificateType::SchoolEmploymentProof).issuer, Issuer::School);
    for registered in
        [CertificateType::PhysicianQualification, CertificateType::PhysicianPractice, CertificateType::NursePractice]
    {
        assert!(certificate(registered).in_registry, "{registered}");
    }
    assert_eq!(certificate(CertificateType::NursePractice).validity_months, Some(60));
    assert_eq!(certificate(CertificateType::PhysicianQualification).validity_months, None);
}

#[test]
fn a_basis_applies_within_its_dates() {
    let on = |id: &str, day: &str| pack().legal_basis(id).expect(id).in_force(day.parse().expect(day));
    // 网络安全法: article 50 became 52 with the new year.
    assert!(on("CSL-50", "2025-12-31") && !on("CSL-50", "2026-01-01"));
    assert!(!on("CSL-52", "2025-12-31") && on("CSL-52", "2026-01-01"));
    assert!(!on("S1-8", "2025-07-27") && on("S1-8", "2025-07-28"));
    // 投诉举报: the interim measures were replaced on 15 April 2026.
    assert!(on("COMPLAINTS-14", "2026-04-14") && !on("COMPLAINTS-14", "2026-04-15"));
    assert!(on("COMPLAINTS-2026", "2026-04-15"));
}

#[test]
fn a_basis_is_cited_in_the_language_asked_for() {
    let basis = pack().legal_basis("PENALTY-16").expect("basis");
    assert_eq!(basis.citation("zh"), "《行政处罚法》第十六条");
    assert_eq!(basis.citation("en"), "Administrative Penalty Law, art. 16");
}

#[test]
fn severities_are_ordered() {
    assert!(Severity::Minor < Severity::Serious && Severity::Serious < Severity::Grave);
}
