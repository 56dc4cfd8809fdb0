//! What it means that the log and the chain differ.

/// In what way they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The same event says something else than when it came in.
    Edited,
    /// An event that came in is gone.
    Missing,
    /// There is an event that never came in.
    Inserted,
    /// An event that never came in stands in the place of one that is gone.
    Replaced,
    /// Events came in in another order.
    Reordered,
    /// The log ends too early.
    Truncated,
    /// The log cannot be read on; its own checksums or numbers say so.
    Damaged,
    /// The chain's own hashes do not follow from one another, or a part of it is gone.
    ChainAltered,
    /// Log and chain agree with each other and not with what somebody outside noted.
    Rewritten,
}

/// The first place where they differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub position: u64,
    pub kind: DifferenceKind,
    pub stream: String,
    /// A sentence for an auditor.
    pub description: String,
}

/// Two different events stand at the same place, one in the log and one in the chain. What else is known of them
/// tells what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swap {
    /// The event of the log came in at another place, as the chain knows.
    pub found_came_in: bool,
    /// The event of the chain stands at another place of the log.
    pub kept_is_there: bool,
}

impl Swap {
    pub fn kind(self) -> DifferenceKind {
        match (self.found_came_in, self.kept_is_there) {
            (true, true) => DifferenceKind::Reordered,
            (true, false) => DifferenceKind::Missing,
            (false, true) => DifferenceKind::Inserted,
            (false, false) => DifferenceKind::Replaced,
        }
    }
}

impl DifferenceKind {
    /// What happened, as a sentence goes on after "at position N".
    pub fn words(self) -> &'static str {
        match self {
            Self::Edited => "an event was edited",
            Self::Missing => "an event is missing",
            Self::Inserted => "an event was inserted that never came in",
            Self::Replaced => "an event was replaced by one that never came in",
            Self::Reordered => "events were put in another order",
            Self::Truncated => "the log ends too early",
            Self::Damaged => "the log is damaged",
            Self::ChainAltered => "the chain itself was altered",
            Self::Rewritten => "log and chain were rewritten since the head was noted",
        }
    }
}
