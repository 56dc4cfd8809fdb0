//! The agencies that a case concerns, as its own events say: who opened it, who took it over, and to whom it is offered now.
//!
//! That an agency has written something that belongs to the same matter (it took the report in, say) makes it none.

use std::collections::BTreeSet;

/// What an event of a case says about whom the case concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Opened {
        agency: String,
        lead_id: String,
    },
    Offered {
        to_agency: String,
    },
    TakenOver {
        agency: String,
    },
    /// Declined, or not answered in time.
    NotTakenOver,
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
    pub fn after(mut self, step: Step) -> Self {
        match step {
            Step::Opened { agency, lead_id } => {
                self.holders.insert(agency);
                self.lead_id = lead_id;
            }
            Step::Offered { to_agency } => self.offered_to = Some(to_agency),
            Step::TakenOver { agency } => {
                self.holders.insert(agency);
                self.offered_to = None;
            }
            Step::NotTakenOver => self.offered_to = None,
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

    /// X11, R80: the holder, who held it, to whom it is offered; an offer that came to nothing gives nothing away.
    #[test]
    fn parties_hold_held_or_are_offered_a_case() {
        let agency = || "cac-310000".to_owned();
        let other = || "health-310000".to_owned();
        let opened = || Step::Opened { agency: agency(), lead_id: "5".to_owned() };
        let offered = || Step::Offered { to_agency: other() };
        for (steps, cac, health) in [
            (vec![], false, false),
            (vec![opened()], true, false),
            (vec![opened(), offered()], true, true),
            (vec![opened(), offered(), Step::NotTakenOver], true, false),
            (vec![opened(), offered(), Step::TakenOver { agency: other() }], true, true),
        ] {
            let parties = steps.iter().cloned().fold(Parties::default(), Parties::after);
            assert_eq!((parties.include(&agency()), parties.include(&other())), (cac, health), "{steps:?}");
            assert!(!parties.include(""), "an event that names nobody makes nobody a party");
        }
        assert_eq!(Parties::default().after(opened()).lead_id, "5");
    }
}
