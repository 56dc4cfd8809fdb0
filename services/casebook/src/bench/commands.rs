//! Durable commands through gRPC, next to a bare echo and a bare sync of the disk.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use casebook_authz::Principal;
use casebook_execution::{Clock as _, SystemClock};
use casebook_kernel::region::Region;
use casebook_kernel::{Actor, AgencyKind};
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1::{AccountRef, LeadSource, OpenLeadRequest};
use casebook_proto::review::v1 as review;
use casebook_proto::timestamp;
use chrono::TimeDelta;
use serde::Serialize;
use uuid::Uuid;

use super::{Rate, drive, echo, floor};
use crate::client::Client;
use crate::system::{self, LogAt, Options, System};

const IN_FLIGHT: [usize; 3] = [1, 8, 64];
const REST_PATIENCE: Duration = Duration::from_secs(600);

/// One command at one number in flight.
#[derive(Debug, Serialize)]
pub struct Measured {
    pub command: &'static str,
    pub in_flight: usize,
    #[serde(flatten)]
    pub rate: Rate,
    pub echo: Rate,
    pub fsync_per_s: f64,
    /// Commands per second over echoes per second.
    pub ratio_to_echo: f64,
    /// The time of an echo and of its share of a sync, over the time of a command: 1 is the floor itself.
    pub ratio_to_floor: f64,
    /// Events that the slowest set of rows or reaction had yet to take in when the load ended.
    pub lag_events: u64,
    /// How long it took until none was left.
    pub lag_s: f64,
}

/// Measures both commands: one that only writes, and one that three reactions and screenings follow from.
pub async fn run(data_dir: &Path, span: Duration) -> Result<Vec<Measured>, Box<dyn std::error::Error>> {
    let system = system::start(Options {
        data_dir: data_dir.to_path_buf(),
        log: LogAt::default(),
        listen: ([127, 0, 0, 1], 0).into(),
        clock: Arc::new(SystemClock),
        policy_dir: None,
        registry_file: None,
    })
    .await?;
    let officer = Principal {
        actor: Actor {
            agency: "cac-310000".parse()?,
            officer: "bench".parse()?,
            agency_kind: Some(AgencyKind::Cyberspace),
            region: "310000".parse::<Region>()?,
        },
        roles: vec![Role::CaseOfficer, Role::Intake],
    };
    let token = system.token(&officer, TimeDelta::hours(12))?;
    let (echo_endpoint, echo_server) = echo::serve().await?;
    let mut measured = Vec::new();
    for in_flight in IN_FLIGHT {
        let echo_channel = Client::connect(&echo_endpoint, "").await?.channel();
        let echo =
            drive(in_flight, span, |_| echo_channel.clone(), |channel, _| echo::call(channel, open_lead())).await?;
        let fsync_per_s = floor::fsync(data_dir, span)?;
        let client = Client::connect(&system.endpoint(), &token).await?;
        let open = drive(
            in_flight,
            span,
            |_| client.clone(),
            |client, _| async move { client.enforcement().open_lead(open_lead()).await.map(drop) },
        )
        .await?;
        measured.push(result("OpenLead", in_flight, open, echo, fsync_per_s, &system).await?);
        let file = drive(
            in_flight,
            span,
            |_| client.clone(),
            |client, _| async move { client.review().file_report(report()).await.map(drop) },
        )
        .await?;
        measured.push(result("FileReport", in_flight, file, echo, fsync_per_s, &system).await?);
    }
    echo_server.abort();
    system.stop().await;
    Ok(measured)
}

async fn result(
    command: &'static str,
    in_flight: usize,
    rate: Rate,
    echo: Rate,
    fsync_per_s: f64,
    system: &System,
) -> Result<Measured, Box<dyn std::error::Error>> {
    let head = system.foundation.log.head().await?;
    let behind = system.foundation.progress().into_iter().map(|(_, reached)| head.0.saturating_sub(reached.0)).max();
    let begun = Instant::now();
    system.at_rest(REST_PATIENCE).await?;
    let floor = echo.seconds_each() + 1.0 / (fsync_per_s * in_flight as f64);
    Ok(Measured {
        command,
        in_flight,
        rate,
        echo,
        fsync_per_s,
        ratio_to_echo: rate.per_s / echo.per_s,
        ratio_to_floor: floor / rate.seconds_each(),
        lag_events: behind.unwrap_or(0),
        lag_s: begun.elapsed().as_secs_f64(),
    })
}

/// About 512 bytes.
pub(super) fn open_lead() -> OpenLeadRequest {
    OpenLeadRequest {
        request_id: Uuid::now_v7().to_string(),
        source: LeadSource::Officer.into(),
        account: Some(AccountRef {
            platform: "weibo".into(),
            platform_uid: format!("bench-{}", Uuid::now_v7().simple()),
        }),
        violation: "V-04".into(),
        reasons: "巡查发现该账号以编造的抗癌经历推销保健品，评论区附购买方式。".repeat(2),
        published_at: Some(timestamp(SystemClock.now() - TimeDelta::days(1))),
        region: "310000".into(),
        ..Default::default()
    }
}

fn report() -> review::FileReportRequest {
    let id = Uuid::now_v7();
    review::FileReportRequest {
        request_id: id.to_string(),
        item: Some(review::ItemCapture {
            platform: "weibo".into(),
            platform_item_id: id.simple().to_string(),
            platform_uid: format!("bench-{}", id.simple()),
            content: review::Content::Captured.into(),
            text: "三个月血糖降到正常，不用打针不用吃药，靠的就是这个方子，想要的私信我，加微信领取。".into(),
            published_at: Some(timestamp(SystemClock.now() - TimeDelta::days(1))),
            ..Default::default()
        }),
        channel: review::Channel::Hotline12345.into(),
        reasons: "夸大疗效并引流。".into(),
        region: "310000".into(),
        ..Default::default()
    }
}
