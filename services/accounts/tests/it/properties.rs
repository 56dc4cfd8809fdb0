//! What holds of every history.

use casebook_accounts::domain::account::{
    AccountCommand, AccountEvent, AccountRegistry, AccountState, Amendment, ApprovalStep, Declare, Happened, Phase,
    Quota, Restrict, RestrictionCause,
};
use casebook_accounts::domain::authority::{Authority, Observer};
use casebook_accounts::domain::census::Census;
use casebook_accounts::domain::form::SubjectKind;
use casebook_execution::Aggregate;
use casebook_kernel::Decider;
use casebook_kernel::region::Region;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use uuid::Uuid;

use crate::people::{
    HEAD_ACCOUNT, HOSPITAL, at, case, close, declaration, declare, deregister, file, office, order, own_declaration,
    sign, submit,
};

/// One of the things that can be asked, of one of four accounts.
fn command() -> impl Strategy<Value = (usize, Asked)> {
    let what = prop_oneof![
        8 => prop_oneof![Just(declaration()), Just(own_declaration())].prop_map(|declared| Asked::Declare(Box::new(declared))),
        12 => Just(Asked::Plain(submit())),
        1 => (0usize..4, "p-[a-d]").prop_map(|(step, signer)| Asked::Plain(sign(ApprovalStep::ALL[step], &signer))),
        40 => "p-[a-d]".prop_map(Asked::SignNext),
        16 => Just(Asked::Plain(file())),
        1 => Just(Asked::Plain(close())),
        1 => Just(Asked::Plain(deregister())),
        1 => Just(Asked::Plain(AccountCommand::Withdraw { actor: office("p-clerk"), reason: String::new(), now: at(4) })),
        1 => Just(Asked::Plain(AccountCommand::Return { actor: office("p-x"), reasons: "改".into(), now: at(4) })),
        1 => "[a-c]{1,3}".prop_map(|background| Asked::Plain(AccountCommand::Amend {
            actor: office("p-clerk"),
            amendment: Box::new(Amendment { background: Some(background), ..Amendment::default() }),
            now: at(6),
        })),
        2 => (1u32..28, prop_oneof![Just(HOSPITAL.to_owned()), "[a-c]{1,2}"]).prop_map(|(day, new_handle)| {
            Asked::Plain(AccountCommand::ChangeHandle {
                observer: Observer::System,
                new_handle,
                institution_names: vec![HOSPITAL.into()],
                observed_at: at(day),
            })
        }),
        2 => (1u32..28, 0u64..200_000).prop_map(|(day, followers)| Asked::Plain(AccountCommand::CountFollowers {
            observer: Observer::System,
            followers,
            head_account_followers: HEAD_ACCOUNT,
            observed_at: at(day),
        })),
        2 => (0u128..3).prop_map(|number| Asked::Plain(AccountCommand::Restrict(Box::new(Restrict {
            authority: Authority::System,
            restriction_id: Uuid::from_u128(number),
            cause: RestrictionCause::Uncertified,
            legal_bases: vec!["S1-5".parse().unwrap()],
            reasons: "未认证".into(),
            reference: number.to_string(),
            until: None,
            now: at(8),
        })))),
        2 => (0u128..3).prop_map(|number| Asked::Plain(AccountCommand::LiftRestriction {
            authority: Authority::System,
            restriction_id: Uuid::from_u128(number),
            reasons: String::new(),
            now: at(9),
        })),
        2 => (0u128..3).prop_map(|number| Asked::Plain(AccountCommand::CloseByOrder {
            order_id: order(number),
            case_id: case(),
            reasons: String::new(),
            executed_at: at(9),
        })),
        2 => (0u128..3).prop_map(|number| Asked::Plain(AccountCommand::UndoClosure { order_id: order(number), counter_order_id: Some(order(number + 100)), undone_at: at(10) })),
    ];
    (0usize..4, what)
}

#[derive(Debug, Clone)]
enum Asked {
    Declare(Box<Declare>),
    /// The box that is next, by this signer.
    SignNext(String),
    Plain(AccountCommand),
}

impl Asked {
    fn command(self, account: usize, state: &AccountState) -> AccountCommand {
        match self {
            Self::Plain(command) => command,
            Self::Declare(declared) => {
                declare(Declare { platform_uid: format!("uid-{account}"), quota: Quota::First, ..*declared })
            }
            Self::SignNext(signer) => {
                let next = match state.account().map(|account| &account.phase) {
                    Some(Phase::InApproval(approval)) => approval.next_step(),
                    _ => None,
                };
                sign(next.unwrap_or(ApprovalStep::Department), &signer)
            }
        }
    }
}

/// Carries out what is granted; each account is a stream. Says which stream each event stands in.
fn history(asked: Vec<(usize, Asked)>) -> Vec<(usize, AccountEvent)> {
    let mut states: Vec<AccountState> = vec![AccountState::default(); 4];
    let mut log = Vec::new();
    for (account, asked) in asked {
        let command = asked.command(account, &states[account]);
        let events = AccountRegistry::decide(&states[account], command).unwrap_or_default();
        for event in events {
            states[account] = AccountRegistry::evolve(std::mem::take(&mut states[account]), &event);
            log.push((account, event));
        }
    }
    log
}

/// The strategy above reaches what the properties are about: most histories have an account on record.
#[test]
fn histories_reach_the_record() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = prop::collection::vec(command(), 120);
    let reached = (0..50)
        .filter(|_| {
            let log = history(strategy.new_tree(&mut runner).unwrap().current());
            log.iter().any(|(_, event)| matches!(event.happened, Happened::Filed { .. }))
        })
        .count();
    assert!(reached >= 25, "only {reached} of 50 histories file an account");
}

/// The figures counted the slow way, from states folded stream by stream.
fn counted(log: &[(usize, AccountEvent)]) -> (u64, u64, u64, u64, u64) {
    let mut counts = (0, 0, 0, 0, 0);
    for account in 0..4 {
        let state = AccountRegistry::fold(log.iter().filter(|(of, _)| *of == account).map(|(_, event)| event));
        let Some(account) = state.account() else { continue };
        match account.phase {
            Phase::Filed(_) | Phase::Restricted { .. } => {
                counts.0 += 1;
                counts.1 += u64::from(account.declaration.subject_kind == SubjectKind::Personal);
                counts.2 += u64::from(account.followers.is_some_and(|count| count.followers >= HEAD_ACCOUNT));
            }
            Phase::Closed { .. } => counts.3 += 1,
            Phase::Draft { .. } | Phase::InApproval(_) | Phase::Approved(_) => counts.4 += 1,
            Phase::Deregistered { .. } | Phase::Withdrawn { .. } => {}
        }
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// R03-R06: the figures as of any position are those of the states as of that position.
    #[test]
    fn figures_of_every_prefix_are_those_of_its_states(commands in prop::collection::vec(command(), 0..120)) {
        let log = history(commands);
        let mut census = Census::default();
        for (index, (_, event)) in log.iter().enumerate() {
            census.account_event(event);
            let figures = census.figures(Region::NATIONAL);
            let of_states = counted(&log[..=index]);
            prop_assert_eq!(
                (figures.accounts_filed, figures.personal_accounts, figures.head_accounts, figures.accounts_closed,
                    figures.accounts_pending),
                of_states
            );
            prop_assert_eq!(figures.by_platform.values().sum::<u64>(), figures.accounts_filed);
            prop_assert_eq!(figures.by_level.values().sum::<u64>(), figures.accounts_filed);
        }
    }

    /// A restart at any step reads the same state back: what is stored says everything.
    #[test]
    fn a_state_survives_its_stored_form(commands in prop::collection::vec(command(), 0..120)) {
        let log = history(commands);
        let (mut live, mut replayed) = (vec![AccountState::default(); 4], vec![AccountState::default(); 4]);
        for (account, event) in &log {
            let stored = AccountRegistry::encode(event);
            let read = AccountRegistry::decode(stored.event_type, &stored.json).unwrap();
            live[*account] = AccountRegistry::evolve(std::mem::take(&mut live[*account]), event);
            replayed[*account] = AccountRegistry::evolve(std::mem::take(&mut replayed[*account]), &read);
            prop_assert_eq!(&live, &replayed);
        }
    }

    /// R14-R16: nothing comes onto the record without every box of its level, signed by somebody who did not apply.
    #[test]
    fn what_is_on_record_was_approved(commands in prop::collection::vec(command(), 0..120)) {
        let log = history(commands);
        for account in 0..4 {
            let state = AccountRegistry::fold(log.iter().filter(|(of, _)| *of == account).map(|(_, event)| event));
            let Some(account) = state.account() else { continue };
            if let Some(record) = account.phase.record() {
                let signed: Vec<_> = record.approval.signatures.iter().map(|one| one.step).collect();
                prop_assert_eq!(&signed, &record.approval.steps);
                prop_assert_eq!(signed, crate::people::chain().of(account.declaration.level));
                for signature in &record.approval.signatures {
                    prop_assert_ne!(&signature.signer, &account.declaration.applicant);
                }
            }
        }
    }
}
