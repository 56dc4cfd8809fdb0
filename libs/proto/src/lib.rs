//! Everything that is generated from `proto/`: messages, clients and servers, their canonical proto3-JSON
//! form, the checks of request fields and the access matrix.

pub mod access;
pub mod check;
mod wkt;

pub use wkt::Timestamp;

macro_rules! packages {
    ($($service:ident),*) => {$(
        #[allow(clippy::all)]
        pub mod $service {
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/casebook.", stringify!($service), ".v1.rs"));
                include!(concat!(env!("OUT_DIR"), "/casebook.", stringify!($service), ".v1.serde.rs"));
            }
        }
    )*};
}
packages!(common, accounts, credentials, review, enforcement, audit);

#[allow(clippy::all)]
mod rules {
    include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}

pub use rules::ACCESS_MATRIX;

/// The descriptor of all of it, with comments and options: what gRPC reflection serves.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

/// A moment as messages carry it. Sub-microsecond digits do not exist in Casebook.
pub fn timestamp(at: chrono::DateTime<chrono::Utc>) -> crate::Timestamp {
    crate::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_micros() * 1_000).unwrap_or(0),
    }
}

/// The moment that a message carries, in whole microseconds; none if it lies outside the calendar.
pub fn moment(at: &crate::Timestamp) -> Option<chrono::DateTime<chrono::Utc>> {
    let nanos = u32::try_from(at.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    chrono::DateTime::from_timestamp(at.seconds, nanos / 1_000 * 1_000)
}
