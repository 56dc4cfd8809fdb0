//! An account (账号): declared, approved by its institution, put on record by the agency.
//!
//! Level 2 and 3 accounts pass the four boxes of annex 1 in order (S2 art. 6). That form is made for "二、三级新媒体平台"
//! and says nothing of level 1: an account of the institution itself is run by the party-government office under the
//! party committee (art. 5), and what binds it is the rule of one account a platform, from which only the supervising
//! agency can except (art. 6). Which boxes a level needs is therefore policy: the command carries the pack's steps, for
//! level 1 as for the others, and a level without any is approved by being handed in.

mod command;
mod decide;
mod event;
mod evolve;
mod observe;
mod refusal;
mod restrict;
mod state;

pub use command::{AccountCommand, Amendment, ApprovalChain, Declare, Quota, Restrict};
pub use event::{AccountEvent, Amended, Happened};
pub use refusal::AccountRefusal;
pub use state::{
    Account, AccountState, Approval, ApprovalStep, Closure, Declaration, Filing, FollowerCount, Phase, Record,
    Restriction, RestrictionCause, Signature,
};

use casebook_kernel::Decider;

/// The most restrictions that hold on one account at a time.
pub const RESTRICTIONS_MAX: usize = 16;
/// The most closures that hold on one account at a time.
pub const CLOSURES_MAX: usize = 32;
/// How many former handles are shown; the log keeps all.
pub const FORMER_HANDLES_MAX: usize = 20;

/// The rules of an account's stream.
#[derive(Debug, Clone, Copy)]
pub struct AccountRegistry;

impl Decider for AccountRegistry {
    type State = AccountState;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Refusal = AccountRefusal;

    fn decide(state: &AccountState, command: AccountCommand) -> Result<Vec<AccountEvent>, AccountRefusal> {
        decide::decide(state, command).map(|event| vec![event])
    }

    fn evolve(state: AccountState, event: &AccountEvent) -> AccountState {
        evolve::evolve(state, event)
    }
}
