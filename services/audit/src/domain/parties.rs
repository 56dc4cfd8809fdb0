//! The agencies that a case concerns, as its own events say: who opened it, who took it over, and to whom it is offered now.
//!
//! That an agency has written something that belongs to the same matter (it took the report in, say) makes it none.

use std::collections::BTreeSet;

use serde::Deserialize;

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

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parties {
    /// Whoever holds it or held it.
    holders: BTreeSet<String>,
    /// To whom it is offered, until that is answered or over.
    offered_to: Option<String>,
    /// The lead that it was opened on.
    pub lead_id: String,
}

impl Parties {
    /// After one more event of the case. An event that cannot be read names nobody.
    pub fn after(mut self, event_type: &str, json: &[u8]) -> Self {
        let named = || serde_json::from_slice::<Named>(json).unwrap_or_default();
        match event_type {
            OPENED => {
                let opened = named();
                self.holders.insert(opened.agency);
                self.lead_id = opened.lead_id;
            }
            OFFERED => self.offered_to = Some(named().to_agency),
            ACCEPTED => {
                self.holders.insert(named().agency);
                self.offered_to = None;
            }
            DECLINED | LAPSED => self.offered_to = None,
            _ => {}
        }
        self
    }

    pub fn include(&self, agency: &str) -> bool {
        !agency.is_empty() && (self.holders.contains(agency) || self.offered_to.as_deref() == Some(agency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(events: &[(&str, &str)]) -> Parties {
        events.iter().fold(Parties::default(), |parties, (event_type, json)| parties.after(event_type, json.as_bytes()))
    }

    /// X11, R80: the holder, who held it, to whom it is offered; an offer that came to nothing gives nothing away.
    #[test]
    fn parties_hold_held_or_are_offered_a_case() {
        let opened = (OPENED, r#"{"agency":"cac-310000","leadId":"5"}"#);
        let offered = (OFFERED, r#"{"fromAgency":"cac-310000","toAgency":"health-310000"}"#);
        let accepted = (ACCEPTED, r#"{"agency":"health-310000"}"#);
        for (events, cac, health) in [
            (vec![], false, false),
            (vec![opened], true, false),
            (vec![opened, offered], true, true),
            (vec![opened, offered, (DECLINED, "{}")], true, false),
            (vec![opened, offered, (LAPSED, "{}")], true, false),
            (vec![opened, offered, accepted], true, true),
            (vec![opened, ("casebook.enforcement.v1.StatementRecorded", r#"{"agency":"health-310000"}"#)], true, false),
        ] {
            let parties = case(&events);
            assert_eq!((parties.include("cac-310000"), parties.include("health-310000")), (cac, health), "{events:?}");
            assert!(!parties.include(""), "an event that names nobody makes nobody a party");
        }
        assert_eq!(case(&[opened]).lead_id, "5");
    }
}
