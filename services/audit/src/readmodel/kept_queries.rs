//! What is asked of the kept events.

use std::collections::HashMap;

use casebook_readmodel::ReadModel;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, FromQueryResult, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::kept_event::{Column, Entity, Model, case_correlation_of, signed};
use crate::domain::chain::Tip;

/// Cases of one look-up. A smaller one asks for its last case again: a text that stays the same is prepared once.
const LOOK_UP: usize = 128;

/// The last event kept at this position or before.
pub(super) async fn last_kept(db: &impl ConnectionTrait, at_most: u64) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Position.lte(signed(at_most))).order_by_desc(Column::Position).limit(1).one(db).await
}

/// The chains of these cases over the events before this position; a case without events is not among them.
pub(super) async fn tips_of_cases(
    db: &impl ConnectionTrait,
    cases: &[Uuid],
    before: u64,
) -> Result<HashMap<Uuid, Tip>, DbErr> {
    let mut tips = HashMap::with_capacity(cases.len());
    for cases in cases.chunks(LOOK_UP) {
        let last = cases.last().into_iter().cycle();
        let asked = cases.iter().chain(last).take(LOOK_UP).map(|case| case.as_bytes().to_vec());
        let last_of_each = Entity::find()
            .select_only()
            .column_as(Column::Position.max(), "last")
            .filter(Column::Correlation.is_in(asked))
            .filter(Column::Position.lt(signed(before)))
            .group_by(Column::Correlation)
            .into_query();
        let rows = Entity::find().filter(Column::Position.in_subquery(last_of_each)).all(db).await?;
        tips.extend(rows.into_iter().map(|row| (case_correlation_of(&row), row.case_tip())));
    }
    Ok(tips)
}

/// One stream of a case.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct CaseStream {
    pub stream: String,
    pub events: i64,
    pub first_position: i64,
    pub last_position: i64,
}

/// The kept events, to be asked.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a>(pub &'a ReadModel);

impl Kept<'_> {
    /// The last event kept at this position or before.
    pub async fn last(self, at_most: u64) -> Result<Option<Model>, DbErr> {
        last_kept(self.0.reader(), at_most).await
    }

    pub async fn at(self, position: u64) -> Result<Option<Model>, DbErr> {
        Entity::find_by_id(signed(position)).one(self.0.reader()).await
    }

    /// Events behind a position, oldest first.
    pub async fn after(self, position: u64, limit: u64) -> Result<Vec<Model>, DbErr> {
        Entity::find()
            .filter(Column::Position.gt(signed(position)))
            .order_by_asc(Column::Position)
            .limit(limit)
            .all(self.0.reader())
            .await
    }

    /// An event of this id was kept. Looks at all of them: asked once, when something is wrong.
    pub async fn knows(self, event_id: Uuid) -> Result<bool, DbErr> {
        let found = Entity::find()
            .filter(Column::EventId.eq(event_id.as_bytes().to_vec()))
            .limit(1)
            .one(self.0.reader())
            .await?;
        Ok(found.is_some())
    }

    /// The chains of these cases over the events before this position.
    pub async fn tips(self, cases: &[Uuid], before: u64) -> Result<HashMap<Uuid, Tip>, DbErr> {
        tips_of_cases(self.0.reader(), cases, before).await
    }

    /// What a stream belongs to, as its first event says.
    pub async fn correlation_of(self, stream: &str) -> Result<Option<Uuid>, DbErr> {
        let first = Entity::find()
            .filter(Column::Stream.eq(stream))
            .order_by_asc(Column::Revision)
            .limit(1)
            .one(self.0.reader())
            .await?;
        Ok(first.map(|first| case_correlation_of(&first)))
    }

    /// The streams of the cases that belong to one matter, at most so many.
    pub async fn case_streams(self, case: Uuid, limit: u64) -> Result<Vec<String>, DbErr> {
        of_case(case)
            .filter(Column::Stream.starts_with("case-"))
            .filter(Column::Revision.eq(0))
            .select_only()
            .column(Column::Stream)
            .order_by_asc(Column::Position)
            .limit(limit)
            .into_tuple()
            .all(self.0.reader())
            .await
    }

    /// The last event of a case at this position or before.
    pub async fn last_of_case(self, case: Uuid, at_most: u64) -> Result<Option<Model>, DbErr> {
        of_case(case)
            .filter(Column::Position.lte(signed(at_most)))
            .order_by_desc(Column::Position)
            .limit(1)
            .one(self.0.reader())
            .await
    }

    /// The last event of a case that was recorded at this moment or before.
    pub async fn last_of_case_by(self, case: Uuid, recorded_us: i64) -> Result<Option<Model>, DbErr> {
        of_case(case)
            .filter(Column::RecordedUs.lte(recorded_us))
            .order_by_desc(Column::Position)
            .limit(1)
            .one(self.0.reader())
            .await
    }

    /// Events of a case behind one position and up to another, oldest first.
    pub async fn of_case(self, case: Uuid, after: u64, through: u64, limit: u64) -> Result<Vec<Model>, DbErr> {
        of_case(case)
            .filter(Column::Position.gt(signed(after)))
            .filter(Column::Position.lte(signed(through)))
            .order_by_asc(Column::Position)
            .limit(limit)
            .all(self.0.reader())
            .await
    }

    /// The first `limit` streams of a case up to this position, in the order in which they began, and how many there are.
    pub async fn streams_of_case(self, case: Uuid, through: u64, limit: u64) -> Result<(Vec<CaseStream>, u64), DbErr> {
        let streams = of_case(case)
            .filter(Column::Position.lte(signed(through)))
            .select_only()
            .column(Column::Stream)
            .column_as(Column::Position.count(), "events")
            .column_as(Column::Position.min(), "first_position")
            .column_as(Column::Position.max(), "last_position")
            .group_by(Column::Stream);
        let count = streams.clone().count(self.0.reader()).await?;
        let first = streams
            .order_by_asc(Column::Position.min())
            .limit(limit)
            .into_model::<CaseStream>()
            .all(self.0.reader())
            .await?;
        Ok((first, count))
    }

    /// One stream of a case by its events of these types alone; none if it has none of them.
    pub async fn stream_in_part(
        self,
        case: Uuid,
        stream: &str,
        types: &[&str],
        through: u64,
    ) -> Result<Option<CaseStream>, DbErr> {
        of_case(case)
            .filter(Column::Position.lte(signed(through)))
            .filter(Column::Stream.eq(stream))
            .filter(Column::EventType.is_in(types.iter().copied()))
            .select_only()
            .column(Column::Stream)
            .column_as(Column::Position.count(), "events")
            .column_as(Column::Position.min(), "first_position")
            .column_as(Column::Position.max(), "last_position")
            .group_by(Column::Stream)
            .into_model::<CaseStream>()
            .one(self.0.reader())
            .await
    }
}

fn of_case(case: Uuid) -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::Correlation.eq(case.as_bytes().to_vec()))
}
