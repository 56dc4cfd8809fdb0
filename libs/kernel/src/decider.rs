//! The one shape in which Casebook writes business rules down.

use std::fmt::Debug;

/// A rule set over one stream of events.
///
/// `decide` is a pure function: the time, new ids, looked-up facts and the policy pack arrive inside
/// the command. `evolve` cannot fail: what has happened is a fact, whatever today's rules say of it.
pub trait Decider {
    /// What the events so far amount to. `Default` is the state of a stream that does not exist.
    type State: Default + Clone + PartialEq + Debug + Send + Sync + 'static;
    /// What somebody asks for.
    type Command: Clone + Debug + Send + 'static;
    /// What happened.
    type Event: Clone + PartialEq + Debug + Send + Sync + 'static;
    /// Why it did not happen. A refusal is an answer, not a failure.
    type Refusal: std::error::Error + Clone + PartialEq + Send + Sync + 'static;

    /// What follows from `command` in `state`: at least one event, or a refusal.
    fn decide(state: &Self::State, command: Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// The state after `event`.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;

    /// The state after a whole history.
    fn fold<'a>(events: impl IntoIterator<Item = &'a Self::Event>) -> Self::State
    where
        Self::Event: 'a,
    {
        events.into_iter().fold(Self::State::default(), Self::evolve)
    }
}
