//! How many verified people a department normally has (R29): stream `headcount-{id}`.

use casebook_kernel::ids::InstitutionId;
use casebook_kernel::{Decider, Timestamp};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum HeadcountState {
    #[default]
    Absent,
    Set(Norm),
}

/// What is normal for one department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Norm {
    pub institution: InstitutionId,
    /// The exact name of the department.
    pub department: String,
    /// At least 1.
    pub normal: u32,
    /// By how many percent it may be exceeded before it is clearly exceeded (明显超过, S1 §4).
    pub margin_percent: u32,
}

impl Norm {
    /// The id of the stream of a department's norm.
    pub fn id(institution: InstitutionId, department: &str) -> Uuid {
        Uuid::new_v5(&institution.uuid(), format!("headcount/{department}").as_bytes())
    }

    /// The most people with whom the norm is not clearly exceeded.
    pub fn most(&self) -> u64 {
        u64::from(self.normal) * (100 + u64::from(self.margin_percent)) / 100
    }

    pub fn is_clearly_exceeded_by(&self, verified: u64) -> bool {
        verified > self.most()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct SetNormalHeadcount {
    pub norm: Norm,
    pub now: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadcountEvent {
    Set { norm: Norm, at: Timestamp },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadcountRefusal {
    #[error("the norm of this department is what it was")]
    HeadcountUnchanged,
}

/// The rules of a department's norm.
#[derive(Debug, Clone, Copy)]
pub struct Headcount;

impl Decider for Headcount {
    type State = HeadcountState;
    type Command = SetNormalHeadcount;
    type Event = HeadcountEvent;
    type Refusal = HeadcountRefusal;

    fn decide(state: &HeadcountState, command: SetNormalHeadcount) -> Result<Vec<HeadcountEvent>, HeadcountRefusal> {
        match state {
            HeadcountState::Set(norm) if *norm == command.norm => Err(HeadcountRefusal::HeadcountUnchanged),
            HeadcountState::Absent | HeadcountState::Set(_) => {
                Ok(vec![HeadcountEvent::Set { norm: command.norm, at: command.now }])
            }
        }
    }

    fn evolve(_: HeadcountState, event: &HeadcountEvent) -> HeadcountState {
        let HeadcountEvent::Set { norm, .. } = event;
        HeadcountState::Set(norm.clone())
    }
}
