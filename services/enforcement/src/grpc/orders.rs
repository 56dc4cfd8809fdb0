use casebook_proto::enforcement::v1;
use tonic::{Request, Status};

use super::desk::{Desk, id};
use crate::domain::order::OrderCommand;

impl Desk {
    pub(super) async fn cancel_order(
        &self,
        request: Request<v1::CancelOrderRequest>,
    ) -> Result<v1::CancelOrderResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = OrderCommand::Cancel { by: context.actor.clone(), reasons: request.reasons };
        let (order, position) = self.on_order(&context, &sight, id("order_id", &request.order_id)?, command).await?;
        Ok(v1::CancelOrderResponse { order: Some(order), position })
    }

    pub(super) async fn mark_order_undeliverable(
        &self,
        request: Request<v1::MarkOrderUndeliverableRequest>,
    ) -> Result<v1::MarkOrderUndeliverableResponse, Status> {
        let (request, context, sight) = self.admit(request)?;
        let command = OrderCommand::MarkUndeliverable { by: context.actor.clone(), reasons: request.reasons };
        let (order, position) = self.on_order(&context, &sight, id("order_id", &request.order_id)?, command).await?;
        Ok(v1::MarkOrderUndeliverableResponse { order: Some(order), position })
    }
}
