//! Review's referral opens a lead (R72, R79).

use std::collections::BTreeSet;

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::reaction::{Reaction, Undone, carry_out};
use casebook_kernel::OfficerId;
use casebook_kernel::ids::{ItemId, LeadId};
use casebook_proto::review::v1::ReferralSubmitted;

use super::Reacting;
use crate::codec::Reading;
use crate::codec::parts::{all_parsed, non_empty, optional_parsed, parsed, time};
use crate::domain::lead::{LeadCommand, LeadSource, Signal};
use crate::domain::measure::AccountRef;

const REFERRAL: &str = "casebook.review.v1.ReferralSubmitted";

/// The lead that a referral opens: doing it twice finds the first.
pub fn lead_of(referral: uuid::Uuid) -> LeadId {
    LeadId::derived(referral, "referral")
}

#[derive(Debug)]
pub struct OpenLeads(pub Reacting);

#[async_trait]
impl Reaction for OpenLeads {
    fn name(&self) -> &'static str {
        "enforcement.open_leads"
    }

    fn filter(&self) -> Filter {
        Filter::categories([ItemId::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        if &*event.event_type != REFERRAL {
            return Ok(());
        }
        let referral = serde_json::from_slice(&event.data).map_err(|error| error.to_string());
        let signal = match referral.and_then(|referral| signal(referral, event.recorded_at)) {
            Ok(signal) => Box::new(signal),
            Err(reason) => {
                // It will be no better the next time: said aloud, and the other referrals go on.
                tracing::error!(stream = %event.stream, revision = event.revision, reason, "a referral cannot be read");
                return Ok(());
            }
        };
        let lead_id = lead_of(event.id);
        let context = self.0.context(event, "open lead")?;
        carry_out(&self.0.leads, lead_id.uuid(), &context, LeadCommand::Open { lead_id, signal }).await.map(|_| ())
    }
}

/// Who made the finding and handed it over: none of them hears the appeal that may come of it.
fn raised_by(referral: &ReferralSubmitted) -> Reading<BTreeSet<OfficerId>> {
    let officers = [&referral.recorded_by, &referral.confirmed_by, &referral.submitted_by].into_iter().flatten();
    officers.map(|reference| parsed("officer", &reference.officer)).collect()
}

fn signal(referral: ReferralSubmitted, recorded_at: casebook_kernel::Timestamp) -> Reading<Signal> {
    Ok(Signal {
        raised_by: raised_by(&referral)?,
        source: LeadSource::Referral,
        account: AccountRef { platform: parsed("platform", &referral.platform)?, platform_uid: referral.platform_uid },
        violation: parsed("violation", &referral.violation)?,
        reasons: referral.reasons,
        quoted_span: referral.quoted_span.map(|span| span.quote).unwrap_or_default(),
        item_id: optional_parsed("item_id", &referral.item_id)?,
        item_sha256: non_empty(referral.item_sha256),
        // Where nobody knows when it was published, it was published when it was referred at the latest.
        published_at: referral.published_at.map_or(Ok(recorded_at), |at| time("published_at", Some(at)))?,
        report_ids: all_parsed("report_ids", &referral.report_ids)?,
        finding_id: optional_parsed("finding_id", &referral.finding_id)?,
        region: parsed("region", &referral.region)?,
        legal_bases: all_parsed("legal_bases", &referral.legal_bases)?,
        discovered_at: referral.submitted_at.map_or(Ok(recorded_at), |at| time("submitted_at", Some(at)))?,
    })
}
