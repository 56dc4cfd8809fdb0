//! The accounts service: the registry of institutions and their accounts, and the measures in force on any account.

pub mod codec;
pub mod domain;
pub mod figures;
mod place;
mod reactions;
pub mod readmodel;
mod resource;
