//! The one behind a call.

use casebook_kernel::Actor;
use casebook_kernel::ids::AccountId;
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

    /// The account whose operator or representative this is: its agency is named `subject-{account_id}`.
    pub fn subject(&self) -> Option<AccountId> {
        self.actor.subject().filter(|_| self.has(Role::Subject))
    }

    /// A role that is worth something together with the agency's name alone, without that name. Rules ask "which platform?" and
    /// would take "none" for "no matter which": whoever has such a role is let in nowhere.
    pub fn unbound_role(&self) -> Option<Role> {
        let bound = |role: &Role| match role {
            Role::Platform => self.platform().is_some_and(|id| !id.is_empty()),
            Role::Institution => self.institution().is_some_and(|id| !id.is_empty()),
            Role::Subject => self.subject().is_some(),
            _ => true,
        };
        self.roles.iter().copied().find(|role| !bound(role))
    }
}

#[cfg(test)]
mod tests {
    use casebook_kernel::region::Region;

    use super::*;

    /// A name alone opens nothing: whoever acts for an account, a platform or an institution has the role as well.
    #[test]
    fn the_name_of_an_agency_counts_with_its_role_only() {
        let account = AccountId::of("weibo", "u-1");
        let of = |agency: &str, role| Principal {
            actor: Actor {
                agency: agency.parse().unwrap(),
                officer: "somebody".parse().unwrap(),
                agency_kind: None,
                region: Region::NATIONAL,
            },
            roles: vec![role],
        };
        let named = format!("subject-{account}");
        assert_eq!(of(&named, Role::Subject).subject(), Some(account));
        assert_eq!(of(&named, Role::CaseOfficer).subject(), None);
        assert_eq!(of("subject-1", Role::Subject).subject(), None);
        assert_eq!(of("platform-weibo", Role::Platform).platform(), Some("weibo"));
        assert_eq!(of("platform-weibo", Role::Subject).platform(), None);
        assert_eq!(of("institution-1", Role::Institution).institution(), Some("1"));
        assert_eq!(of("institution-1", Role::Subject).institution(), None);
    }

    #[test]
    fn a_role_that_needs_a_name_is_unbound_without_it() {
        let of = |agency: &str, roles: &[Role]| Principal {
            actor: Actor {
                agency: agency.parse().unwrap(),
                officer: "somebody".parse().unwrap(),
                agency_kind: None,
                region: Region::NATIONAL,
            },
            roles: roles.to_vec(),
        };
        let subject = format!("subject-{}", AccountId::of("weibo", "u-1"));
        for (agency, roles, unbound) in [
            ("platform-weibo", vec![Role::Platform], None),
            ("institution-1", vec![Role::Institution], None),
            (subject.as_str(), vec![Role::Subject], None),
            ("cac-310000", vec![Role::Reviewer, Role::Intake], None),
            ("weibo", vec![Role::Platform], Some(Role::Platform)),
            ("platform-", vec![Role::Platform], Some(Role::Platform)),
            ("hospital-1", vec![Role::Institution], Some(Role::Institution)),
            ("institution-1", vec![Role::Institution, Role::Platform], Some(Role::Platform)),
            ("subject-1", vec![Role::Subject], Some(Role::Subject)),
            ("cac-310000", vec![Role::Reviewer, Role::Institution], Some(Role::Institution)),
        ] {
            assert_eq!(of(agency, &roles).unbound_role(), unbound, "{agency} {roles:?}");
        }
    }
}
