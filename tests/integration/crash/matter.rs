//! One matter from its first signal to its closed case. Every request follows from the matter's id, its plan and the stage
//! where it stands: what is in doubt is asked again word for word.

mod deciding;
mod plan;
mod reviewing;

use std::fmt;
use std::time::{Duration, Instant};

use casebook_proto::enforcement::v1::AccountRef;
use casebook_proto::timestamp;
use chrono::{DateTime, Utc};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::cast::Cast;
use crate::load::Acknowledged;
use crate::method::Method;
use crate::platform::Platform;
use crate::signal;
use plan::Plan;

/// How long a matter rests that has to wait for a reaction.
const REST: Duration = Duration::from_millis(25);

#[derive(Debug)]
pub struct Matter {
    id: Uuid,
    plan: Plan,
    /// What it asks next; none once its case is closed.
    stage: Option<Method>,
    /// When the stage began: the moment that its request names. A request that is asked again names the same one.
    since: DateTime<Utc>,
    known: Known,
    /// The last server did not answer.
    in_doubt: bool,
    rests_until: Option<Instant>,
    /// What the server last said when there was nothing to be done yet.
    waits: Option<String>,
}

/// What the replies have named so far.
#[derive(Debug, Default)]
struct Known {
    report_id: String,
    item_id: String,
    finding_id: String,
    lead_id: String,
    case_id: String,
    decision_id: String,
    appeal_id: String,
    order_ids: Vec<String>,
}

/// The stream that a reply speaks of, and the position that it names.
type Reply = (String, u64);

impl Matter {
    /// The `number`th matter of a folder: the number decides how it goes.
    pub fn begin(number: u64) -> Self {
        let plan = Plan::of(number);
        Self {
            id: Uuid::now_v7(),
            plan,
            stage: Some(plan.first()),
            since: Utc::now(),
            known: Known::default(),
            in_doubt: false,
            rests_until: None,
            waits: None,
        }
    }

    pub fn is_closed(&self) -> bool {
        self.stage.is_none()
    }

    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Whether there may be something to be done. An appeal against what was carried out waits until it was.
    pub fn is_ready(&self, is_answered: impl Fn(&str) -> bool) -> bool {
        let rested = self.rests_until.is_none_or(|until| until <= Instant::now());
        let appeals = self.stage == Some(Method::FileAppeal) && self.plan.appeals_after_receipts();
        rested && (!appeals || self.known.order_ids.iter().all(|order| is_answered(order)))
    }

    /// Asks what the stage asks; where it is granted, the next stage begins.
    pub async fn step(&mut self, cast: &Cast) -> Result<Acknowledged, Status> {
        let method = self.stage.ok_or_else(|| Status::internal("the case is closed"))?;
        let (stream, position) = match method {
            Method::FileReport
            | Method::AcceptReport
            | Method::RecordFinding
            | Method::ConfirmFinding
            | Method::SubmitReferral => self.review(method, cast).await?,
            _ => self.enforce(method, cast).await?,
        };
        let request_id = self.request_id(method);
        self.stage = self.plan.after(method);
        self.since = Utc::now();
        self.in_doubt = false;
        self.waits = None;
        Ok(Acknowledged { method, request_id, stream, position })
    }

    /// Rests a little if the refusal only says that a reaction is still to come; says whether it does.
    pub fn rests_after(&mut self, refusal: &Status) -> bool {
        let reason = refusal.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default();
        let waits = match self.stage {
            // The report becomes an item, the referral a lead.
            Some(Method::RecordFinding | Method::AcceptLead) => refusal.code() == Code::NotFound,
            // The decision becomes orders, and the platforms' receipts are told to the case.
            Some(Method::CloseCase) => reason == "ORDERS_UNRECEIPTED",
            _ => false,
        };
        if waits {
            self.in_doubt = false;
            self.waits = Some(reason);
            self.rests_until = Some(Instant::now() + REST);
        }
        waits
    }

    pub fn was_not_answered(&mut self) {
        self.in_doubt = true;
    }

    fn request_id(&self, method: Method) -> Uuid {
        Uuid::new_v5(&self.id, method.to_string().as_bytes())
    }

    fn account(&self) -> AccountRef {
        signal::account(Platform::ALL[0], self.id)
    }

    /// The same person's account elsewhere, if the case is about it, too.
    fn account_elsewhere(&self) -> Option<AccountRef> {
        self.plan.elsewhere.then(|| signal::account(Platform::ALL[1], self.id))
    }

    fn moment(&self) -> casebook_proto::Timestamp {
        timestamp(self.since)
    }
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, plan, stage, known, waits, .. } = self;
        let stage = stage.map_or_else(|| "closed".to_owned(), |stage| format!("before {stage}"));
        let waits = waits.as_deref().unwrap_or("no refusal");
        write!(f, "matter {id} is {stage} ({waits}) in case {:?}; it goes like {plan:?}", known.case_id)
    }
}
