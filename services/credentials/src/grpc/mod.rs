//! The methods of the credentials service: who may, what is asked, what is answered.

mod ending;
mod filing;
mod headcount;
mod parse;
mod reading;
mod recertification;
mod refusals;
mod verification;

use std::sync::Arc;

use casebook_authz::{Principal, Standing};
use casebook_bootstrap::{Foundation, Gate, execute_status, store_status};
use casebook_execution::{Claims, Context, Executed, Head, Loaded, Store};
use casebook_kernel::ids::CredentialId;
use casebook_policy::PolicySet;
use casebook_proto::common::v1::Role;
use casebook_proto::credentials::v1::credentials_service_server::CredentialsService;
use casebook_proto::credentials::v1::*;
use casebook_readmodel::ReadModel;
use tonic::{Request, Response, Status};

use crate::domain::credential::{Application, Credential as CredentialRules, CredentialCommand, CredentialRefusal};
use crate::domain::headcount::Headcount;
use crate::domain::recertification::Recertification as RecertificationRules;
use crate::domain::visibility::Sight;
use crate::messages::credential_message;
use crate::registry::RegistryPort;

/// Answers for the credentials service.
pub struct Credentials {
    gate: Gate,
    policy: Arc<PolicySet>,
    claims: Claims,
    registry: Arc<dyn RegistryPort>,
    model: Arc<ReadModel>,
    credentials: Arc<Store<CredentialRules>>,
    recertifications: Arc<Store<RecertificationRules>>,
    headcounts: Store<Headcount>,
}

/// The streams that reactions and deadlines write to as well.
#[derive(Clone)]
pub struct Stores {
    pub credentials: Arc<Store<CredentialRules>>,
    pub recertifications: Arc<Store<RecertificationRules>>,
}

impl Credentials {
    pub fn new(
        foundation: &Foundation,
        model: Arc<ReadModel>,
        stores: Stores,
        registry: Arc<dyn RegistryPort>,
    ) -> Self {
        Self {
            gate: foundation.gate.clone(),
            policy: foundation.policy.clone(),
            claims: foundation.claims.clone(),
            registry,
            model,
            credentials: stores.credentials,
            recertifications: stores.recertifications,
            headcounts: Store::new(foundation.log.clone()),
        }
    }

    /// A credential that the caller may know of. What they may not see does not exist for them.
    async fn visible(&self, id: CredentialId, principal: &Principal) -> Result<(Box<Application>, Head), Status> {
        let loaded = self.credentials.load(id.uuid()).await.map_err(store_status)?;
        visible_in(loaded, principal)
    }

    /// Decides a command on a credential and shows what became of it.
    async fn command(
        &self,
        id: CredentialId,
        context: &Context,
        command: CredentialCommand,
    ) -> Result<(Credential, u64), Status> {
        let executed = self
            .credentials
            .execute(id.uuid(), context, command)
            .await
            .map_err(|error| execute_status(error, refusals::credential))?;
        shown(&executed)
    }
}

fn unknown() -> Status {
    refusals::credential(&CredentialRefusal::CredentialUnknown).status(CredentialRefusal::CredentialUnknown)
}

fn visible_in(loaded: Loaded<CredentialRules>, principal: &Principal) -> Result<(Box<Application>, Head), Status> {
    match (loaded.state, loaded.head) {
        (crate::domain::credential::CredentialState::Filed(application), Some(head))
            if sight(principal).reaches(&application.applicant) =>
        {
            Ok((application, head))
        }
        _ => Err(unknown()),
    }
}

/// Whether a caller has no other role than that of an account's operator.
fn is_operator(principal: &Principal) -> bool {
    principal.roles.iter().all(|role| *role == Role::Subject)
}

fn sight(principal: &Principal) -> Sight {
    match principal.standing() {
        Standing::Auditor | Standing::System => Sight::Everything,
        Standing::Officer => Sight::Region(principal.actor.region),
        Standing::Institution(id) => Sight::Institution(id.to_owned()),
        Standing::Platform(id) => Sight::Platform(id.to_owned()),
        Standing::Subject(account) => Sight::Account(account),
        Standing::Nothing => Sight::Nothing,
    }
}

/// The credential after a command, and the position of what the command wrote.
fn shown(executed: &Executed<CredentialRules>) -> Result<(Credential, u64), Status> {
    let application = executed.state.application().ok_or_else(unknown)?;
    Ok((credential_message(application, &executed.head), executed.head.position.0))
}

/// The same for an applicant. An operator may apply and not read: what the examination has found so far, and whether fraud
/// was reported, is the verifiers'.
fn shown_to(principal: &Principal, executed: &Executed<CredentialRules>) -> Result<(Credential, u64), Status> {
    let (credential, position) = shown(executed)?;
    if !is_operator(principal) {
        return Ok((credential, position));
    }
    let fraud = FraudState::Unspecified.into();
    Ok((Credential { checks: Vec::new(), lookups: Vec::new(), fraud, ..credential }, position))
}

/// Each method, and the function that answers it.
macro_rules! methods {
    ($($method:ident: $request:ident => $response:ident;)*) => {
        #[tonic::async_trait]
        impl CredentialsService for Credentials {
            $(async fn $method(&self, request: Request<$request>) -> Result<Response<$response>, Status> {
                Credentials::$method(self, request).await.map(Response::new)
            })*
        }
    };
}

methods! {
    file_credential: FileCredentialRequest => FileCredentialResponse;
    run_checks: RunChecksRequest => RunChecksResponse;
    request_supplement: RequestSupplementRequest => RequestSupplementResponse;
    submit_supplement: SubmitSupplementRequest => SubmitSupplementResponse;
    look_up_registry: LookUpRegistryRequest => LookUpRegistryResponse;
    record_registry_lookup: RecordRegistryLookupRequest => RecordRegistryLookupResponse;
    conclude_verification: ConcludeVerificationRequest => ConcludeVerificationResponse;
    renew_credential: RenewCredentialRequest => RenewCredentialResponse;
    revoke_credential: RevokeCredentialRequest => RevokeCredentialResponse;
    suspend_badge: SuspendBadgeRequest => SuspendBadgeResponse;
    restore_badge: RestoreBadgeRequest => RestoreBadgeResponse;
    report_fraud: ReportFraudRequest => ReportFraudResponse;
    conclude_fraud: ConcludeFraudRequest => ConcludeFraudResponse;
    amend_display: AmendDisplayRequest => AmendDisplayResponse;
    get_credential: GetCredentialRequest => GetCredentialResponse;
    list_credentials: ListCredentialsRequest => ListCredentialsResponse;
    list_credential_history: ListCredentialHistoryRequest => ListCredentialHistoryResponse;
    get_badge: GetBadgeRequest => GetBadgeResponse;
    issue_recertification_notice: IssueRecertificationNoticeRequest => IssueRecertificationNoticeResponse;
    get_recertification: GetRecertificationRequest => GetRecertificationResponse;
    list_recertifications: ListRecertificationsRequest => ListRecertificationsResponse;
    list_recertification_history: ListRecertificationHistoryRequest => ListRecertificationHistoryResponse;
    set_normal_headcount: SetNormalHeadcountRequest => SetNormalHeadcountResponse;
    get_normal_headcount: GetNormalHeadcountRequest => GetNormalHeadcountResponse;
    list_headcount_anomalies: ListHeadcountAnomaliesRequest => ListHeadcountAnomaliesResponse;
}
