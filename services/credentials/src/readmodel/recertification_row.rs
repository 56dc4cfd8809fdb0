//! The latest notice of an account as a row.

use casebook_execution::Head;
use casebook_execution::timer::Timer;
use casebook_readmodel::View;
use prost::Message as _;
use sea_orm::entity::prelude::*;

use crate::domain::recertification::{Recertification, RecertificationState, Reminder};
use crate::messages::{notice_state_of, recertification_message};
use crate::reactions::deadlines::{NOTICE_DUE, NOTICE_REMINDER};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recertifications")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub platform: String,
    pub state: String,
    /// Microseconds since the epoch.
    pub due_us: i64,
    pub body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row and the deadlines of a notice.
pub struct RecertificationView;

impl View for RecertificationView {
    type Aggregate = Recertification;
    type Entity = Entity;

    fn row(id: Uuid, state: &RecertificationState, head: &Head) -> Option<Model> {
        let message = recertification_message(state, head)?;
        let (RecertificationState::Running { notice, due, .. }
        | RecertificationState::Lapsed { notice, due, .. }
        | RecertificationState::Fulfilled { notice, due, .. }) = state
        else {
            return None;
        };
        Some(Model {
            id: id.to_string(),
            platform: notice.account.platform.clone(),
            state: notice_state_of(state).as_str_name().to_owned(),
            due_us: due.at.timestamp_micros(),
            body: message.encode_to_vec(),
        })
    }

    fn timers(state: &RecertificationState) -> Vec<Timer> {
        let RecertificationState::Running { due, reminder, .. } = state else { return Vec::new() };
        let end = Timer { kind: NOTICE_DUE, due: due.at };
        match reminder {
            Reminder::Waiting { at } => vec![Timer { kind: NOTICE_REMINDER, due: *at }, end],
            Reminder::Sent { .. } => vec![end],
        }
    }
}
