//! The rules of the registry, read as law.

mod account;
mod approval;
mod census;
mod golden;
mod house;
mod institution;
mod interim;
mod measure;
mod observation;
mod people;
mod program;
mod properties;
mod receipts;
mod restriction;
mod service;
mod visibility;
