//! From the fields of a request to domain values. The generated checks have seen to presence, length and form.

use casebook_authz::Principal;
use casebook_bootstrap::invalid;
use casebook_kernel::Timestamp;
use casebook_kernel::calendar::shanghai_date;
use casebook_kernel::region::Region;
use casebook_policy::{LegalBasisId, Pack, PlatformId};
use casebook_proto::accounts::v1 as pb;
use casebook_proto::common::v1::Role;
use tonic::Status;

use crate::codec::Unreadable;
use crate::codec::values::{mcn, some_text, supervisors, text};
use crate::domain::account::Amendment;
use crate::domain::authority::{Authority, Observer};

/// A field that cannot be read, named.
pub(super) fn read<T>(value: Result<T, Unreadable>) -> Result<T, Status> {
    value.map_err(|error| invalid(error.field, error.reason))
}

/// A typed id, region or reference of one field.
pub(super) fn field<T: std::str::FromStr>(name: &'static str, value: &str) -> Result<T, Status>
where
    T::Err: std::fmt::Display,
{
    read(text(name, value))
}

/// The same; empty is none.
pub(super) fn some_field<T: std::str::FromStr>(name: &'static str, value: &str) -> Result<Option<T>, Status>
where
    T::Err: std::fmt::Display,
{
    read(some_text(name, value))
}

/// A region to filter by; empty is the whole country.
pub(super) fn region_filter(value: &str) -> Result<Region, Status> {
    Ok(some_field("region", value)?.unwrap_or(Region::NATIONAL))
}

/// A platform that the policy pack knows.
pub(super) fn platform(pack: &Pack, value: &str) -> Result<PlatformId, Status> {
    let known = pack
        .platform(value)
        .ok_or_else(|| invalid("platform", format!("`{value}` is no platform of the policy pack")))?;
    Ok(known.id.clone())
}

/// Legal bases that the policy pack knows and that are in force today.
pub(super) fn legal_bases(pack: &Pack, values: &[String], now: Timestamp) -> Result<Vec<LegalBasisId>, Status> {
    let today = shanghai_date(now);
    let one = |value: &String| match pack.legal_basis(value) {
        None => Err(invalid("legal_bases", format!("`{value}` is no legal basis of the policy pack"))),
        Some(basis) if !basis.in_force(today) => {
            Err(invalid("legal_bases", format!("`{value}` is not in force today")))
        }
        Some(basis) => Ok(basis.id.clone()),
    };
    values.iter().map(one).collect()
}

/// As whom the caller observed something.
pub(super) fn observer(principal: &Principal) -> Observer {
    match principal.platform() {
        Some(platform) => Observer::Platform(platform.to_owned()),
        None if principal.has(Role::System) => Observer::System,
        None => Observer::Office(principal.actor.clone()),
    }
}

/// By what the caller restricts an account or lifts a restriction.
pub(super) fn authority(principal: &Principal) -> Authority {
    if principal.has(Role::System) { Authority::System } else { Authority::Agency(principal.actor.clone()) }
}

/// What an amendment's mask names, with the values given for it.
pub(super) fn amendment(request: &pb::AmendAccountRequest) -> Result<Amendment, Status> {
    let details = request.details.clone().unwrap_or_default();
    let mut amendment = Amendment::default();
    for name in &request.update_mask {
        match name.as_str() {
            "level" => amendment.level = Some(read(crate::codec::values::level("level", request.level))?),
            "subject_kind" => {
                amendment.subject_kind =
                    Some(read(crate::codec::values::subject("subject_kind", request.subject_kind))?);
            }
            "department" => amendment.department = Some(details.department.clone()),
            "responsible_person" => {
                amendment.responsible_person = Some(field("details.responsible_person", &details.responsible_person)?);
            }
            "duty_officer" => amendment.duty_officer = Some(some_field("details.duty_officer", &details.duty_officer)?),
            "operator" => amendment.operator = Some(some_field("details.operator", &details.operator)?),
            "supervisors" => amendment.supervisors = Some(read(supervisors(details.supervisors.clone()))?),
            "mcn" => amendment.mcn = Some(details.mcn.clone().map(mcn)),
            "background" => amendment.background = Some(details.background.clone()),
            other => return Err(invalid("update_mask", format!("`{other}` is no field that can be amended"))),
        }
    }
    Ok(amendment)
}
