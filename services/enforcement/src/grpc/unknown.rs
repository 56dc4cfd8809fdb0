//! What does not exist, or not for the caller: the two cannot be told apart.

use casebook_bootstrap::Explained;
use tonic::Status;

pub fn lead() -> Status {
    Explained::not_found("LEAD_NOT_FOUND").status("there is no such lead, or there was none at that time")
}

pub fn case() -> Status {
    Explained::not_found("CASE_NOT_FOUND").status("there is no such case, or there was none at that time")
}

pub fn order() -> Status {
    Explained::not_found("ORDER_NOT_FOUND").status("there is no such order, or there was none at that time")
}
