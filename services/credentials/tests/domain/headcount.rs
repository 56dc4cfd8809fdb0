//! R29: 同一科室认证人数明显超过常规人数设置.

use casebook_credentials::domain::headcount::{Headcount, HeadcountEvent, HeadcountRefusal, Norm, SetNormalHeadcount};
use casebook_testkit::given;

use crate::support::{institution, now};

fn norm(normal: u32, margin_percent: u32) -> Norm {
    Norm { institution: institution(), department: "针灸科".to_owned(), normal, margin_percent }
}

fn set(norm: Norm) -> SetNormalHeadcount {
    SetNormalHeadcount { norm, now: now() }
}

#[test]
fn a_norm_is_set_and_changed_and_not_repeated() {
    given::<Headcount>([])
        .when(set(norm(10, 20)))
        .then([HeadcountEvent::Set { norm: norm(10, 20), at: now() }])
        .when(set(norm(12, 20)))
        .then([HeadcountEvent::Set { norm: norm(12, 20), at: now() }])
        .when(set(norm(12, 20)))
        .refused(HeadcountRefusal::HeadcountUnchanged);
}

#[test]
fn clearly_exceeded_is_more_than_normal_and_margin() {
    assert!(!norm(10, 20).is_clearly_exceeded_by(12));
    assert!(norm(10, 20).is_clearly_exceeded_by(13));
    assert!(!norm(3, 0).is_clearly_exceeded_by(3));
    assert!(norm(3, 0).is_clearly_exceeded_by(4));
    // The largest norm that a request may ask for does not overflow.
    assert_eq!(norm(10_000, 500).most(), 60_000);
}

#[test]
fn every_department_of_every_institution_has_a_norm_of_its_own() {
    assert_ne!(Norm::id(institution(), "针灸科"), Norm::id(institution(), "骨伤科"));
    assert_eq!(Norm::id(institution(), "针灸科"), Norm::id(institution(), "针灸科"));
}
