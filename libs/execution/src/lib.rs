//! Authorise, load, decide, append: written once for every service.
//!
//! * [`Store`] loads and folds a stream, decides, and appends at the revision it decided on.
//! * [`Claims`] makes a value unique without looking into a read model.
//! * [`reaction`] follows the log and issues commands.
//! * [`replay`] folds all streams of a log at once.
//! * [`codec`] is what the codecs of all services have in common.
//! * [`timer`] fires what is due, once and never early.

pub mod access;
mod aggregate;
pub mod batch;
mod claims;
mod clock;
pub mod codec;
mod context;
mod metadata;
pub mod reaction;
mod replay;
mod store;
pub mod timer;

pub use aggregate::{Aggregate, AsOf, DecodeError, Head, Loaded, Stored};
pub use claims::{CLAIM_GRACE, ClaimError, ClaimKey, Claims, Holder, ReleaseClaims, Taken};
pub use clock::{Clock, SystemClock, TurnedClock};
pub use context::{Context, SYSTEM_AGENCY};
pub use metadata::Metadata;
pub use replay::{Fold, Replayed, replay};
pub use store::{APPEND_ATTEMPTS_MAX, ExecuteError, Executed, Store, StoreError};
