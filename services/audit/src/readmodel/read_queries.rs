//! What is asked of the reads.

use std::sync::Arc;

use async_trait::async_trait;
use casebook_eventlog::{EventLog, Filter, Position, READ_EVENTS_MAX};
use casebook_kernel::Timestamp;
use casebook_readmodel::{Listing, PageError, ProjectionError, ReadModel, VerifyView, ViewReport, page};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::kept_event;
use super::read::{CATEGORY, Column, Entity, Model};

/// Rows that one step of the comparison looks at.
const COMPARED_ROWS_MAX: usize = READ_EVENTS_MAX;

/// Which reads are asked for; what is empty or none does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadFilter {
    pub agency: String,
    pub officer: String,
    pub resource: String,
    pub method: String,
    /// The stream of a case, and what its events belong to where it exists.
    pub case: Option<(String, Option<Uuid>)>,
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
    pub newest_first: bool,
}

impl ReadFilter {
    fn condition(&self) -> Condition {
        let mut all = Condition::all();
        let wanted = [
            (Column::Agency, &self.agency),
            (Column::Officer, &self.officer),
            (Column::Resource, &self.resource),
            (Column::Method, &self.method),
        ];
        for (column, value) in wanted {
            if !value.is_empty() {
                all = all.add(column.eq(value.as_str()));
            }
        }
        if let Some((stream, correlation)) = &self.case {
            let mut any = Condition::any().add(Column::Resource.eq(stream.as_str()));
            if let Some(correlation) = correlation {
                let streams = kept_event::Entity::find()
                    .select_only()
                    .column(kept_event::Column::Stream)
                    .filter(kept_event::Column::Correlation.eq(correlation.as_bytes().to_vec()))
                    .into_query();
                any = any.add(Column::Resource.in_subquery(streams));
            }
            all = all.add(any);
        }
        if let Some(from) = self.from {
            all = all.add(Column::RecordedUs.gte(from.timestamp_micros()));
        }
        if let Some(to) = self.to {
            all = all.add(Column::RecordedUs.lt(to.timestamp_micros()));
        }
        all
    }
}

/// A page of what was read before a position, and the token of the next. The read that asks stands at that position: whether its
/// own row is there yet makes no difference.
pub async fn list_reads(
    model: &ReadModel,
    filter: &ReadFilter,
    before: Position,
    size: u32,
    token: &str,
) -> Result<(Vec<Model>, String), PageError> {
    let listing = Listing {
        select: Entity::find().filter(filter.condition()).filter(Column::Position.lt(kept_event::signed(before.0))),
        sort: Column::Position,
        descending: filter.newest_first,
        // Positions never repeat, so nothing is left to be told apart.
        id: Column::Resource,
        filters: format!("{filter:?}"),
    };
    page(model.reader(), listing, size, token).await
}

/// Holds the rows of reads against the log.
#[derive(Debug, Default)]
pub struct VerifyReads;

#[async_trait]
impl VerifyView for VerifyReads {
    async fn verify(&self, log: &Arc<dyn EventLog>, model: &ReadModel) -> Result<ViewReport, ProjectionError> {
        let mut report = ViewReport { view: CATEGORY, ..ViewReport::default() };
        let filter = Filter::categories([CATEGORY]);
        let mut after = Position::START;
        loop {
            let batch = log.read_all(after, &filter, COMPARED_ROWS_MAX).await?;
            let mut through = batch.through;
            if batch.at_head {
                // What the log does not reach must have no rows either.
                through = Position(u64::MAX);
            }
            let expected: Vec<_> = batch.events.iter().map(|event| Model::of(event)).collect();
            let found = Entity::find()
                .filter(Column::Position.gt(kept_event::signed(after.0)))
                .filter(Column::Position.lte(kept_event::signed(through.0)))
                .order_by_asc(Column::Position)
                .limit(COMPARED_ROWS_MAX as u64 + 1)
                .all(model.reader())
                .await?;
            report.events += expected.len() as u64;
            report.rows += found.len() as u64;
            if expected != found {
                let place = expected.iter().zip(&found).take_while(|(expected, found)| expected == found).count();
                report.mismatches += 1;
                report.named.push(format!(
                    "the log gives {:?}, the row is {:?}",
                    expected.get(place),
                    found.get(place)
                ));
                return Ok(report);
            }
            if batch.at_head {
                return Ok(report);
            }
            after = batch.through;
        }
    }
}
