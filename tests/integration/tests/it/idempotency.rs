//! Promises 2 and 3: one request id has one effect, and no update is lost, however many callers there are.

use casebook_proto::accounts::v1 as accounts;
use casebook_proto::credentials::v1 as credentials;
use casebook_proto::enforcement::v1::{self as enforcement, ReceiptCause, ReceiptOutcome};
use casebook_proto::review::v1 as review;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::journeys::docket::{Docket, account, lead_on, measure, mute, receipt, refused};
use crate::journeys::people::officer;
use crate::journeys::{Journey, people, registry, request_id, reviewing, verification};
use crate::world::reason;

/// Callers at the same moment.
const CALLERS: usize = 32;

/// A write that [`once`] tries: its request, and how to change what every request has.
trait Write: Clone {
    fn request_id(&mut self) -> &mut String;
    fn validate_only(&mut self) -> &mut bool;
}

macro_rules! writes {
    ($($request:ty),* $(,)?) => {$(
        impl Write for $request {
            fn request_id(&mut self) -> &mut String {
                &mut self.request_id
            }

            fn validate_only(&mut self) -> &mut bool {
                &mut self.validate_only
            }
        }
    )*};
}

writes!(
    accounts::RegisterInstitutionRequest,
    accounts::CreateDeclarationRequest,
    accounts::SubmitDeclarationRequest,
    credentials::FileCredentialRequest,
    credentials::RunChecksRequest,
    credentials::SetNormalHeadcountRequest,
    review::FileReportRequest,
    review::AcceptReportRequest,
    enforcement::OpenLeadRequest,
    enforcement::AcceptLeadRequest,
    enforcement::OpenCaseRequest,
    enforcement::AddEvidenceRequest,
    enforcement::ReportReceiptRequest,
);

/// Rehearsed, nothing is written; done, done again and done again after others went on, it has one effect and one reply;
/// with other content under its id it is refused.
async fn once<R: Write, T: PartialEq + std::fmt::Debug>(
    journey: &Journey,
    request: R,
    vary: impl FnOnce(&mut R),
    call: impl AsyncFn(R) -> Result<T, Status>,
) -> T {
    let before = journey.world.at_rest().await;
    let mut rehearsal = request.clone();
    *rehearsal.request_id() = request_id();
    *rehearsal.validate_only() = true;
    call(rehearsal).await.unwrap_or_else(|status| panic!("a rehearsal of what is accepted is accepted: {status:?}"));
    assert_eq!(journey.world.at_rest().await, before, "validate_only writes nothing");

    let first = call(request.clone()).await.unwrap_or_else(|status| panic!("it is accepted: {status:?}"));
    let after = journey.world.at_rest().await;
    assert!(after > before, "it has an effect");
    let again = call(request.clone()).await.unwrap_or_else(|status| panic!("the same request once more: {status:?}"));
    assert_eq!(again, first, "the first outcome");
    let mut other = request;
    vary(&mut other);
    assert_eq!(refused(call(other).await), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    assert_eq!(journey.world.at_rest().await, after, "one effect");
    first
}

/// A stale etag and an unknown id are refused, and nothing is written.
async fn refused_without_effect<R, T: std::fmt::Debug>(
    journey: &Journey,
    stale: R,
    unknown: R,
    call: impl AsyncFn(R) -> Result<T, Status>,
) {
    let before = journey.world.at_rest().await;
    assert_eq!(refused(call(stale).await), (Code::FailedPrecondition, "STALE_ETAG".to_owned()));
    assert_eq!(refused(call(unknown).await).0, Code::NotFound);
    assert_eq!(journey.world.at_rest().await, before, "a refusal writes nothing");
}

/// A refusal writes nothing, not even a claim on the value that was to be unique.
async fn refused_and_nothing_claimed<T: std::fmt::Debug>(
    journey: &Journey,
    reason: &str,
    call: impl Future<Output = Result<T, Status>>,
) {
    let before = journey.world.at_rest().await;
    assert_eq!(refused(call.await).1, reason);
    assert_eq!(journey.world.at_rest().await, before, "{reason}: nothing is written");
}

const STALE: &str = "77";

fn nowhere() -> String {
    Uuid::from_u128(77).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_take_effect_once() {
    let journey = Journey::begin().await;
    let registrar = journey.desk(people::registrar());
    let register =
        async |request| registrar.accounts().register_institution(request).await.map(tonic::Response::into_inner);
    let vary = |request: &mut accounts::RegisterInstitutionRequest| request.name = "别院".into();
    let hospital = once(&journey, registry::registration(), vary, register).await.institution.expect("an institution");
    let clerk = journey.desk(people::office(&hospital.office, "p-clerk"));

    let declare = async |request| clerk.accounts().create_declaration(request).await.map(tonic::Response::into_inner);
    let declaration = registry::declaration(&hospital.institution_id, "i-1");
    let vary = |request: &mut accounts::CreateDeclarationRequest| request.handle = "别名".into();
    let silent = accounts::CreateDeclarationRequest { commitment_accepted: false, ..declaration.clone() };
    refused_and_nothing_claimed(&journey, "COMMITMENT_MISSING", declare(silent)).await;
    let declared = once(&journey, declaration, vary, declare).await.account.expect("an account");

    let submit = async |request| clerk.accounts().submit_declaration(request).await.map(tonic::Response::into_inner);
    let request = |etag: &str, account_id: &str| accounts::SubmitDeclarationRequest {
        request_id: request_id(),
        etag: etag.into(),
        account_id: account_id.into(),
        ..Default::default()
    };
    let (stale, unknown) = (request(STALE, &declared.account_id), request("", &nowhere()));
    refused_without_effect(&journey, stale, unknown, submit).await;
    let vary = |request: &mut accounts::SubmitDeclarationRequest| request.etag = String::new();
    let submitted = once(&journey, request(&declared.etag, &declared.account_id), vary, submit).await;
    assert_ne!(submitted.account.map(|account| account.etag), Some(declared.etag));
    journey.world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_take_effect_once() {
    let journey = Journey::begin().await;
    let verifier = journey.desk(people::verifier("verifier-a"));
    let file = async |request| verifier.credentials().file_credential(request).await.map(tonic::Response::into_inner);
    let silent = credentials::FileCredentialRequest { consent: None, ..verification::application(0) };
    refused_and_nothing_claimed(&journey, "CONSENT_MISSING", file(silent)).await;
    let vary = |request: &mut credentials::FileCredentialRequest| request.department = "骨伤科".into();
    let filed = once(&journey, verification::application(0), vary, file).await.credential.expect("a credential");

    let check = async |request| verifier.credentials().run_checks(request).await.map(tonic::Response::into_inner);
    let request = |etag: &str, credential_id: &str| credentials::RunChecksRequest {
        request_id: request_id(),
        etag: etag.into(),
        credential_id: credential_id.into(),
        ..Default::default()
    };
    let (stale, unknown) = (request(STALE, &filed.credential_id), request("", &nowhere()));
    refused_without_effect(&journey, stale, unknown, check).await;
    let vary = |request: &mut credentials::RunChecksRequest| request.etag = String::new();
    once(&journey, request(&filed.etag, &filed.credential_id), vary, check).await;

    let set =
        async |request| verifier.credentials().set_normal_headcount(request).await.map(tonic::Response::into_inner);
    let headcount = credentials::SetNormalHeadcountRequest {
        request_id: request_id(),
        institution_id: nowhere(),
        department: "针灸科".into(),
        normal: 3,
        ..Default::default()
    };
    once(&journey, headcount, |request| request.normal = 4, set).await;
    journey.world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reviews_take_effect_once() {
    let journey = Journey::begin().await;
    let (intake, reviewer) = (journey.desk(people::intake()), journey.desk(people::reviewer("reviewer-1")));
    let file = async |request| intake.review().file_report(request).await.map(tonic::Response::into_inner);
    let report = review::FileReportRequest {
        request_id: request_id(),
        item: Some(reviewing::capture("M1", reviewing::CURE)),
        channel: review::Channel::Hotline12345.into(),
        reasons: "自称根治".into(),
        region: "330600".into(),
        ..Default::default()
    };
    let vary = |request: &mut review::FileReportRequest| request.reasons = "诱导加微信".into();
    let filed = once(&journey, report, vary, file).await.report.expect("a report");

    let accept = async |request| reviewer.review().accept_report(request).await.map(tonic::Response::into_inner);
    let request = |etag: &str, report_id: &str| review::AcceptReportRequest {
        request_id: request_id(),
        etag: etag.into(),
        report_id: report_id.into(),
        ..Default::default()
    };
    let (stale, unknown) = (request(STALE, &filed.report_id), request("", &nowhere()));
    refused_without_effect(&journey, stale, unknown, accept).await;
    let vary = |request: &mut review::AcceptReportRequest| request.etag = "0".into();
    once(&journey, request("", &filed.report_id), vary, accept).await;

    let ingest = async |request| reviewer.review().ingest_items(request).await.map(tonic::Response::into_inner);
    let batch = review::IngestItemsRequest {
        request_id: request_id(),
        items: vec![reviewing::capture("M2", reviewing::CURE), reviewing::capture("M3", "多喝水")],
        region: "330600".into(),
        ..Default::default()
    };
    let taken = ingest(batch.clone()).await.expect("taken in");
    let after = journey.world.at_rest().await;
    assert_eq!(ingest(batch.clone()).await.expect("once more"), taken, "the first outcome");
    // The id is the whole batch's: with one row changed nothing of it is carried out, not even the rows that are new.
    let mut other = batch;
    other.items[1].text = "别的内容".into();
    other.items.push(reviewing::capture("M4", "早睡早起"));
    assert_eq!(refused(ingest(other).await), (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()));
    assert_eq!(journey.world.at_rest().await, after, "one effect");
    assert!(taken.rows.iter().all(|row| row.error.is_none() && row.version == 1), "{taken:?}");
    journey.world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn enforcement_takes_effect_once() {
    let journey = Journey::begin().await;
    let desk = journey.desk(officer("officer-1"));
    let at = account("weibo", "i-1");
    let open = async |request| desk.enforcement().open_lead(request).await.map(tonic::Response::into_inner);
    let lead = enforcement::OpenLeadRequest { item_sha256: "1".repeat(64), ..lead_on(&journey, &at, "V-01") };
    let lead = once(&journey, lead, |request| request.reasons = "群众反映".into(), open).await.lead.expect("a lead");

    let accept = async |request| desk.enforcement().accept_lead(request).await.map(tonic::Response::into_inner);
    let request = |etag: &str, lead_id: &str| enforcement::AcceptLeadRequest {
        request_id: request_id(),
        etag: etag.into(),
        lead_id: lead_id.into(),
        reasons: "线索清楚".into(),
        ..Default::default()
    };
    refused_without_effect(&journey, request(STALE, &lead.lead_id), request("", &nowhere()), accept).await;
    let vary = |request: &mut enforcement::AcceptLeadRequest| request.reasons = "属本机关管辖".into();
    once(&journey, request(&lead.etag, &lead.lead_id), vary, accept).await;

    let open = async |request| desk.enforcement().open_case(request).await.map(tonic::Response::into_inner);
    let case = enforcement::OpenCaseRequest {
        request_id: request_id(),
        lead_id: lead.lead_id.clone(),
        instrument: enforcement::Instrument::PlatformMeasureRequest.into(),
        officers: vec!["officer-1".into(), "officer-2".into()],
        ..Default::default()
    };
    let vary = |request: &mut enforcement::OpenCaseRequest| request.officers.reverse();
    let case = once(&journey, case, vary, open).await.case.expect("a case");

    let docket = Docket::of(&journey, &case.case_id, &lead.lead_id, &[at]);
    let add = async |request| desk.enforcement().add_evidence(request).await.map(tonic::Response::into_inner);
    let mut stale = docket.evidence("a");
    stale.etag = STALE.into();
    let mut unknown = docket.evidence("a");
    unknown.case_id = nowhere();
    refused_without_effect(&journey, stale, unknown, add).await;
    let first = docket.evidence("a");
    let added = once(&journey, first.clone(), |request| request.description = "录屏".into(), add).await;
    // Others go on; whoever repeats the first request learns what it came to, not what came of it later.
    docket.add_evidence("b").await;
    assert_eq!(add(first).await.expect("once more"), added);
    receipts_take_effect_once(&journey).await;
    journey.world.stop().await;
}

async fn receipts_take_effect_once(journey: &Journey) {
    let docket = Docket::decide(journey, "V-01", &[mute(&account("douyin", "i-2"), 7)]).await;
    let order = docket.order("douyin", "MUTED").await;
    let platform = journey.desk(people::platform("douyin"));
    let report = async |request| platform.platform().report_receipt(request).await.map(tonic::Response::into_inner);
    let answer = receipt(&order, ReceiptOutcome::Executed, ReceiptCause::Unspecified, docket.now());
    let vary = |request: &mut enforcement::ReportReceiptRequest| request.evidence_sha256 = "f".repeat(64);
    once(journey, answer.clone(), vary, report).await;
    let unknown = enforcement::ReportReceiptRequest { order_id: nowhere(), request_id: request_id(), ..answer };
    assert_eq!(refused(report(unknown).await), (Code::NotFound, "ORDER_NOT_FOUND".to_owned()));
}

/// What the callers of one moment got.
#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    /// Lost the race more often than a write is tried again: the caller may try once more.
    contended: usize,
    refused: Vec<String>,
}

async fn at_once<T: Send + 'static>(calls: Vec<impl Future<Output = Result<T, Status>> + Send + 'static>) -> Tally {
    let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut tally = Tally::default();
    for call in calls {
        match call.await.expect("no call panics") {
            Ok(_) => tally.accepted += 1,
            Err(status) if status.code() == Code::Aborted => tally.contended += 1,
            Err(status) => tally.refused.push(reason(&status)),
        }
    }
    tally
}

/// The revisions of the case's events, and their names.
async fn history(docket: &Docket<'_>) -> Vec<String> {
    docket.journey.world.at_rest().await;
    let request =
        enforcement::ListCaseHistoryRequest { case_id: docket.case_id.clone(), page_size: 1_000, ..Default::default() };
    let reply =
        docket.desk("officer-1").enforcement().list_case_history(request).await.expect("a history").into_inner();
    let revisions: Vec<u64> = reply.entries.iter().map(|entry| entry.revision).collect();
    assert_eq!(revisions, (0..reply.entries.len() as u64).collect::<Vec<_>>(), "the history has no gap");
    reply.entries.iter().map(|entry| entry.event_type.rsplit('.').next().unwrap_or_default().to_owned()).collect()
}

/// Promise 3 on one case: of many proposals one waits, of many confirmations one decides, and of many pieces of evidence
/// each that was acknowledged is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_officers_at_once_one_decides() {
    let journey = Journey::begin().await;
    let at = account("weibo", "i-race");
    let measures = [measure(&at, "MONETISATION_REVOKED")];
    let docket = Docket::open(&journey, "V-01", &[at]).await;
    docket.tell(&measures).await;
    docket.waive().await;
    let count = |events: &[String], name: &str| events.iter().filter(|event| *event == name).count();

    let evidence = (0..CALLERS).map(|number| {
        let mut enforcement = docket.desk("officer-1").enforcement();
        let mut request = docket.evidence("e");
        request.sha256 = format!("{number:064x}");
        async move { enforcement.add_evidence(request).await }
    });
    let tally = at_once(evidence.collect()).await;
    assert_eq!((tally.accepted + tally.contended, tally.refused.len()), (CALLERS, 0), "{tally:?}");
    assert!(tally.accepted > 0);
    assert_eq!(count(&history(&docket).await, "EvidenceAdded"), 1 + tally.accepted, "what was acknowledged is there");

    let proposals = (0..CALLERS).map(|_| {
        let mut enforcement = docket.desk("officer-1").enforcement();
        let request = docket.proposal(&measures);
        async move { enforcement.propose_decision(request).await }
    });
    let tally = at_once(proposals.collect()).await;
    assert_eq!(tally.accepted, 1, "{tally:?}");
    assert!(tally.refused.iter().all(|reason| reason == "PROPOSAL_PENDING"), "{tally:?}");

    let confirmation = docket.confirmation().await;
    let confirmations = (0..CALLERS).map(|_| {
        let mut enforcement = docket.desk("officer-2").enforcement();
        let request = enforcement::ConfirmDecisionRequest { request_id: request_id(), ..confirmation.clone() };
        async move { enforcement.confirm_decision(request).await }
    });
    let tally = at_once(confirmations.collect()).await;
    assert_eq!(tally.accepted, 1, "{tally:?}");
    assert!(tally.refused.iter().all(|reason| reason == "NO_SUCH_PROPOSAL"), "{tally:?}");
    let events = history(&docket).await;
    assert_eq!((count(&events, "DecisionProposed"), count(&events, "DecisionIssued")), (1, 1));
    assert_eq!(docket.case().await.orders.len(), 1, "one order follows");

    // One request sent by many at once, as impatient clients do, is one.
    let served = docket.service();
    let services = (0..CALLERS).map(|_| {
        let (mut enforcement, request) = (docket.desk("officer-1").enforcement(), served.clone());
        async move { enforcement.record_service(request).await }
    });
    let tally = at_once(services.collect()).await;
    assert_eq!((tally.accepted + tally.contended, tally.refused.len()), (CALLERS, 0), "{tally:?}");
    assert_eq!(count(&history(&docket).await, "DecisionServed"), 1);
    journey.world.rows_agree().await;
    journey.world.stop().await;
}
