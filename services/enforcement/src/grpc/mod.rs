//! The methods: a request's words become a command, its outcome a reply. What is checked before is checked by the gate;
//! what is decided is decided by the domain.

mod cases;
mod desk;
mod leads;
mod orders;
mod platform;
mod queries;
mod redress;
mod refusal;
mod rulings;
mod transfers;
mod unknown;

use casebook_proto::enforcement::v1;
use casebook_proto::enforcement::v1::enforcement_service_server::EnforcementService;
use tonic::{Request, Response, Status};

pub use desk::Desk;
pub use platform::Platforms;

/// Answers the officers of agencies.
#[derive(Debug)]
pub struct Enforcement(pub Desk);

/// Each method of the service is one of [`Desk`].
macro_rules! methods {
    ($($method:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl EnforcementService for Enforcement {
            $(
                async fn $method(&self, request: Request<v1::$request>) -> Result<Response<v1::$response>, Status> {
                    self.0.$method(request).await.map(Response::new)
                }
            )*
        }
    };
}

methods! {
    open_lead(OpenLeadRequest) -> OpenLeadResponse;
    accept_lead(AcceptLeadRequest) -> AcceptLeadResponse;
    decline_lead(DeclineLeadRequest) -> DeclineLeadResponse;
    open_case(OpenCaseRequest) -> OpenCaseResponse;
    add_evidence(AddEvidenceRequest) -> AddEvidenceResponse;
    serve_notice(ServeNoticeRequest) -> ServeNoticeResponse;
    record_statement(RecordStatementRequest) -> RecordStatementResponse;
    waive_statement(WaiveStatementRequest) -> WaiveStatementResponse;
    propose_decision(ProposeDecisionRequest) -> ProposeDecisionResponse;
    confirm_decision(ConfirmDecisionRequest) -> ConfirmDecisionResponse;
    reject_proposal(RejectProposalRequest) -> RejectProposalResponse;
    record_service(RecordServiceRequest) -> RecordServiceResponse;
    file_appeal(FileAppealRequest) -> FileAppealResponse;
    withdraw_appeal(WithdrawAppealRequest) -> WithdrawAppealResponse;
    decide_appeal(DecideAppealRequest) -> DecideAppealResponse;
    record_external_outcome(RecordExternalOutcomeRequest) -> RecordExternalOutcomeResponse;
    offer_transfer(OfferTransferRequest) -> OfferTransferResponse;
    accept_transfer(AcceptTransferRequest) -> AcceptTransferResponse;
    decline_transfer(DeclineTransferRequest) -> DeclineTransferResponse;
    close_case(CloseCaseRequest) -> CloseCaseResponse;
    reopen_case(ReopenCaseRequest) -> ReopenCaseResponse;
    cancel_order(CancelOrderRequest) -> CancelOrderResponse;
    mark_order_undeliverable(MarkOrderUndeliverableRequest) -> MarkOrderUndeliverableResponse;
    get_lead(GetLeadRequest) -> GetLeadResponse;
    list_leads(ListLeadsRequest) -> ListLeadsResponse;
    list_lead_history(ListLeadHistoryRequest) -> ListLeadHistoryResponse;
    get_case(GetCaseRequest) -> GetCaseResponse;
    list_cases(ListCasesRequest) -> ListCasesResponse;
    list_case_history(ListCaseHistoryRequest) -> ListCaseHistoryResponse;
    get_order(GetOrderRequest) -> GetOrderResponse;
    list_orders(ListOrdersRequest) -> ListOrdersResponse;
    list_order_history(ListOrderHistoryRequest) -> ListOrderHistoryResponse;
    recommend_measures(RecommendMeasuresRequest) -> RecommendMeasuresResponse;
}
