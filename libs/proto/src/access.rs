//! Who may call what: generated from the `access` option beside each method.

use crate::common::v1::Role;

/// One row of the access matrix.
#[derive(Debug, Clone, Copy)]
pub struct MethodAccess {
    /// The method as gRPC addresses it: `/casebook.review.v1.ReviewService/FileReport`.
    pub path: &'static str,
    /// Any one of these roles is enough.
    pub any_of: &'static [Role],
    /// A call is itself written down.
    pub recorded: bool,
    /// The method changes something: its request carries a request id.
    pub writes: bool,
}

/// The row of a method, if it is one of Casebook's.
pub fn of(path: &str) -> Option<&'static MethodAccess> {
    crate::ACCESS_MATRIX.iter().find(|method| method.path == path)
}

impl Role {
    /// The role as a token names it: `case_officer`.
    pub fn token_name(self) -> String {
        self.as_str_name().trim_start_matches("ROLE_").to_lowercase()
    }

    /// The role that a token names.
    pub fn from_token_name(name: &str) -> Option<Self> {
        Self::from_str_name(&format!("ROLE_{}", name.to_uppercase())).filter(|role| *role != Self::Unspecified)
    }
}
