use casebook_execution::Stored;
use casebook_proto::enforcement::v1;

use super::parts::{
    account, account_message, all_parsed, non_empty, optional_parsed, parsed, text_or_empty, texts, time, wire,
};
use super::words::Word as _;
use super::{Reading, message, stored};
use crate::domain::lead::{LeadChange, LeadEvent, LeadSource, Screening, Signal};

pub(super) fn write(event: &LeadEvent) -> Stored {
    let lead_id = event.lead_id.to_string();
    match &event.change {
        LeadChange::Opened(signal) => stored("casebook.enforcement.v1.LeadOpened", &opened(lead_id, signal)),
        LeadChange::Accepted(screening) => stored(
            "casebook.enforcement.v1.LeadAccepted",
            &v1::LeadAccepted {
                lead_id,
                officer: screening.officer.to_string(),
                agency: screening.agency.to_string(),
                reasons: screening.reasons.clone(),
            },
        ),
        LeadChange::Declined { screening, duplicate_of } => stored(
            "casebook.enforcement.v1.LeadDeclined",
            &v1::LeadDeclined {
                lead_id,
                officer: screening.officer.to_string(),
                agency: screening.agency.to_string(),
                reasons: screening.reasons.clone(),
                duplicate_of: text_or_empty(*duplicate_of),
            },
        ),
    }
}

fn opened(lead_id: String, signal: &Signal) -> v1::LeadOpened {
    v1::LeadOpened {
        lead_id,
        source: signal.source.write(),
        account: Some(account_message(&signal.account)),
        account_id: signal.account.account_id().to_string(),
        violation: signal.violation.to_string(),
        reasons: signal.reasons.clone(),
        quoted_span: signal.quoted_span.clone(),
        item_id: text_or_empty(signal.item_id),
        item_sha256: signal.item_sha256.clone().unwrap_or_default(),
        published_at: wire(signal.published_at),
        report_ids: texts(&signal.report_ids),
        finding_id: text_or_empty(signal.finding_id),
        region: signal.region.to_string(),
        legal_bases: texts(&signal.legal_bases),
        discovered_at: wire(signal.discovered_at),
        raised_by: texts(&signal.raised_by),
    }
}

pub(super) fn read(name: &str, json: &[u8]) -> Reading<LeadEvent> {
    match name {
        "LeadOpened" => read_opened(message(json)?),
        "LeadAccepted" => {
            let event: v1::LeadAccepted = message(json)?;
            let screening = screening(&event.officer, &event.agency, event.reasons)?;
            Ok(LeadEvent { lead_id: parsed("lead_id", &event.lead_id)?, change: LeadChange::Accepted(screening) })
        }
        "LeadDeclined" => {
            let event: v1::LeadDeclined = message(json)?;
            let screening = screening(&event.officer, &event.agency, event.reasons)?;
            let duplicate_of = optional_parsed("duplicate_of", &event.duplicate_of)?;
            let change = LeadChange::Declined { screening, duplicate_of };
            Ok(LeadEvent { lead_id: parsed("lead_id", &event.lead_id)?, change })
        }
        _ => Err("it is no event of a lead".to_owned()),
    }
}

fn read_opened(event: v1::LeadOpened) -> Reading<LeadEvent> {
    let signal = Signal {
        source: LeadSource::expect(event.source, "source")?,
        account: account("account", event.account)?,
        violation: parsed("violation", &event.violation)?,
        reasons: event.reasons,
        quoted_span: event.quoted_span,
        item_id: optional_parsed("item_id", &event.item_id)?,
        item_sha256: non_empty(event.item_sha256),
        published_at: time("published_at", event.published_at)?,
        report_ids: all_parsed("report_ids", &event.report_ids)?,
        finding_id: optional_parsed("finding_id", &event.finding_id)?,
        region: parsed("region", &event.region)?,
        legal_bases: all_parsed("legal_bases", &event.legal_bases)?,
        discovered_at: time("discovered_at", event.discovered_at)?,
        raised_by: all_parsed("raised_by", &event.raised_by)?,
    };
    Ok(LeadEvent { lead_id: parsed("lead_id", &event.lead_id)?, change: LeadChange::Opened(Box::new(signal)) })
}

fn screening(officer: &str, agency: &str, reasons: String) -> Reading<Screening> {
    Ok(Screening { officer: parsed("officer", officer)?, agency: parsed("agency", agency)?, reasons })
}
