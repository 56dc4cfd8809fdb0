//! Rows of the audit: every event with its hashes, and every read. Made from the log and from nothing else.

mod kept_event;
mod kept_queries;
mod migrations;
mod projections;
mod read;
mod read_queries;

pub use kept_event::{Belonging, Model as KeptEvent, case_correlation_of, kept_anew, leaf_of};
pub use kept_queries::{CaseStream, Kept};
pub use migrations::Migrator;
pub use projections::{ChainProjection, ReadProjection};
pub use read::Model as RecordedRead;
pub use read_queries::{ReadFilter, VerifyReads, list_reads};
