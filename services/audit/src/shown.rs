//! What an agency is shown of a matter: its own cases with their leads and orders, and what led to them.
//!
//! What led to a case is what is listed here and no more: a service that is added, or an event of one, is shown to nobody until
//! somebody has thought of who may know it. Several cases may come from one item, each with another agency; what they share is one correlation. And one agency's case
//! shows no reporter whom another agency keeps (X10).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use casebook_eventlog::{Direction, EventLog, READ_EVENTS_MAX, ReadError, RecordedEvent, StreamName, ends_stream};
use casebook_execution::Metadata;
use casebook_proto::common::v1::HistoryEntry;
use serde::Deserialize;

use crate::domain::parties::{Parties, Step};

const CASE: &str = "case";
const LEAD: &str = "lead";
const ORDER: &str = "order";
const REPORT: &str = "report";
const ITEM: &str = "item";
/// The registry is open to agencies, which it is kept for.
const ACCOUNT: &str = "account";
const CREDENTIAL: &str = "credential";
/// What of a credential led to a case: the fraud that was reported and concluded. The rest is about a person (X11), and lies with the
/// agency of the applicant's region, which need not be that of the case.
pub const FRAUD: [&str; 2] = ["casebook.credentials.v1.FraudReported", "casebook.credentials.v1.FraudConcluded"];
const REPORT_FILED: &str = "casebook.review.v1.ReportFiled";
const REPORTER: &str = "reporterRef";
const OPENED: &str = "casebook.enforcement.v1.CaseOpened";
const OFFERED: &str = "casebook.enforcement.v1.TransferOffered";
const ACCEPTED: &str = "casebook.enforcement.v1.TransferAccepted";
const DECLINED: &str = "casebook.enforcement.v1.TransferDeclined";
const LAPSED: &str = "casebook.enforcement.v1.TransferLapsed";

/// What is read of an event of a case.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    agency: String,
    to_agency: String,
    lead_id: String,
}

/// What an event of a case says of its parties. One that cannot be read names nobody.
fn step(event: &RecordedEvent) -> Option<Step> {
    let named = || serde_json::from_slice::<Named>(&event.data).unwrap_or_default();
    match &*event.event_type {
        OPENED => {
            let Named { agency, lead_id, .. } = named();
            Some(Step::Opened { agency, lead_id })
        }
        OFFERED => Some(Step::Offered { to_agency: named().to_agency }),
        ACCEPTED => Some(Step::TakenOver { agency: named().agency }),
        DECLINED | LAPSED => Some(Step::NotTakenOver),
        _ => None,
    }
}

/// The case that an order's first event names.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OfCase {
    case_id: String,
}

/// What one agency may see of one matter.
#[derive(Debug)]
pub struct Shown {
    agency: String,
    /// The ids of its cases.
    cases: HashSet<String>,
    /// Those of the leads that they were opened on.
    leads: HashSet<String>,
}

impl Shown {
    /// Looks at every case of the matter, of which these are the streams.
    pub async fn to(agency: &str, log: &Arc<dyn EventLog>, case_streams: &[String]) -> Result<Self, ReadError> {
        let mut shown = Self { agency: agency.to_owned(), cases: HashSet::new(), leads: HashSet::new() };
        for stream in case_streams {
            let name = parsed(stream)?;
            let parties = parties(log, &name).await?;
            if let (true, Some(id)) = (parties.include(agency), name.id()) {
                shown.cases.insert(id.to_string());
                shown.leads.insert(parties.lead_id);
            }
        }
        Ok(shown)
    }

    pub fn case(&self, case_id: &str) -> bool {
        self.cases.contains(case_id)
    }

    /// Which of these streams the agency may see.
    pub async fn streams<'a>(
        &self,
        log: &Arc<dyn EventLog>,
        streams: impl Iterator<Item = &'a str>,
    ) -> Result<HashMap<&'a str, bool>, ReadError> {
        let mut known = HashMap::new();
        for stream in streams {
            if !known.contains_key(stream) {
                known.insert(stream, self.stream(log, stream).await?);
            }
        }
        Ok(known)
    }

    async fn stream(&self, log: &Arc<dyn EventLog>, stream: &str) -> Result<bool, ReadError> {
        if self.cases.is_empty() {
            return Ok(false);
        }
        let name = parsed(stream)?;
        let id = name.id().map(|id| id.to_string()).unwrap_or_default();
        match name.category() {
            CASE => Ok(self.cases.contains(&id)),
            LEAD => Ok(self.leads.contains(&id)),
            ORDER => {
                let first = log.read_stream(&name, Direction::Forwards, Some(0), 1).await?;
                let of = first.first().and_then(|event| serde_json::from_slice::<OfCase>(&event.data).ok());
                Ok(self.cases.contains(&of.unwrap_or_default().case_id))
            }
            REPORT | ITEM | ACCOUNT | CREDENTIAL => Ok(true),
            _ => Ok(false),
        }
    }

    /// Whether the agency is given the bytes of an event of such a stream: a report's name the reporter.
    pub fn bytes_of(&self, event: &RecordedEvent) -> bool {
        let own = || Metadata::parse(&event.metadata).is_ok_and(|metadata| metadata.agency == self.agency);
        let names_reporter = event.stream.category() == REPORT && &*event.event_type == REPORT_FILED;
        of_matter(event.stream.as_str(), &event.event_type) && (!names_reporter || own())
    }

    /// An entry as the agency is shown it.
    pub fn entry(&self, mut entry: HistoryEntry) -> HistoryEntry {
        let own = entry.metadata.as_ref().is_some_and(|metadata| metadata.agency == self.agency);
        if entry.event_type == REPORT_FILED && !own {
            entry.json = without_reporter(&entry.json);
        }
        entry
    }
}

/// Whether only some events of a stream that an agency may see belong to its matter.
pub fn in_part(stream: &str) -> bool {
    stream.split_once('-').is_some_and(|(category, _)| category == CREDENTIAL)
}

/// Whether an event of a stream that an agency may see belongs to its matter.
pub fn of_matter(stream: &str, event_type: &str) -> bool {
    !in_part(stream) || FRAUD.contains(&event_type)
}

/// What cannot be read is not shown: it may name the reporter all the same.
fn without_reporter(json: &str) -> String {
    let Ok(serde_json::Value::Object(mut event)) = serde_json::from_str(json) else { return String::new() };
    event.remove(REPORTER);
    serde_json::Value::Object(event).to_string()
}

fn parsed(stream: &str) -> Result<StreamName, ReadError> {
    stream.parse().map_err(|error| ReadError::Corrupt(format!("`{stream}`: {error}")))
}

async fn parties(log: &Arc<dyn EventLog>, case: &StreamName) -> Result<Parties, ReadError> {
    let mut parties = Parties::default();
    let mut from = 0;
    loop {
        let events = log.read_stream(case, Direction::Forwards, Some(from), READ_EVENTS_MAX).await?;
        parties = events.iter().filter_map(|event| step(event)).fold(parties, Parties::after);
        match events.last() {
            Some(last) if !ends_stream(&events, READ_EVENTS_MAX) => from = last.revision + 1,
            Some(_) | None => return Ok(parties),
        }
    }
}
