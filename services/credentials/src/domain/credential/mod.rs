//! One claimed qualification, from its filing to its end: stream `credential-{id}`.

mod command;
mod conclude;
mod decide;
mod event;
mod fraud;
mod refusal;
mod state;

use casebook_kernel::Decider;

pub use command::{
    CaseByCase, ConcludeFraud, ConcludeVerification, CredentialCommand, FileCredential, FraudOutcome, Predecessor,
    PredecessorStanding, ReportFraud, Verdict,
};
pub(crate) use conclude::professional_scopes;
pub use conclude::{REMINDER_DAYS, REMINDER_NURSE_DAYS, VERIFICATION_MONTHS_MAX};
pub use event::{CredentialEvent, Filed, FraudConcluded, FraudReported, Verified, VerifiedApplicant};
pub use refusal::CredentialRefusal;
pub use state::{Application, Badge, CredentialState, Ending, Fraud, Stage, Supplement, Verification};

/// The rules of a credential.
#[derive(Debug, Clone, Copy)]
pub struct Credential;

impl Decider for Credential {
    type State = CredentialState;
    type Command = CredentialCommand;
    type Event = CredentialEvent;
    type Refusal = CredentialRefusal;

    fn decide(state: &CredentialState, command: CredentialCommand) -> Result<Vec<CredentialEvent>, CredentialRefusal> {
        decide::decide(state, command)
    }

    fn evolve(state: CredentialState, event: &CredentialEvent) -> CredentialState {
        state::evolve(state, event)
    }
}
