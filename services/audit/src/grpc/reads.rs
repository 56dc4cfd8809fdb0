//! Who read what.

use casebook_bootstrap::{invalid, list_status, operation_status};
use casebook_kernel::Timestamp;
use casebook_proto::Timestamp as ProtoTimestamp;
use casebook_proto::audit::v1::{AccessEntry, ListAccessLogRequest, ListAccessLogResponse};
use casebook_proto::{moment, timestamp};
use chrono::DateTime;
use tonic::{Request, Status};

use super::{Audit, case_stream};
use crate::readmodel::{ReadFilter, RecordedRead, list_reads};

const LIST_ACCESS_LOG: &str = "/casebook.audit.v1.AuditService/ListAccessLog";

impl Audit {
    pub(super) async fn reads(&self, request: Request<ListAccessLogRequest>) -> Result<ListAccessLogResponse, Status> {
        let read = self.gate.read(request)?;
        let asked = &read.request;
        let before = self.gate.record(&read, LIST_ACCESS_LOG, &described(asked)).await?;
        let mut filter = filter(asked)?;
        self.gate.at_least(&self.model, asked.at_least_position).await?;
        if let Some((stream, correlation)) = &mut filter.case {
            *correlation = self.kept().correlation_of(stream).await.map_err(|error| operation_status(&error))?;
        }
        let (rows, next_page_token) =
            list_reads(&self.model, &filter, before, asked.page_size, &asked.page_token).await.map_err(list_status)?;
        Ok(ListAccessLogResponse { entries: rows.into_iter().map(entry).collect(), next_page_token })
    }
}

/// What the list was filtered by, in words, for the list itself.
fn described(asked: &ListAccessLogRequest) -> String {
    let case = if asked.case_id.is_empty() { String::new() } else { case_stream(&asked.case_id) };
    let filters = [
        ("agency", &asked.agency),
        ("officer", &asked.officer),
        ("resource", &asked.resource),
        ("case", &case),
        ("method", &asked.method),
    ];
    let named: Vec<_> =
        filters.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!(" {name}={value}")).collect();
    format!("access-log{}", named.concat())
}

fn filter(asked: &ListAccessLogRequest) -> Result<ReadFilter, Status> {
    let newest_first = match asked.order_by.as_str() {
        "" | "position" => false,
        "position desc" => true,
        _ => return Err(invalid("order_by", "is neither `position` nor `position desc`")),
    };
    let from = time("from_time", asked.from_time.as_ref())?;
    let to = time("to_time", asked.to_time.as_ref())?;
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(invalid("to_time", "is earlier than from_time"));
    }
    Ok(ReadFilter {
        agency: asked.agency.clone(),
        officer: asked.officer.clone(),
        resource: asked.resource.clone(),
        method: asked.method.clone(),
        case: (!asked.case_id.is_empty()).then(|| (case_stream(&asked.case_id), None)),
        from,
        to,
        newest_first,
    })
}

fn time(field: &str, value: Option<&ProtoTimestamp>) -> Result<Option<Timestamp>, Status> {
    value.map(|value| moment(value).ok_or_else(|| invalid(field, "is not a time"))).transpose()
}

fn entry(row: RecordedRead) -> AccessEntry {
    AccessEntry {
        position: row.position.cast_unsigned(),
        agency: row.agency,
        officer: row.officer,
        method: row.method,
        resource: row.resource,
        recorded_at: DateTime::from_timestamp_micros(row.recorded_us).map(timestamp),
    }
}
