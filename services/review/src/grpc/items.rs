//! Items: ingested and screened, found against, referred.

use casebook_authz::Principal;
use casebook_bootstrap::{Write, history, invalid, list_status, store_status};
use casebook_execution::batch::part;
use casebook_execution::{Context, ExecuteError};
use casebook_kernel::ids::ItemId;
use casebook_kernel::region::Region;
use casebook_proto::review::v1 as proto;
use tonic::{Request, Status};

use super::known::{no_item, sight};
use super::reports::other_platform;
use super::{Review, item_reply, knowledge_status, parse, refusal, row_error};
use crate::codec::values::text_from;
use crate::domain::capture::Capture;
use crate::domain::finding::{FindingId, OfficerReference};
use crate::domain::item::{ItemCommand, ItemRefusal, ItemSource, ItemVersion};
use crate::domain::visibility::Sight;
use crate::examination::ExaminationError;
use crate::readmodel::{ItemFilter, ItemOrder, list_items};
use crate::resource;

const GET: &str = "/casebook.review.v1.ReviewService/GetItem";
const LIST: &str = "/casebook.review.v1.ReviewService/ListItems";
const LIST_HISTORY: &str = "/casebook.review.v1.ReviewService/ListItemHistory";

impl Review {
    pub(super) async fn ingest(
        &self,
        request: Request<proto::IngestItemsRequest>,
    ) -> Result<proto::IngestItemsResponse, Status> {
        let write = self.gate.write(request)?;
        let region = parse::region(&write.request.region, &write.context.actor)?;
        self.gate.begin_batch(&write).await?;
        let Write { request, context, principal } = write;
        let mut rows = Vec::with_capacity(request.items.len());
        let mut last = 0;
        for (row, item) in (0..).zip(request.items) {
            let context = part(&context, &format!("row/{row}"));
            let ingested = match self.captured_by(&principal, item) {
                Ok(capture) => self.ingest_one(&context, &principal, capture, region).await,
                Err(status) => Err(status),
            };
            rows.push(match ingested {
                Ok((ingested, position)) => {
                    last = last.max(position);
                    proto::IngestedRow { row, ..ingested }
                }
                Err(status) => {
                    proto::IngestedRow { row, error: Some(row_error(&status)), ..proto::IngestedRow::default() }
                }
            });
        }
        Ok(proto::IngestItemsResponse { rows, position: last })
    }

    fn captured_by(&self, principal: &Principal, item: proto::ItemCapture) -> Result<Capture, Status> {
        let capture = parse::capture(item, &self.policy.pack)?;
        match principal.platform() {
            Some(platform) if platform != capture.platform => Err(other_platform()),
            Some(_) | None => Ok(capture),
        }
    }

    /// Takes one item in, screens what is new of it, and says which rules it meets. Whoever may not know of the item is told that
    /// it came in, and not how often it was seen before (X10).
    async fn ingest_one(
        &self,
        context: &Context,
        principal: &Principal,
        capture: Capture,
        region: Region,
    ) -> Result<(proto::IngestedRow, u64), Status> {
        let unidentified = || refusal::item(&ItemRefusal::Unidentified).status(ItemRefusal::Unidentified);
        let id = capture.item_id().ok_or_else(unidentified)?;
        let (source, sight) = (source(principal), sight(principal));
        let observe = ItemCommand::Observe { capture, source, report: None, region, now: context.now };
        let (item, position, unchanged) = match self.items.execute(id.uuid(), context, observe).await {
            Ok(executed) => (executed.state, executed.head.position.0, false),
            Err(ExecuteError::Refused(ItemRefusal::NothingNew)) => {
                (self.items.load(id.uuid()).await.map_err(store_status)?.state, 0, true)
            }
            Err(error) => return Err(casebook_bootstrap::execute_status(error, refusal::item)),
        };
        let item = item.item().ok_or_else(no_item)?;
        let version = if item.deleted_at.is_some() { 0 } else { item.latest() };
        let knows = sight.reaches_item(item);
        // A platform hears of a text of its own what a screening of the text would tell it.
        let rules = |version| if knows || source == ItemSource::Platform { rules_met(version) } else { Vec::new() };
        let mut row = proto::IngestedRow {
            item_id: id.to_string(),
            version: if knows { version } else { 0 },
            unchanged,
            rule_ids: rules(item.version(version)),
            ..proto::IngestedRow::default()
        };
        let mut last = position;
        let screened = item.version(version).is_some_and(|version| version.screened.is_some());
        if version > 0 && !screened && !context.validate_only {
            let executed = self.examiner.screen(&part(context, "screen"), item, version).await;
            if let Some(executed) = executed.map_err(examination_status)? {
                row.rule_ids = rules(executed.state.item().and_then(|item| item.version(version)));
                last = executed.head.position.0;
            }
        }
        Ok((row, last))
    }

    pub(super) async fn find(
        &self,
        request: Request<proto::RecordFindingRequest>,
    ) -> Result<proto::RecordFindingResponse, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        parse::violation(&request.violation, &self.policy.pack)?;
        let finding: FindingId = context.new_id("finding");
        let command = ItemCommand::RecordFinding {
            finding,
            version: Some(request.version).filter(|version| *version > 0),
            violation: request.violation,
            quote: request.quote,
            char_start: request.char_start,
            reasons: request.reasons,
            legal_bases: parse::legal_bases(&request.legal_bases, &self.policy.pack)?,
            by: by(&context),
            region: context.actor.region,
            now: context.now,
        };
        let id = parse::id("item_id", &request.item_id)?;
        self.known_item(&sight(&principal), id).await?;
        let (item, position) = item_reply(&self.command_item(&context, id, command).await?);
        Ok(proto::RecordFindingResponse { item, finding_id: finding.to_string(), position })
    }

    pub(super) async fn confirm(
        &self,
        request: Request<proto::ConfirmFindingRequest>,
    ) -> Result<proto::ConfirmFindingResponse, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let finding = parse::id("finding_id", &request.finding_id)?;
        let command =
            ItemCommand::ConfirmFinding { finding, by: by(&context), region: context.actor.region, now: context.now };
        let id = parse::id("item_id", &request.item_id)?;
        self.known_item(&sight(&principal), id).await?;
        let (item, position) = item_reply(&self.command_item(&context, id, command).await?);
        Ok(proto::ConfirmFindingResponse { item, position })
    }

    pub(super) async fn reject(
        &self,
        request: Request<proto::RejectFindingRequest>,
    ) -> Result<proto::RejectFindingResponse, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let finding = parse::id("finding_id", &request.finding_id)?;
        let reasons = request.reasons;
        let command = ItemCommand::RejectFinding {
            finding,
            reasons,
            by: by(&context),
            region: context.actor.region,
            now: context.now,
        };
        let id = parse::id("item_id", &request.item_id)?;
        self.known_item(&sight(&principal), id).await?;
        let (item, position) = item_reply(&self.command_item(&context, id, command).await?);
        Ok(proto::RejectFindingResponse { item, position })
    }

    pub(super) async fn refer(
        &self,
        request: Request<proto::SubmitReferralRequest>,
    ) -> Result<proto::SubmitReferralResponse, Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let finding = parse::id("finding_id", &request.finding_id)?;
        let command =
            ItemCommand::SubmitReferral { finding, by: by(&context), region: context.actor.region, now: context.now };
        let id: ItemId = parse::id("item_id", &request.item_id)?;
        self.known_item(&sight(&principal), id).await?;
        let executed = self.command_item(&context, id, command).await?;
        let referral_event_id = if context.validate_only {
            String::new()
        } else {
            let event = self.items.history(id.uuid(), executed.head.revision, 1).await.map_err(store_status)?;
            event.first().map(|event| event.id.to_string()).unwrap_or_default()
        };
        let (item, position) = item_reply(&executed);
        Ok(proto::SubmitReferralResponse { item, referral_event_id, position })
    }

    pub(super) async fn item(&self, request: Request<proto::GetItemRequest>) -> Result<proto::GetItemResponse, Status> {
        let read = self.gate.recorded_read(request, GET, |request| format!("item-{}", request.item_id)).await?;
        let asked = read.request;
        let as_of = self.gate.as_of(asked.as_of_time.as_ref(), asked.as_of_position).await?;
        let id: ItemId = parse::id("item_id", &asked.item_id)?;
        // What they may know is a matter of now, what they are shown is as of then.
        self.known_item(&sight(&read.principal), id).await?;
        let loaded = self.items.load_as_of(id.uuid(), as_of).await.map_err(store_status)?;
        match (loaded.state.item(), loaded.head) {
            (Some(item), Some(head)) => Ok(proto::GetItemResponse { item: Some(resource::item(item, &head)) }),
            _ => Err(no_item()),
        }
    }

    pub(super) async fn items(
        &self,
        request: Request<proto::ListItemsRequest>,
    ) -> Result<proto::ListItemsResponse, Status> {
        let read = self.gate.recorded_read(request, LIST, |request| format!("{request:?}")).await?;
        let filter = item_filter(&read.request, sight(&read.principal))?;
        self.gate.at_least(&self.model, read.request.at_least_position).await?;
        let (items, next_page_token) =
            list_items(self.model.reader(), filter, read.request.page_size, &read.request.page_token)
                .await
                .map_err(list_status)?;
        Ok(proto::ListItemsResponse { items, next_page_token })
    }

    pub(super) async fn item_history(
        &self,
        request: Request<proto::ListItemHistoryRequest>,
    ) -> Result<proto::ListItemHistoryResponse, Status> {
        let of_item = |request: &proto::ListItemHistoryRequest| format!("item-{}", request.item_id);
        let read = self.gate.recorded_read(request, LIST_HISTORY, of_item).await?;
        let asked = read.request;
        let id: ItemId = parse::id("item_id", &asked.item_id)?;
        self.known_item(&sight(&read.principal), id).await?;
        let page = history(&self.items, id.uuid(), asked.page_size, &asked.page_token).await?;
        let (entries, next_page_token) = page.ok_or_else(no_item)?;
        Ok(proto::ListItemHistoryResponse { entries, next_page_token })
    }
}

fn by(context: &Context) -> OfficerReference {
    OfficerReference::from(&context.actor)
}

fn source(principal: &Principal) -> ItemSource {
    match principal.platform() {
        Some(_) => ItemSource::Platform,
        None => ItemSource::Monitoring,
    }
}

fn rules_met(version: Option<&ItemVersion>) -> Vec<String> {
    version
        .and_then(|version| version.screened.as_ref())
        .map(|screened| screened.screening.hits.iter().map(|hit| hit.rule.clone()).collect())
        .unwrap_or_default()
}

fn examination_status(error: ExaminationError) -> Status {
    match error {
        ExaminationError::Knowledge(error) => knowledge_status(error),
        ExaminationError::Execute(error) => casebook_bootstrap::execute_status(error, refusal::item),
    }
}

fn item_filter(request: &proto::ListItemsRequest, sight: Sight) -> Result<ItemFilter, Status> {
    let order = match request.order_by.as_str() {
        "" | "create_time desc" => ItemOrder::CreatedDescending,
        "create_time" => ItemOrder::Created,
        "hits desc" => ItemOrder::HitsDescending,
        _ => return Err(invalid("order_by", "is none of the orders of this list")),
    };
    Ok(ItemFilter {
        sight,
        stage: Some(request.stage).filter(|stage| *stage != 0),
        platform: text_from(request.platform.clone()),
        account_id: text_from(request.account_id.clone()),
        region: text_from(request.region.clone()),
        hits_min: request.hits_min,
        order,
    })
}
