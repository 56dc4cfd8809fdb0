//! The registry in figures (R03-R06, R108).

use casebook_accounts::domain::account::{
    AccountCommand, AccountEvent, AccountRegistry, Declare, Restrict, RestrictionCause,
};
use casebook_accounts::domain::authority::{Authority, Observer};
use casebook_accounts::domain::census::{Census, Figures};
use casebook_accounts::domain::institution::{
    Grade, Institution, InstitutionCommand, InstitutionEvent, InstitutionKind, Register,
};
use casebook_kernel::Decider;
use casebook_kernel::region::Region;
use casebook_policy::AccountLevel;

use crate::people::{
    HEAD_ACCOUNT, HOSPITAL, USCC, at, case, close, declaration, declare, file, health, order, own_declaration, sign,
    submit,
};

/// A registry under construction: commands go in, the census hears of what follows.
#[derive(Default)]
struct Registry {
    census: Census,
    streams: std::collections::HashMap<&'static str, Vec<AccountEvent>>,
}

impl Registry {
    fn with_hospital(grade: Option<Grade>) -> Self {
        let mut registry = Self::default();
        let register = Register {
            uscc: USCC.into(),
            kind: InstitutionKind::Hospital,
            grade,
            name: HOSPITAL.into(),
            aliases: vec![],
            region: "330600".parse().unwrap(),
            actor: health(),
            now: at(1),
        };
        let registered =
            Institution::decide(&Default::default(), InstitutionCommand::Register(Box::new(register))).unwrap();
        registered.iter().for_each(|event: &InstitutionEvent| registry.census.institution_event(event));
        registry
    }

    fn ask(&mut self, name: &'static str, command: AccountCommand) -> &mut Self {
        let stream = self.streams.entry(name).or_default();
        for event in AccountRegistry::decide(&AccountRegistry::fold(stream.iter()), command).unwrap() {
            self.census.account_event(&event);
            stream.push(event);
        }
        self
    }

    fn filed(&mut self, name: &'static str, declared: Declare) -> &mut Self {
        let level = declared.level;
        self.ask(name, declare(Declare { platform_uid: name.into(), ..declared })).ask(name, submit());
        for (step, signer) in crate::people::chain().of(level).into_iter().zip(["a", "b", "c", "d"]) {
            self.ask(name, sign(step, signer));
        }
        self.ask(name, file())
    }

    fn figures(&self) -> Figures {
        self.census.figures(Region::NATIONAL)
    }
}

fn on(platform: &str, declared: Declare) -> Declare {
    Declare { platform: platform.parse().unwrap(), ..declared }
}

/// R03, R04, R05: accounts, covered institutions, the share of individuals; a draft counts for none of them.
#[test]
fn filed_accounts_are_counted_by_platform_level_and_subject() {
    let mut registry = Registry::with_hospital(None);
    registry.filed("a", declaration()).filed("b", declaration()).filed("c", own_declaration());
    registry.ask("d", declare(Declare { platform_uid: "d".into(), ..declaration() }));
    let figures = registry.figures();
    assert_eq!((figures.accounts_filed, figures.institutions_covered, figures.personal_accounts), (3, 1, 2));
    assert_eq!(figures.personal_share_basis_points(), 6_666);
    assert_eq!(
        figures.by_platform.into_iter().map(|(id, n)| (id.to_string(), n)).collect::<Vec<_>>(),
        [("douyin".to_owned(), 2), ("weibo".to_owned(), 1)]
    );
    assert_eq!(
        figures.by_level.into_iter().collect::<Vec<_>>(),
        [(AccountLevel::Institution, 1), (AccountLevel::Staff, 2)]
    );
    assert_eq!(figures.accounts_pending, 1);
}

#[test]
fn an_empty_registry_has_no_share() {
    let figures = Registry::default().figures();
    assert_eq!(figures, Figures::default());
    assert_eq!(figures.personal_share_basis_points(), 0);
}

/// R06: head accounts by the last count.
#[test]
fn head_accounts_are_counted_by_their_last_count() {
    let mut registry = Registry::with_hospital(None);
    registry.filed("a", declaration());
    for (day, followers, heads) in [(8, 493_000, 1), (9, 99_999, 0)] {
        registry.ask(
            "a",
            AccountCommand::CountFollowers {
                observer: Observer::System,
                followers,
                head_account_followers: HEAD_ACCOUNT,
                observed_at: at(day),
            },
        );
        assert_eq!(registry.figures().head_accounts, heads);
    }
}

/// Restricted accounts stay on record; closed ones do not, and come back when their closure is undone.
#[test]
fn closures_and_restrictions_show() {
    let mut registry = Registry::with_hospital(None);
    registry.filed("a", declaration()).filed("b", declaration()).filed("c", declaration());
    registry.ask(
        "a",
        AccountCommand::Restrict(Box::new(Restrict {
            authority: Authority::System,
            restriction_id: uuid::Uuid::from_u128(1),
            cause: RestrictionCause::Uncertified,
            legal_bases: vec!["S1-5".parse().unwrap()],
            reasons: "未认证".into(),
            reference: String::new(),
            until: None,
            now: at(8),
        })),
    );
    registry.ask("b", close());
    registry.ask(
        "c",
        AccountCommand::CloseByOrder {
            order_id: order(1),
            case_id: case(),
            reasons: "屡次违规".into(),
            executed_at: at(8),
        },
    );
    let figures = registry.figures();
    assert_eq!((figures.accounts_filed, figures.accounts_restricted, figures.accounts_closed), (1, 1, 2));
    registry.ask(
        "c",
        AccountCommand::UndoClosure { order_id: order(1), counter_order_id: Some(order(2)), undone_at: at(9) },
    );
    assert_eq!((registry.figures().accounts_filed, registry.figures().accounts_closed), (2, 1));
}

/// R108: a hospital of the third grade owes the public a Weibo and a WeChat account; a doctor's own does not count.
#[test]
fn the_obligation_of_the_third_grade_is_met_by_both_platforms() {
    let mut registry = Registry::with_hospital(Some(Grade::Tertiary));
    let met = |registry: &Registry| (registry.figures().obligated_institutions, registry.figures().obligations_met);
    registry.filed("a", on("weibo", own_declaration())).filed("b", on("wechat", declaration()));
    assert_eq!(met(&registry), (1, 0));
    registry.filed("c", on("wechat", own_declaration()));
    assert_eq!(met(&registry), (1, 1));
    registry.ask("a", close());
    assert_eq!(met(&registry), (1, 0));
    assert_eq!(met(&Registry::with_hospital(Some(Grade::Secondary))), (0, 0));
}

#[test]
fn figures_are_those_of_a_region() {
    let mut registry = Registry::with_hospital(None);
    registry.filed("a", declaration());
    let of = |region: &str| registry.census.figures(region.parse().unwrap());
    assert_eq!(of("330000").accounts_filed, 1);
    assert_eq!(of("330600").institutions_registered, 1);
    assert_eq!(of("310000"), Figures::default());
}
