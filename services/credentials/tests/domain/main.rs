//! The rules of the credentials service, as given, when and then. Each test names the requirements it holds.

mod badge;
mod checks;
mod conclusion;
mod ending;
mod filing;
mod fraud;
mod headcount;
mod recertification;
mod registry;
mod supplement;
mod support;
