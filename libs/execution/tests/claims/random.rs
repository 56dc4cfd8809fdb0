//! Random histories of a few values that a few owners want.

use std::sync::Arc;

use casebook_testkit::{Fault, FaultyLog};
use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::world::{Change, OWNERS, World, id};

const VALUES: u8 = 2;

/// What may happen to a value, in any order and by as many processes as there are steps.
#[derive(Debug, Clone)]
enum Step {
    /// A service puts a value on a shelf, or is refused behind its claim; from the `nth` append on its log fails.
    Put {
        owner: u8,
        value: u8,
        refused: bool,
        nth: usize,
        after: bool,
    },
    /// Takes a claim and is held up.
    Pause {
        owner: u8,
        value: u8,
    },
    /// The oldest of those that are held up goes on.
    Resume,
    Drop {
        owner: u8,
        value: u8,
    },
    /// The same request once more.
    Repeat {
        owner: u8,
        value: u8,
        request: usize,
    },
    Wait {
        minutes: i64,
    },
    Release,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (owner, value) = (0..OWNERS, 0..VALUES);
    let step = prop_oneof![
        4 => (owner.clone(), value.clone(), any::<bool>(), 0..5_usize, any::<bool>())
            .prop_map(|(owner, value, refused, nth, after)| Step::Put { owner, value, refused, nth, after }),
        2 => (owner.clone(), value.clone()).prop_map(|(owner, value)| Step::Pause { owner, value }),
        2 => Just(Step::Resume),
        2 => (owner.clone(), value.clone()).prop_map(|(owner, value)| Step::Drop { owner, value }),
        1 => (owner, value, 0..8_usize).prop_map(|(owner, value, request)| Step::Repeat { owner, value, request }),
        2 => (0..3_i64).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Release),
    ];
    proptest::collection::vec(step, 1..24)
}

async fn play(steps: &[Step]) {
    let world = World::open();
    let mut paused = std::collections::VecDeque::new();
    for (number, step) in steps.iter().enumerate() {
        let request = world.request(number);
        let process = world.process(None);
        match step.clone() {
            Step::Put { owner, value, refused, nth, after } => {
                let fault = if after { Fault::After } else { Fault::Before };
                let log = Arc::new(FaultyLog::new(world.log.clone(), nth, fault));
                let change = if refused { Change::Refuse } else { Change::Put(value) };
                world.process(Some(log)).put(owner, value, change, &request).await;
            }
            Step::Pause { owner, value } => {
                if let Ok(taken) = process.take(owner, value, &request).await {
                    paused.push_back((process, owner, value, taken, request));
                }
            }
            Step::Resume => {
                if let Some((process, owner, value, taken, request)) = paused.pop_front() {
                    let _ = process.decide(owner, Change::Put(value), Some(taken), &request).await;
                }
            }
            Step::Drop { owner, value } => drop(process.decide(owner, Change::Drop(value), None, &request).await),
            Step::Repeat { owner, value, request } => {
                process.put(owner, value, Change::Put(value), &world.request(request)).await;
            }
            Step::Wait { minutes } => world.clock.turn_by(TimeDelta::minutes(minutes)),
            Step::Release => world.release().await,
        }
        for value in 0..VALUES {
            let holders = world.holders(value).await;
            assert!(holders.len() <= 1, "{holders:?} hold {value} after {step:?}");
            if let [holder] = holders[..] {
                assert_eq!(world.claimed_by(value).await, Some(id(holder)), "{value} after {step:?}");
            }
        }
    }
    world.release().await;
    for value in 0..VALUES {
        let holder = world.holders(value).await.first().map(|owner| id(*owner));
        assert_eq!(world.claimed_by(value).await, holder, "at rest a claim says who holds {value}");
    }
}

#[test]
fn at_rest_a_value_has_one_holder_at_most_and_no_claim_without_one() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 192, failure_persistence: None, ..Config::default() });
    runner
        .run(&steps(), |steps| {
            runtime.block_on(play(&steps));
            Ok(())
        })
        .unwrap();
}
