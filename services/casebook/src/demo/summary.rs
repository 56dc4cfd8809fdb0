//! What came of it: counted through the public lists, and every case replayed from its dossier.

use std::fmt;
use std::sync::Arc;

use casebook_enforcement::domain::case::Case;
use casebook_eventlog::{Position, RecordedEvent};
use casebook_execution::{Loaded, Metadata};
use casebook_proto::audit::v1 as audit;
use casebook_proto::common::v1::HistoryEntry;
use casebook_proto::enforcement::v1 as enforcement;
use casebook_proto::moment;
use casebook_proto::review::v1 as review;
use serde::Serialize;
use tonic::Status;
use uuid::Uuid;

use super::DemoError;
use super::cast::Cast;

const PAGE_SIZE: u32 = 500;

/// What the demonstration reports at its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Lines of the input.
    pub lines: usize,
    /// Lines that could not be read, with number and reason.
    pub unreadable: Vec<String>,
    /// Matters that the services refused, with line, step and reason.
    pub refused: Vec<String>,
    /// Those of them that came to no report: of the others the report is there.
    pub refused_reports: usize,
    pub reports: usize,
    /// Reports that ended without a case: declined, without a finding, or answered by an earlier one.
    pub without_case: usize,
    pub findings: usize,
    pub leads: usize,
    pub cases: usize,
    pub closed_cases: usize,
    pub decisions: usize,
    pub orders: usize,
    pub receipts: usize,
    pub appeals: usize,
    pub reversals: usize,
    /// Everything in the log, recorded reads included.
    pub events: u64,
    pub replayed_cases: usize,
    /// Cases whose replay differs from what the service or its rows say.
    pub replay_mismatches: usize,
    /// Rows of any read model that differ from the state folded from the log.
    pub row_mismatches: u64,
    /// The case whose time line is worth looking at.
    pub shown_case: String,
    pub data_dir: String,
    pub seconds: f64,
}

impl Summary {
    /// Why the demonstration is not a success, if it is not.
    pub fn failure(&self) -> Option<String> {
        let mut failures = Vec::new();
        if self.replay_mismatches > 0 || self.row_mismatches > 0 {
            failures.push(format!(
                "{} cases and {} rows differ from their replay",
                self.replay_mismatches, self.row_mismatches
            ));
        }
        if self.replayed_cases != self.cases || self.closed_cases != self.cases {
            failures.push(format!(
                "of {} cases {} were replayed and {} closed",
                self.cases, self.replayed_cases, self.closed_cases
            ));
        }
        if self.reports + self.refused_reports + self.unreadable.len() < self.lines {
            failures.push(format!("{} lines, but only {} reports", self.lines, self.reports));
        }
        let ended = self.closed_cases + self.without_case + self.refused.len() + self.unreadable.len();
        if ended < self.lines {
            failures.push(format!("of {} lines only {ended} came to an end", self.lines));
        }
        if self.orders != self.receipts {
            failures.push(format!("{} orders, but {} receipts", self.orders, self.receipts));
        }
        (!failures.is_empty()).then(|| failures.join("; "))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} reports, {} leads, {} findings, {} cases, {} decisions, {} orders, {} receipts, {} appeals, {} reversals; \
             {} events; {} cases replayed, {} mismatches; {} refused, {} unreadable; {:.1} s",
            self.reports,
            self.leads,
            self.findings,
            self.cases,
            self.decisions,
            self.orders,
            self.receipts,
            self.appeals,
            self.reversals,
            self.events,
            self.replayed_cases,
            self.replay_mismatches + usize::try_from(self.row_mismatches).unwrap_or(usize::MAX),
            self.refused.len(),
            self.unreadable.len(),
            self.seconds,
        )
    }
}

fn call(step: &'static str) -> impl FnOnce(Status) -> DemoError {
    move |status| DemoError::Call { step, status: Box::new(status) }
}

/// Follows a list from page to page.
macro_rules! every {
    ($client:expr, $method:ident, $request:expr, $field:ident) => {{
        let mut all = Vec::new();
        let mut token = String::new();
        loop {
            let mut request = $request;
            (request.page_size, request.page_token) = (PAGE_SIZE, token);
            let page = $client.$method(request).await.map_err(call(stringify!($method)))?.into_inner();
            all.extend(page.$field);
            token = page.next_page_token;
            if token.is_empty() {
                break all;
            }
        }
    }};
}

pub async fn count(cast: &mut Cast) -> Result<Summary, DemoError> {
    let auditor = cast.auditor()?;
    let (mut reviews, mut enforcing) = (auditor.review(), auditor.enforcement());
    let reports = every!(reviews, list_reports, review::ListReportsRequest::default(), reports);
    let items = every!(reviews, list_items, review::ListItemsRequest::default(), items);
    let leads = every!(enforcing, list_leads, enforcement::ListLeadsRequest::default(), leads);
    let cases = every!(enforcing, list_cases, enforcement::ListCasesRequest::default(), cases);
    let orders = every!(enforcing, list_orders, enforcement::ListOrdersRequest::default(), orders);

    let mut summary = Summary {
        reports: reports.len(),
        findings: items.iter().flat_map(|item| &item.findings).filter(|finding| finding.confirmed.is_some()).count(),
        leads: leads.len(),
        cases: cases.len(),
        closed_cases: cases.iter().filter(|case| case.stage() == enforcement::CaseStage::Closed).count(),
        decisions: cases
            .iter()
            .filter(|case| case.decision.as_ref().is_some_and(|decision| decision.issued_at.is_some()))
            .count(),
        orders: orders.len(),
        receipts: orders.iter().filter(|order| order.receipt.is_some()).count(),
        appeals: cases.iter().map(|case| case.appeals.len()).sum(),
        reversals: cases.iter().map(|case| case.reversals.len()).sum(),
        ..Summary::default()
    };
    for row in &cases {
        let replayed = replay(&auditor, &row.case_id).await?;
        let request = enforcement::GetCaseRequest { case_id: row.case_id.clone(), ..Default::default() };
        let live = enforcing.get_case(request).await.map_err(call("GetCase"))?.into_inner().case;
        summary.replayed_cases += 1;
        if replayed.as_ref() != Some(row) || live.as_ref() != Some(row) {
            tracing::warn!(case = row.case_id, ?replayed, ?live, ?row, "a case differs from its replay");
            summary.replay_mismatches += 1;
        }
    }
    let head = auditor
        .audit()
        .get_chain_head(audit::GetChainHeadRequest::default())
        .await
        .map_err(call("GetChainHead"))?
        .into_inner();
    summary.events = head.head.map(|head| head.events).unwrap_or_default();
    Ok(summary)
}

/// The case as its dossier tells it: the stored events alone, folded by the rules.
async fn replay(auditor: &crate::client::Client, case_id: &str) -> Result<Option<enforcement::Case>, DemoError> {
    let mut audit = auditor.audit();
    let request = audit::GetDossierRequest { case_id: case_id.to_owned(), ..Default::default() };
    let entries = every!(audit, get_dossier, request.clone(), entries);
    let stream = format!("case-{case_id}");
    let mut case = Loaded::<Case>::default();
    for entry in entries.iter().filter(|entry| entry.stream == stream) {
        case.apply(&recorded(entry)?).map_err(|error| DemoError::History(error.to_string()))?;
    }
    let id: Uuid = case_id.parse().map_err(|_| DemoError::History(format!("`{case_id}` is no id")))?;
    Ok(case.head.and_then(|head| casebook_enforcement::case_resource(id, &case.state, &head)))
}

/// A history's entry as the event that it shows.
fn recorded(entry: &HistoryEntry) -> Result<RecordedEvent, DemoError> {
    let damaged = |what: &str| DemoError::History(format!("position {}: {what}", entry.position));
    let metadata = entry.metadata.clone().ok_or_else(|| damaged("no metadata"))?;
    let time = |at: Option<&casebook_proto::Timestamp>| at.and_then(moment).ok_or_else(|| damaged("no time"));
    let metadata = Metadata {
        at: time(metadata.at.as_ref())?,
        agency: metadata.agency,
        officer: metadata.officer,
        request_id: metadata.request_id,
        request_sha256: metadata.request_sha256,
        correlation: metadata.correlation.parse().map_err(|_| damaged("no correlation"))?,
        causation: metadata.causation.parse().ok(),
        policy_version: metadata.policy_version,
        trace_parent: metadata.trace_parent,
        schema_version: metadata.schema_version,
    };
    Ok(RecordedEvent {
        position: Position(entry.position),
        stream: entry.stream.parse().map_err(|_| damaged("no stream"))?,
        revision: entry.revision,
        id: Uuid::nil(),
        event_type: Arc::from(entry.event_type.as_str()),
        data: entry.json.clone().into_bytes().into(),
        metadata: metadata.to_json().into(),
        recorded_at: time(entry.recorded_at.as_ref())?,
    })
}
