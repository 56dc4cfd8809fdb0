//! What holds for Casebook as a whole: the rules between its rooms, its contract, and the running system.

mod access;
mod architecture;
mod bad_input;
mod contract;
mod documents;
mod idempotency;
mod journeys;
mod log_server;
mod moves;
mod positions;
mod rebuild;
mod requests;
mod restart;
mod rows;
mod snapshot;
mod verifying;
mod wire;
mod workspace;
mod world;
