//! The one behind a call.

use casebook_kernel::Actor;
use casebook_proto::common::v1::Role;

/// Whose token came with a call. Only the layer that verified the token puts one beside a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub actor: Actor,
    pub roles: Vec<Role>,
}

impl Principal {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The platform whose back end this is: its agency is named `platform-{id}`.
    pub fn platform(&self) -> Option<&str> {
        self.actor.agency.as_str().strip_prefix("platform-").filter(|_| self.has(Role::Platform))
    }

    /// The institution whose office this is: its agency is named `institution-{id}`.
    pub fn institution(&self) -> Option<&str> {
        self.actor.agency.as_str().strip_prefix("institution-").filter(|_| self.has(Role::Institution))
    }
}
