//! Which event ids are taken, and by which position.
//!
//! Ids are random, so a plain index over them would touch another page of the database for every event of
//! a transaction, and cost more than all the rest of it. The newest ids are therefore kept in memory, and
//! moved into the index in sorted order, a neighbourhood of keys at a time. What is only in memory is read
//! again from the events themselves when the log is opened.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

/// So many ids in memory begin to move into the index; at most about twice as many are there.
const SETTLE_FROM: usize = 1 << 16;
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
    /// Reads the ids of those events that the index may not hold yet.
    pub fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let through: i64 = connection.query_row("SELECT through FROM indexed", [], |row| row.get(0))?;
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
        transaction
            .prepare_cached("SELECT position FROM event_ids WHERE id = ?1")?
            .query_row([id.as_bytes().as_slice()], |row| row.get::<_, i64>(0).map(i64::cast_unsigned))
            .optional()
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

fn uuid(bytes: &[u8]) -> rusqlite::Result<Uuid> {
    Uuid::from_slice(bytes)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(error)))
}
