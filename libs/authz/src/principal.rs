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

/// As whom somebody asks. Each service decides how far each of them sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    Institution(&'a str),
    Platform(&'a str),
    Subject(AccountId),
    Auditor,
    /// An officer of an agency that answers for a region.
    Officer,
    /// A system of Casebook's own.
    System,
    /// Somebody to whom nothing is open by what they are.
    Nothing,
}

/// The roles of officers.
const OFFICERS: [Role; 6] =
    [Role::Intake, Role::Registrar, Role::Verifier, Role::Reviewer, Role::CaseOfficer, Role::AppealOfficer];

impl Principal {
    /// One answer for all services: with an order of each one's own, a token of several roles would be one person here and another
    /// there. Whoever is bound to a name is that and no more, whatever other roles the token has; a role that nobody has
    /// thought of yet opens nothing.
    pub fn standing(&self) -> Standing<'_> {
        if self.unbound_role().is_some() {
            return Standing::Nothing;
        }
        if let Some(id) = self.institution() {
            Standing::Institution(id)
        } else if let Some(id) = self.platform() {
            Standing::Platform(id)
        } else if let Some(account) = self.subject() {
            Standing::Subject(account)
        } else if self.has(Role::Auditor) {
            Standing::Auditor
        } else if OFFICERS.iter().any(|role| self.has(*role)) {
            Standing::Officer
        } else if self.has(Role::System) {
            Standing::System
        } else {
            Standing::Nothing
        }
    }

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
    fn somebody_of(agency: &str, roles: &[Role]) -> Principal {
        Principal {
            actor: Actor {
                agency: agency.parse().unwrap(),
                officer: "somebody".parse().unwrap(),
                agency_kind: None,
                region: Region::NATIONAL,
            },
            roles: roles.to_vec(),
        }
    }

    #[test]
    fn the_name_of_an_agency_counts_with_its_role_only() {
        let account = AccountId::of("weibo", "u-1");
        let of = |agency, role| somebody_of(agency, &[role]);
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
    fn a_name_counts_before_every_other_role_and_no_role_opens_by_default() {
        let account = AccountId::of("weibo", "u-1");
        let subject = format!("subject-{account}");
        for (agency, roles, standing) in [
            ("institution-1", &[Role::Institution, Role::Auditor] as &[Role], Standing::Institution("1")),
            ("platform-weibo", &[Role::Platform, Role::CaseOfficer], Standing::Platform("weibo")),
            (&subject, &[Role::Subject], Standing::Subject(account)),
            (&subject, &[Role::Subject, Role::Subject], Standing::Subject(account)),
            (&subject, &[Role::Subject, Role::Registrar], Standing::Subject(account)),
            ("audit-office", &[Role::Auditor, Role::CaseOfficer], Standing::Auditor),
            ("cac-310000", &[Role::System, Role::Intake], Standing::Officer),
            ("cac-310000", &[Role::Registrar], Standing::Officer),
            ("casebook", &[Role::System], Standing::System),
            ("portal", &[Role::Portal], Standing::Nothing),
            // The name without the role, the role without the name, neither.
            (&subject, &[Role::Portal], Standing::Nothing),
            ("cac-310000", &[Role::Reviewer, Role::Institution], Standing::Nothing),
            ("cac-310000", &[], Standing::Nothing),
        ] {
            assert_eq!(somebody_of(agency, roles).standing(), standing, "{agency} {roles:?}");
        }
    }

    #[test]
    fn a_role_that_needs_a_name_is_unbound_without_it() {
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
            assert_eq!(somebody_of(agency, &roles).unbound_role(), unbound, "{agency} {roles:?}");
        }
    }
}
