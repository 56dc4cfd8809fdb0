//! A running accounts service in a throw-away folder, and callers of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use casebook_accounts::domain::account::ApprovalStep;
use casebook_accounts::grpc::AccountsApi;
use casebook_authz::Principal;
use casebook_bootstrap::{Foundation, Keys, Service, Settings};
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::{EventLog, Expected, Filter, NewEvent, Position, READ_EVENTS_MAX, StreamName};
use casebook_execution::{Metadata, TurnedClock};
use casebook_kernel::Actor;
use casebook_kernel::ids::OrderId;
use casebook_proto::accounts::v1 as pb;
use casebook_proto::accounts::v1::accounts_service_server::AccountsService as _;
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1 as enforcement;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::people::{self, at};

const PATIENCE: Duration = Duration::from_secs(20);

pub struct House {
    pub api: AccountsApi,
    pub service: Service,
    pub foundation: Foundation,
    pub clock: Arc<TurnedClock>,
    log: Arc<EmbeddedLog>,
}

impl House {
    /// Opens what is in `folder`, or begins there.
    pub async fn open(folder: &Path) -> Self {
        let clock = Arc::new(TurnedClock::at(at(1)));
        let time = clock.clone();
        let options = Options { clock: Arc::new(move || casebook_execution::Clock::now(&*time)), ..Options::default() };
        let log = Arc::new(EmbeddedLog::open(&folder.join("log"), options).unwrap());
        let keys = Keys::load_or_make(&folder.join("keys")).unwrap();
        let policy = Arc::new(casebook_policy::shipped().unwrap());
        let settings = Settings { data_dir: folder.join("rows"), registry_file: None };
        let foundation = Foundation::new(log.clone(), clock.clone(), policy, &keys, settings).unwrap();
        let (api, service) = casebook_accounts::open(&foundation).await.unwrap();
        Self { api, service, foundation, clock, log }
    }

    pub async fn close(self) {
        self.foundation.stop().await;
        self.log.close().await;
    }

    /// Waits until every reaction has reacted and all rows show it.
    pub async fn rest(&self) {
        self.foundation.at_rest(PATIENCE).await.unwrap();
    }

    pub async fn head(&self) -> u64 {
        self.log.head().await.unwrap().0
    }

    /// How many reads of something are in the log.
    pub async fn reads_of(&self, resource: &str) -> usize {
        let filter = Filter::categories(["access"]);
        let batch = self.log.read_all(Position::START, &filter, READ_EVENTS_MAX).await.unwrap();
        batch.events.iter().filter(|event| String::from_utf8_lossy(&event.data).contains(resource)).count()
    }

    /// The types of what happened to accounts behind a position.
    pub async fn account_events_behind(&self, position: u64) -> Vec<String> {
        let filter = Filter::categories(["account"]);
        let batch = self.log.read_all(Position(position), &filter, READ_EVENTS_MAX).await.unwrap();
        batch.events.iter().map(|event| event.event_type.to_string()).collect()
    }

    /// Holds every row against the log.
    pub async fn verify(&self) {
        self.rest().await;
        let log: Arc<dyn EventLog> = self.log.clone();
        for view in &self.service.views {
            let report = view.verify(&log, &self.service.read_model).await.unwrap();
            assert_eq!(report.mismatches, 0, "{:?}", report.named);
        }
    }

    /// Writes what another service would.
    pub async fn append(&self, stream: StreamName, event_type: &str, message: &impl serde::Serialize) {
        let metadata = Metadata {
            agency: "cac-330000".into(),
            officer: "cac-1".into(),
            request_id: Uuid::now_v7().to_string(),
            request_sha256: String::new(),
            at: casebook_execution::Clock::now(&*self.clock),
            correlation: people::case().uuid(),
            causation: None,
            policy_version: String::new(),
            trace_parent: String::new(),
            schema_version: 1,
        };
        let event = NewEvent {
            id: Uuid::now_v7(),
            event_type: event_type.into(),
            data: serde_json::to_vec(message).unwrap().into(),
            metadata: metadata.to_json().into(),
        };
        self.log.append(&stream, Expected::Any, vec![event]).await.unwrap();
    }

    pub async fn issue(&self, order: enforcement::OrderIssued) {
        let id: OrderId = order.order_id.parse().unwrap();
        self.append(StreamName::of("order", id.uuid()), "casebook.enforcement.v1.OrderIssued", &order).await;
    }

    pub async fn receive(&self, receipt: enforcement::ReceiptRecorded) {
        let id: OrderId = receipt.order_id.parse().unwrap();
        self.append(StreamName::of("order", id.uuid()), "casebook.enforcement.v1.ReceiptRecorded", &receipt).await;
    }

    pub async fn account(&self, platform: &str, platform_uid: &str) -> pb::Account {
        let request = pb::GetAccountRequest {
            platform: platform.into(),
            platform_uid: platform_uid.into(),
            ..Default::default()
        };
        self.api.get_account(by(auditor(), request)).await.unwrap().into_inner().account.unwrap()
    }

    pub async fn figures(&self, request: pb::GetFiguresRequest) -> pb::Figures {
        self.api.get_figures(by(auditor(), request)).await.unwrap().into_inner().figures.unwrap()
    }

    pub async fn measures(&self, platform_uid: &str) -> pb::ListMeasuresInForceResponse {
        let request = pb::ListMeasuresInForceRequest {
            platform: "weibo".into(),
            platform_uid: platform_uid.into(),
            at_least_position: self.head().await,
        };
        self.api.list_measures_in_force(by(auditor(), request)).await.unwrap().into_inner()
    }

    pub async fn register(&self) -> pb::Institution {
        let request = registration();
        self.api.register_institution(by(registrar(), request)).await.unwrap().into_inner().institution.unwrap()
    }

    /// Declares, submits, signs in order and files; the chain is that of the shipped pack.
    pub async fn file(&self, request: pb::CreateDeclarationRequest) -> pb::Account {
        let created = self.api.create_declaration(by(office("p-clerk"), request)).await.unwrap().into_inner();
        let mut account = created.account.unwrap();
        let id = account.account_id.clone();
        let submit =
            pb::SubmitDeclarationRequest { request_id: id_of_request(), account_id: id.clone(), ..Default::default() };
        account =
            self.api.submit_declaration(by(office("p-clerk"), submit)).await.unwrap().into_inner().account.unwrap();
        for signer in ["p-head", "p-medical", "p-office", "p-leader"] {
            if account.next_step == 0 {
                break;
            }
            let signature = sign(&id, account.next_step);
            account =
                self.api.sign_approval_step(by(office(signer), signature)).await.unwrap().into_inner().account.unwrap();
        }
        let filing = pb::RecordFilingRequest { request_id: id_of_request(), account_id: id, ..Default::default() };
        self.api.record_filing(by(registrar(), filing)).await.unwrap().into_inner().account.unwrap()
    }
}

pub fn sign(account_id: &str, step: i32) -> pb::SignApprovalStepRequest {
    pb::SignApprovalStepRequest {
        request_id: id_of_request(),
        account_id: account_id.into(),
        step,
        ..Default::default()
    }
}

pub fn id_of_request() -> String {
    Uuid::now_v7().to_string()
}

/// A request with its caller's token looked at already.
pub fn by<R>(principal: Principal, request: R) -> Request<R> {
    let mut request = Request::new(request);
    request.extensions_mut().insert(Arc::new(principal));
    request
}

fn principal(actor: Actor, role: Role) -> Principal {
    Principal { actor, roles: vec![role] }
}

pub fn registrar() -> Principal {
    principal(people::health(), Role::Registrar)
}

pub fn auditor() -> Principal {
    principal(people::cyberspace(), Role::Auditor)
}

pub fn office(officer: &str) -> Principal {
    principal(people::office(officer), Role::Institution)
}

/// Whoever runs an account on douyin.
pub fn operator(platform_uid: &str) -> Principal {
    principal(people::operator_of(platform_uid), Role::Subject)
}

pub fn platform(id: &str) -> Principal {
    let actor = Actor {
        agency: format!("platform-{id}").parse().unwrap(),
        officer: "gateway".parse().unwrap(),
        agency_kind: None,
        region: "000000".parse().unwrap(),
    };
    principal(actor, Role::Platform)
}

pub fn registration() -> pb::RegisterInstitutionRequest {
    pb::RegisterInstitutionRequest {
        request_id: id_of_request(),
        uscc: people::USCC.into(),
        kind: pb::InstitutionKind::Hospital.into(),
        grade: pb::InstitutionGrade::Tertiary.into(),
        name: people::HOSPITAL.into(),
        region: "330600".into(),
        ..Default::default()
    }
}

/// A doctor's account.
pub fn declaration(platform_uid: &str) -> pb::CreateDeclarationRequest {
    let supervisor =
        |role: pb::SupervisorRole, person: &str| pb::Supervisor { role: role.into(), person: person.into() };
    pb::CreateDeclarationRequest {
        request_id: id_of_request(),
        institution_id: people::hospital().to_string(),
        platform: "douyin".into(),
        platform_uid: platform_uid.into(),
        handle: format!("张医生{platform_uid}"),
        level: pb::AccountLevel::Staff.into(),
        subject_kind: pb::SubjectKind::Personal.into(),
        details: Some(pb::AccountDetails {
            department: "心血管内科".into(),
            responsible_person: "p-head".into(),
            operator: "p-zhang".into(),
            supervisors: vec![
                supervisor(pb::SupervisorRole::DepartmentHead, "p-head"),
                supervisor(pb::SupervisorRole::BranchHead, "p-branch"),
            ],
            background: "副主任中医师".into(),
            ..Default::default()
        }),
        commitment_accepted: true,
        ..Default::default()
    }
}

/// An account of the hospital itself.
pub fn own_declaration(platform_uid: &str) -> pb::CreateDeclarationRequest {
    pb::CreateDeclarationRequest {
        platform: "weibo".into(),
        handle: people::HOSPITAL.into(),
        level: pb::AccountLevel::Institution.into(),
        subject_kind: pb::SubjectKind::Institution.into(),
        ..declaration(platform_uid)
    }
}

/// The code and the reason of a refusal.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> (Code, String) {
    let status = answer.expect_err("it should be refused");
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

/// The fields that a refusal names.
#[track_caller]
pub fn violated<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Vec<String> {
    let status = answer.expect_err("it should be refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let request = status.get_details_bad_request().unwrap();
    request.field_violations.into_iter().map(|violation| violation.field).collect()
}

/// The number of a box as requests carry it.
pub fn box_number(step: ApprovalStep) -> i32 {
    match step {
        ApprovalStep::Department => pb::ApprovalStep::Department.into(),
        ApprovalStep::FunctionalOffice => pb::ApprovalStep::FunctionalOffice.into(),
        ApprovalStep::PartyGovernmentOffice => pb::ApprovalStep::PartyGovernmentOffice.into(),
        ApprovalStep::LeaderInCharge => pb::ApprovalStep::LeaderInCharge.into(),
    }
}
