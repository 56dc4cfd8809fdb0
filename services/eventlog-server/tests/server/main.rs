//! The server as its clients see it: the adapter of Casebook, and the official client by itself.

mod adapter;
mod appends;
mod deletes;
mod lost;
mod python;
mod reads;
mod served;
mod subscriptions;
