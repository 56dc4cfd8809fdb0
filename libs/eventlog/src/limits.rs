//! What every engine refuses before it touches its store.

use std::collections::HashSet;

use crate::port::{APPEND_EVENTS_MAX, AppendError, EVENT_BYTES_MAX, EVENT_TYPE_BYTES_MAX, NewEvent};

/// Checks one append against the bounds of the port, naming the event and the field at fault.
pub(crate) fn check_append(events: &[NewEvent]) -> Result<(), AppendError> {
    if events.is_empty() {
        return Err(AppendError::Invalid("there is no event in it".into()));
    }
    if events.len() > APPEND_EVENTS_MAX {
        return Err(AppendError::Invalid(format!("it holds {} events", events.len())));
    }
    for (index, event) in events.iter().enumerate() {
        check_event(event).map_err(|why| AppendError::Invalid(format!("events[{index}].{why}")))?;
    }
    if events.len() > 1 {
        let mut seen = HashSet::with_capacity(events.len());
        for (index, event) in events.iter().enumerate() {
            if !seen.insert(event.id) {
                let why = format!("events[{index}].id {} occurs twice", event.id);
                return Err(AppendError::Invalid(why));
            }
        }
    }
    Ok(())
}

fn check_event(event: &NewEvent) -> Result<(), String> {
    let kind = event.event_type.as_bytes();
    if kind.is_empty() || kind.len() > EVENT_TYPE_BYTES_MAX {
        return Err(format!("event_type has {} bytes, not 1 to {EVENT_TYPE_BYTES_MAX}", kind.len()));
    }
    if event.data.len() > EVENT_BYTES_MAX {
        return Err(format!("data has {} bytes", event.data.len()));
    }
    if event.metadata.len() > EVENT_BYTES_MAX {
        return Err(format!("metadata has {} bytes", event.metadata.len()));
    }
    Ok(())
}
