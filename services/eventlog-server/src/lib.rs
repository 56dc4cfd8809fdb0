//! The embedded event log, for everybody who speaks the KurrentDB protocol: several processes of Casebook, and any
//! official client in any language.
//!
//! * [`server`]: one port. [`node`]: features and gossip. [`streams`]: the calls of the service of streams.
//! * [`append`], [`batch`], [`read`]: what those calls do, on a [`store`] that adds to the log what clients expect of
//!   streams: that they exist or not, that they can be deleted, and their metadata ([`state`]).
//! * [`refusals`]: how a client hears "no". [`names`], [`expected`], [`events`], [`filter`]: words of the protocol in words
//!   of the log.

mod append;
mod batch;
mod events;
mod expected;
mod filter;
mod names;
mod node;
mod proto;
mod read;
mod refusals;
mod server;
mod socket;
mod state;
mod store;
mod streams;

pub use server::{ServeError, serve};
pub use store::Access;
