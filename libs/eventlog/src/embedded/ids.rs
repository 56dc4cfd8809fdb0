//! Which event ids are taken, and by which position.
//!
//! Ids may be random, and a plain index over random ones would touch another page of the database for every event of
//! a transaction, and cost more than all the rest of it. The newest ids are therefore kept in memory, and
//! moved into the index in sorted order, a neighbourhood of keys at a time. What is only in memory is read
//! again from the events themselves when the log is opened.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::absence;

/// So many ids in memory begin to move into the index; at most about twice as many are there.
const SETTLE_FROM: usize = if cfg!(test) { 500 } else { 1 << 16 };
/// Ids moved in one go, at least, so that neighbours share a page.
const SETTLED_TOGETHER_MIN: usize = 128;

pub(super) struct TakenIds {
    /// Of the newest events.
    young: HashMap<Uuid, u64>,
    /// On their way into the index.
    settling: HashMap<Uuid, u64>,
    /// What of `settling` is still to be moved, the next one last.
    unsettled: Vec<(Uuid, u64)>,
    /// When `unsettled` is empty, the index holds all events up to here.
    settling_through: u64,
    /// Nothing was ever moved: the index need not be asked.
    index_is_empty: bool,
    /// Ids that should have been moved by now. It grows faster than `young`, so that `settling` is done
    /// long before `young` is full.
    due: usize,
}

impl TakenIds {
    /// Moves all ids into the index where many are missing there. Done when the log is opened: otherwise a
    /// log that is opened often and never written for long would have to read more ids each time.
    pub fn settle_backlog(connection: &mut Connection) -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        let through = through(&transaction)?;
        let head: i64 = transaction.query_row("SELECT coalesce(max(position), 0) FROM events", [], |row| row.get(0))?;
        if usize::try_from(head - through).unwrap_or(0) < SETTLE_FROM {
            return Ok(());
        }
        transaction.execute(
            "INSERT OR IGNORE INTO event_ids (id, position)
             SELECT id, position FROM events WHERE position > ?1 ORDER BY id",
            [through],
        )?;
        transaction.execute("UPDATE indexed SET through = ?1", [head])?;
        transaction.commit()
    }

    /// Reads the ids of those events that the index may not hold yet.
    pub fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let through = through(connection)?;
        let mut young = HashMap::new();
        let mut statement = connection.prepare("SELECT id, position FROM events WHERE position > ?1")?;
        let mut rows = statement.query([through])?;
        while let Some(row) = rows.next()? {
            young.insert(uuid(row.get_ref(0)?.as_blob()?)?, row.get::<_, i64>(1)?.cast_unsigned());
        }
        let entries: bool = connection.query_row("SELECT EXISTS (SELECT 1 FROM event_ids)", [], |row| row.get(0))?;
        Ok(Self {
            young,
            settling: HashMap::new(),
            unsettled: Vec::new(),
            settling_through: through.cast_unsigned(),
            index_is_empty: !entries,
            due: 0,
        })
    }

    pub fn position(&self, transaction: &Connection, id: Uuid) -> rusqlite::Result<Option<u64>> {
        if let Some(position) = self.young.get(&id).or_else(|| self.settling.get(&id)) {
            return Ok(Some(*position));
        }
        if self.index_is_empty {
            return Ok(None);
        }
        absence::indexed_position(transaction, id)
    }

    #[cfg(test)]
    pub fn in_memory(&self) -> usize {
        self.young.len() + self.settling.len()
    }

    pub fn take(&mut self, id: Uuid, position: u64) {
        self.young.insert(id, position);
    }

    /// Moves some ids into the index, in the transaction that wrote `written` events up to `head`.
    pub fn settle(&mut self, transaction: &Connection, written: usize, head: u64) -> rusqlite::Result<()> {
        self.due += written + written.div_ceil(2);
        if self.unsettled.is_empty() {
            self.due = 0;
            if self.young.len() < SETTLE_FROM {
                return Ok(());
            }
            self.settling = std::mem::take(&mut self.young);
            self.settling_through = head;
            self.unsettled = self.settling.iter().map(|(id, position)| (*id, *position)).collect();
            self.unsettled.sort_unstable_by(|one, other| other.cmp(one));
        }
        if self.due < SETTLED_TOGETHER_MIN {
            return Ok(());
        }
        // After a crash some of them may be there already.
        let mut insert =
            transaction.prepare_cached("INSERT OR IGNORE INTO event_ids (id, position) VALUES (?1, ?2)")?;
        let rest = self.unsettled.len().saturating_sub(self.due);
        for (id, position) in self.unsettled.drain(rest..).rev() {
            insert.execute(params![id.as_bytes().as_slice(), position.cast_signed()])?;
        }
        self.due = 0;
        self.index_is_empty = false;
        if self.unsettled.is_empty() {
            transaction
                .prepare_cached("UPDATE indexed SET through = ?1")?
                .execute([self.settling_through.cast_signed()])?;
            self.settling = HashMap::new();
        }
        Ok(())
    }
}

fn through(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT through FROM indexed", [], |row| row.get(0))
}

fn uuid(bytes: &[u8]) -> rusqlite::Result<Uuid> {
    Uuid::from_slice(bytes)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::embedded::ledger::Ledger;
    use crate::embedded::schema::Folder;
    use crate::embedded::system_clock;
    use crate::port::{AppendError, Expected, NewEvent, StreamName};

    fn event(number: u128) -> NewEvent {
        // Spread over the key space like the random ids they stand for.
        let id = Uuid::from_u128(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
        NewEvent { id, event_type: "Counted".into(), data: "1".into(), metadata: "{}".into() }
    }

    fn open(path: &Path) -> (Connection, Ledger) {
        let folder = Folder::of(path);
        let mut connection = folder.open_writer(4096).expect("a database");
        TakenIds::settle_backlog(&mut connection).expect("settled");
        let ledger = Ledger::load(&connection, Arc::clone(&system_clock())).expect("a ledger");
        (connection, ledger)
    }

    /// Given ids that move from memory into the index, when the log is closed at any moment of that, then
    /// each id that was ever committed is taken, and no other is.
    #[test]
    fn ids_stay_taken_wherever_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let stream = StreamName::of("case", Uuid::nil());
        let mut written: u128 = 0;
        let mut moved = Vec::new();
        for session in 0..40 {
            // Sessions of very different lengths, so that they end in every state.
            let (mut connection, mut ledger) = open(folder.path());
            assert!(ledger.ids.in_memory() < SETTLE_FROM, "too much is read when the log is opened");
            for size in std::iter::repeat_n([1, 7 + 5 * session, 90], 1 + session % 7).flatten() {
                let open = connection.transaction().expect("a transaction");
                for _ in 0..size {
                    let outcome = ledger.append(&open, &stream, Expected::Any, vec![event(written)]);
                    assert!(outcome.expect("an append").is_ok_and(|appended| !appended.repeated));
                    written += 1;
                }
                ledger.finish(&open).expect("settled");
                open.commit().expect("a commit");
                ledger.fresh.clear();
            }
            assert!(ledger.ids.in_memory() < 3 * SETTLE_FROM, "too much stays in memory");
            let entries: u64 = connection
                .query_row("SELECT count(*) FROM event_ids", [], |row| row.get::<_, i64>(0))
                .expect("a count")
                .cast_unsigned();
            moved.push(entries);
            let open = connection.transaction().expect("a transaction");
            for known in (0..written).step_by(13) {
                let other = StreamName::of("order", Uuid::nil());
                let outcome = ledger.append(&open, &other, Expected::Any, vec![event(known)]);
                let outcome = outcome.expect("an answer");
                assert!(
                    matches!(outcome, Err(AppendError::EventIdTaken { revision, .. })
                    if u128::from(revision) == known),
                    "{known}: {outcome:?}"
                );
            }
        }
        let last = moved.last().copied().unwrap_or(0);
        assert!(moved[0] == 0 && last > 1000, "the index was never used: {moved:?}");
        assert!(u128::from(last) < written, "nothing was left in memory");
    }
}
