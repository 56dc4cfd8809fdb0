//! Domain events and their stored form: protobuf messages as canonical proto3 JSON.

mod credential;
mod headcount;
mod recertification;
pub(crate) mod values;

pub(crate) use casebook_execution::codec::{Reading, Unreadable, read, stored};

/// The package of this service's messages, as event types begin.
const PACKAGE: &str = "casebook.credentials.v1.";

/// The stored form of a message of this service: `message!(BadgeRestored { reasons })` names its type once.
macro_rules! message {
    ($name:ident { $($field:tt)* }) => {
        $crate::codec::stored(concat!("casebook.credentials.v1.", stringify!($name)), &casebook_proto::credentials::v1::$name { $($field)* })
    };
}
use message;
