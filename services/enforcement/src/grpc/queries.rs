//! What is asked: one thing as of a moment, from the log; many things, from rows; what happened, from the log.

use casebook_bootstrap::{Explained, history, invalid, list_status, store_status};
use casebook_execution::{Aggregate, AsOf, Loaded, Store};
use casebook_proto::enforcement::v1;
use tonic::{Request, Status};
use uuid::Uuid;

use super::desk::{Desk, id, set, set_number, sorting};
use super::unknown;
use crate::codec::parts::recommendation_message;
use crate::readmodel::{CaseFilter, LeadFilter, OrderFilter, list_cases, list_leads, list_orders, shown_history};
use crate::resource::{case_resource, lead_resource, order_resource};

macro_rules! path {
    ($method:literal) => {
        concat!("/casebook.enforcement.v1.EnforcementService/", $method)
    };
}

/// The name of a stream, as a record of a read carries it.
fn stream(category: &str, id: &str) -> String {
    format!("{category}-{id}")
}

async fn load<A: Aggregate>(store: &Store<A>, id: Uuid, as_of: AsOf) -> Result<Loaded<A>, Status> {
    store.load_as_of(id, as_of).await.map_err(store_status)
}

impl Desk {
    pub(super) async fn get_lead(&self, request: Request<v1::GetLeadRequest>) -> Result<v1::GetLeadResponse, Status> {
        let read =
            self.gate.recorded_read(request, path!("GetLead"), |request| stream("lead", &request.lead_id)).await?;
        let asked = &read.request;
        let lead_id = id("lead_id", &asked.lead_id)?;
        let as_of = self.gate.as_of(asked.as_of_time.as_ref(), asked.as_of_position).await?;
        // What they may know is a matter of now, what they are shown is as of then.
        self.known_lead(&self.sight(&read.principal), lead_id).await?;
        let loaded = load(&self.leads, lead_id, as_of).await?;
        let lead = loaded.head.and_then(|head| lead_resource(&loaded.state, &head));
        let lead = lead.ok_or_else(unknown::lead)?;
        Ok(v1::GetLeadResponse { lead: Some(lead) })
    }

    pub(super) async fn get_case(&self, request: Request<v1::GetCaseRequest>) -> Result<v1::GetCaseResponse, Status> {
        let read =
            self.gate.recorded_read(request, path!("GetCase"), |request| stream("case", &request.case_id)).await?;
        let asked = &read.request;
        let case_id = id("case_id", &asked.case_id)?;
        let as_of = self.gate.as_of(asked.as_of_time.as_ref(), asked.as_of_position).await?;
        // What they may know is a matter of now, what they are shown is as of then.
        self.known_case(&self.sight(&read.principal), case_id).await?;
        let loaded = load(&self.cases, case_id, as_of).await?;
        let case = loaded.head.and_then(|head| case_resource(&loaded.state, &head));
        let case = case.ok_or_else(unknown::case)?;
        Ok(v1::GetCaseResponse { case: Some(case) })
    }

    pub(super) async fn get_order(
        &self,
        request: Request<v1::GetOrderRequest>,
    ) -> Result<v1::GetOrderResponse, Status> {
        let read =
            self.gate.recorded_read(request, path!("GetOrder"), |request| stream("order", &request.order_id)).await?;
        let asked = &read.request;
        let order_id = id("order_id", &asked.order_id)?;
        let as_of = self.gate.as_of(asked.as_of_time.as_ref(), asked.as_of_position).await?;
        // What they may know is a matter of now, what they are shown is as of then.
        self.known_order(&self.sight(&read.principal), order_id).await?;
        let loaded = load(&self.orders, order_id, as_of).await?;
        let order = loaded.head.and_then(|head| order_resource(&loaded.state, &head));
        let order = order.ok_or_else(unknown::order)?;
        Ok(v1::GetOrderResponse { order: Some(order) })
    }

    pub(super) async fn list_leads(
        &self,
        request: Request<v1::ListLeadsRequest>,
    ) -> Result<v1::ListLeadsResponse, Status> {
        let read = self.gate.recorded_read(request, path!("ListLeads"), |request| format!("{request:?}")).await?;
        let asked = read.request;
        let filter = LeadFilter {
            sight: self.sight(&read.principal),
            state: set_number(asked.state),
            platform: set(asked.platform),
            platform_uid: set(asked.platform_uid),
            violation: set(asked.violation),
            sorting: sorting(&asked.order_by)?,
        };
        self.gate.at_least(&self.read_model, asked.at_least_position).await?;
        let listed = list_leads(self.read_model.reader(), filter, asked.page_size, &asked.page_token).await;
        let (leads, next_page_token) = listed.map_err(list_status)?;
        Ok(v1::ListLeadsResponse { leads, next_page_token })
    }

    pub(super) async fn list_cases(
        &self,
        request: Request<v1::ListCasesRequest>,
    ) -> Result<v1::ListCasesResponse, Status> {
        let read = self.gate.recorded_read(request, path!("ListCases"), |request| format!("{request:?}")).await?;
        let asked = read.request;
        let filter = CaseFilter {
            sight: self.sight(&read.principal),
            stage: set_number(asked.stage),
            agency: set(asked.agency),
            violation: set(asked.violation),
            lead_id: set(asked.lead_id),
            platform: set(asked.platform),
            platform_uid: set(asked.platform_uid),
            sorting: sorting(&asked.order_by)?,
        };
        self.gate.at_least(&self.read_model, asked.at_least_position).await?;
        let listed = list_cases(self.read_model.reader(), filter, asked.page_size, &asked.page_token).await;
        let (cases, next_page_token) = listed.map_err(list_status)?;
        Ok(v1::ListCasesResponse { cases, next_page_token })
    }

    pub(super) async fn list_orders(
        &self,
        request: Request<v1::ListOrdersRequest>,
    ) -> Result<v1::ListOrdersResponse, Status> {
        let read = self.gate.recorded_read(request, path!("ListOrders"), |request| format!("{request:?}")).await?;
        let asked = read.request;
        let filter = OrderFilter {
            sight: self.sight(&read.principal),
            state: set_number(asked.state),
            platform: set(asked.platform),
            platform_uid: set(asked.platform_uid),
            case_id: set(asked.case_id),
            measure: set(asked.measure),
            late_only: asked.late_only,
            sorting: sorting(&asked.order_by)?,
        };
        self.gate.at_least(&self.read_model, asked.at_least_position).await?;
        let listed = list_orders(self.read_model.reader(), filter, asked.page_size, &asked.page_token).await;
        let (orders, next_page_token) = listed.map_err(list_status)?;
        Ok(v1::ListOrdersResponse { orders, next_page_token })
    }

    pub(super) async fn list_lead_history(
        &self,
        request: Request<v1::ListLeadHistoryRequest>,
    ) -> Result<v1::ListLeadHistoryResponse, Status> {
        let read = self
            .gate
            .recorded_read(request, path!("ListLeadHistory"), |request| stream("lead", &request.lead_id))
            .await?;
        let asked = &read.request;
        let lead_id = id("lead_id", &asked.lead_id)?;
        self.known_lead(&self.sight(&read.principal), lead_id).await?;
        let (entries, next_page_token) =
            history(&self.leads, lead_id, asked.page_size, &asked.page_token).await?.unwrap_or_default();
        Ok(v1::ListLeadHistoryResponse { entries, next_page_token })
    }

    pub(super) async fn list_case_history(
        &self,
        request: Request<v1::ListCaseHistoryRequest>,
    ) -> Result<v1::ListCaseHistoryResponse, Status> {
        let read = self
            .gate
            .recorded_read(request, path!("ListCaseHistory"), |request| stream("case", &request.case_id))
            .await?;
        let asked = &read.request;
        let case_id = id("case_id", &asked.case_id)?;
        self.known_case(&self.sight(&read.principal), case_id).await?;
        let (entries, next_page_token) =
            history(&self.cases, case_id, asked.page_size, &asked.page_token).await?.unwrap_or_default();
        Ok(v1::ListCaseHistoryResponse { entries, next_page_token })
    }

    pub(super) async fn list_order_history(
        &self,
        request: Request<v1::ListOrderHistoryRequest>,
    ) -> Result<v1::ListOrderHistoryResponse, Status> {
        let read = self
            .gate
            .recorded_read(request, path!("ListOrderHistory"), |request| stream("order", &request.order_id))
            .await?;
        let asked = &read.request;
        let order_id = id("order_id", &asked.order_id)?;
        self.known_order(&self.sight(&read.principal), order_id).await?;
        let (entries, next_page_token) =
            history(&self.orders, order_id, asked.page_size, &asked.page_token).await?.unwrap_or_default();
        Ok(v1::ListOrderHistoryResponse { entries, next_page_token })
    }

    pub(super) async fn recommend_measures(
        &self,
        request: Request<v1::RecommendMeasuresRequest>,
    ) -> Result<v1::RecommendMeasuresResponse, Status> {
        let resource = |request: &v1::RecommendMeasuresRequest| {
            let account = request.account.as_ref();
            account.map(|account| format!("{}/{}", account.platform, account.platform_uid)).unwrap_or_default()
        };
        let read = self.gate.recorded_read(request, path!("RecommendMeasures"), resource).await?;
        let asked = &read.request;
        let Some(violation) = self.policy.pack.violation(&asked.violation) else {
            return Err(invalid("violation", "is no violation of the policy pack"));
        };
        let sight = self.sight(&read.principal);
        if !sight.is_competent_for(&violation.id) {
            let words = format!("agencies of this kind do not deal with {}", violation.id);
            return Err(Explained::denied("NO_JURISDICTION").status(words));
        }
        let account = self.account("account", asked.account.as_ref())?;
        self.gate.at_least(&self.read_model, asked.at_least_position).await?;
        // The ladder counts every measure, whoever decided it; shown are those that the caller may know of.
        let recommendation = self.recommend(&asked.violation, &account, read.now).await?;
        let recommendation = Some(recommendation_message(&account, &recommendation));
        let shown = shown_history(self.read_model.reader(), &account, &sight).await;
        Ok(v1::RecommendMeasuresResponse { recommendation, history: shown.map_err(list_status)? })
    }
}
