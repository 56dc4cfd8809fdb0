//! What a credential is, how it is verified, and what may be shown of it: pure rules, no I/O.

pub mod applicant;
pub mod badge;
pub mod certificate;
pub mod checks;
pub mod credential;
pub mod due;
pub mod headcount;
pub mod recertification;
pub mod registry;
pub mod visibility;
