//! The one well-known type that Casebook uses, with its canonical JSON form.
//!
//! Canonical proto3 JSON writes a time in UTC with a `Z` and 0, 3, 6 or 9 digits of a second's fraction. The stored bytes of
//! events are hashed, so there is exactly one way to write a time.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Timestamp {
    /// Seconds since the epoch.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// The fraction of a second, 0 to 999,999,999.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Timestamp {
    fn in_utc(self) -> Option<DateTime<Utc>> {
        u32::try_from(self.nanos).ok().and_then(|nanos| DateTime::from_timestamp(self.seconds, nanos))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = self.in_utc().ok_or_else(|| S::Error::custom("a time outside the calendar"))?;
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(D::Error::custom)?;
        // The fraction is below one second, a leap second aside, which no clock of ours gives.
        let nanos = i32::try_from(time.timestamp_subsec_nanos().min(999_999_999)).map_err(D::Error::custom)?;
        Ok(Self { seconds: time.timestamp(), nanos })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_canonical_form() {
        for (nanos, text) in [
            (0, "\"2026-03-02T01:00:00Z\""),
            (120_000_000, "\"2026-03-02T01:00:00.120Z\""),
            (120_000, "\"2026-03-02T01:00:00.000120Z\""),
        ] {
            let time = Timestamp { seconds: 1_772_413_200, nanos };
            assert_eq!(serde_json::to_string(&time).unwrap(), text);
            assert_eq!(serde_json::from_str::<Timestamp>(text).unwrap(), time);
        }
        let offset: Timestamp = serde_json::from_str("\"2026-03-02T09:00:00+08:00\"").unwrap();
        assert_eq!(offset.seconds, 1_772_413_200);
    }
}
