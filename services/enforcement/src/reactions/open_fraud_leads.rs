//! A credential that was confirmed to be forged, or not the holder's, opens a lead (R28, R87): its account posed as a doctor's.

use async_trait::async_trait;
use casebook_eventlog::{Filter, RecordedEvent};
use casebook_execution::reaction::{Reaction, Undone, carry_out};
use casebook_kernel::Timestamp;
use casebook_kernel::ids::{CredentialId, LeadId};
use casebook_policy::ViolationId;
use casebook_proto::credentials::v1::{FraudConcluded, FraudState};

use super::Reacting;
use crate::codec::Reading;
use crate::codec::parts::{parsed, time};
use crate::domain::lead::{LeadCommand, LeadSource, Signal};
use crate::domain::measure::AccountRef;

const CONCLUDED: &str = "casebook.credentials.v1.FraudConcluded";
/// 假冒医生身份开展科普, by its id in the policy pack (S1 §8, R87).
pub const POSING: &str = "V-05";

#[derive(Debug)]
pub struct OpenFraudLeads {
    pub reacting: Reacting,
    pub violation: ViolationId,
}

#[async_trait]
impl Reaction for OpenFraudLeads {
    fn name(&self) -> &'static str {
        "enforcement.open_fraud_leads"
    }

    fn filter(&self) -> Filter {
        Filter::categories([CredentialId::CATEGORY])
    }

    async fn react(&self, event: &RecordedEvent) -> Result<(), Undone> {
        if &*event.event_type != CONCLUDED {
            return Ok(());
        }
        // What cannot be read will be no better the next time.
        let unreadable = |error: String| Undone::Never(format!("{}: {error}", event.event_type));
        let concluded: FraudConcluded =
            serde_json::from_slice(&event.data).map_err(|error| unreadable(error.to_string()))?;
        if concluded.outcome() != FraudState::Confirmed {
            return Ok(());
        }
        let signal = self.signal(concluded, event.recorded_at).map_err(|error| unreadable(error.to_string()))?;
        let lead_id = LeadId::derived(event.id, "fraud");
        let context = self.reacting.context(event, "open lead")?;
        let command = LeadCommand::Open { lead_id, signal: Box::new(signal) };
        carry_out(&self.reacting.leads, lead_id.uuid(), &context, command).await.map(|_| ())
    }
}

impl OpenFraudLeads {
    /// The agency that concluded answers for the region of the institution whose name was used. The legal bases are an officer's to
    /// judge: the finding was made of papers, not of a publication.
    fn signal(&self, concluded: FraudConcluded, recorded_at: Timestamp) -> Reading<Signal> {
        let officers = [&concluded.reported_by, &concluded.concluded_by].into_iter().flatten();
        let concluded_at = concluded.concluded_at.map_or(Ok(recorded_at), |at| time("concluded_at", Some(at)))?;
        Ok(Signal {
            raised_by: officers.map(|by| parsed("officer", &by.officer)).collect::<Reading<_>>()?,
            source: LeadSource::Agency,
            account: AccountRef {
                platform: parsed("platform", &concluded.platform)?,
                platform_uid: concluded.platform_uid,
            },
            violation: self.violation.clone(),
            reasons: concluded.reasons,
            quoted_span: String::new(),
            item_id: None,
            item_sha256: None,
            published_at: concluded_at,
            report_ids: Vec::new(),
            finding_id: None,
            region: parsed("region", &concluded.region)?,
            legal_bases: Vec::new(),
            discovered_at: concluded_at,
        })
    }
}
