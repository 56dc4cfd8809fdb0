//! That something is not there is an answer too, and a damaged page could give it: no row is read whose checksum
//! would tell.
//!
//! So nothing is taken for absent but between two neighbours that are rightly there. An index entry that was changed
//! stands where it stood, beside the one that is looked for.

use rusqlite::ffi::SQLITE_CORRUPT;
use rusqlite::{Connection, Error, OptionalExtension as _, Result, params, params_from_iter};
use uuid::Uuid;

use crate::port::StreamName;

/// The number of a stream; `None` where no stream has this name.
pub(super) fn stream_number(snapshot: &Connection, stream: &StreamName) -> Result<Option<i64>> {
    let entry = |query: &str, name: Option<&str>| -> Result<Option<(i64, String)>> {
        snapshot
            .prepare_cached(query)?
            .query_row(params_from_iter(name), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
    };
    let name = Some(stream.as_str());
    let before = entry("SELECT id, name FROM streams WHERE name <= ?1 ORDER BY name DESC LIMIT 1", name)?;
    if let Some((id, name)) = &before
        && name == stream.as_str()
    {
        return Ok(Some(*id));
    }
    let behind = entry("SELECT id, name FROM streams WHERE name > ?1 ORDER BY name LIMIT 1", name)?;
    // SQLite stops at an entry that lost its name as it does at the begin.
    let first = match before {
        Some(_) => None,
        None => entry("SELECT id, name FROM streams ORDER BY name LIMIT 1", None)?,
    };
    if before.is_none() && first != behind {
        return Err(damaged("the index of stream names is out of order"));
    }
    for (id, name) in before.into_iter().chain(behind) {
        let known: Option<String> = snapshot
            .prepare_cached("SELECT name FROM streams WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        if known.as_ref() != Some(&name) {
            return Err(damaged("the index of stream names does not agree with the names"));
        }
    }
    Ok(None)
}

/// Fails unless the stream ends before this revision. Streams are numbered from 1 and revisions from 0, both without
/// gaps, and no stream is empty: behind the last event of one, the first event of the next has to stand, or nothing.
pub(super) fn end_of_stream(snapshot: &Connection, stream: i64, revision: i64) -> Result<()> {
    let neighbour = |query: &str| -> Result<Option<(i64, i64)>> {
        snapshot
            .prepare_cached(query)?
            .query_row(params![stream, revision], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
    };
    // A search that stops at whatever stands before, also at an entry that has become none: no filter passes over that.
    let before = neighbour(
        "SELECT stream, revision FROM events INDEXED BY events_by_stream
         WHERE stream = ?1 AND revision < ?2 ORDER BY revision DESC LIMIT 1",
    )?;
    let behind = neighbour(
        "SELECT stream, revision FROM events INDEXED BY events_by_stream
         WHERE (stream, revision) >= (?1, ?2) ORDER BY stream, revision LIMIT 1",
    )?;
    let last: i64 = snapshot.prepare_cached("SELECT max(id) FROM streams")?.query_row([], |row| row.get(0))?;
    let follows = if stream == last { behind.is_none() } else { behind == Some((stream + 1, 0)) };
    if follows && before.is_some() {
        Ok(())
    } else {
        Err(damaged(&format!("the index of events does not show the end of stream number {stream}")))
    }
}

/// The position that the index has for an event id.
pub(super) fn indexed_position(transaction: &Connection, id: Uuid) -> Result<Option<u64>> {
    let bytes = id.as_bytes().as_slice();
    let entry = |query: &str, id: Option<&[u8]>| {
        transaction
            .prepare_cached(query)?
            .query_row(params_from_iter(id), |row| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, i64>(1)?)))
            .optional()
    };
    // One search, whether it is there or not. What an entry beside it says cannot be checked at a price that every
    // append should pay, but an entry that is none shows.
    match entry("SELECT id, position FROM event_ids WHERE id <= ?1 ORDER BY id DESC LIMIT 1", Some(bytes))? {
        Some((found, position)) if found == *id.as_bytes() => Ok(Some(position.cast_unsigned())),
        Some((_, position)) if position > 0 => Ok(None),
        Some(_) => Err(damaged("the index of event ids holds an impossible position")),
        None => match entry("SELECT id, position FROM event_ids ORDER BY id LIMIT 1", None)? {
            Some((first, _)) if first < *id.as_bytes() => Err(damaged("the index of event ids is out of order")),
            _ => Ok(None),
        },
    }
}

fn damaged(what: &str) -> Error {
    Error::SqliteFailure(rusqlite::ffi::Error::new(SQLITE_CORRUPT), Some(what.to_owned()))
}
