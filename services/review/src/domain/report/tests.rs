use casebook_kernel::region::Region;
use casebook_testkit::{Given, given};

use super::*;
use crate::domain::capture::Content;
use crate::domain::finding::FindingId;
use crate::domain::fixtures::{at, capture, captured, id, officer};

const DUE: &str = "2026-03-11T16:00:00Z";
const IN_TIME: &str = "2026-03-05T01:00:00Z";
const LATE: &str = "2026-03-11T16:00:00Z";

fn region(code: &str) -> Region {
    code.parse().expect(code)
}

fn the_report() -> ReportId {
    id(1)
}

fn filing(capture: Capture) -> ReportCommand {
    ReportCommand::File {
        report_id: the_report(),
        channel: Channel::Hotline12345,
        reporter_ref: Some("r-7".into()),
        reasons: "自称根治糖尿病".into(),
        region: region("310104"),
        attachments_sha256: vec![TextHash::of("screenshot")],
        capture,
        account_standing: AccountStanding::Unknown,
        acceptance_due: AcceptanceDue::Final(at(DUE)),
        taken_in_by: agency("cac-310000"),
        now: at("2026-03-02T02:00:00Z"),
    }
}

fn filed() -> ReportFiled {
    let capture = captured("三天根治糖尿病");
    ReportFiled {
        report_id: the_report(),
        channel: Channel::Hotline12345,
        reporter_ref: Some("r-7".into()),
        reasons: "自称根治糖尿病".into(),
        region: region("310104"),
        attachments_sha256: vec![TextHash::of("screenshot")],
        item_id: capture.item_id().expect("the item has an id"),
        capture,
        account_standing: AccountStanding::Unknown,
        acceptance_due: AcceptanceDue::Final(at(DUE)),
        taken_in_by: Some(agency("cac-310000")),
        filed_at: at("2026-03-02T02:00:00Z"),
    }
}

fn received() -> Given<Report> {
    given([ReportEvent::Filed(Box::new(filed()))])
}

fn accept_at(now: &str) -> ReportCommand {
    ReportCommand::Accept { by: officer("cac-310000", "o-1"), region: region("310000"), now: at(now) }
}

fn accepted_event(now: &str, late: bool) -> ReportAccepted {
    ReportAccepted {
        report_id: the_report(),
        accepted_by: officer("cac-310000", "o-1"),
        accepted_at: at(now),
        late,
        by_finding: None,
    }
}

fn accepted() -> Given<Report> {
    received().after(accept_at(IN_TIME))
}

fn decline(reason: DeclineReason, competent: Option<&str>) -> ReportCommand {
    ReportCommand::Decline {
        by: officer("cac-310000", "o-1"),
        region: region("310000"),
        filed_by: agency("cac-310000"),
        reason,
        explanation: "由市场监管部门处理".into(),
        competent_agency: competent.map(|agency| agency.parse().expect(agency)),
        now: at(IN_TIME),
    }
}

fn withdraw(reporter: Option<&str>) -> ReportCommand {
    withdraw_by("cac-310000", reporter)
}

fn withdraw_by(by: &str, reporter: Option<&str>) -> ReportCommand {
    ReportCommand::Withdraw {
        by: agency(by),
        filed_by: agency("cac-310000"),
        reporter_ref: reporter.map(Into::into),
        reasons: String::new(),
        now: at(IN_TIME),
    }
}

fn agency(id: &str) -> AgencyId {
    id.parse().expect(id)
}

fn merge_into(target: ReportId, open: bool) -> ReportCommand {
    ReportCommand::Merge {
        into: MergeTarget { report_id: target, item_id: filed().item_id, region: region("310115"), open },
        by: officer("cac-310000", "o-1"),
        region: region("310000"),
        now: at(IN_TIME),
    }
}

fn conclude(outcome: Outcome) -> ReportCommand {
    ReportCommand::Conclude { outcome, by: officer("casebook", "review"), region: Region::NATIONAL, now: at(IN_TIME) }
}

fn found() -> Outcome {
    Outcome::Found { finding: FindingId::from(id::<uuid::Uuid>(9)), violation: "FALSE-INFO".into() }
}

fn nothing_found() -> Outcome {
    Outcome::NoViolation { reasons: "内容与事实相符".into() }
}

fn timer(due: AcceptanceDue, now: &str) -> ReportCommand {
    ReportCommand::AcceptanceTimerRang { due, now: at(now) }
}

/// R77: a report on an account that nobody knows is taken in, and says so.
#[test]
fn a_report_on_an_unknown_account_is_taken_in_and_marked() {
    given::<Report>([]).when(filing(captured("三天根治糖尿病"))).then([ReportEvent::Filed(Box::new(filed()))]);
    assert_eq!(filed().account_standing, AccountStanding::Unknown);
}

/// domain.md, edge cases: deleted before capture.
#[test]
fn a_report_on_content_that_is_gone_is_a_report_if_the_item_can_be_named() {
    let outcome = given::<Report>([]).after(filing(capture(Content::Deleted)));
    assert_eq!(outcome.state().report().map(|report| &report.stage), Some(&ReportStage::Received));

    let mut nameless = capture(Content::Deleted);
    nameless.platform_item_id = None;
    given::<Report>([]).when(filing(nameless)).refused(ReportRefusal::EvidenceMissing);
}

#[test]
fn a_report_is_filed_once_and_before_anything_else() {
    received().when(filing(captured("别的"))).refused(ReportRefusal::AlreadyFiled);
    given::<Report>([]).when(accept_at(IN_TIME)).refused(ReportRefusal::NotFiled);
    given::<Report>([]).when(withdraw(None)).refused(ReportRefusal::NotFiled);
}

/// R77, R80: 属地管理.
#[test]
fn an_agency_accepts_what_lies_in_its_region() {
    received().when(accept_at(IN_TIME)).then([ReportEvent::Accepted(accepted_event(IN_TIME, false))]);
    let elsewhere =
        ReportCommand::Accept { by: officer("cac-330000", "o-1"), region: region("330000"), now: at(IN_TIME) };
    received()
        .when(elsewhere)
        .refused(ReportRefusal::OutOfJurisdiction { officer: region("330000"), report: region("310104") });
}

/// X10: 7 working days; the reporter does not pay for the agency's delay.
#[test]
fn a_late_acceptance_is_an_acceptance_and_says_that_it_is_late() {
    received().when(accept_at(LATE)).then([ReportEvent::Accepted(accepted_event(LATE, true))]);
}

#[test]
fn a_report_is_accepted_or_declined_once() {
    accepted().when(accept_at(IN_TIME)).refused(ReportRefusal::NotReceived);
    accepted().when(decline(DeclineReason::OutOfScope, None)).refused(ReportRefusal::NotReceived);
}

/// R79: 及时将线索移交给有管辖权的相关部门.
#[test]
fn whoever_is_not_competent_says_who_is() {
    received().when(decline(DeclineReason::OutOfJurisdiction, None)).refused(ReportRefusal::CompetentAgencyMissing);
    received().when(decline(DeclineReason::OutOfJurisdiction, Some("market-310000"))).then([ReportEvent::Declined(
        ReportDeclined {
            report_id: the_report(),
            reason: DeclineReason::OutOfJurisdiction,
            explanation: "由市场监管部门处理".into(),
            competent_agency: Some("market-310000".parse().expect("agency")),
            declined_by: officer("cac-310000", "o-1"),
            declined_at: at(IN_TIME),
        },
    )]);
    let declined = received().after(decline(DeclineReason::OutOfScope, None));
    assert_eq!(declined.state().report().map(|report| &report.stage), Some(&ReportStage::Declined));
}

#[test]
fn a_report_is_withdrawn_by_its_reporter_while_it_is_open() {
    received().when(withdraw(Some("r-8"))).refused(ReportRefusal::NotTheReporter);
    received().when(withdraw(None)).refused(ReportRefusal::NotTheReporter);
    accepted().when(withdraw(Some("r-7"))).then([ReportEvent::Withdrawn(ReportWithdrawn {
        report_id: the_report(),
        reasons: String::new(),
        withdrawn_at: at(IN_TIME),
    })]);
    received().after(withdraw(Some("r-7"))).when(withdraw(Some("r-7"))).refused(ReportRefusal::NotOpen);
}

/// X10: nothing but the agency that took it in speaks for an anonymous reporter.
#[test]
fn an_anonymous_report_is_withdrawn_by_the_agency_that_took_it_in() {
    let anonymous = given::<Report>([ReportEvent::Filed(Box::new(ReportFiled { reporter_ref: None, ..filed() }))]);
    anonymous.clone().when(withdraw_by("cac-330000", None)).refused(ReportRefusal::NotTheReporter);
    anonymous.clone().when(withdraw(Some("r-7"))).refused(ReportRefusal::NotTheReporter);
    let withdrawn = anonymous.after(withdraw(None));
    assert_eq!(withdrawn.state().report().map(|report| &report.stage), Some(&ReportStage::Withdrawn));
    received().when(withdraw_by("cac-330000", Some("r-7"))).refused(ReportRefusal::NotTheReporter);
}

/// R77, R80: 属地管理; R79: the agency that took a report in may pass it on, whatever its region.
#[test]
fn a_report_is_answered_where_it_belongs() {
    let refusal = ReportRefusal::OutOfJurisdiction { officer: region("330000"), report: region("310104") };
    let declined_elsewhere = |reason, filed_by: &str| ReportCommand::Decline {
        by: officer("cac-330000", "o-1"),
        region: region("330000"),
        filed_by: agency(filed_by),
        reason,
        explanation: String::new(),
        competent_agency: Some(agency("cac-310000")),
        now: at(IN_TIME),
    };
    received().when(declined_elsewhere(DeclineReason::OutOfScope, "cac-330000")).refused(refusal.clone());
    received().when(declined_elsewhere(DeclineReason::OutOfJurisdiction, "cac-310000")).refused(refusal.clone());
    received().after(declined_elsewhere(DeclineReason::OutOfJurisdiction, "cac-330000"));
    let concluded_elsewhere = ReportCommand::Conclude {
        outcome: nothing_found(),
        by: officer("cac-330000", "o-1"),
        region: region("330000"),
        now: at(IN_TIME),
    };
    accepted().when(concluded_elsewhere).refused(refusal);
}

#[test]
fn reports_on_one_item_become_one() {
    received().when(merge_into(id(2), true)).then([ReportEvent::Merged(ReportMerged {
        report_id: the_report(),
        into: id(2),
        merged_by: officer("cac-310000", "o-1"),
        merged_at: at(IN_TIME),
    })]);
    received().when(merge_into(the_report(), true)).refused(ReportRefusal::MergeIntoItself);
    received().when(merge_into(id(2), false)).refused(ReportRefusal::MergeTargetNotOpen);
    received().after(withdraw(Some("r-7"))).when(merge_into(id(2), true)).refused(ReportRefusal::NotOpen);
    let other_item = ReportCommand::Merge {
        into: MergeTarget { report_id: id(2), item_id: id(77), region: region("310115"), open: true },
        by: officer("cac-310000", "o-1"),
        region: region("310000"),
        now: at(IN_TIME),
    };
    received().when(other_item).refused(ReportRefusal::DifferentItem);
}

/// R80: nobody gives away or takes over what lies with somebody else.
#[test]
fn whoever_merges_answers_for_both_reports() {
    let by = |code: &str, into: &str| ReportCommand::Merge {
        into: MergeTarget { report_id: id(2), item_id: filed().item_id, region: region(into), open: true },
        by: officer("somebody", "o-1"),
        region: region(code),
        now: at(IN_TIME),
    };
    let out = |officer: &str, report: &str| ReportRefusal::OutOfJurisdiction {
        officer: region(officer),
        report: region(report),
    };
    received().when(by("330000", "330602")).refused(out("330000", "310104"));
    received().when(by("310000", "330602")).refused(out("310000", "330602"));
    received().after(by("000000", "330602"));
}

/// X10: that the other reporter withdrew, or was turned away, is no answer to this one.
#[test]
fn a_merged_report_stands_by_itself_again_when_the_other_has_no_answer() {
    let separate = |from: u128| ReportCommand::Separate { from: id(from), now: at(IN_TIME) };
    let stage = |given: Given<Report>| given.state().report().map(|report| report.stage.clone());
    let merged = received().after(merge_into(id(2), true));
    merged.clone().when(separate(2)).then([ReportEvent::Separated(ReportSeparated {
        report_id: the_report(),
        from: id(2),
        separated_at: at(IN_TIME),
    })]);
    assert_eq!(stage(merged.clone().after(separate(2))), Some(ReportStage::Received));
    let accepted = accepted().after(merge_into(id(2), true)).after(separate(2));
    assert_eq!(stage(accepted), Some(ReportStage::Accepted));
    merged.clone().when(separate(3)).refused(ReportRefusal::NotPartOf);
    merged.clone().after(conclude(found())).when(separate(2)).refused(ReportRefusal::NotPartOf);
    received().when(separate(2)).refused(ReportRefusal::NotPartOf);
    let overdue = merged.after(separate(2)).when(timer(AcceptanceDue::Final(at(DUE)), LATE));
    overdue.then([ReportEvent::AcceptanceOverdue(ReportAcceptanceOverdue {
        report_id: the_report(),
        due_at: at(DUE),
        noted_at: at(LATE),
    })]);
}

/// domain.md, edge cases: merged, and each reporter answered.
#[test]
fn a_merged_report_is_answered_and_stays_merged() {
    let state = received().after(merge_into(id(2), true)).after(conclude(found())).state();
    let report = state.report().expect("filed");
    assert_eq!(report.stage, ReportStage::Merged { into: id(2) });
    assert_eq!(report.concluded.as_ref().map(|concluded| &concluded.outcome), Some(&found()));
}

#[test]
fn a_finding_answers_a_report_and_nothing_answers_it_twice() {
    let concluded = ReportEvent::Concluded(ReportConcluded {
        report_id: the_report(),
        outcome: found(),
        concluded_at: at(IN_TIME),
    });
    accepted()
        .when(conclude(found()))
        .then([concluded])
        .when(conclude(nothing_found()))
        .refused(ReportRefusal::AlreadyConcluded);
}

/// A confirmed finding settles also what nobody got to accept; that there is nothing to find is said by whoever accepted.
#[test]
fn only_a_finding_concludes_a_report_that_was_not_accepted() {
    received().when(conclude(nothing_found())).refused(ReportRefusal::NotAccepted);
    let state = received().after(conclude(found())).state();
    let report = state.report().expect("filed");
    assert_eq!(report.stage, ReportStage::Concluded);
    assert!(report.accepted.as_ref().is_some_and(|accepted| accepted.by_finding.is_some()));
    accepted().after(conclude(nothing_found()));
}

/// domain.md, edge cases: withdrawn, and the case proceeds; the withdrawn report gets no answer.
#[test]
fn what_was_withdrawn_or_declined_is_not_concluded() {
    received().after(withdraw(Some("r-7"))).when(conclude(found())).refused(ReportRefusal::NotOpen);
    received().after(decline(DeclineReason::Abusive, None)).when(conclude(found())).refused(ReportRefusal::NotOpen);
}

/// X10: fires once and never early.
#[test]
fn a_report_that_nobody_accepts_in_time_is_overdue_once() {
    received()
        .when(timer(AcceptanceDue::Final(at(DUE)), LATE))
        .then([ReportEvent::AcceptanceOverdue(ReportAcceptanceOverdue {
            report_id: the_report(),
            due_at: at(DUE),
            noted_at: at(LATE),
        })])
        .when(timer(AcceptanceDue::Final(at(DUE)), LATE))
        .refused(ReportRefusal::NotWaiting);
    accepted().when(timer(AcceptanceDue::Final(at(DUE)), LATE)).refused(ReportRefusal::NotWaiting);
}

/// domain.md section 3: the calendar is not published yet, the deadline is provisional.
#[test]
fn a_deadline_that_turns_out_to_lie_ahead_moves_the_timer() {
    let later = AcceptanceDue::Final(at("2026-03-13T16:00:00Z"));
    received().when(timer(later, LATE)).then([ReportEvent::AcceptanceRescheduled(ReportAcceptanceRescheduled {
        report_id: the_report(),
        due: later,
    })]);
    let provisional = AcceptanceDue::Provisional(at("2026-03-10T16:00:00Z"));
    let state = received().after(timer(provisional, LATE)).after(accept_at(LATE)).state();
    let accepted = state.report().and_then(|report| report.accepted.clone()).expect("accepted");
    assert!(!accepted.late, "nobody is late by a provisional deadline");
}
