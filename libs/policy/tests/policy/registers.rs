//! Platforms, approval steps and agencies.

use casebook_kernel::AgencyKind;
use casebook_kernel::region::Region;
use casebook_policy::{AccountLevel, measures as m};

use crate::pack;

fn region(code: &str) -> Region {
    code.parse().expect(code)
}

/// R08, and the platforms that the demo's orders go to.
#[test]
fn r08_platforms() {
    for (id, zh) in [
        ("wechat", "微信公众号"),
        ("wechat_channels", "微信视频号"),
        ("weibo", "微博"),
        ("douyin", "抖音"),
        ("kuaishou", "快手"),
        ("xiaohongshu", "小红书"),
        ("bilibili", "哔哩哔哩（B站）"),
        ("website", "官方网站"),
        ("app", "APP移动客户端"),
    ] {
        assert_eq!(pack().platform(id).expect(id).name.zh, zh);
    }
    assert_eq!(pack().platforms().count(), 9);
}

#[test]
fn a_platform_executes_what_it_can() {
    let supports = |platform: &str, measure| pack().platform(platform).expect(platform).supports(measure);
    for platform in ["wechat", "weibo", "douyin", "kuaishou", "xiaohongshu", "bilibili"] {
        for rung in
            [m::INTERACTIONS_REMOVED, m::FOLLOWERS_CLEARED, m::MONETISATION_REVOKED, m::MUTED, m::ACCOUNT_CLOSED]
        {
            assert!(supports(platform, rung), "{platform} {rung}");
        }
    }
    assert!(supports("weibo", m::CREDIT_DEDUCTED));
    assert!(!supports("website", m::FOLLOWERS_CLEARED), "a website has no followers");
    assert!(!supports("weibo", "FINE"), "a platform fines nobody");
    let offers = |platform, measure: &str| pack().offers(platform, &measure.parse().expect(measure));
    assert_eq!(offers("weibo", m::CREDIT_DEDUCTED), Ok(()));
    let refusal = offers("website", m::FOLLOWERS_CLEARED).expect_err("a website has no followers");
    assert_eq!(refusal.to_string(), "website cannot execute FOLLOWERS_CLEARED");
}

/// R14, R16: departments and staff need the four signatures of Annex 1, in their order.
#[test]
fn r16_approval_steps() {
    let steps = |level| pack().approval_steps(level).map(|step| step.id.to_string()).collect::<Vec<_>>();
    let four = ["department", "functional_office", "party_admin_office", "publicity_leader"];
    assert_eq!(steps(AccountLevel::Staff), four);
    assert_eq!(steps(AccountLevel::Department), four);
    assert_eq!(steps(AccountLevel::Institution), four[2..]);
}

/// R80: the nearest agency around a region answers for it.
#[test]
fn r80_the_competent_agency_is_the_nearest_one() {
    let competent = |kind, code: &str| pack().competent(kind, region(code)).map(|agency| agency.id.to_string());
    for (kind, code, agency) in [
        (AgencyKind::Health, "330602", "health-330602"),
        (AgencyKind::Tcm, "330602", "tcm-330000"),
        (AgencyKind::Health, "330603", "health-330600"),
        (AgencyKind::Market, "331100", "market-330000"),
        (AgencyKind::Cyberspace, "310115", "cac-310115"),
        (AgencyKind::Cyberspace, "310104", "cac-310000"),
        (AgencyKind::Health, "450200", "health-450200"),
        (AgencyKind::Cyberspace, "710000", "cac-000000"),
        (AgencyKind::Market, "000000", "market-000000"),
    ] {
        assert_eq!(competent(kind, code).as_deref(), Some(agency), "{kind:?} {code}");
    }
}

/// R93: an advertisement in Hangzhou goes to the market regulator there.
#[test]
fn r93_the_lead_agency_is_competent_by_matter_and_region() {
    let lead = |violation, code: &str| pack().lead_agency(violation, region(code)).map(|agency| agency.id.to_string());
    assert_eq!(lead("AD-HEALTH-FOOD", "330106").as_deref(), Some("market-330100"));
    assert_eq!(lead("V-05", "310000").as_deref(), Some("cac-310000"));
    assert_eq!(lead("V-99", "310000"), None);
}

#[test]
fn every_agency_is_found_by_its_id_and_by_its_competence() {
    assert!(pack().agencies().count() >= 4 * 32, "each province and the country has all four");
    for agency in pack().agencies() {
        assert_eq!(pack().agency(agency.id.as_str()), Some(agency));
        assert_eq!(pack().competent(agency.kind, agency.region), Some(agency));
    }
}
