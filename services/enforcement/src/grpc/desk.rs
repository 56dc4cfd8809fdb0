//! What the methods share: stores, the policy, and how a request's words become values of the domain.

use std::sync::Arc;

use casebook_authz::{Principal, Standing};
use casebook_bootstrap::{Explained, Gate, Write, execute_status, invalid, list_status, store_status};
use casebook_eventlog::EventLog;
use casebook_execution::{Claims, Context, Loaded, Store};
use casebook_kernel::calendar::CalendarError;
use casebook_kernel::{OfficerId, Timestamp};
use casebook_policy::{
    EarlierMeasure, LegalBasisId, MeasureId, MeasureParameters, PolicyRefusal, PolicySet, Recommendation, Undoing,
};
use casebook_proto::check::WriteRequest;
use casebook_proto::common::v1::Role;
use casebook_proto::enforcement::v1;
use casebook_proto::moment;
use casebook_readmodel::ReadModel;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use super::{refusal, unknown};
use crate::domain::case::{Advice, Case, CaseCommand, CaseFile, CaseState, RemedyText};
use crate::domain::lead::Lead;
use crate::domain::measure::{AccountRef, Measure};
use crate::domain::order::{Order, OrderCommand};
use crate::domain::visibility::{Competences, Matter, Sight};
use crate::readmodel::{SortKey, Sorting, ladder_history};
use crate::resource::{Act, case_for_subject, case_resource, order_resource};
use crate::terms::Terms;

/// What the methods work with.
#[derive(Debug, Clone)]
pub struct Desk {
    pub gate: Gate,
    pub policy: Arc<PolicySet>,
    pub competences: Arc<Competences>,
    pub terms: Terms,
    pub claims: Claims,
    pub log: Arc<dyn EventLog>,
    pub read_model: Arc<ReadModel>,
    pub leads: Arc<Store<Lead>>,
    pub cases: Arc<Store<Case>>,
    pub orders: Arc<Store<Order>>,
}

/// The id that a checked field holds.
pub fn id<T: From<Uuid>>(field: &'static str, text: &str) -> Result<T, Status> {
    Uuid::try_parse(text).map(T::from).map_err(|_| invalid(field, "is not a lower-case hyphenated UUID"))
}

/// The same where empty means none.
pub fn optional_id<T: From<Uuid>>(field: &'static str, text: &str) -> Result<Option<T>, Status> {
    if text.is_empty() { Ok(None) } else { id(field, text).map(Some) }
}

/// A value with one spelling.
pub fn value<T: std::str::FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<T, Status> {
    text.parse().map_err(|error| invalid(field, error))
}

/// A time that a checked field holds.
pub fn required_time(field: &'static str, time: Option<&casebook_proto::Timestamp>) -> Result<Timestamp, Status> {
    time.and_then(moment).ok_or_else(|| invalid(field, "is not a time"))
}

/// A filter that is set, a reason that is given: white space is neither.
pub fn set(text: String) -> Option<String> {
    Some(text).filter(|text| !text.trim().is_empty())
}

/// The number of a state to filter by.
pub fn set_number(number: i32) -> Option<i32> {
    Some(number).filter(|number| *number != 0)
}

pub fn sorting(order_by: &str) -> Result<Sorting, Status> {
    let (by, descending) = match order_by {
        "" | "create_time" => (SortKey::Created, false),
        "create_time desc" => (SortKey::Created, true),
        "update_time" => (SortKey::Updated, false),
        "update_time desc" => (SortKey::Updated, true),
        _ => {
            let words = "is none of `create_time`, `create_time desc`, `update_time`, `update_time desc`";
            return Err(invalid("order_by", words));
        }
    };
    Ok(Sorting { by, descending })
}

/// A term that cannot be reckoned: a year whose calendar is not published is an error, never a guess.
pub fn calendar_status(error: CalendarError) -> Status {
    Explained::precondition("CALENDAR_YEAR_MISSING").status(error)
}

pub fn officers(texts: &[String]) -> Result<Vec<OfficerId>, Status> {
    let one = |(index, text): (usize, &String)| value(&format!("officers[{index}]"), text);
    texts.iter().enumerate().map(one).collect()
}

impl Desk {
    pub fn account(&self, field: &str, message: Option<&v1::AccountRef>) -> Result<AccountRef, Status> {
        let message = message.ok_or_else(|| invalid(field, "is required"))?;
        if self.policy.pack.platform(&message.platform).is_none() {
            return Err(invalid(&format!("{field}.platform"), "is no platform of the policy pack"));
        }
        let platform = value(&format!("{field}.platform"), &message.platform)?;
        Ok(AccountRef { platform, platform_uid: message.platform_uid.clone() })
    }

    /// The same where unset means none.
    pub fn optional_account(
        &self,
        field: &str,
        message: Option<&v1::AccountRef>,
    ) -> Result<Option<AccountRef>, Status> {
        message.map(|message| self.account(field, Some(message))).transpose()
    }

    /// The measures of a request, each with what the pack says of it.
    pub fn measures(&self, field: &str, choices: &[v1::MeasureChoice]) -> Result<Vec<Measure>, Status> {
        let one = |(index, choice)| self.measure(&format!("{field}[{index}]"), choice);
        choices.iter().enumerate().map(one).collect()
    }

    fn measure(&self, field: &str, choice: &v1::MeasureChoice) -> Result<Measure, Status> {
        let account = self.account(&format!("{field}.account"), choice.account.as_ref())?;
        let known = self.policy.pack.measure(&choice.measure);
        let known = known.ok_or_else(|| invalid(&format!("{field}.measure"), "is no measure of the policy pack"))?;
        let some = |number: u32| Some(number).filter(|number| *number > 0);
        let parameters = MeasureParameters { days: some(choice.days), points: some(choice.points) };
        known.check_parameters(&parameters).map_err(|refusal| {
            let parameter = match &refusal {
                PolicyRefusal::ParameterMissing { parameter, .. }
                | PolicyRefusal::ParameterOutOfRange { parameter, .. }
                | PolicyRefusal::ParameterNotTaken { parameter, .. } => parameter,
                _ => "measure",
            };
            invalid(&format!("{field}.{parameter}"), &refusal)
        })?;
        let irreversible = !known.is_reversible();
        Ok(Measure { account, id: known.id.clone(), parameters, rung: known.rung, irreversible })
    }

    pub fn bases(&self, texts: &[String]) -> Result<Vec<LegalBasisId>, Status> {
        let one = |(index, text): (usize, &String)| {
            let field = format!("legal_bases[{index}]");
            match self.policy.pack.legal_basis(text) {
                Some(basis) => Ok(basis.id.clone()),
                None => Err(invalid(&field, "is no legal basis of the policy pack")),
            }
        };
        texts.iter().enumerate().map(one).collect()
    }

    /// What is done for whoever met a measure that cannot be undone.
    pub fn remedies(&self) -> Vec<RemedyText> {
        let irreversible = self.policy.pack.measures().filter_map(|measure| match &measure.undoing {
            Undoing::Irreversible { remedy } => {
                Some(RemedyText { measure: measure.id.clone(), text: remedy.zh.clone() })
            }
            Undoing::Reversible { .. } => None,
        });
        irreversible.collect()
    }

    /// What the ladder recommends for each account, from everything that the log says of it by now (R92).
    pub async fn advice(
        &self,
        violation: &str,
        accounts: Vec<AccountRef>,
        now: Timestamp,
    ) -> Result<Vec<Advice>, Status> {
        let head = self.log.head().await.map_err(|error| store_status(error.into()))?;
        self.gate.at_least(&self.read_model, head.0).await?;
        let mut advice = Vec::with_capacity(accounts.len());
        for account in accounts {
            let recommendation = self.recommend(violation, &account, now).await?;
            advice.push(Advice { account, recommendation });
        }
        Ok(advice)
    }

    /// What the ladder recommends, from the account's whole history (R92).
    pub async fn recommend(
        &self,
        violation: &str,
        account: &AccountRef,
        now: Timestamp,
    ) -> Result<Recommendation, Status> {
        let history = ladder_history(self.read_model.reader(), account).await.map_err(list_status)?;
        let earlier: Vec<_> = history.iter().filter_map(earlier_measure).collect();
        let recommended = self.policy.pack.recommend(violation, &earlier, now);
        recommended.map_err(|refusal| refusal::policy(&refusal).status(&refusal))
    }

    /// Takes a write in: what is asked, in which context, and how far the caller sees.
    pub fn admit<R: WriteRequest>(&self, request: Request<R>) -> Result<(R, Context, Sight), Status> {
        let Write { request, context, principal } = self.gate.write(request)?;
        let sight = self.sight(&principal);
        Ok((request, context, sight))
    }

    /// How far a caller sees: by the role, by what the token says of the agency, and by the policy pack's competences (R93).
    pub fn sight(&self, principal: &Principal) -> Sight {
        match principal.standing() {
            Standing::Auditor => Sight::Everything,
            // Cases are for those who conduct them and hear appeals: an officer of the registry is none.
            Standing::Officer if principal.has(Role::CaseOfficer) || principal.has(Role::AppealOfficer) => {
                Sight::of_officer(&principal.actor, self.competences.of(principal.actor.agency_kind))
            }
            Standing::Subject(account) => Sight::Account(account),
            Standing::Officer
            | Standing::Institution(_)
            | Standing::Platform(_)
            | Standing::System
            | Standing::Nothing => Sight::Nothing,
        }
    }

    /// A lead that the caller may know of.
    pub async fn known_lead(&self, sight: &Sight, lead_id: Uuid) -> Result<Loaded<Lead>, Status> {
        let loaded = self.leads.load(lead_id).await.map_err(store_status)?;
        match Matter::of_lead(&loaded.state) {
            Some(matter) if sight.reaches(&matter) => Ok(loaded),
            Some(_) | None => Err(unknown::lead()),
        }
    }

    /// A case that the caller may know of.
    pub async fn known_case(&self, sight: &Sight, case_id: Uuid) -> Result<CaseFile, Status> {
        let loaded = self.cases.load(case_id).await.map_err(store_status)?;
        match loaded.state {
            CaseState::Existing(file) if sight.reaches(&Matter::of_case(&file)) => Ok(*file),
            CaseState::Existing(_) | CaseState::Absent => Err(unknown::case()),
        }
    }

    /// Whether the caller may know of an order: of its case.
    pub async fn known_order(&self, sight: &Sight, order_id: Uuid) -> Result<(), Status> {
        let loaded = self.orders.load(order_id).await.map_err(store_status)?;
        let case_id = loaded.state.file().map(|file| file.terms.case_id).ok_or_else(unknown::order)?;
        match self.known_case(sight, case_id.uuid()).await {
            Ok(_) => Ok(()),
            Err(status) if status.code() == Code::NotFound => Err(unknown::order()),
            Err(status) => Err(status),
        }
    }

    /// Carries a command on a case out, if the caller may know of the case: who may not is not told who holds it.
    pub async fn on_case(
        &self,
        context: &Context,
        sight: &Sight,
        case_id: Uuid,
        command: CaseCommand,
    ) -> Result<(v1::Case, u64), Status> {
        self.known_case(sight, case_id).await?;
        self.execute_case(context, sight, case_id, command).await
    }

    /// The same for a case that need not exist yet. The reply shows what the caller may know.
    pub async fn execute_case(
        &self,
        context: &Context,
        sight: &Sight,
        case_id: Uuid,
        command: CaseCommand,
    ) -> Result<(v1::Case, u64), Status> {
        let act = Act::of(&command);
        let executed = self.cases.execute(case_id, context, command).await;
        let executed = executed.map_err(|error| execute_status(error, refusal::case))?;
        let case = match sight {
            Sight::Everything | Sight::Agency { .. } => case_resource(&executed.state, &executed.head),
            Sight::Account(account) => case_for_subject(&executed.state, &executed.head, *account, act),
            Sight::Nothing => None,
        };
        Ok((case.unwrap_or_default(), executed.head.position.0))
    }

    /// Carries a command on an order out, if the caller may know of the order.
    pub async fn on_order(
        &self,
        context: &Context,
        sight: &Sight,
        order_id: Uuid,
        command: OrderCommand,
    ) -> Result<(v1::Order, u64), Status> {
        self.known_order(sight, order_id).await?;
        let executed = self.orders.execute(order_id, context, command).await;
        let executed = executed.map_err(|error| execute_status(error, refusal::order))?;
        let order = order_resource(&executed.state, &executed.head).unwrap_or_default();
        Ok((order, executed.head.position.0))
    }
}

/// The measure of an earlier order, as the ladder counts it: from the day on which the order was issued, and as what an appeal
/// left of it.
fn earlier_measure(order: &v1::Order) -> Option<EarlierMeasure> {
    let measure: MeasureId = order.served.as_ref().or(order.measure.as_ref())?.measure.parse().ok()?;
    let decided_at = order.issued_at.as_ref().and_then(moment)?;
    Some(EarlierMeasure { measure, decided_at })
}
