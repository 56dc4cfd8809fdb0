//! R20-R25, R31, R35, X11: what an application is.

use casebook_credentials::domain::applicant::{Consent, ConsentPurpose};
use casebook_credentials::domain::certificate::CertificateRules;
use casebook_credentials::domain::credential::{
    CredentialCommand, CredentialEvent, CredentialRefusal, FileCredential, Filed, Predecessor, PredecessorStanding,
};
use casebook_kernel::ids::CredentialId;
use uuid::Uuid;

use crate::support::*;

/// R20-R23: an application says who, for which account, with which papers.
#[test]
fn an_application_with_everything_is_filed() {
    nothing().when(file(application())).then([CredentialEvent::Filed(Box::new(Filed {
        credential: credential(),
        applicant: applicant(),
        certificates: certificates(),
        consent: consent(),
        display: display(),
        filed_by: filer(),
        predecessor: None,
        at: now(),
    }))]);
}

#[test]
fn it_is_filed_once() {
    filed().when(file(application())).refused(CredentialRefusal::AlreadyFiled);
}

/// X11, R35: consent is to each purpose separately; part of it is not enough.
#[test]
fn without_consent_to_every_purpose_nothing_is_filed() {
    let missing = ConsentPurpose::ALL.to_vec();
    nothing()
        .when(file(FileCredential { consent: None, ..application() }))
        .refused(CredentialRefusal::ConsentMissing { missing });
    let purposes = vec![ConsentPurpose::Verification, ConsentPurpose::PublicDisplay];
    nothing()
        .when(file(FileCredential { consent: Some(Consent { purposes, ..consent() }), ..application() }))
        .refused(CredentialRefusal::ConsentMissing { missing: vec![ConsentPurpose::RegistryComparison] });
}

/// R20, R21: the pack has no set for, say, a nurse of a medical school.
#[test]
fn an_applicant_whom_the_pack_does_not_know_is_refused() {
    nothing().when(file(FileCredential { rules: None, ..application() })).refused(CredentialRefusal::CategoryMismatch);
}

/// R22; X11: what is not needed is not collected.
#[test]
fn a_certificate_outside_the_set_is_refused() {
    let mut certificates = certificates();
    certificates.push(certificate(PharmacyTitle));
    nothing()
        .when(file(FileCredential { certificates, ..application() }))
        .refused(CredentialRefusal::TypeNotInSet { certificate: PharmacyTitle });
}

/// R25: for an applicant of another field any paper may count.
#[test]
fn an_applicant_of_another_field_may_hand_in_any_certificate() {
    let rules = CertificateRules { required: Vec::new(), case_by_case: true, ..rules() };
    let filed = events(
        nothing(),
        file(FileCredential {
            certificates: vec![certificate(OtherQualification)],
            rules: Some(rules),
            ..application()
        }),
    );
    assert_eq!(filed.len(), 1);
}

#[test]
fn one_type_is_handed_in_once() {
    let mut certificates = certificates();
    certificates.push(certificate(PhysicianPractice));
    nothing()
        .when(file(FileCredential { certificates, ..application() }))
        .refused(CredentialRefusal::CertificateRepeated { certificate: PhysicianPractice });
}

/// R29: one certificate has one holder.
#[test]
fn a_number_that_another_holder_has_claimed_is_refused() {
    nothing()
        .when(file(FileCredential { claimed_by_others: vec![PhysicianPractice], ..application() }))
        .refused(CredentialRefusal::CertificateAlreadyClaimed { certificate: PhysicianPractice });
}

/// X12, X13: a renewal follows a verification, not its absence or its revocation.
#[test]
fn only_what_was_verified_is_renewed() {
    let renewal = |standing| {
        let predecessor = Predecessor { id: CredentialId::from(Uuid::from_u128(9)), standing };
        file(FileCredential { predecessor: Some(predecessor), ..application() })
    };
    nothing().when(renewal(PredecessorStanding::Revoked)).refused(CredentialRefusal::PredecessorRevoked);
    nothing().when(renewal(PredecessorStanding::NotVerified)).refused(CredentialRefusal::PredecessorNotVerified);
    let events = events(nothing(), renewal(PredecessorStanding::Renewable));
    assert!(matches!(&events[..], [CredentialEvent::Filed(filed)] if filed.predecessor.is_some()));
}

#[test]
fn of_what_was_never_filed_nothing_can_be_asked() {
    for command in [run_checks(), conclude(verify()), CredentialCommand::Expire { now: now() }] {
        nothing().when(command).refused(CredentialRefusal::CredentialUnknown);
    }
}
