//! A notice to an account to be verified within two months (S1 §5; R31, R32): stream `recertification-{account}`.
//!
//! An account has one stream: a later notice follows an earlier one in it.

use casebook_kernel::ids::CredentialId;
use casebook_kernel::{Decider, Timestamp};
use chrono::TimeDelta;

use super::applicant::Account;
use super::due::{Due, Elapsed};

/// A notice is written down within a day of its service: otherwise whoever issues it could make the two months begin, and so end,
/// in the past.
pub const SERVED_AGO_MAX: TimeDelta = TimeDelta::days(1);
/// A reminder comes so long before the two months end.
pub const REMINDER_BEFORE: TimeDelta = TimeDelta::days(14);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RecertificationState {
    #[default]
    Absent,
    Running {
        notice: Notice,
        due: Due,
        reminder: Reminder,
    },
    /// The two months ended without a verification: publishing is restricted.
    Lapsed {
        notice: Notice,
        due: Due,
        at: Timestamp,
    },
    Fulfilled {
        notice: Notice,
        due: Due,
        credential: CredentialId,
        at: Timestamp,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub account: Account,
    /// When the operator received it.
    pub served_at: Timestamp,
    pub service_proof_sha256: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reminder {
    Waiting { at: Timestamp },
    Sent { at: Timestamp },
}

#[derive(Debug, Clone, PartialEq)]
pub enum RecertificationCommand {
    Issue {
        notice: Notice,
        due: Due,
        /// The account is verified, as far as is known.
        certified: bool,
        now: Timestamp,
    },
    Remind {
        now: Timestamp,
    },
    /// The timer is due; `due` is the term as it is reckoned now. A verification that was on its way while the notice
    /// was issued may have gone unnoticed: `certified` is what was found when it was looked up again.
    Lapse {
        due: Due,
        certified: Option<Certified>,
        now: Timestamp,
    },
    /// The account was verified at `now`.
    Fulfil {
        credential: CredentialId,
        now: Timestamp,
    },
}

/// A verification of the account that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certified {
    pub credential: CredentialId,
    pub since: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecertificationEvent {
    NoticeIssued {
        notice: Notice,
        due: Due,
        remind_at: Timestamp,
        at: Timestamp,
    },
    DueMoved {
        account: Account,
        due: Due,
        at: Timestamp,
    },
    Reminded {
        account: Account,
        due_at: Timestamp,
        at: Timestamp,
    },
    Lapsed {
        account: Account,
        due_at: Timestamp,
        at: Timestamp,
    },
    /// `late`: after the two months.
    Fulfilled {
        account: Account,
        credential: CredentialId,
        at: Timestamp,
        late: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecertificationRefusal {
    #[error("a notice to this account is running until {due_at}")]
    NoticeAlreadyRunning { due_at: Timestamp },
    #[error("a notice is written down within a day of its service: not served before {earliest}")]
    ServedTooLongAgo { earliest: Timestamp },
    #[error("the account is verified")]
    AlreadyCertified,
    #[error("no notice to this account is running")]
    NoticeNotRunning,
    #[error("the account was verified before the notice was served at {served_at}: the notice asks for another one")]
    VerifiedBefore { served_at: Timestamp },
    #[error("the reminder has been sent")]
    AlreadyReminded,
    #[error("it is not due before {due}")]
    NotDue { due: Timestamp },
}

/// The rules of a notice.
#[derive(Debug, Clone, Copy)]
pub struct Recertification;

impl Decider for Recertification {
    type State = RecertificationState;
    type Command = RecertificationCommand;
    type Event = RecertificationEvent;
    type Refusal = RecertificationRefusal;

    fn decide(
        state: &RecertificationState,
        command: RecertificationCommand,
    ) -> Result<Vec<RecertificationEvent>, RecertificationRefusal> {
        match command {
            RecertificationCommand::Issue { notice, due, certified, now } => issue(state, notice, due, certified, now),
            RecertificationCommand::Remind { now } => remind(state, now),
            RecertificationCommand::Lapse { due, certified, now } => lapse(state, due, certified, now),
            RecertificationCommand::Fulfil { credential, now } => fulfil(state, credential, now),
        }
    }

    fn evolve(state: RecertificationState, event: &RecertificationEvent) -> RecertificationState {
        use RecertificationState::{Absent, Fulfilled, Lapsed, Running};
        match (state, event) {
            (
                Absent | Lapsed { .. } | Fulfilled { .. },
                RecertificationEvent::NoticeIssued { notice, due, remind_at, .. },
            ) => Running { notice: notice.clone(), due: *due, reminder: Reminder::Waiting { at: *remind_at } },
            (Running { notice, reminder, .. }, RecertificationEvent::DueMoved { due, .. }) => {
                Running { notice, due: *due, reminder }
            }
            (Running { notice, due, .. }, RecertificationEvent::Reminded { at, .. }) => {
                Running { notice, due, reminder: Reminder::Sent { at: *at } }
            }
            (Running { notice, due, .. }, RecertificationEvent::Lapsed { at, .. }) => Lapsed { notice, due, at: *at },
            (
                Running { notice, due, .. } | Lapsed { notice, due, .. },
                RecertificationEvent::Fulfilled { credential, at, .. },
            ) => Fulfilled { notice, due, credential: *credential, at: *at },
            (state, _) => state,
        }
    }
}

type Decision = Result<Vec<RecertificationEvent>, RecertificationRefusal>;

fn issue(state: &RecertificationState, notice: Notice, due: Due, certified: bool, now: Timestamp) -> Decision {
    if let RecertificationState::Running { due, .. } = state {
        return Err(RecertificationRefusal::NoticeAlreadyRunning { due_at: due.at });
    }
    if certified {
        return Err(RecertificationRefusal::AlreadyCertified);
    }
    let earliest = now - SERVED_AGO_MAX;
    if notice.served_at < earliest {
        return Err(RecertificationRefusal::ServedTooLongAgo { earliest });
    }
    let remind_at = due.at - REMINDER_BEFORE;
    Ok(vec![RecertificationEvent::NoticeIssued { notice, due, remind_at, at: now }])
}

fn remind(state: &RecertificationState, now: Timestamp) -> Decision {
    match state {
        RecertificationState::Running { notice, due, reminder: Reminder::Waiting { at } } if *at <= now => {
            Ok(vec![RecertificationEvent::Reminded { account: notice.account.clone(), due_at: due.at, at: now }])
        }
        RecertificationState::Running { reminder: Reminder::Waiting { at }, .. } => {
            Err(RecertificationRefusal::NotDue { due: *at })
        }
        RecertificationState::Running { reminder: Reminder::Sent { .. }, .. } => {
            Err(RecertificationRefusal::AlreadyReminded)
        }
        RecertificationState::Absent | RecertificationState::Lapsed { .. } | RecertificationState::Fulfilled { .. } => {
            Err(RecertificationRefusal::NoticeNotRunning)
        }
    }
}

fn lapse(state: &RecertificationState, due: Due, certified: Option<Certified>, now: Timestamp) -> Decision {
    let RecertificationState::Running { notice, due: known, .. } = state else {
        return Err(RecertificationRefusal::NoticeNotRunning);
    };
    let account = notice.account.clone();
    if let Some(Certified { credential, since }) = certified {
        let late = due.elapsed(since) == Elapsed::Over;
        return Ok(vec![RecertificationEvent::Fulfilled { account, credential, at: now, late }]);
    }
    match due.elapsed(now) {
        Elapsed::Over => Ok(vec![RecertificationEvent::Lapsed { account, due_at: due.at, at: now }]),
        Elapsed::Later(due) if due != *known => Ok(vec![RecertificationEvent::DueMoved { account, due, at: now }]),
        Elapsed::Later(due) => Err(RecertificationRefusal::NotDue { due: due.at }),
    }
}

/// An event may be met again, long after its own notice: what was verified before a notice does not fulfil it.
fn fulfil(state: &RecertificationState, credential: CredentialId, now: Timestamp) -> Decision {
    match state {
        RecertificationState::Running { notice, .. } | RecertificationState::Lapsed { notice, .. }
            if now < notice.served_at =>
        {
            Err(RecertificationRefusal::VerifiedBefore { served_at: notice.served_at })
        }
        RecertificationState::Running { notice, due, .. } => Ok(vec![RecertificationEvent::Fulfilled {
            account: notice.account.clone(),
            credential,
            at: now,
            // A due time that may still move is held against nobody.
            late: due.elapsed(now) == Elapsed::Over,
        }]),
        RecertificationState::Lapsed { notice, .. } => Ok(vec![RecertificationEvent::Fulfilled {
            account: notice.account.clone(),
            credential,
            at: now,
            late: true,
        }]),
        RecertificationState::Absent | RecertificationState::Fulfilled { .. } => {
            Err(RecertificationRefusal::NoticeNotRunning)
        }
    }
}
