//! What a writer believes of the stream that it writes.

use crate::proto::shared::Empty;
use crate::proto::streams::{append_req, append_resp, batch_append_req, batch_append_resp, delete_req, tombstone_req};
use crate::proto::{shared, streams};

/// The state that a stream must be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Any,
    NoStream,
    StreamExists,
    Revision(u64),
}

impl Expected {
    /// Whether a stream that ends at `last`, or is not there, is what is expected.
    pub fn fits(self, last: Option<u64>) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => last.is_none(),
            Self::StreamExists => last.is_some(),
            Self::Revision(revision) => last == Some(revision),
        }
    }

    /// As clients count it.
    pub fn as_number(self) -> i64 {
        match self {
            Self::Revision(revision) => revision.cast_signed(),
            Self::NoStream => -1,
            Self::Any => -2,
            Self::StreamExists => -4,
        }
    }

    /// As the refusal of an append repeats it, once for old clients and once for new ones.
    pub fn in_refusal(self, current: Option<u64>) -> append_resp::WrongExpectedVersion {
        use append_resp::wrong_expected_version as wrong;
        let (old, new) = match self {
            Self::Revision(revision) => (
                wrong::ExpectedRevisionOption2060::ExpectedRevision2060(revision),
                wrong::ExpectedRevisionOption::ExpectedRevision(revision),
            ),
            Self::Any => (
                wrong::ExpectedRevisionOption2060::Any2060(Empty {}),
                wrong::ExpectedRevisionOption::ExpectedAny(Empty {}),
            ),
            Self::StreamExists => (
                wrong::ExpectedRevisionOption2060::StreamExists2060(Empty {}),
                wrong::ExpectedRevisionOption::ExpectedStreamExists(Empty {}),
            ),
            // Old clients had no word for it.
            Self::NoStream => (
                wrong::ExpectedRevisionOption2060::Any2060(Empty {}),
                wrong::ExpectedRevisionOption::ExpectedNoStream(Empty {}),
            ),
        };
        let (old_current, new_current) = match current {
            Some(revision) => (
                wrong::CurrentRevisionOption2060::CurrentRevision2060(revision),
                wrong::CurrentRevisionOption::CurrentRevision(revision),
            ),
            None => (
                wrong::CurrentRevisionOption2060::NoStream2060(Empty {}),
                wrong::CurrentRevisionOption::CurrentNoStream(Empty {}),
            ),
        };
        append_resp::WrongExpectedVersion {
            current_revision_option_20_6_0: Some(old_current),
            expected_revision_option_20_6_0: Some(old),
            current_revision_option: Some(new_current),
            expected_revision_option: Some(new),
        }
    }

    /// As the details of a refused part of BatchAppend repeat it.
    pub fn in_details(self, current: Option<u64>) -> shared::WrongExpectedVersion {
        use shared::wrong_expected_version::{
            CurrentStreamRevisionOption as Is, ExpectedStreamPositionOption as Should,
        };
        shared::WrongExpectedVersion {
            current_stream_revision_option: Some(match current {
                Some(revision) => Is::CurrentStreamRevision(revision),
                None => Is::CurrentNoStream(()),
            }),
            expected_stream_position_option: Some(match self {
                Self::Revision(revision) => Should::ExpectedStreamPosition(revision),
                Self::Any => Should::ExpectedAny(()),
                Self::StreamExists => Should::ExpectedStreamExists(()),
                Self::NoStream => Should::ExpectedNoStream(()),
            }),
        }
    }

    /// As the response to a part of BatchAppend repeats it.
    pub fn in_batch_response(self) -> batch_append_resp::ExpectedStreamPosition {
        use batch_append_resp::ExpectedStreamPosition as Wire;
        match self {
            Self::Revision(revision) => Wire::StreamPosition(revision),
            Self::NoStream => Wire::NoStream(()),
            Self::Any => Wire::Any(()),
            Self::StreamExists => Wire::StreamExists(()),
        }
    }
}

/// The same four cases stand in four messages, each with names of its own.
macro_rules! from_wire {
    ($wire:ty, $revision:ident) => {
        impl From<$wire> for Expected {
            fn from(wire: $wire) -> Self {
                use $wire as Wire;
                match wire {
                    Wire::$revision(revision) => Self::Revision(revision),
                    Wire::NoStream(_) => Self::NoStream,
                    Wire::Any(_) => Self::Any,
                    Wire::StreamExists(_) => Self::StreamExists,
                }
            }
        }
    };
}

from_wire!(append_req::options::ExpectedStreamRevision, Revision);
from_wire!(delete_req::options::ExpectedStreamRevision, Revision);
from_wire!(tombstone_req::options::ExpectedStreamRevision, Revision);
from_wire!(batch_append_req::options::ExpectedStreamPosition, StreamPosition);

/// Who says nothing expects nothing.
impl Expected {
    pub fn or_any(given: Option<impl Into<Self>>) -> Self {
        given.map_or(Self::Any, Into::into)
    }
}

/// A position of the log, which is one number, as the pair that clients know.
pub fn position_of(position: casebook_eventlog::Position) -> streams::append_resp::Position {
    streams::append_resp::Position { commit_position: position.0, prepare_position: position.0 }
}
