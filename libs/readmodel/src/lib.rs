//! Rows for lists and searches, made from the log and from nothing else.
//!
//! A row is a pure function of the folded state of one stream ([`View`]): it cannot say what a replay does not
//! say. Rows and the cursor that tells how far they reach are written in one transaction, so a restart repeats
//! nothing and loses nothing. Dropping them and reading the log again gives the same rows ([`ReadModel::rebuild`]).

mod base;
mod model;
mod page;
mod projection;
mod rows;
mod tables;
mod verify;
mod view;

pub use base::{Tables, base_migrations};
pub use model::{OpenError, ReadModel, WaitError, Waiting};
pub use page::{Listing, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, PageError, page};
pub use projection::{Projection, ProjectionError, run};
pub use rows::Rows;
pub use tables::{IndexColumns, create_tables, drop_tables};
pub use verify::{VerifyView, ViewReport, verify_reactions, verify_view};
pub use view::{View, ViewProjection};
