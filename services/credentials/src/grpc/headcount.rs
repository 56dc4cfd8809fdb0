//! Norms of departments, and departments that exceed theirs.

use casebook_bootstrap::{execute_status, invalid, list_status, store_status};
use casebook_kernel::ids::InstitutionId;
use casebook_proto::credentials::v1::*;
use tonic::{Request, Status};

use super::{Credentials, parse, refusals};
use crate::codec::values::{id, some_text};
use crate::domain::headcount::{HeadcountState, Norm, SetNormalHeadcount};
use crate::messages::headcount_message;
use crate::readmodel::anomalies;

const GET: &str = "/casebook.credentials.v1.CredentialsService/GetNormalHeadcount";
const LIST: &str = "/casebook.credentials.v1.CredentialsService/ListHeadcountAnomalies";

impl Credentials {
    pub(super) async fn set_normal_headcount(
        &self,
        request: Request<SetNormalHeadcountRequest>,
    ) -> Result<SetNormalHeadcountResponse, Status> {
        let write = self.gate.write(request)?;
        let request = write.request;
        let norm = Norm {
            institution: id("institution_id", &request.institution_id).map_err(parse::field)?,
            department: parse::department(&request.department)?,
            normal: request.normal,
            margin_percent: request.margin_percent,
        };
        if write.principal.institution().is_some_and(|own| own != request.institution_id) {
            return Err(invalid("institution_id", "is not the institution that you act for"));
        }
        let stream = Norm::id(norm.institution, &norm.department);
        let command = SetNormalHeadcount { norm, now: write.context.now };
        let executed = self
            .headcounts
            .execute(stream, &write.context, command)
            .await
            .map_err(|error| execute_status(error, refusals::headcount))?;
        let headcount = shown(&executed.state, &executed.head)?;
        Ok(SetNormalHeadcountResponse { headcount: Some(headcount), position: executed.head.position.0 })
    }

    pub(super) async fn get_normal_headcount(
        &self,
        request: Request<GetNormalHeadcountRequest>,
    ) -> Result<GetNormalHeadcountResponse, Status> {
        let resource =
            |request: &GetNormalHeadcountRequest| format!("headcount of institution-{}", request.institution_id);
        let read = self.gate.recorded_read(request, GET, resource).await?;
        let request = read.request;
        let institution: InstitutionId = id("institution_id", &request.institution_id).map_err(parse::field)?;
        let department = parse::department(&request.department)?;
        let as_of = self.gate.as_of(request.as_of_time.as_ref(), request.as_of_position).await?;
        if read.principal.institution().is_some_and(|own| own != request.institution_id) {
            return Err(refusals::no_norm());
        }
        let loaded =
            self.headcounts.load_as_of(Norm::id(institution, &department), as_of).await.map_err(store_status)?;
        let head = loaded.head.ok_or_else(refusals::no_norm)?;
        Ok(GetNormalHeadcountResponse { headcount: Some(shown(&loaded.state, &head)?) })
    }

    pub(super) async fn list_headcount_anomalies(
        &self,
        request: Request<ListHeadcountAnomaliesRequest>,
    ) -> Result<ListHeadcountAnomaliesResponse, Status> {
        let read = self.gate.recorded_read(request, LIST, |request| format!("{request:?}")).await?;
        let request = read.request;
        let institution = some_text("institution_id", &request.institution_id).map_err(parse::field)?;
        self.gate.at_least(&self.model, request.at_least_position).await?;
        let (anomalies, next_page_token) =
            anomalies(&self.model, institution, request.page_size, &request.page_token).await.map_err(list_status)?;
        Ok(ListHeadcountAnomaliesResponse { anomalies, next_page_token })
    }
}

fn shown(state: &HeadcountState, head: &casebook_execution::Head) -> Result<DepartmentHeadcount, Status> {
    match state {
        HeadcountState::Set(norm) => Ok(headcount_message(norm, Some(head), 0)),
        HeadcountState::Absent => Err(refusals::no_norm()),
    }
}
