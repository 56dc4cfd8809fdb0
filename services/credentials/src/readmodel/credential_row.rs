//! One credential as a row.

use casebook_execution::Head;
use casebook_execution::timer::Timer;
use casebook_readmodel::View;
use prost::Message as _;
use sea_orm::entity::prelude::*;

use crate::domain::credential::{Badge, Credential, CredentialState, Ending, Stage};
use crate::messages::{credential_message, state_of};
use crate::reactions::deadlines::{EXPIRED, EXPIRING, SUPPLEMENT, SUSPENSION_END};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credentials")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub account_id: String,
    pub institution_id: String,
    pub platform: String,
    pub region: String,
    pub department: String,
    pub holder: String,
    /// The name of the enum's value: `CREDENTIAL_STATE_VERIFIED`.
    pub state: String,
    pub category: String,
    pub cohort: String,
    /// The log positions of its first and its last event: the order of times without their ties.
    pub created: i64,
    pub updated: i64,
    /// Microseconds since the epoch; the largest number where it was never verified, so that these come last.
    pub valid_until_us: i64,
    /// The resource as lists return it.
    pub body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row and the deadlines of a credential.
pub struct CredentialView;

impl View for CredentialView {
    type Aggregate = Credential;
    type Entity = Entity;

    fn row(id: Uuid, state: &CredentialState, head: &Head) -> Option<Model> {
        let application = state.application()?;
        let applicant = &application.applicant;
        let until = application.verification().map(|verification| verification.until.timestamp_micros());
        Some(Model {
            id: id.to_string(),
            account_id: applicant.account.id.to_string(),
            institution_id: applicant.institution.to_string(),
            platform: applicant.account.platform.clone(),
            region: applicant.region.code(),
            department: applicant.department.clone(),
            holder: applicant.holder.clone(),
            state: state_of(application).as_str_name().to_owned(),
            category: applicant.category.as_str().to_owned(),
            cohort: applicant.cohort.as_str().to_owned(),
            created: super::queries::position(head.first_position),
            updated: super::queries::position(head.position),
            valid_until_us: until.unwrap_or(i64::MAX),
            body: credential_message(application, head).encode_to_vec(),
        })
    }

    fn timers(state: &CredentialState) -> Vec<Timer> {
        match state.application().map(|application| &application.stage) {
            Some(Stage::AwaitingSupplement { due }) => vec![Timer { kind: SUPPLEMENT, due: due.at }],
            Some(Stage::Verified(verification)) => {
                let mut timers = vec![Timer { kind: EXPIRED, due: verification.until }];
                if verification.ending == Ending::Far {
                    timers.push(Timer { kind: EXPIRING, due: verification.remind_at });
                }
                if let Badge::Suspended { until: Some(until), .. } = verification.badge {
                    timers.push(Timer { kind: SUSPENSION_END, due: until });
                }
                timers
            }
            Some(
                Stage::Filed
                | Stage::Checked
                | Stage::Expired(_)
                | Stage::Refused { .. }
                | Stage::Revoked { .. }
                | Stage::Superseded { .. },
            )
            | None => Vec::new(),
        }
    }
}
