//! A credentials service on a throw-away folder, and the people who call it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use casebook_authz::Principal;
use casebook_bootstrap::{Foundation, Keys, Service, Settings, serve};
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Filter, Position, RecordedEvent};
use casebook_execution::{Clock, TurnedClock};
use casebook_kernel::{Actor, AgencyKind, Timestamp};
use casebook_proto::common::v1::Role;
use casebook_proto::credentials::v1::credentials_service_client::CredentialsServiceClient;
use casebook_proto::credentials::v1::*;
use chrono::TimeDelta;
use tokio::net::TcpListener;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

pub const INSTITUTION: &str = "00000000-0000-4000-8000-000000000001";
pub const QUALIFICATION: &str = "202099000000000000001001";
pub const PRACTICE: &str = "999000000001001";
/// 10 o'clock of 2026-03-02 in Shanghai.
const START: &str = "2026-03-02T02:00:00Z";
const REST: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub type Client = CredentialsServiceClient<InterceptedService<Channel, Bearer>>;

pub struct House {
    pub foundation: Arc<Foundation>,
    pub clock: Arc<TurnedClock>,
    pub registry: PathBuf,
    pub service: Arc<Vec<Service>>,
    keys: Keys,
    channel: Channel,
    requests: AtomicU64,
    _folder: tempfile::TempDir,
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

pub fn proto(time: Timestamp) -> Option<casebook_proto::Timestamp> {
    Some(casebook_proto::timestamp(time))
}

/// What the registry lists of the physician of these tests.
pub const LISTED: &str = concat!(
    r#"{"certificate_type":"physician_qualification","number":"202099000000000000001001","holder_reference":"holder-1"}"#,
    "\n",
    r#"{"certificate_type":"physician_practice","number":"999000000001001","holder_reference":"holder-1","#,
    r#""institution_name":"越州市中医院","professional_scope":"中医专业","valid_from":"2021-06-01"}"#,
    "\n",
);

impl House {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let registry = folder.path().join("registry.jsonl");
        std::fs::write(&registry, LISTED).expect("registry");
        let clock = Arc::new(TurnedClock::at(at(START)));
        let keys = Keys::load_or_make(&folder.path().join("keys")).expect("keys");
        let log_clock = clock.clone();
        let options = Options { clock: Arc::new(move || log_clock.now()), ..Options::default() };
        let log: Arc<dyn EventLog> = Arc::new(EmbeddedLog::open(&folder.path().join("log"), options).expect("log"));
        let policy = Arc::new(casebook_policy::shipped().expect("the shipped packs are whole"));
        let settings = Settings { data_dir: folder.path().join("rows"), registry_file: Some(registry.clone()) };
        let foundation = Foundation::new(log, clock.clone(), policy, &keys, settings).expect("foundation");
        let foundation = Arc::new(foundation);
        let mut routes = tonic::service::RoutesBuilder::default();
        let service = casebook_credentials::start(&foundation, &mut routes).await.expect("started");
        let service = Arc::new(vec![service]);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let address = listener.local_addr().expect("address");
        tokio::spawn({
            let (foundation, service, verifier) = (foundation.clone(), service.clone(), keys.tokens.verifier());
            async move { serve(listener, &foundation, verifier, routes, &service, foundation.stopping()).await }
        });
        let channel = Endpoint::from_shared(format!("http://{address}")).expect("endpoint").connect_lazy();
        let requests = AtomicU64::new(1);
        Self { foundation, clock, registry, service, keys, channel, requests, _folder: folder }
    }

    pub fn client(&self, agency: &str, officer: &str, roles: &[Role]) -> Client {
        self.client_in(agency, officer, "330600", roles)
    }

    pub fn client_in(&self, agency: &str, officer: &str, region: &str, roles: &[Role]) -> Client {
        let actor = Actor {
            agency: agency.parse().expect("agency"),
            officer: officer.parse().expect("officer"),
            agency_kind: agency.starts_with("health-").then_some(AgencyKind::Health),
            region: region.parse().expect("region"),
        };
        let principal = Principal { actor, roles: roles.to_vec() };
        // Long enough for a test that turns the clock by years: a token is checked by the same clock.
        let token = self.keys.tokens.mint(&principal, self.clock.now(), TimeDelta::days(30)).expect("token");
        let bearer = Bearer(format!("Bearer {token}").parse().expect("header"));
        CredentialsServiceClient::with_interceptor(self.channel.clone(), bearer)
    }

    pub fn verifier(&self) -> Client {
        self.client("health-330600", "verifier-a", &[Role::Verifier])
    }

    pub fn second_verifier(&self) -> Client {
        self.client("health-330600", "verifier-b", &[Role::Verifier])
    }

    pub fn platform(&self) -> Client {
        self.client("platform-douyin", "back-end", &[Role::Platform])
    }

    pub fn portal(&self) -> Client {
        self.client("public-portal", "portal", &[Role::Portal])
    }

    /// A request id that no other request has.
    pub fn request_id(&self) -> String {
        Uuid::from_u128(u128::from(self.requests.fetch_add(1, Ordering::Relaxed))).to_string()
    }

    /// Until every reaction has reacted and all rows show it.
    pub async fn rest(&self) {
        self.foundation.at_rest(REST).await.expect("at rest");
    }

    /// A physician of a Chinese-medicine hospital, to be varied.
    pub fn application(&self) -> FileCredentialRequest {
        FileCredentialRequest {
            request_id: self.request_id(),
            validate_only: false,
            platform: "douyin".to_owned(),
            platform_uid: "dy-1".to_owned(),
            category: ApplicantCategory::MedicalInstitution as i32,
            profession: ApplicantProfession::TcmPhysician as i32,
            institution_id: INSTITUTION.to_owned(),
            institution_name: "越州市中医院".to_owned(),
            department: "针灸科".to_owned(),
            region: "330600".to_owned(),
            holder_reference: "holder-1".to_owned(),
            certificates: certificates(),
            consent: Some(self.consent()),
            display: Some(DisplayInput {
                employment_status: EmploymentStatus::Employed as i32,
                mcn_affiliation: McnAffiliation::None as i32,
                mcn_name: String::new(),
                background: "从事针灸临床工作二十年".to_owned(),
            }),
            cohort: Cohort::Existing as i32,
        }
    }

    pub fn consent(&self) -> ConsentInput {
        ConsentInput {
            purposes: vec![
                ConsentPurpose::Verification as i32,
                ConsentPurpose::RegistryComparison as i32,
                ConsentPurpose::PublicDisplay as i32,
            ],
            text_version: "2026-01".to_owned(),
            given_at: proto(self.clock.now()),
        }
    }

    pub async fn file(&self, application: FileCredentialRequest) -> Credential {
        let filed = self.verifier_desk().file_credential(application).await.expect("filed").into_inner();
        filed.credential.expect("a credential")
    }

    /// Files, and concludes nothing.
    fn verifier_desk(&self) -> Client {
        self.client("health-330600", "desk", &[Role::Verifier])
    }

    pub async fn check(&self, credential_id: &str) -> Credential {
        let request = RunChecksRequest {
            request_id: self.request_id(),
            credential_id: credential_id.to_owned(),
            ..RunChecksRequest::default()
        };
        self.verifier().run_checks(request).await.expect("checked").into_inner().credential.expect("a credential")
    }

    pub async fn look_up(&self, credential_id: &str, kind: CertificateType) -> RegistryLookup {
        let request = LookUpRegistryRequest {
            request_id: self.request_id(),
            credential_id: credential_id.to_owned(),
            certificate_type: kind as i32,
            ..LookUpRegistryRequest::default()
        };
        self.verifier().look_up_registry(request).await.expect("looked up").into_inner().lookup.expect("an answer")
    }

    pub fn conclusion(&self, credential_id: &str, outcome: VerificationOutcome) -> ConcludeVerificationRequest {
        ConcludeVerificationRequest {
            request_id: self.request_id(),
            credential_id: credential_id.to_owned(),
            outcome: outcome as i32,
            reasons: "经核验".to_owned(),
            ..ConcludeVerificationRequest::default()
        }
    }

    /// From an application to its verification.
    pub async fn verify(&self, application: FileCredentialRequest) -> Credential {
        let id = self.file(application).await.credential_id;
        self.conclude(&id).await
    }

    /// From a filed credential to its verification.
    pub async fn conclude(&self, id: &str) -> Credential {
        self.check(id).await;
        for kind in [CertificateType::PhysicianQualification, CertificateType::PhysicianPractice] {
            assert_eq!(self.look_up(id, kind).await.outcome(), LookupOutcome::Match);
        }
        let conclusion = self.conclusion(id, VerificationOutcome::Verified);
        let concluded = self.verifier().conclude_verification(conclusion).await.expect("verified").into_inner();
        concluded.credential.expect("a credential")
    }

    pub async fn get(&self, credential_id: &str) -> Credential {
        let request =
            GetCredentialRequest { credential_id: credential_id.to_owned(), ..GetCredentialRequest::default() };
        self.verifier().get_credential(request).await.expect("there").into_inner().credential.expect("a credential")
    }

    pub async fn badge(&self, platform_uid: &str) -> Badge {
        self.rest().await;
        let request = GetBadgeRequest {
            platform: "douyin".to_owned(),
            platform_uid: platform_uid.to_owned(),
            at_least_position: 0,
        };
        self.portal().get_badge(request).await.expect("a badge").into_inner().badge.expect("a badge")
    }

    /// Waits until a timer has made the credential so.
    pub async fn until_state(&self, credential_id: &str, state: CredentialState) -> Credential {
        let start = std::time::Instant::now();
        loop {
            let credential = self.get(credential_id).await;
            if credential.state() == state {
                return credential;
            }
            assert!(start.elapsed() < REST, "still {:?}", credential.state());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Every event there is.
    pub async fn events(&self) -> Vec<Arc<RecordedEvent>> {
        self.foundation.log.read_all(Position::START, &Filter::all(), 1000).await.expect("read").events
    }

    /// Rows say what a replay says.
    pub async fn assert_rows_match(&self) {
        self.rest().await;
        for service in self.service.iter() {
            for view in &service.views {
                let report = view.verify(&self.foundation.log, &service.read_model).await.expect("compared");
                assert_eq!(report.mismatches, 0, "{:?}", report.named);
            }
        }
    }
}

pub fn certificate(kind: CertificateType, number: &str) -> CertificateInput {
    let employment = kind == CertificateType::EmploymentProof;
    CertificateInput {
        certificate_type: kind as i32,
        number: number.to_owned(),
        issuing_authority: if employment { "越州市中医院" } else { "越州市卫生健康委员会" }.to_owned(),
        issuing_department: if employment { "人事科" } else { "" }.to_owned(),
        holder_department: if employment { "针灸科" } else { "" }.to_owned(),
        valid_from: if employment { "2026-02-01" } else { "2021-06-01" }.to_owned(),
        valid_until: String::new(),
        document_sha256: "0".repeat(64),
        professional_scope: if kind == CertificateType::PhysicianPractice { "中医专业" } else { "" }.to_owned(),
    }
}

pub fn certificates() -> Vec<CertificateInput> {
    vec![
        certificate(CertificateType::PhysicianQualification, QUALIFICATION),
        certificate(CertificateType::PhysicianPractice, PRACTICE),
        certificate(CertificateType::EmploymentProof, ""),
    ]
}

/// The refusal's code and its reason.
pub fn reason<T: std::fmt::Debug>(outcome: Result<T, Status>) -> (Code, String) {
    let status = outcome.expect_err("refused");
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    (status.code(), reason)
}

/// The fields that a refusal names.
pub fn fields<T: std::fmt::Debug>(outcome: Result<T, Status>) -> Vec<String> {
    let status = outcome.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let bad_request = status.get_details_bad_request().expect("fields are named");
    bad_request.field_violations.into_iter().map(|violation| violation.field).collect()
}
