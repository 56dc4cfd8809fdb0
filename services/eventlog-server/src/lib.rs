//! The embedded event log, for everybody who speaks the KurrentDB protocol: several processes of Casebook, and any
//! official client in any language.
//!
//! * [`server`]: one port. [`door`]: who may come in; [`users`]: by name and password; [`tls`]: encrypted.
//! * [`node`]: features and gossip. [`streams`]: the calls of the service of streams.
//! * [`bodies`]: how much a call may send before it is known whose it is.
//! * [`append`], [`batch`], [`read`]: what those calls do, on a [`store`] that adds to the log what clients expect of
//!   streams: that they exist or not, that they can be deleted, their metadata ([`state`]) and who is permitted
//!   what ([`acl`]).
//! * [`refusals`]: how a client hears "no". [`names`], [`expected`], [`events`], [`filter`]: words of the protocol in words
//!   of the log.

mod acl;
mod append;
mod batch;
mod bodies;
mod door;
mod events;
mod expected;
mod filter;
mod names;
mod node;
pub mod proto;
mod read;
mod refusals;
mod server;
mod socket;
mod state;
mod store;
mod streams;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "users")]
mod users;

pub use door::{Access, Call, Caller, Door, Guard, Sight, User, basic};
pub use refusals::access_denied;
pub use server::{ServeError, serve};
#[cfg(feature = "tls")]
pub use tls::{CERT_FLAG, CLIENT_CA_FLAG, KEY_FLAG, Tls, TlsError};
#[cfg(feature = "users")]
pub use users::{Users, UsersError, user_line};
