use casebook_bootstrap::invalid;
use casebook_policy::DeadlineName;
use casebook_proto::enforcement::v1;
use tonic::{Request, Status};

use super::desk::{Desk, calendar_status, id, officers};
use crate::domain::case::{Addressee, CaseCommand};

impl Desk {
    pub(super) async fn offer_transfer(
        &self,
        request: Request<v1::OfferTransferRequest>,
    ) -> Result<v1::OfferTransferResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let case_id = id("case_id", &request.case_id)?;
        let file = self.known_case(&sight, case_id).await?;
        let to = self.policy.pack.agency(&request.to_agency);
        let to = to.ok_or_else(|| invalid("to_agency", "is no agency of the policy pack"))?;
        let command = CaseCommand::OfferTransfer {
            by: context.actor.clone(),
            to: Addressee { agency: to.id.clone(), kind: to.kind, region: to.region },
            competence: self.competence(file.opening.violation.as_str())?,
            reasons: request.reasons,
            lapse_at: self.terms.end(DeadlineName::TransferOffer, context.now).map_err(calendar_status)?,
            now: context.now,
        };
        let (case, position) = self.on_case(&context, &sight, case_id, command).await?;
        Ok(v1::OfferTransferResponse { case: Some(case), position })
    }

    pub(super) async fn accept_transfer(
        &self,
        request: Request<v1::AcceptTransferRequest>,
    ) -> Result<v1::AcceptTransferResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let case_id = id("case_id", &request.case_id)?;
        let file = self.known_case(&sight, case_id).await?;
        let command = CaseCommand::AcceptTransfer {
            by: context.actor.clone(),
            officers: officers(&request.officers)?,
            competence: self.competence(file.opening.violation.as_str())?,
            now: context.now,
        };
        let (case, position) = self.on_case(&context, &sight, case_id, command).await?;
        Ok(v1::AcceptTransferResponse { case: Some(case), position })
    }

    pub(super) async fn decline_transfer(
        &self,
        request: Request<v1::DeclineTransferRequest>,
    ) -> Result<v1::DeclineTransferResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command =
            CaseCommand::DeclineTransfer { by: context.actor.clone(), reasons: request.reasons, now: context.now };
        let (case, position) = self.on_case(&context, &sight, id("case_id", &request.case_id)?, command).await?;
        Ok(v1::DeclineTransferResponse { case: Some(case), position })
    }
}
