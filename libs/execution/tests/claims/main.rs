//! A value exists once: whoever dies, is refused or is held up between a claim and its decision.

mod racing;
mod random;
mod world;

use std::sync::Arc;

use casebook_eventlog::Position;
use casebook_execution::reaction::{Reaction as _, Reactor, Undone};
use casebook_execution::{CLAIM_GRACE, ClaimError, Claims, Context, ExecuteError, ReleaseClaims};
use casebook_testkit::{Fault, FaultyLog};
use chrono::TimeDelta;
use racing::Racing;
use world::{Change, No, World, actor, id};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_want_a_value_one_gets_it() {
    let world = World::open();
    let mut tasks = Vec::new();
    for number in 0..16 {
        let (process, request) = (world.process(None), world.request(usize::from(number)));
        tasks.push(tokio::spawn(async move { process.take(number, 0, &request).await.map(|_| number) }));
    }
    let mut winners = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(owner) => winners.push(owner),
            Err(ClaimError::Held { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(world.claimed_by(0).await, Some(id(winners[0])));
}

#[tokio::test]
async fn a_value_that_was_given_back_is_free_at_once() {
    let world = World::open();
    let process = world.process(None);
    let first = world.request(1);
    let taken = process.take(0, 0, &first).await.unwrap();
    let refused = process.decide(0, Change::Refuse, Some(taken), &first).await;
    assert_eq!(refused, Err(ExecuteError::Refused(No)));
    assert_eq!(world.claimed_by(0).await, None);
    // One whose owner held it and gave it up, too, although nobody has released it yet.
    process.put(1, 0, Change::Put(0), &world.request(2)).await;
    process.decide(1, Change::Drop(0), None, &world.request(3)).await.unwrap();
    assert_eq!(world.claimed_by(0).await, Some(id(1)));
    process.put(2, 0, Change::Put(0), &world.request(4)).await;
    assert_eq!((world.holders(0).await, world.claimed_by(0).await), (vec![2], Some(id(2))));
}

#[tokio::test]
async fn what_is_held_stays_held_however_old_the_claim_is() {
    let world = World::open();
    let process = world.process(None);
    process.put(0, 0, Change::Put(0), &world.request(1)).await;
    world.clock.turn_by(TimeDelta::days(365));
    assert!(matches!(process.take(1, 0, &world.request(2)).await, Err(ClaimError::Held { .. })));
    world.release().await;
    assert_eq!(world.claimed_by(0).await, Some(id(0)));
}

/// The writer died between claim and decision, or between refusal and release: on a new owner, and on one that exists.
#[tokio::test]
async fn a_crash_at_any_append_leaves_no_claim_for_ever() {
    for owner_exists in [false, true] {
        for change in [Change::Put(0), Change::Refuse] {
            for (nth, fault) in (0..3).flat_map(|nth| [(nth, Fault::Before), (nth, Fault::After)]) {
                let world = World::open();
                if owner_exists {
                    world.process(None).put(0, 1, Change::Put(1), &world.request(1)).await;
                }
                let faulty = Arc::new(FaultyLog::new(world.log.clone(), nth, fault));
                world.process(Some(faulty)).put(0, 0, change.clone(), &world.request(2)).await;
                let other = world.process(None);
                let holders = world.holders(0).await;
                let waits = world.claimed_by(0).await.is_some();
                assert_eq!(other.take(1, 0, &world.request(3)).await.is_err(), waits, "{change:?} {nth} {fault:?}");
                if !waits {
                    continue;
                }
                // The reaction frees it, or the next one who wants it takes it over.
                world.release().await;
                assert_eq!(
                    world.claimed_by(0).await,
                    holders.first().map(|owner| id(*owner)),
                    "{change:?} {nth} {fault:?}"
                );
            }
        }
    }
}

/// A writer that was held up beyond the grace finds its decision barred: whether the value was released or taken over.
#[tokio::test]
async fn a_writer_that_was_held_up_is_fenced() {
    for taken_over in [false, true] {
        let world = World::open();
        let (slow, quick) = (world.process(None), world.process(None));
        let late = world.request(1);
        let taken = slow.take(0, 0, &late).await.unwrap();
        if taken_over {
            world.clock.turn_by(CLAIM_GRACE);
            let _ = quick.take(1, 0, &world.request(2)).await.unwrap();
        } else {
            world.release().await;
            assert_eq!(world.claimed_by(0).await, None);
        }
        let outcome = slow.decide(0, Change::Put(0), Some(taken), &late).await;
        assert!(matches!(outcome, Err(ExecuteError::Lapsed { .. })), "{outcome:?}");
        assert_eq!(world.holders(0).await, [0; 0]);
        assert_eq!(world.claimed_by(0).await, taken_over.then(|| id(1)), "it gives back nothing of another's");
        // Under a new name it may try again.
        world.release().await;
        slow.put(0, 0, Change::Put(0), &world.request(3)).await;
        assert_eq!(world.holders(0).await, [0]);
    }
}

/// The decision came a moment before the fence: then it stands.
#[tokio::test]
async fn a_decision_at_the_last_moment_keeps_its_claim() {
    let world = World::open();
    let slow = world.process(None);
    let late = world.request(1);
    let taken = slow.take(0, 0, &late).await.unwrap();
    world.clock.turn_by(CLAIM_GRACE);
    // A log that lets the decision in right before the fence is appended.
    let racing = Arc::new(Racing { inner: world.log.clone(), slow, late, taken: std::sync::Mutex::new(Some(taken)) });
    let other = world.process(Some(racing));
    assert!(matches!(other.take(1, 0, &world.request(2)).await, Err(ClaimError::Held { .. })));
    assert_eq!((world.holders(0).await, world.claimed_by(0).await), (vec![0], Some(id(0))));
}

/// Two requests on one owner: the second does not get by the first while that may still be carried out.
#[tokio::test]
async fn one_request_at_a_time_is_undecided_on_a_claim() {
    let world = World::open();
    let process = world.process(None);
    let first = world.request(1);
    let taken = process.take(0, 0, &first).await.unwrap();
    assert_eq!(process.take(0, 0, &world.request(2)).await, Err(ClaimError::Contended));
    process.decide(0, Change::Put(0), Some(taken), &first).await.unwrap();
    // Its refusal takes nothing from what the owner holds already.
    process.put(0, 0, Change::Refuse, &world.request(3)).await;
    assert_eq!((world.holders(0).await, world.claimed_by(0).await), (vec![0], Some(id(0))));
}

#[tokio::test]
async fn a_validation_takes_nothing() {
    let world = World::open();
    let request = Context { validate_only: true, ..world.request(1) };
    let _ = world.process(None).take(0, 0, &request).await.unwrap();
    assert_eq!(world.claimed_by(0).await, None);
}

#[tokio::test]
async fn a_claim_tells_nothing_of_its_value_without_the_key() {
    let world = World::open();
    let [mine, other] = [[1; 32], [2; 32]].map(|key| Claims::new(world.log.clone(), key));
    assert_ne!(
        mine.keyed_hash("certificate", &["110123456789012"]),
        other.keyed_hash("certificate", &["110123456789012"])
    );
    assert_ne!(mine.key("a", &["bc", "d"]), mine.key("a", &["b", "cd"]));
}

/// The reaction is one of the few that wait: it must not be asked before its time.
#[tokio::test]
async fn the_reaction_leaves_a_young_claim_alone() {
    let world = World::open();
    let process = world.process(None);
    let _ = process.take(0, 0, &world.request(1)).await.unwrap();
    let reactor = Reactor { system: actor(), policy_version: "test-1".into(), clock: world.clock.clone() };
    let reaction = ReleaseClaims::new("test.release", process.store.clone(), process.claims.clone(), reactor);
    assert_eq!(reaction.patience(), CLAIM_GRACE);
    let claim = world.log.read_all(Position::START, &reaction.filter(), 1).await.unwrap().events.remove(0);
    assert!(matches!(reaction.react(&claim).await, Err(Undone::NotNow(_))));
    assert_eq!(world.claimed_by(0).await, Some(id(0)));
}
