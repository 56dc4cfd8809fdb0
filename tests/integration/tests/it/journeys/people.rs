//! Who appears in the journeys.

use casebook_authz::Principal;
use casebook_kernel::ids::AccountId;
use casebook_kernel::{Actor, AgencyKind};
use casebook_proto::common::v1::Role;

/// The agency that holds the cases, and the region it answers for.
pub const AGENCY: &str = "cac-330000";
pub const REGION: &str = "330000";

fn principal(agency: &str, officer: &str, kind: Option<AgencyKind>, region: &str, roles: &[Role]) -> Principal {
    let actor = Actor {
        agency: agency.parse().expect(agency),
        officer: officer.parse().expect(officer),
        agency_kind: kind,
        region: region.parse().expect(region),
    };
    Principal { actor, roles: roles.to_vec() }
}

/// Somebody of the province's health commission (卫生健康委) who keeps the registry.
pub fn registrar() -> Principal {
    principal("health-330000", "registrar-1", Some(AgencyKind::Health), "330000", &[Role::Registrar])
}

/// Somebody of an institution's office. `office` is the agency that the registry names for it.
pub fn office(office: &str, officer: &str) -> Principal {
    principal(office, officer, None, "330600", &[Role::Institution])
}

/// A platform's back end.
pub fn platform(id: &str) -> Principal {
    principal(&format!("platform-{id}"), "back-end", None, "000000", &[Role::Platform])
}

/// A verifier of the city's health commission; two of them make four eyes.
pub fn verifier(officer: &str) -> Principal {
    principal("health-330600", officer, Some(AgencyKind::Health), "330600", &[Role::Verifier])
}

/// Who takes reports in for the province's cyberspace office (网信办).
pub fn intake() -> Principal {
    principal("cac-330000", "intake-1", Some(AgencyKind::Cyberspace), "330000", &[Role::Intake])
}

/// A reviewer of the province's cyberspace office.
pub fn reviewer(officer: &str) -> Principal {
    principal("cac-330000", officer, Some(AgencyKind::Cyberspace), "330000", &[Role::Reviewer])
}

pub fn auditor() -> Principal {
    principal("audit-330000", "auditor-1", None, "330000", &[Role::Auditor])
}

/// A public portal (小程序) that shows badges.
pub fn portal() -> Principal {
    principal("public-portal", "portal", None, "000000", &[Role::Portal])
}

/// An officer of the province's agency of a kind (`cac-330000`, `health-330000`).
pub fn officer_of(agency: &str, kind: AgencyKind, officer: &str, role: Role) -> Principal {
    principal(agency, officer, Some(kind), REGION, &[role])
}

/// A case officer of the agency that holds the cases.
pub fn officer(name: &str) -> Principal {
    officer_of(AGENCY, AgencyKind::Cyberspace, name, Role::CaseOfficer)
}

/// Somebody of the same agency who hears appeals.
pub fn appeal_officer(name: &str) -> Principal {
    officer_of(AGENCY, AgencyKind::Cyberspace, name, Role::AppealOfficer)
}

/// Whoever an account belongs to, or its representative.
pub fn subject(platform: &str, platform_uid: &str) -> Principal {
    let agency = format!("subject-{}", AccountId::of(platform, platform_uid));
    principal(&agency, "operator", None, "000000", &[Role::Subject])
}
