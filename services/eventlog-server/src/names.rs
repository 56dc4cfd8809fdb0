//! Names of streams, as clients say them and as the log keeps them.
//!
//! The log has no names that begin with `$`: those are KurrentDB's own streams, above all `$$name`, which holds the metadata of
//! `name`. Each leading `$` is kept as `~`, and for that no stream of a client may begin with `~`.

use casebook_eventlog::{STREAM_NAME_BYTES_MAX, StreamName};
use tonic::Status;

use crate::proto::shared::StreamIdentifier;

const OURS: char = '~';
const THEIRS: char = '$';
/// What stands before the name of a stream in the name of its metadata.
const METADATA_PREFIX: &str = "~~";

/// The stream that a request names.
pub fn parse(identifier: Option<&StreamIdentifier>) -> Result<StreamName, Status> {
    let bytes = identifier.map_or(&b""[..], |identifier| &identifier.stream_name);
    from_wire(&String::from_utf8_lossy(bytes))
}

/// The stream that a client calls `name`.
pub fn from_wire(name: &str) -> Result<StreamName, Status> {
    let wrong = || {
        Status::invalid_argument(format!(
            "a stream name has 1 to {STREAM_NAME_BYTES_MAX} visible ASCII characters and none of `{OURS}` at its begin"
        ))
    };
    let rest = name.trim_start_matches(THEIRS);
    if rest.starts_with(OURS) {
        return Err(wrong());
    }
    let leading = name.len() - rest.len();
    format!("{}{rest}", OURS.to_string().repeat(leading)).parse().map_err(|_| wrong())
}

/// A prefix of names, as the log keeps it.
pub fn prefix_from_wire(prefix: &str) -> String {
    let rest = prefix.trim_start_matches(THEIRS);
    format!("{}{rest}", OURS.to_string().repeat(prefix.len() - rest.len()))
}

/// What a client calls the stream.
pub fn to_wire(stream: &StreamName) -> String {
    let name = stream.as_str();
    let rest = name.trim_start_matches(OURS);
    format!("{}{rest}", THEIRS.to_string().repeat(name.len() - rest.len()))
}

/// The stream that holds the metadata of `stream`; a name that is too long to have one has none.
pub fn metadata_of(stream: &StreamName) -> Option<StreamName> {
    format!("{METADATA_PREFIX}{stream}").parse().ok()
}

/// The stream whose metadata `stream` holds.
pub fn described_by(stream: &StreamName) -> Option<StreamName> {
    stream.as_str().strip_prefix(METADATA_PREFIX)?.parse().ok()
}

/// Whether it is one of KurrentDB's own.
pub fn is_of_system(stream: &StreamName) -> bool {
    stream.as_str().starts_with(OURS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_as_the_client_said_it() {
        for name in ["case-1", "$users", "$$case-1", "$$$users", "a~b"] {
            assert_eq!(to_wire(&from_wire(name).unwrap()), name);
        }
    }

    #[test]
    fn no_two_names_are_kept_as_one() {
        for name in ["~case-1", "$~case-1", "", "a b", "名"] {
            assert!(from_wire(name).is_err(), "{name}");
        }
    }

    #[test]
    fn metadata_belongs_to_a_stream() {
        let stream = from_wire("case-1").unwrap();
        let metadata = metadata_of(&stream).unwrap();
        assert_eq!(to_wire(&metadata), "$$case-1");
        assert_eq!(described_by(&metadata), Some(stream));
    }
}
