use super::*;
use crate::domain::samples::{actor, on};

const VIOLATION: &str = "V-05";

fn violations(ids: &[&str]) -> BTreeSet<ViolationId> {
    ids.iter().map(|id| id.parse().expect(id)).collect()
}

fn agency(id: &str, region: &str, competent_for: &[&str]) -> Sight {
    Sight::of_officer(&actor(id, "a", None, region), Arc::new(violations(competent_for)))
}

/// Who reaches a matter of V-05 in Pudong that cac-310115 handed on to health-310000, and that market-330000 was offered.
#[test]
fn who_may_know_of_a_matter() {
    let (violation, region) = (VIOLATION.parse().expect("violation"), "310115".parse().expect("region"));
    let parties: Vec<AgencyId> =
        ["cac-310115", "health-310000", "market-330000"].map(|id| id.parse().expect(id)).to_vec();
    let heard = [on("weibo", "u1"), on("douyin", "d1")];
    let matter = Matter { violation: &violation, region, parties: parties.iter().collect(), heard: &heard };
    let account = |platform: &str, uid: &str| Sight::Account(AccountId::of(platform, uid));
    let table = [
        ("an auditor", Sight::Everything, true),
        ("who holds it", agency("health-310000", "310000", &[VIOLATION]), true),
        ("who held it", agency("cac-310115", "310115", &[VIOLATION]), true),
        ("who was offered it, elsewhere and not competent", agency("market-330000", "330000", &[]), true),
        ("of the same place, of a competent kind", agency("tcm-310115", "310115", &["V-01", VIOLATION]), true),
        ("superior in the city, of a competent kind", agency("tcm-310100", "310100", &[VIOLATION]), true),
        ("superior in the province, of a competent kind", agency("cac-310000", "310000", &[VIOLATION]), true),
        ("national, of a competent kind", agency("cac-000000", "000000", &[VIOLATION]), true),
        ("of the same place, of another kind", agency("market-310115", "310115", &["AD-DRUG"]), false),
        ("national, of another kind", agency("market-000000", "000000", &["AD-DRUG"]), false),
        ("competent for nothing", agency("somebody", "000000", &[]), false),
        ("competent in the next district", agency("cac-310104", "310104", &[VIOLATION]), false),
        ("competent in another province", agency("cac-330000", "330000", &[VIOLATION]), false),
        ("below where it lies", agency("cac-310115-1", "310116", &[VIOLATION]), false),
        ("the operator of its account", account("weibo", "u1"), true),
        ("the operator of another account of it", account("douyin", "d1"), true),
        ("an operator of the same user id elsewhere", account("weibo", "d1"), false),
        ("an operator of no account of it", account("weibo", "u2"), false),
        ("nobody in particular", Sight::Nothing, false),
    ];
    for (who, sight, reaches) in table {
        assert_eq!(sight.reaches(&matter), reaches, "{who}");
    }
    // A lead is about somebody, but has no effect on them: nobody is heard on it.
    let lead = Matter { heard: &[], ..matter };
    assert!(!account("weibo", "u1").reaches(&lead));
}

/// What lies in the whole country lies in no province.
#[test]
fn a_national_matter_is_none_of_a_provinces() {
    let violation = VIOLATION.parse().expect("violation");
    let matter = Matter { violation: &violation, region: Region::NATIONAL, parties: BTreeSet::new(), heard: &[] };
    assert!(agency("cac-000000", "000000", &[VIOLATION]).reaches(&matter));
    assert!(!agency("cac-310000", "310000", &[VIOLATION]).reaches(&matter));
}

/// R93: what the ladder recommends is told to whoever is competent for the violation.
#[test]
fn competence_is_by_violation() {
    let violation = VIOLATION.parse().expect("violation");
    assert!(Sight::Everything.is_competent_for(&violation));
    assert!(agency("cac-310000", "310000", &[VIOLATION]).is_competent_for(&violation));
    assert!(!agency("market-310000", "310000", &["AD-DRUG"]).is_competent_for(&violation));
    assert!(!Sight::Account(AccountId::of("weibo", "u1")).is_competent_for(&violation));
    assert!(!Sight::Nothing.is_competent_for(&violation));
}
