//! What holds for Casebook as a whole: the rules between its rooms, its contract, and the running system.

mod architecture;
mod contract;
mod documents;
mod requests;
mod wire;
mod workspace;
