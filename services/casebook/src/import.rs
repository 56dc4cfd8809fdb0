//! Brings reports in. A file that is brought in twice is there once: each line's request is named after its content.

use std::collections::HashSet;
use std::io::BufRead;

use casebook_proto::review::v1 as review;
use casebook_proto::timestamp;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::client::Client;
use crate::matter::{self, Channel, Matter};

/// Calls at a time.
const IN_FLIGHT: usize = 32;
const LINES: Uuid = Uuid::from_u128(0x6ba7_b810_c45e_b00c_9e1d_0000_0000_0005);

/// What came of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Lines whose report is there now, filed by this import or by an earlier one of the same file.
    pub filed: usize,
    /// Lines that say what another line of the file says.
    pub repeated: usize,
    /// Lines that could not be read or were refused, each by its number, from 1, and with the reason.
    pub refused: Vec<(usize, String)>,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    #[error("the service cannot be reached: {0}")]
    Service(Box<Status>),
}

/// A line's report as a request.
pub fn file_report(matter: &Matter, request_id: String) -> review::FileReportRequest {
    review::FileReportRequest {
        request_id,
        item: Some(review::ItemCapture {
            platform: matter.account.platform.clone(),
            platform_item_id: matter.item.platform_item_id.clone(),
            platform_uid: matter.account.platform_uid.clone(),
            handle: matter.account.handle.clone(),
            content: review::Content::Captured.into(),
            text: matter.item.text.clone(),
            published_at: Some(timestamp(matter.item.published_at)),
            labels: matter.item.labels.clone(),
            links: matter.item.links.clone(),
        }),
        channel: channel(matter.channel).into(),
        reasons: matter.reasons.clone(),
        region: matter.region.clone(),
        ..Default::default()
    }
}

fn channel(channel: Channel) -> review::Channel {
    match channel {
        Channel::Hotline12345 => review::Channel::Hotline12345,
        Channel::Centre12377 => review::Channel::Centre12377,
        Channel::Hotline12315 => review::Channel::Hotline12315,
        Channel::Platform => review::Channel::Platform,
        Channel::Monitoring => review::Channel::Monitoring,
    }
}

/// Files every line that can be read, a few at a time: neither the file nor its replies are held in memory. A lost connection ends
/// the import; doing it again goes on where it stopped.
pub async fn import_reports(client: &Client, source: impl BufRead) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut seen = HashSet::new();
    let mut lines = matter::read(source);
    let mut running = FuturesUnordered::new();
    loop {
        let more = running.len() < IN_FLIGHT;
        match more.then(|| lines.next()).flatten().transpose()? {
            Some((_, Err(unreadable))) => imported.refuse(unreadable.line, unreadable.reason),
            Some((line, Ok(matter))) => {
                let content = format!("{:?}", file_report(&matter, String::new()));
                let request_id = Uuid::new_v5(&LINES, content.as_bytes());
                if seen.insert(request_id) {
                    running.push(file(client, line, file_report(&matter, request_id.to_string())));
                } else {
                    imported.repeated += 1;
                }
            }
            None => match running.next().await {
                Some(filed) => imported.take_in(filed)?,
                None => break,
            },
        }
    }
    imported.refused.sort_by_key(|(line, _)| *line);
    Ok(imported)
}

type Filed = (usize, String, Result<(), Status>);

async fn file(client: &Client, line: usize, request: review::FileReportRequest) -> Filed {
    let item = request.item.as_ref().map(|item| item.platform_item_id.clone()).unwrap_or_default();
    (line, item, client.review().file_report(request).await.map(|_| ()))
}

impl Imported {
    fn take_in(&mut self, (line, item, reply): Filed) -> Result<(), ImportError> {
        match reply {
            Ok(()) => self.filed += 1,
            Err(status)
                if matches!(status.code(), Code::Unavailable | Code::Unauthenticated | Code::PermissionDenied) =>
            {
                return Err(ImportError::Service(Box::new(status)));
            }
            Err(status) => self.refuse(line, format!("{item}: {}", status.message())),
        }
        Ok(())
    }

    fn refuse(&mut self, line: usize, reason: String) {
        self.refused.push((line, reason));
    }
}
