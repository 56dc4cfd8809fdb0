//! Parse, command, reply.

mod account;
mod declaration;
mod institution;
mod known;
mod parse;
mod query;
mod refusal;

use std::sync::Arc;

use casebook_bootstrap::{Gate, execute_status, store_status};
use casebook_execution::{Claims, Context, ExecuteError, Executed, Store};
use casebook_kernel::ids::{AccountId, InstitutionId};
use casebook_policy::PolicySet;
use casebook_proto::accounts::v1 as pb;
use casebook_proto::accounts::v1::accounts_service_server::AccountsService;
use casebook_proto::check::WriteRequest;
use casebook_readmodel::ReadModel;
use tonic::{Request, Response, Status};

use crate::domain::account::{AccountCommand, AccountRefusal, AccountRegistry, ApprovalChain};
use crate::domain::institution::{Institution, InstitutionCommand, InstitutionState, Registered};
use crate::figures::FiguresDesk;
use crate::resource;

/// What calls are answered with.
pub struct Calls {
    pub gate: Gate,
    pub policy: Arc<PolicySet>,
    pub chain: ApprovalChain,
    pub claims: Claims,
    pub institutions: Arc<Store<Institution>>,
    pub accounts: Arc<Store<AccountRegistry>>,
    pub read_model: Arc<ReadModel>,
    pub figures: FiguresDesk,
}

/// A request to change an account.
type OnAccount<R> = casebook_bootstrap::Write<R>;

impl Calls {
    /// Takes a write on one account from its request to its reply.
    async fn on_account<R: WriteRequest>(
        &self,
        request: Request<R>,
        command: impl FnOnce(&OnAccount<R>) -> Result<(AccountId, AccountCommand), Status>,
    ) -> Result<(Option<pb::Account>, u64), Status> {
        let write = self.gate.write(request)?;
        let (account_id, command) = command(&write)?;
        self.known_account(&known::sight(&write.principal), account_id).await?;
        self.execute_account(account_id, &write.context, command).await
    }

    async fn execute_account(
        &self,
        account_id: AccountId,
        context: &Context,
        command: AccountCommand,
    ) -> Result<(Option<pb::Account>, u64), Status> {
        account_reply(self.accounts.execute(account_id.uuid(), context, command).await)
    }

    async fn execute_institution(
        &self,
        id: InstitutionId,
        context: &Context,
        command: InstitutionCommand,
    ) -> Result<(Option<pb::Institution>, u64), Status> {
        let executed = self
            .institutions
            .execute(id.uuid(), context, command)
            .await
            .map_err(|error| execute_status(error, refusal::institution))?;
        let institution = executed.state.registered().map(|one| resource::institution(one, &executed.head));
        Ok((institution, executed.head.position.0))
    }

    /// The institution that a request names: one that the registry has.
    async fn institution(&self, id: InstitutionId) -> Result<Registered, Status> {
        let loaded = self.institutions.load(id.uuid()).await.map_err(store_status)?;
        match loaded.state {
            InstitutionState::Registered(registered) => Ok(*registered),
            InstitutionState::Absent => Err(refusal::unknown_institution()),
        }
    }
}

/// The account of a reply, and the position of the effect.
fn account_reply(
    outcome: Result<Executed<AccountRegistry>, ExecuteError<AccountRefusal>>,
) -> Result<(Option<pb::Account>, u64), Status> {
    let executed = outcome.map_err(|error| execute_status(error, refusal::account))?;
    let account = executed.state.account().map(|account| resource::account(account, &executed.head));
    Ok((account, executed.head.position.0))
}

/// Replies with the resource and the position of the effect.
macro_rules! replied {
    ($response:ident { $resource:ident }, $outcome:expr) => {{
        let ($resource, position) = $outcome;
        Ok(Response::new(pb::$response { $resource, position }))
    }};
}
pub(crate) use replied;

/// The accounts service as the protocol has it.
pub struct AccountsApi(pub Calls);

/// Hands each call to the file that answers it.
macro_rules! answered_by {
    ($($method:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl AccountsService for AccountsApi {
            $(async fn $method(&self, request: Request<pb::$request>) -> Result<Response<pb::$response>, Status> {
                self.0.$method(request).await
            })*
        }
    };
}

answered_by! {
    register_institution(RegisterInstitutionRequest) -> RegisterInstitutionResponse;
    get_institution(GetInstitutionRequest) -> GetInstitutionResponse;
    list_institutions(ListInstitutionsRequest) -> ListInstitutionsResponse;
    list_institution_history(ListInstitutionHistoryRequest) -> ListInstitutionHistoryResponse;
    grant_quota_exception(GrantQuotaExceptionRequest) -> GrantQuotaExceptionResponse;
    create_declaration(CreateDeclarationRequest) -> CreateDeclarationResponse;
    submit_declaration(SubmitDeclarationRequest) -> SubmitDeclarationResponse;
    withdraw_declaration(WithdrawDeclarationRequest) -> WithdrawDeclarationResponse;
    sign_approval_step(SignApprovalStepRequest) -> SignApprovalStepResponse;
    return_declaration(ReturnDeclarationRequest) -> ReturnDeclarationResponse;
    record_filing(RecordFilingRequest) -> RecordFilingResponse;
    amend_account(AmendAccountRequest) -> AmendAccountResponse;
    record_handle_change(RecordHandleChangeRequest) -> RecordHandleChangeResponse;
    record_follower_snapshot(RecordFollowerSnapshotRequest) -> RecordFollowerSnapshotResponse;
    restrict_publishing(RestrictPublishingRequest) -> RestrictPublishingResponse;
    lift_restriction(LiftRestrictionRequest) -> LiftRestrictionResponse;
    close_account(CloseAccountRequest) -> CloseAccountResponse;
    deregister_account(DeregisterAccountRequest) -> DeregisterAccountResponse;
    get_account(GetAccountRequest) -> GetAccountResponse;
    list_accounts(ListAccountsRequest) -> ListAccountsResponse;
    list_account_history(ListAccountHistoryRequest) -> ListAccountHistoryResponse;
    get_figures(GetFiguresRequest) -> GetFiguresResponse;
    list_measures_in_force(ListMeasuresInForceRequest) -> ListMeasuresInForceResponse;
}
