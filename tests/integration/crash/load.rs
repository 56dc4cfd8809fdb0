//! Clients that write as fast as the server answers, and remember what it acknowledged.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use casebook::client::Client;
use casebook::system::Layout;
use casebook_authz::Principal;
use casebook_bootstrap::Keys;
use casebook_execution::{Clock as _, SystemClock};
use casebook_kernel::{Actor, AgencyKind};
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1::{AccountRef, LeadSource, OpenLeadRequest};
use casebook_proto::review::v1::{Channel, Content, FileReportRequest, ItemCapture};
use casebook_proto::timestamp;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::Failure;
use crate::server::Server;

const CLIENTS: usize = 16;

/// A command of the load. Its id decides what it is, so that it can be asked again word for word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    Lead(Uuid),
    Report(Uuid),
}

impl Asked {
    pub fn request_id(self) -> Uuid {
        match self {
            Self::Lead(id) | Self::Report(id) => id,
        }
    }
}

/// What the server said it had done.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    pub asked: Asked,
    pub stream: String,
    pub position: u64,
}

/// What was asked of the servers of one data folder.
#[derive(Debug, Default)]
pub struct Load {
    pub acknowledged: Vec<Acknowledged>,
    /// The server was gone before it answered: the next one is asked again.
    pub in_doubt: Vec<Asked>,
}

impl Load {
    /// Loads the server for a while and kills it in the middle of it.
    pub async fn run(
        &mut self,
        endpoint: &str,
        data_dir: &Path,
        span: Duration,
        server: &mut Server,
    ) -> Result<(), Failure> {
        let client = Client::connect(endpoint, &token(data_dir)?).await?;
        let shared = Arc::new(Shared {
            again: Mutex::new(std::mem::take(&mut self.in_doubt)),
            ended: AtomicBool::new(false),
            found: Mutex::default(),
        });
        let clients: Vec<_> =
            (0..CLIENTS).map(|number| tokio::spawn(ask(client.clone(), shared.clone(), number))).collect();
        tokio::time::sleep(span).await;
        server.kill()?;
        shared.ended.store(true, Ordering::SeqCst);
        for client in clients {
            client.await??;
        }
        let found = std::mem::take(&mut *shared.found.lock().unwrap_or_else(PoisonError::into_inner));
        let unasked = std::mem::take(&mut *shared.again.lock().unwrap_or_else(PoisonError::into_inner));
        self.acknowledged.extend(found.acknowledged);
        self.in_doubt = found.in_doubt.into_iter().chain(unasked).collect();
        Ok(())
    }
}

struct Shared {
    again: Mutex<Vec<Asked>>,
    ended: AtomicBool,
    found: Mutex<Load>,
}

/// One client, until the server is gone. A refusal is an error of this program: nothing that it asks is wrong.
async fn ask(client: Client, shared: Arc<Shared>, number: usize) -> Result<(), String> {
    loop {
        let again = shared.again.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let asked = again.unwrap_or_else(|| match number % 2 {
            0 => Asked::Lead(Uuid::now_v7()),
            _ => Asked::Report(Uuid::now_v7()),
        });
        let answer = match asked {
            Asked::Lead(id) => client.enforcement().open_lead(lead(id)).await.map(|reply| {
                let reply = reply.into_inner();
                (format!("lead-{}", reply.lead.map(|lead| lead.lead_id).unwrap_or_default()), reply.position)
            }),
            Asked::Report(id) => client.review().file_report(report(id)).await.map(|reply| {
                let reply = reply.into_inner();
                (format!("report-{}", reply.report.map(|report| report.report_id).unwrap_or_default()), reply.position)
            }),
        };
        let mut found = shared.found.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok((stream, position)) => found.acknowledged.push(Acknowledged { asked, stream, position }),
            Err(status) => {
                found.in_doubt.push(asked);
                let gone = shared.ended.load(Ordering::SeqCst) || is_loss(status.code());
                return if gone { Ok(()) } else { Err(format!("{asked:?} was refused: {status}")) };
            }
        }
    }
}

/// The ways in which a connection ends under a call.
fn is_loss(code: tonic::Code) -> bool {
    use tonic::Code::{Cancelled, Internal, Unavailable, Unknown};
    [Cancelled, Internal, Unavailable, Unknown].contains(&code)
}

fn token(data_dir: &Path) -> Result<String, Failure> {
    let actor = Actor {
        agency: "cac-310000".parse()?,
        officer: "crash".parse()?,
        agency_kind: Some(AgencyKind::Cyberspace),
        region: "310000".parse()?,
    };
    let keys = Keys::load_or_make(&Layout::of(data_dir).keys)?;
    let principal = Principal { actor, roles: vec![Role::CaseOfficer, Role::Intake] };
    Ok(keys.tokens.mint(&principal, SystemClock.now(), TimeDelta::hours(12))?)
}

/// The moment that an id of version 7 was made: the same request must have the same content.
fn yesterday(id: Uuid) -> casebook_proto::Timestamp {
    let made = id.get_timestamp().map_or(0, |made| made.to_unix().0);
    let made = chrono::DateTime::from_timestamp(i64::try_from(made).unwrap_or(0), 0).unwrap_or_default();
    timestamp(made - TimeDelta::days(1))
}

fn lead(id: Uuid) -> OpenLeadRequest {
    OpenLeadRequest {
        request_id: id.to_string(),
        source: LeadSource::Officer.into(),
        account: Some(AccountRef { platform: "weibo".into(), platform_uid: format!("crash-{}", id.simple()) }),
        violation: "V-04".into(),
        reasons: "巡查发现该账号以编造的抗癌经历推销保健品，评论区附购买方式。".into(),
        published_at: Some(yesterday(id)),
        region: "310000".into(),
        ..Default::default()
    }
}

fn report(id: Uuid) -> FileReportRequest {
    FileReportRequest {
        request_id: id.to_string(),
        item: Some(ItemCapture {
            platform: "weibo".into(),
            platform_item_id: id.simple().to_string(),
            platform_uid: format!("crash-{}", id.simple()),
            content: Content::Captured.into(),
            text: "三个月血糖降到正常，不用打针不用吃药，靠的就是这个方子，想要的私信我。".into(),
            published_at: Some(yesterday(id)),
            ..Default::default()
        }),
        channel: Channel::Hotline12345.into(),
        reasons: "夸大疗效并引流。".into(),
        region: "310000".into(),
        ..Default::default()
    }
}
