//! Tests that read as law: `given([CaseOpened]).when(issue_order).refused(NoDecision)`.

use casebook_kernel::Decider;

/// A history to decide upon.
#[derive(Debug, Clone)]
pub struct Given<D: Decider> {
    history: Vec<D::Event>,
}

/// What has happened so far.
pub fn given<D: Decider>(history: impl IntoIterator<Item = D::Event>) -> Given<D> {
    Given { history: history.into_iter().collect() }
}

impl<D: Decider> Given<D> {
    /// What happens next, without asking the rules.
    pub fn and(mut self, more: impl IntoIterator<Item = D::Event>) -> Self {
        self.history.extend(more);
        self
    }

    /// The state that the history amounts to.
    pub fn state(&self) -> D::State {
        D::fold(&self.history)
    }

    /// What is asked for.
    pub fn when(self, command: D::Command) -> Outcome<D> {
        let outcome = D::decide(&self.state(), command);
        Outcome { history: self.history, outcome }
    }

    /// Asks for something that is granted, and goes on from there.
    #[track_caller]
    pub fn after(self, command: D::Command) -> Self {
        let events = match D::decide(&self.state(), command.clone()) {
            Ok(events) => events,
            Err(refusal) => panic!("{command:?} was refused: {refusal}"),
        };
        self.and(events)
    }
}

/// What the rules made of it.
#[derive(Debug)]
pub struct Outcome<D: Decider> {
    history: Vec<D::Event>,
    outcome: Result<Vec<D::Event>, D::Refusal>,
}

impl<D: Decider> Outcome<D> {
    /// Exactly these events follow.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = D::Event>) -> Given<D> {
        let expected: Vec<_> = expected.into_iter().collect();
        match &self.outcome {
            Ok(events) => assert_eq!(*events, expected),
            Err(refusal) => panic!("refused: {refusal}; expected {expected:?}"),
        }
        Given { history: self.history }.and(expected)
    }

    /// It is refused, for exactly this reason.
    #[track_caller]
    pub fn refused(self, expected: D::Refusal) {
        match self.outcome {
            Ok(events) => panic!("expected the refusal `{expected}`, but {events:?} followed"),
            Err(refusal) => assert_eq!(refusal, expected),
        }
    }
}
