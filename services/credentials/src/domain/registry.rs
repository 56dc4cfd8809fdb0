//! What an official registry says of a certificate (R27).

use casebook_kernel::Timestamp;
use casebook_kernel::certificate::CertificateType;
use chrono::{NaiveDate, TimeDelta};

use super::applicant::Applicant;
use super::certificate::Certificate;
use super::checks::same_text;

/// A registry's word is good for so long: a licence may be revoked after it was looked up.
pub const LOOKUP_AGE_MAX: TimeDelta = TimeDelta::days(30);
/// How far ahead of ours the clock may be by which a lookup was timed.
const CLOCK_SKEW_MAX: TimeDelta = TimeDelta::minutes(5);

/// A field in which a registry's record is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RegistryField {
    Holder,
    Institution,
    IssuingAuthority,
    Scope,
    ValidFrom,
    ValidUntil,
    /// The registry lists the certificate as cancelled or suspended.
    Status,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupOutcome {
    Match,
    /// The fields that differ: at least one.
    Mismatch(Vec<RegistryField>),
    /// The registry answered, and does not list it.
    NotFound,
    /// The registry did not answer. It says nothing about the certificate.
    Unavailable,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    pub certificate: CertificateType,
    /// Which registry: a short name.
    pub source: String,
    pub looked_up_at: Timestamp,
    pub outcome: LookupOutcome,
}

/// Whether a registry lists a certificate as in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordStatus {
    #[default]
    InForce,
    Suspended,
    Cancelled,
}

/// What a registry lists. A field that it does not list is not compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryRecord {
    pub holder: Option<String>,
    pub institution_name: Option<String>,
    pub issuing_authority: Option<String>,
    pub professional_scope: Option<String>,
    pub valid_from: Option<NaiveDate>,
    pub valid_until: Option<NaiveDate>,
    pub status: RecordStatus,
}

/// Compares what was claimed with what is listed.
pub fn compare(applicant: &Applicant, certificate: &Certificate, record: &RegistryRecord) -> LookupOutcome {
    let text_differs =
        |listed: &Option<String>, claimed: &str| listed.as_ref().is_some_and(|listed| !same_text(listed, claimed));
    let differing = [
        (RegistryField::Holder, record.holder.as_ref().is_some_and(|holder| *holder != applicant.holder)),
        (RegistryField::Institution, text_differs(&record.institution_name, &applicant.institution_name)),
        (RegistryField::IssuingAuthority, text_differs(&record.issuing_authority, &certificate.issuing_authority)),
        (RegistryField::Scope, text_differs(&record.professional_scope, &certificate.professional_scope)),
        (RegistryField::ValidFrom, record.valid_from.is_some_and(|day| day != certificate.valid_from)),
        (RegistryField::ValidUntil, record.valid_until.is_some_and(|day| Some(day) != certificate.valid_until)),
        (RegistryField::Status, record.status != RecordStatus::InForce),
    ];
    let fields: Vec<_> = differing.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect();
    if fields.is_empty() { LookupOutcome::Match } else { LookupOutcome::Mismatch(fields) }
}

/// Takes an answer in. Of each registry only the latest word on a certificate counts, and silence of a registry does
/// not unsay what it said before.
pub fn take_in(lookups: &mut Vec<Lookup>, lookup: &Lookup) {
    let same = |old: &Lookup| old.certificate == lookup.certificate && old.source == lookup.source;
    let silent = lookup.outcome == LookupOutcome::Unavailable;
    if silent && lookups.iter().any(|old| same(old) && old.outcome != LookupOutcome::Unavailable) {
        return;
    }
    lookups.retain(|old| !same(old));
    lookups.push(lookup.clone());
}

/// Whether a result is too old to be recorded: older than its time, than what is known of the same registry, or from
/// a time that has not come.
pub fn is_stale(lookups: &[Lookup], lookup: &Lookup, now: Timestamp) -> bool {
    let superseded = lookups.iter().any(|old| {
        old.certificate == lookup.certificate && old.source == lookup.source && old.looked_up_at > lookup.looked_up_at
    });
    superseded || now - lookup.looked_up_at > LOOKUP_AGE_MAX || lookup.looked_up_at > now + CLOCK_SKEW_MAX
}

/// What all registries together say of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nobody was asked, or nobody answered.
    Missing,
    /// Answered, but too long ago.
    Stale,
    /// Every registry that answered lists it as claimed.
    Confirms,
    /// A field differs, or registries disagree: a person must explain why that does not matter.
    Differs,
    /// No registry that answered lists it as being in force.
    NotFound,
}

/// Whether an answer denies the certificate: not listed, or listed as suspended or cancelled.
fn denies(outcome: &LookupOutcome) -> bool {
    match outcome {
        LookupOutcome::NotFound => true,
        LookupOutcome::Mismatch(fields) => fields.contains(&RegistryField::Status),
        LookupOutcome::Match | LookupOutcome::Unavailable => false,
    }
}

/// The registries' word on `certificate` as of `now`.
pub fn word_on(lookups: &[Lookup], certificate: CertificateType, now: Timestamp) -> Word {
    let answers: Vec<_> = lookups
        .iter()
        .filter(|lookup| lookup.certificate == certificate && lookup.outcome != LookupOutcome::Unavailable)
        .collect();
    if answers.is_empty() {
        return Word::Missing;
    }
    let fresh: Vec<_> = answers.into_iter().filter(|lookup| now - lookup.looked_up_at <= LOOKUP_AGE_MAX).collect();
    if fresh.is_empty() {
        Word::Stale
    } else if fresh.iter().all(|lookup| lookup.outcome == LookupOutcome::Match) {
        Word::Confirms
    } else if fresh.iter().all(|lookup| denies(&lookup.outcome)) {
        Word::NotFound
    } else {
        Word::Differs
    }
}
