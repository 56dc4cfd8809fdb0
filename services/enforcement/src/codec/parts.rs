//! What several messages have in common.

use std::fmt::Display;
use std::str::FromStr;

use casebook_kernel::Timestamp;
use casebook_kernel::ids::OrderId;
use casebook_policy::{MeasureParameters, Recommendation};
use casebook_proto::enforcement::v1;
use casebook_proto::{moment, timestamp};

use super::Reading;
use crate::domain::case::{Advice, Irreversible, Replacement, RunningClock, Undoing};
use crate::domain::measure::{AccountRef, Measure};

type WireTime = casebook_proto::Timestamp;

pub(crate) fn time(field: &str, value: Option<WireTime>) -> Reading<Timestamp> {
    optional_time(field, value)?.ok_or_else(|| format!("`{field}` is missing"))
}

pub(crate) fn optional_time(field: &str, value: Option<WireTime>) -> Reading<Option<Timestamp>> {
    value.map(|value| moment(&value).ok_or_else(|| format!("`{field}` is not a time"))).transpose()
}

pub(crate) fn wire(time: Timestamp) -> Option<WireTime> {
    Some(timestamp(time))
}

pub(crate) fn optional_wire(time: Option<Timestamp>) -> Option<WireTime> {
    time.map(timestamp)
}

/// An id, a region or another value with one spelling.
pub(crate) fn parsed<T: FromStr<Err: Display>>(field: &str, text: &str) -> Reading<T> {
    text.parse().map_err(|error| format!("`{field}`: {error}"))
}

/// The same where empty means none.
pub(crate) fn optional_parsed<T: FromStr<Err: Display>>(field: &str, text: &str) -> Reading<Option<T>> {
    if text.is_empty() { Ok(None) } else { parsed(field, text).map(Some) }
}

pub(crate) fn all_parsed<T: FromStr<Err: Display>, All: FromIterator<T>>(
    field: &str,
    texts: &[String],
) -> Reading<All> {
    texts.iter().map(|text| parsed(field, text)).collect()
}

pub(crate) fn texts<'a, T: Display + 'a>(values: impl IntoIterator<Item = &'a T>) -> Vec<String> {
    values.into_iter().map(T::to_string).collect()
}

pub(crate) fn text_or_empty<T: Display>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

pub(crate) fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

pub(crate) fn account_message(account: &AccountRef) -> v1::AccountRef {
    v1::AccountRef { platform: account.platform.to_string(), platform_uid: account.platform_uid.clone() }
}

pub(crate) fn account(field: &str, message: Option<v1::AccountRef>) -> Reading<AccountRef> {
    let message = message.ok_or_else(|| format!("`{field}` is missing"))?;
    Ok(AccountRef { platform: parsed(field, &message.platform)?, platform_uid: message.platform_uid })
}

/// 0 stands for none: no measure lasts no day or takes no point.
fn some(number: u32) -> Option<u32> {
    Some(number).filter(|number| *number > 0)
}

pub(crate) fn measure_message(measure: &Measure, order_id: Option<OrderId>) -> v1::Measure {
    v1::Measure {
        account: Some(account_message(&measure.account)),
        measure: measure.id.to_string(),
        days: measure.parameters.days.unwrap_or(0),
        points: measure.parameters.points.unwrap_or(0),
        rung: measure.rung.map_or(0, u32::from),
        irreversible: measure.irreversible,
        order_id: text_or_empty(order_id),
    }
}

pub(crate) fn measure_messages<'a>(measures: impl IntoIterator<Item = &'a Measure>) -> Vec<v1::Measure> {
    measures.into_iter().map(|measure| measure_message(measure, None)).collect()
}

pub(crate) fn rung(number: u32) -> Reading<Option<u8>> {
    u8::try_from(number).map(|rung| Some(rung).filter(|rung| *rung > 0)).map_err(|_| format!("`rung` is {number}"))
}

pub(crate) fn parameters(days: u32, points: u32) -> MeasureParameters {
    MeasureParameters { days: some(days), points: some(points) }
}

pub(crate) fn measure(message: v1::Measure) -> Reading<Measure> {
    Ok(Measure {
        account: account("measures.account", message.account)?,
        id: parsed("measures.measure", &message.measure)?,
        parameters: parameters(message.days, message.points),
        rung: rung(message.rung)?,
        irreversible: message.irreversible,
    })
}

pub(crate) fn measures(messages: Vec<v1::Measure>) -> Reading<Vec<Measure>> {
    messages.into_iter().map(measure).collect()
}

fn one_measure(message: Option<v1::Measure>) -> Reading<Measure> {
    measure(message.ok_or("`measure` is missing")?)
}

pub(crate) fn advice_message(advice: &Advice) -> v1::Recommendation {
    recommendation_message(&advice.account, &advice.recommendation)
}

pub(crate) fn recommendation_message(account: &AccountRef, recommendation: &Recommendation) -> v1::Recommendation {
    v1::Recommendation {
        account: Some(account_message(account)),
        rung: recommendation.rung.into(),
        measure: recommendation.measure.to_string(),
        days: recommendation.days.unwrap_or(0),
        accompanied_by: texts(&recommendation.accompanied_by),
        earlier_rung: recommendation.earlier_rung.map_or(0, u32::from),
    }
}

pub(super) fn advice(message: v1::Recommendation) -> Reading<Advice> {
    Ok(Advice {
        account: account("recommended.account", message.account)?,
        recommendation: Recommendation {
            rung: rung(message.rung)?.ok_or("`recommended.rung` is 0")?,
            measure: parsed("recommended.measure", &message.measure)?,
            days: some(message.days),
            accompanied_by: all_parsed("recommended.accompanied_by", &message.accompanied_by)?,
            earlier_rung: rung(message.earlier_rung)?,
        },
    })
}

pub(crate) fn undoing_message(undoing: &Undoing) -> v1::Undoing {
    v1::Undoing {
        order_id: undoing.order_id.to_string(),
        counter_order_id: undoing.counter_order_id.to_string(),
        measure: Some(measure_message(&undoing.measure, None)),
    }
}

pub(super) fn undoing(message: v1::Undoing) -> Reading<Undoing> {
    Ok(Undoing {
        order_id: parsed("undoings.order_id", &message.order_id)?,
        counter_order_id: parsed("undoings.counter_order_id", &message.counter_order_id)?,
        measure: one_measure(message.measure)?,
    })
}

pub(crate) fn irreversible_message(irreversible: &Irreversible) -> v1::Irreversible {
    v1::Irreversible {
        order_id: irreversible.order_id.to_string(),
        measure: Some(measure_message(&irreversible.measure, None)),
        irreversible: true,
        remedy: irreversible.remedy.clone(),
    }
}

pub(super) fn irreversible(message: v1::Irreversible) -> Reading<Irreversible> {
    Ok(Irreversible {
        order_id: parsed("irreversible.order_id", &message.order_id)?,
        measure: one_measure(message.measure)?,
        remedy: message.remedy,
    })
}

pub(crate) fn replacement_message(replacement: &Replacement) -> v1::Replacement {
    v1::Replacement {
        order_id: replacement.order_id.to_string(),
        measure: Some(measure_message(&replacement.measure, None)),
        days_served: replacement.days_served,
    }
}

pub(super) fn replacement(message: v1::Replacement) -> Reading<Replacement> {
    Ok(Replacement {
        order_id: parsed("replacements.order_id", &message.order_id)?,
        measure: one_measure(message.measure)?,
        days_served: message.days_served,
    })
}

pub(crate) fn clock_message(clock: &RunningClock) -> v1::RunningClock {
    v1::RunningClock { name: clock.name.clone(), due_at: wire(clock.due_at) }
}

pub(super) fn clock(message: v1::RunningClock) -> Reading<RunningClock> {
    Ok(RunningClock { name: message.name, due_at: time("clocks.due_at", message.due_at)? })
}
