//! What holds for Casebook as a whole: the rules between its rooms, its contract, and the running system.

mod access;
mod architecture;
mod bad_input;
mod contract;
mod documents;
mod journeys;
mod requests;
mod restart;
mod snapshot;
mod rows;
mod wire;
mod workspace;
mod world;
