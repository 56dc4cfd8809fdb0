//! The server as its clients see it: the adapter of Casebook, and the official client by itself.

mod adapter;
mod appends;
mod clients;
mod deletes;
mod guards;
mod lost;
mod operations;
mod program;
mod raw;
mod reads;
mod served;
mod slow;
mod subscriptions;
mod tls;
mod users;
