//! Leads and reports that nobody follows up: writes as fast as the server answers.

use casebook_proto::enforcement::v1::{AccountRef, LeadSource, OpenLeadRequest};
use casebook_proto::review::v1::{Channel, Content, FileReportRequest, ItemCapture};
use casebook_proto::timestamp;
use chrono::TimeDelta;
use tonic::Status;
use uuid::Uuid;

use crate::cast::{Cast, REGION};
use crate::load::Acknowledged;
use crate::method::Method;

pub const VIOLATION: &str = "V-04";
const PLATFORM: &str = "weibo";
/// What a finding rests on.
pub const QUOTE: &str = "不用打针不用吃药";

/// Its id decides what it is, so that it can be asked again word for word.
#[derive(Debug, Clone, Copy)]
pub enum Signal {
    Lead(Uuid),
    Report(Uuid),
}

impl Signal {
    pub async fn ask(self, cast: &Cast) -> Result<Acknowledged, Status> {
        match self {
            Self::Lead(request_id) => {
                let asked = lead(request_id, &account(PLATFORM, request_id), request_id);
                let reply = cast.intake.enforcement().open_lead(asked).await?.into_inner();
                let stream = format!("lead-{}", reply.lead.unwrap_or_default().lead_id);
                Ok(Acknowledged { method: Method::OpenLead, request_id, stream, position: reply.position })
            }
            Self::Report(request_id) => {
                let asked = report(request_id, &account(PLATFORM, request_id), request_id);
                let reply = cast.intake.review().file_report(asked).await?.into_inner();
                let stream = format!("report-{}", reply.report.unwrap_or_default().report_id);
                Ok(Acknowledged { method: Method::FileReport, request_id, stream, position: reply.position })
            }
        }
    }
}

/// An account that only this id has to do with.
pub fn account(platform: &str, id: Uuid) -> AccountRef {
    AccountRef { platform: platform.into(), platform_uid: format!("crash-{}", id.simple()) }
}

/// The day before an id of version 7 was made: the same request must have the same content.
fn day_before(id: Uuid) -> casebook_proto::Timestamp {
    let made = id.get_timestamp().map_or(0, |made| made.to_unix().0);
    let made = chrono::DateTime::from_timestamp(i64::try_from(made).unwrap_or(0), 0).unwrap_or_default();
    timestamp(made - TimeDelta::days(1))
}

/// A lead on `account` because of a post that `made` dates.
pub fn lead(request_id: Uuid, account: &AccountRef, made: Uuid) -> OpenLeadRequest {
    OpenLeadRequest {
        request_id: request_id.to_string(),
        source: LeadSource::Officer.into(),
        account: Some(account.clone()),
        violation: VIOLATION.into(),
        reasons: "巡查发现该账号以编造的抗癌经历推销保健品，评论区附购买方式。".into(),
        published_at: Some(day_before(made)),
        region: REGION.into(),
        ..Default::default()
    }
}

/// A report of a post of `account` that `made` names and dates.
pub fn report(request_id: Uuid, account: &AccountRef, made: Uuid) -> FileReportRequest {
    FileReportRequest {
        request_id: request_id.to_string(),
        item: Some(ItemCapture {
            platform: account.platform.clone(),
            platform_item_id: made.simple().to_string(),
            platform_uid: account.platform_uid.clone(),
            content: Content::Captured.into(),
            text: format!("三个月血糖降到正常，{QUOTE}，靠的就是这个方子，想要的私信我。"),
            published_at: Some(day_before(made)),
            ..Default::default()
        }),
        channel: Channel::Hotline12345.into(),
        reasons: "夸大疗效并引流。".into(),
        region: REGION.into(),
        ..Default::default()
    }
}
