//! Promise 6: edit, delete, reorder, insert or truncate anywhere in the log is detected.
//!
//! Each test opens a copy of the log with raw SQL, as an intruder with the files would. Where the intruder leaves the
//! engine's checksums and numbers wrong, reading fails; where they are made right again, the chain tells.

use casebook_audit::domain::difference::DifferenceKind;
use casebook_audit::verify::{ChainReport, Noted, NotedOutcome, Stretch, verify_range};
use casebook_audit::verify_chain;
use rusqlite::Connection;

use crate::support::{Place, Running, intruder, intruder_in_chain, project, reseal, stream};

/// Two cases and an account, twelve events, the sixth to eighth of the same stream.
async fn given_a_log() -> Place {
    let running = Running::new().await;
    running.append(&stream("report", 1), 1, "hotline", r#"{"reportId":"1"}"#).await;
    running.append(&stream("item", 2), 1, "hotline", r#"{"itemId":"2"}"#).await;
    running.append(&stream("account", 3), 3, "hospital", r#"{"accountId":"3"}"#).await;
    running.append(&stream("report", 4), 4, "hotline", r#"{"reportId":"4"}"#).await;
    running.append(&stream("lead", 5), 1, "cac-310000", r#"{"leadId":"5"}"#).await;
    running
        .append_all(
            &stream("case", 6),
            1,
            "cac-310000",
            &[r#"{"opened":true}"#, r#"{"proposed":"mute"}"#, r#"{"decided":"mute"}"#],
        )
        .await;
    running.append(&stream("order", 7), 1, "cac-310000", r#"{"days":7}"#).await;
    running.append(&stream("case", 8), 4, "wjw-110000", r#"{"opened":true}"#).await;
    running.append_all(&stream("order", 7), 1, "platform-douyin", &[r#"{"executed":true}"#, r#"{"late":false}"#]).await;
    running.stop().await
}

async fn report(place: &Place) -> ChainReport {
    verify_chain(&place.read_log(), &*place.read_model().await).await.unwrap()
}

/// What a verification says after `tamper`, with the engine's checksums as the intruder left them.
async fn found(place: &Place, tamper: impl FnOnce(&Connection)) -> (DifferenceKind, u64) {
    let copy = place.copy();
    tamper(&intruder(&copy));
    let report = report(&copy).await;
    let difference = report.first_difference.expect("a difference");
    assert_eq!(report.through + 1, difference.position, "{}", difference.description);
    (difference.kind, difference.position)
}

/// The same by an intruder who makes the checksums right again.
async fn found_resealed(place: &Place, tamper: impl FnOnce(&Connection)) -> (DifferenceKind, u64) {
    found(place, |log| {
        tamper(log);
        reseal(log);
    })
    .await
}

fn run(log: &Connection, sql: &str) {
    log.execute_batch(sql).unwrap();
}

#[tokio::test]
async fn an_untouched_log_agrees() {
    let place = given_a_log().await;
    let report = report(&place).await;
    assert_eq!(report.first_difference, None);
    assert_eq!((report.from, report.through, report.events, report.next_from), (1, 12, 12, None));
    let resealed = place.copy();
    reseal(&intruder(&resealed));
    assert_eq!(self::report(&resealed).await, report, "the tests seal as the engine does");
}

#[tokio::test]
async fn an_edit_of_any_column_of_any_event_is_found() {
    let place = given_a_log().await;
    let edits = [
        "data = CAST('{\"decided\":\"closure\"}' AS BLOB)",
        "metadata = CAST(replace(CAST(metadata AS TEXT), 'officer-1', 'officer-2') AS BLOB)",
        "metadata = CAST(replace(CAST(metadata AS TEXT), 'request', 'another') AS BLOB)",
        "data = X''",
        "recorded_at = recorded_at + 1",
        "event_type = (SELECT id FROM event_types WHERE name LIKE '%account%')",
    ];
    for position in 1..=12 {
        for edit in edits {
            if position == 3 && edit.starts_with("event_type") {
                continue; // It is the account's already.
            }
            let sql = format!("UPDATE events SET {edit} WHERE position = {position}");
            assert_eq!(found(&place, |log| run(log, &sql)).await, (DifferenceKind::Damaged, position), "{edit}");
            assert_eq!(
                found_resealed(&place, |log| run(log, &sql)).await,
                (DifferenceKind::Edited, position),
                "{edit}"
            );
        }
    }
}

#[tokio::test]
async fn an_event_with_another_id_is_a_replaced_one() {
    let place = given_a_log().await;
    let sql = "UPDATE events SET id = randomblob(16) WHERE position = 4";
    assert_eq!(found(&place, |log| run(log, sql)).await, (DifferenceKind::Damaged, 4));
    assert_eq!(found_resealed(&place, |log| run(log, sql)).await, (DifferenceKind::Replaced, 4));
}

#[tokio::test]
async fn an_event_moved_into_another_stream_is_found() {
    let place = given_a_log().await;
    let sql = "UPDATE events SET stream = (SELECT id FROM streams WHERE name LIKE 'account-%'), revision = 1 WHERE position = 4";
    assert_eq!(found_resealed(&place, |log| run(log, sql)).await, (DifferenceKind::Edited, 4));
    let renamed = "UPDATE streams SET name = replace(name, 'account-', 'institution-')";
    assert_eq!(found_resealed(&place, |log| run(log, renamed)).await, (DifferenceKind::Edited, 3));
}

#[tokio::test]
async fn a_deleted_event_is_found_even_where_the_gap_is_closed() {
    let place = given_a_log().await;
    let gap = "DELETE FROM events WHERE position = 7";
    assert_eq!(found_resealed(&place, |log| run(log, gap)).await, (DifferenceKind::Damaged, 7));
    let closed = "DELETE FROM events WHERE position = 7;
                  UPDATE events SET revision = revision - 1 WHERE position = 8;
                  UPDATE events SET position = position - 1 WHERE position > 7;";
    assert_eq!(found_resealed(&place, |log| run(log, closed)).await, (DifferenceKind::Missing, 7));
}

#[tokio::test]
async fn an_inserted_event_is_found_even_where_room_was_made_for_it() {
    let place = given_a_log().await;
    let sql = "UPDATE events SET position = -position WHERE position >= 5;
               UPDATE events SET position = 1 - position WHERE position < 0;
               INSERT INTO events SELECT 5, stream, 1, randomblob(16), event_type, recorded_at, 0, metadata, data
               FROM events WHERE position = 4;";
    assert_eq!(found_resealed(&place, |log| run(log, sql)).await, (DifferenceKind::Inserted, 5));
}

#[tokio::test]
async fn events_in_another_order_are_found() {
    let place = given_a_log().await;
    let across_streams = "UPDATE events SET position = -1 WHERE position = 3;
                          UPDATE events SET position = 3 WHERE position = 4;
                          UPDATE events SET position = 4 WHERE position = -1;";
    assert_eq!(found_resealed(&place, |log| run(log, across_streams)).await, (DifferenceKind::Reordered, 3));
    let within_a_stream = "UPDATE events SET position = -1, revision = 99 WHERE position = 7;
                           UPDATE events SET position = 7, revision = 1 WHERE position = 8;
                           UPDATE events SET position = 8, revision = 2 WHERE position = -1;";
    assert_eq!(found_resealed(&place, |log| run(log, within_a_stream)).await, (DifferenceKind::Reordered, 7));
}

#[tokio::test]
async fn a_log_cut_short_is_found() {
    let place = given_a_log().await;
    for last in [0, 1, 8, 11] {
        let sql = format!("DELETE FROM events WHERE position > {last}");
        assert_eq!(found(&place, |log| run(log, &sql)).await, (DifferenceKind::Truncated, last + 1));
    }
    let beginning = "DELETE FROM events WHERE position = 1";
    assert_eq!(found(&place, |log| run(log, beginning)).await, (DifferenceKind::Damaged, 1));
}

#[tokio::test]
async fn a_log_cut_short_and_written_on_is_found() {
    let place = given_a_log().await.copy();
    run(
        &intruder(&place),
        "DELETE FROM events WHERE position > 9; DELETE FROM streams WHERE id NOT IN (SELECT stream FROM events);
         UPDATE indexed SET through = 0; DELETE FROM event_ids;",
    );
    let running = Running::at(place).await;
    for _ in 0..4 {
        running.append(&stream("order", 7), 1, "cac-310000", r#"{"executed":false}"#).await;
    }
    let report = verify_chain(&running.log(), &running.model).await.unwrap();
    let difference = report.first_difference.unwrap();
    assert_eq!((difference.kind, difference.position), (DifferenceKind::Replaced, 10), "{}", difference.description);
}

#[tokio::test]
async fn a_chain_that_was_altered_is_found() {
    let place = given_a_log().await;
    let alterations = [
        ("UPDATE kept_events SET leaf = randomblob(32) WHERE position = 5", 5),
        ("UPDATE kept_events SET chain = randomblob(32) WHERE position = 5", 5),
        ("UPDATE kept_events SET case_chain = randomblob(32) WHERE position = 5", 5),
        ("UPDATE kept_events SET case_events = 1 WHERE position = 12", 12),
        ("UPDATE kept_events SET agency = 'nobody' WHERE position = 6", 6),
        ("UPDATE kept_events SET correlation = X'00000000000000000000000000000004' WHERE position = 7", 7),
        ("DELETE FROM kept_events WHERE position = 4", 4),
        ("DELETE FROM kept_events WHERE position > 11", 12),
    ];
    for (sql, position) in alterations {
        let copy = place.copy();
        run(&intruder_in_chain(&copy), sql);
        let difference = report(&copy).await.first_difference.expect(sql);
        assert_eq!(
            (difference.kind, difference.position),
            (DifferenceKind::ChainAltered, position),
            "{sql}: {}",
            difference.description
        );
    }
}

/// What no chain can show without an anchor outside: see the README.
#[tokio::test]
async fn a_log_and_a_chain_rewritten_together_are_found_by_a_noted_head_and_by_nothing_else() {
    let place = given_a_log().await;
    let head = report(&place).await;
    let noted = Noted { position: head.through, chain: head.chain };

    let edit = "UPDATE events SET data = CAST('{\"days\":1}' AS BLOB) WHERE position = 9";
    let cut = "DELETE FROM events WHERE position > 10";
    for (sql, kind) in [(edit, DifferenceKind::Rewritten), (cut, DifferenceKind::Truncated)] {
        let copy = place.copy();
        let log = intruder(&copy);
        run(&log, sql);
        reseal(&log);
        drop(log);
        for file in std::fs::read_dir(copy.data_folder()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        let (log, model) = (copy.read_log(), copy.read_model().await);
        project(log.clone(), model.clone()).await;

        assert!(
            verify_chain(&log, &model).await.unwrap().agrees(),
            "without an anchor the rewritten log agrees with itself"
        );
        let found = verify_range(&log, &model, Stretch { noted: Some(noted), ..Stretch::WHOLE }).await.unwrap();
        assert_eq!(found.noted, NotedOutcome::Contradicted);
        let difference = found.first_difference.unwrap();
        assert_eq!((difference.kind, difference.position), (kind, 12));
    }
}

#[tokio::test]
async fn a_noted_head_of_an_untouched_log_is_confirmed_also_after_it_grew() {
    let place = given_a_log().await;
    let head = report(&place).await;
    let noted = Noted { position: head.through, chain: head.chain };
    let running = Running::at(place).await;
    running.append(&stream("order", 7), 1, "cac-310000", r#"{"closed":true}"#).await;
    running.settle().await;
    for from in [1, 5, 12] {
        let stretch = Stretch { from, noted: Some(noted), ..Stretch::WHOLE };
        let found = verify_range(&running.log(), &running.model, stretch).await.unwrap();
        assert_eq!((found.noted, found.first_difference, found.through), (NotedOutcome::Confirmed, None, 13), "{from}");
    }
}

#[tokio::test]
async fn a_stretch_is_verified_in_parts_and_each_part_finds_what_is_in_it() {
    let place = given_a_log().await;
    let whole = report(&place).await;
    let (log, model) = (place.read_log(), place.read_model().await);
    let mut from = 1;
    let mut parts = 0;
    loop {
        let part = verify_range(&log, &model, Stretch { from, events_max: 5, ..Stretch::WHOLE }).await.unwrap();
        assert!(part.agrees(), "{:?}", part.first_difference);
        parts += 1;
        match part.next_from {
            Some(next) => from = next,
            None => {
                assert_eq!((part.through, part.chain), (whole.through, whole.chain));
                break;
            }
        }
    }
    assert_eq!(parts, 3);

    let copy = place.copy();
    let raw = intruder(&copy);
    run(&raw, "UPDATE events SET data = X'7B7D' WHERE position = 9");
    reseal(&raw);
    let (log, model) = (copy.read_log(), copy.read_model().await);
    let part =
        async |from, to| verify_range(&log, &model, Stretch { from, to: Some(to), ..Stretch::WHOLE }).await.unwrap();
    assert!(part(1, 8).await.agrees());
    assert!(part(10, 12).await.agrees());
    assert_eq!(part(7, 10).await.first_difference.unwrap().position, 9);
}

#[tokio::test]
async fn damage_far_into_a_long_log_is_named_to_the_event() {
    let running = Running::new().await;
    let data: Vec<String> = (0..200).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
    let data: Vec<&str> = data.iter().map(String::as_str).collect();
    for number in 0..25 {
        running.append_all(&stream("item", number), number, "monitor", &data).await;
    }
    let place = running.stop().await;
    let sql = "UPDATE events SET data = X'7B7D' WHERE position = 4567";
    assert_eq!(found(&place, |log| run(log, sql)).await, (DifferenceKind::Damaged, 4567));
    assert_eq!(found_resealed(&place, |log| run(log, sql)).await, (DifferenceKind::Edited, 4567));
}
