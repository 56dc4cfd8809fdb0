//! What is asked of the whole log: one event as it is stored, the chain's head, a verification.

use std::time::Duration;

use casebook_bootstrap::{Explained, beyond_head, invalid, operation_status};
use casebook_eventlog::{Filter, Position};
use casebook_proto::audit::v1::{
    Difference as ProtoDifference, DifferenceKind as ProtoKind, GetChainHeadRequest, GetChainHeadResponse,
    GetRawEventRequest, GetRawEventResponse, NotedHead, NotedHeadOutcome, VerifyRangeRequest, VerifyRangeResponse,
};
use casebook_proto::timestamp;
use tonic::{Request, Status};

use super::{Audit, chain_head, log_status, projection_status};
use crate::domain::difference::{Difference, DifferenceKind};
use crate::readmodel::{case_correlation_of, leaf_of};
use crate::verify::{self, Noted, NotedOutcome, Stretch, VERIFY_EVENTS_MAX};

const GET_RAW_EVENT: &str = "/casebook.audit.v1.AuditService/GetRawEvent";
/// How long a verification waits for the chain to reach the end of the log.
const CHAIN_PATIENCE: Duration = Duration::from_secs(2);
const EVENT_NOT_FOUND: Explained = Explained::not_found("EVENT_NOT_FOUND");

impl Audit {
    pub(super) async fn raw_event(&self, request: Request<GetRawEventRequest>) -> Result<GetRawEventResponse, Status> {
        let read = self.gate.read(request)?;
        let position = read.request.position;
        let before = Position(position.saturating_sub(1));
        let found = self.log.read_all(before, &Filter::all(), 1).await.map_err(log_status)?.events.pop();
        let found = found.filter(|event| event.position.0 == position);
        // Written down before anything is given, under the stream's name, so that reads of a case are found by it.
        let resource = found.as_ref().map_or_else(|| format!("position-{position}"), |event| event.stream.to_string());
        self.gate.record(&read, GET_RAW_EVENT, &resource).await?;
        let absent = || EVENT_NOT_FOUND.status(format!("there is no event at position {position} that you may see"));
        let event = found.ok_or_else(absent)?;
        self.gate.at_least(&self.model, position).await?;
        let kept = self.kept().at(position).await.map_err(|error| operation_status(&error))?.ok_or_else(absent)?;
        if let Some(shown) = self.shown(&read, case_correlation_of(&kept)).await? {
            let streams = shown.streams(&self.log, std::iter::once(event.stream.as_str())).await.map_err(log_status)?;
            if !streams.values().all(|sees| *sees) || !shown.bytes_of(&event) {
                return Err(absent());
            }
        }
        Ok(GetRawEventResponse {
            position,
            stream: event.stream.to_string(),
            revision: event.revision,
            event_id: event.id.to_string(),
            event_type: event.event_type.to_string(),
            recorded_at: Some(timestamp(event.recorded_at)),
            data: event.data.to_vec(),
            metadata: event.metadata.to_vec(),
            leaf_sha256: leaf_of(&event).to_string(),
            kept_leaf_sha256: kept.leaf().to_string(),
            kept_chain_sha256: kept.whole_tip().hash.to_string(),
        })
    }

    pub(super) async fn head_of_chain(
        &self,
        request: Request<GetChainHeadRequest>,
    ) -> Result<GetChainHeadResponse, Status> {
        let asked = self.gate.read(request)?.request;
        self.gate.at_least(&self.model, asked.at_least_position).await?;
        let last = self.kept().last(u64::MAX).await.map_err(|error| operation_status(&error))?;
        Ok(GetChainHeadResponse { head: Some(chain_head(last.as_ref())) })
    }

    pub(super) async fn verified_range(
        &self,
        request: Request<VerifyRangeRequest>,
    ) -> Result<VerifyRangeResponse, Status> {
        let asked = self.gate.read(request)?.request;
        let head = self.log.head().await.map_err(log_status)?;
        // A chain that stands still before a damaged event must still be verifiable up to there: what it has not
        // reached is not looked at, and `through_position` says so.
        let _behind = self.model.wait_for(head, CHAIN_PATIENCE).await;
        let end = verify::end(&self.log, &self.model).await.map_err(projection_status)?;
        let stretch = stretch(&asked, end)?;
        let report = verify::verify_range(&self.log, &self.model, stretch).await.map_err(projection_status)?;
        if let Some(difference) = &report.first_difference {
            tracing::error!(position = difference.position, kind = ?difference.kind, "the log and the audit's chain differ");
        }
        Ok(VerifyRangeResponse {
            from_position: report.from,
            through_position: report.through,
            events: report.events,
            chain_sha256: report.chain.to_string(),
            first_difference: report.first_difference.map(difference),
            noted_head: outcome(report.noted).into(),
            next_from_position: report.next_from.unwrap_or(0),
        })
    }
}

/// What is to be verified. A position that neither log nor chain reach is refused, unless a noted head says that
/// they once did: then that they do not is the finding.
fn stretch(asked: &VerifyRangeRequest, end: u64) -> Result<Stretch, Status> {
    let from = asked.from_position.max(1);
    let to = (asked.to_position != 0).then_some(asked.to_position);
    if to.is_some_and(|to| to < from) {
        return Err(invalid("to_position", "is less than from_position"));
    }
    let noted = asked.noted_head.as_ref().map(noted).transpose()?;
    if let Some(noted) = noted
        && (noted.position < from || to.is_some_and(|to| noted.position > to))
    {
        return Err(invalid("noted_head.position", "lies outside of the range"));
    }
    if noted.is_none()
        && let Some((field, beyond)) = [("to_position", to), ("from_position", Some(from))]
            .into_iter()
            .find_map(|(field, position)| Some((field, position.filter(|position| *position > end.max(1))?)))
    {
        return Err(beyond_head(field, beyond, Position(end)));
    }
    Ok(Stretch { from, to, events_max: VERIFY_EVENTS_MAX, noted })
}

fn noted(head: &NotedHead) -> Result<Noted, Status> {
    let chain = head.chain_sha256.parse().map_err(|error| invalid("noted_head.chain_sha256", error))?;
    Ok(Noted { position: head.position, chain })
}

fn difference(difference: Difference) -> ProtoDifference {
    ProtoDifference {
        position: difference.position,
        kind: kind(difference.kind).into(),
        stream: difference.stream,
        description: difference.description,
    }
}

fn kind(kind: DifferenceKind) -> ProtoKind {
    match kind {
        DifferenceKind::Edited => ProtoKind::Edited,
        DifferenceKind::Missing => ProtoKind::Missing,
        DifferenceKind::Inserted => ProtoKind::Inserted,
        DifferenceKind::Replaced => ProtoKind::Replaced,
        DifferenceKind::Reordered => ProtoKind::Reordered,
        DifferenceKind::Truncated => ProtoKind::Truncated,
        DifferenceKind::Damaged => ProtoKind::Damaged,
        DifferenceKind::ChainAltered => ProtoKind::ChainAltered,
        DifferenceKind::Rewritten => ProtoKind::Rewritten,
    }
}

fn outcome(outcome: NotedOutcome) -> NotedHeadOutcome {
    match outcome {
        NotedOutcome::NotGiven => NotedHeadOutcome::Unspecified,
        NotedOutcome::Confirmed => NotedHeadOutcome::Confirmed,
        NotedOutcome::Contradicted => NotedHeadOutcome::Contradicted,
        NotedOutcome::NotReached => NotedHeadOutcome::NotReached,
    }
}
