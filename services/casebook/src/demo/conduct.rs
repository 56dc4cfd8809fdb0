//! One matter through all of its stages, by the officers whose business each stage is.

mod deciding;
mod reviewing;

use std::time::Duration;

use casebook_execution::Clock as _;
use casebook_kernel::Timestamp;
use casebook_policy::Agency;
use casebook_proto::enforcement::v1 as enforcement;
use tonic::{Code, Status};
use uuid::Uuid;

use super::cast::Cast;
use super::platforms::Answers;
use super::{DemoError, Refusal};
use crate::matter::Matter;

/// How long a step waits for a reaction of the services.
const PATIENCE: Duration = Duration::from_secs(20);
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// Where a matter stands.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub report_id: String,
    pub item_id: String,
    pub lead_id: String,
    pub case_id: String,
    pub region: String,
    /// What the finding came to: the violation, what shows it, on which bases.
    pub finding: Option<Finding>,
    pub measures: Vec<enforcement::MeasureChoice>,
}

#[derive(Debug, Clone)]
pub struct Finding {
    pub violation: String,
    pub quote: String,
    pub reasons: String,
    pub legal_bases: Vec<String>,
}

pub struct Conduct<'a> {
    pub cast: &'a mut Cast,
    pub answers: &'a Answers,
    pub matter: &'a Matter,
    pub progress: &'a mut Progress,
}

fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// Names the call that was refused.
pub fn at(what: &'static str) -> impl FnOnce(Status) -> DemoError {
    move |status| match status.code() {
        Code::FailedPrecondition | Code::InvalidArgument | Code::AlreadyExists | Code::PermissionDenied => {
            DemoError::Refused(Refusal { step: what, reason: status.message().to_owned() })
        }
        _ => DemoError::Call { step: what, status: Box::new(status) },
    }
}

/// Asks again until the services have reacted.
async fn until<T, F>(what: &'static str, mut ask: impl FnMut() -> F) -> Result<T, DemoError>
where
    F: Future<Output = Result<Option<T>, Status>>,
{
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match ask().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(status) if status.code() == Code::NotFound => {}
            Err(status) => return Err(at(what)(status)),
        }
        if tokio::time::Instant::now() > deadline {
            return Err(DemoError::Waited(what));
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

impl Conduct<'_> {
    fn reviewing(&self) -> Result<Agency, DemoError> {
        self.cast.reviewing_agency(&self.matter.region)
    }

    fn deciding(&self) -> Result<Agency, DemoError> {
        let finding = self.progress.finding.as_ref().ok_or(DemoError::Waited("a finding"))?;
        self.cast.deciding_agency(&finding.violation, &self.progress.region)
    }

    fn now(&self) -> Timestamp {
        self.cast.clock.now()
    }
}
