use casebook_policy::PolicyRefusal;

use super::*;
use crate::domain::samples::{actor, closure, credit, health, mute};

fn open(change: impl FnOnce(&mut OpenCase)) -> CaseCommand {
    let mut command = open_case();
    change(&mut command);
    CaseCommand::Open(Box::new(command))
}

fn nothing() -> Given<Case> {
    given([])
}

/// 立案: one lead, one case, and only on a lead that an officer took up.
#[test]
fn a_case_opens_once_on_an_accepted_lead() {
    let state = opened().state();
    let file = state.file().expect("a file");
    assert_eq!((&file.agency, &file.stage), (&"cac-310000".parse().expect("agency"), &Stage::Investigating));
    opened().when(open(|_| {})).refused(CaseRefusal::CaseAlreadyOpened);
    nothing().when(open(|command| command.lead = None)).refused(CaseRefusal::LeadNotAccepted);
    nothing().when(evidence(1, cyberspace("a"))).refused(CaseRefusal::UnknownCase);
}

/// R93: by violation; R80: by region.
#[test]
fn an_agency_of_another_kind_or_region_has_no_jurisdiction() {
    let region = open_case().region;
    for by in [
        actor("market-310000", "m", Some(AgencyKind::Market), "310000"),
        actor("cac-330000", "z", Some(AgencyKind::Cyberspace), "330000"),
        actor("hospital-1", "h", None, "310000"),
    ] {
        let agency_region = by.region;
        let lead = |command: &mut OpenCase| command.lead.as_mut().expect("a lead").agency = by.agency.clone();
        nothing()
            .when(open(|command| {
                lead(command);
                command.by = by.clone();
            }))
            .refused(CaseRefusal::NoJurisdiction { agency_region, region });
    }
    let national = actor("cac-000000", "n", Some(AgencyKind::Cyberspace), "000000");
    assert_eq!(
        stage(&nothing().after(open(|command| {
            command.lead.as_mut().expect("a lead").agency = national.agency.clone();
            command.by = national;
        }))),
        "under investigation"
    );
}

/// R80, R93: a case is not steered past the agency that is competent for what the lead says.
#[test]
fn a_case_stays_within_what_its_lead_says() {
    let lead = |change: fn(&mut AcceptedLead)| open(|command| change(command.lead.as_mut().expect("a lead")));
    let wider = open(|command| command.region = "310000".parse().expect("region"));
    let region = |code: &str| code.parse().expect(code);
    nothing().when(wider).refused(CaseRefusal::RegionOutsideLead { lead: region("310115"), region: region("310000") });
    let national = lead(|lead| lead.region = "000000".parse().expect("region"));
    nothing()
        .when(national)
        .refused(CaseRefusal::NoJurisdiction { agency_region: region("310000"), region: region("000000") });
    let other_violation = lead(|lead| lead.competence = Competence { kinds: vec![AgencyKind::Market] });
    nothing()
        .when(other_violation)
        .refused(CaseRefusal::NoJurisdiction { agency_region: region("310000"), region: region("310115") });
    let another = lead(|lead| lead.agency = "health-310000".parse().expect("agency"));
    let agency = "health-310000".parse().expect("agency");
    nothing().when(another).refused(CaseRefusal::LeadWithAnotherAgency { agency });
}

/// X07, 行政处罚法 art. 42: two officers, and not one twice.
#[test]
fn two_different_officers_conduct_a_case() {
    let nine = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].map(officer).to_vec();
    for officers in [vec![officer("a")], vec![officer("a"), officer("a")], nine] {
        nothing().when(open(|command| command.officers = officers)).refused(CaseRefusal::TooFewOfficers);
    }
}

#[test]
fn a_case_is_about_one_to_twenty_different_accounts() {
    let many = (0..=ACCOUNTS_MAX).map(|number| on("weibo", &number.to_string())).collect();
    for accounts in [vec![], vec![weibo(), weibo()], many] {
        nothing().when(open(|command| command.accounts = accounts)).refused(CaseRefusal::TooManyAccounts);
    }
}

/// X08, 行政处罚法 art. 36: what is discovered after the term is not punished; what is discovered in time is, however
/// late the case is opened.
#[test]
fn a_penalty_case_is_not_opened_after_the_limitation() {
    let penalty = |discovered: &str| {
        let discovered_at = at(discovered);
        open(|command| {
            command.instrument = Instrument::AdministrativePenalty;
            command.limitation_until = Some(at("2026-02-28T16:00:00Z"));
            command.discovered_at = discovered_at;
        })
    };
    nothing()
        .when(penalty("2026-02-28T16:00:00Z"))
        .refused(CaseRefusal::LimitationExpired { until: at("2026-02-28T16:00:00Z") });
    assert_eq!(stage(&nothing().after(penalty("2026-02-28T15:59:59Z"))), "under investigation");
}

/// Evidence is known by its hash; the case holds each piece once, and not without bound.
#[test]
fn evidence_is_held_once() {
    let one = opened().after(evidence(1, cyberspace("c")));
    one.clone().when(evidence(1, cyberspace("a"))).refused(CaseRefusal::EvidenceAlreadyHeld);
    one.clone()
        .when(evidence(2, health("h")))
        .refused(CaseRefusal::NotHoldingAgency { agency: "cac-310000".parse().expect("agency") });
    let state = one.state();
    let file = state.file().expect("a file");
    assert_eq!(file.evidence[0].added_by, officer("c"));
    assert!(file.participants.contains(&officer("c")));
    let full = (0..200u8).fold(opened(), |given, number| given.after(evidence(number, cyberspace("a"))));
    full.when(evidence(201, cyberspace("a"))).refused(CaseRefusal::TooMuchEvidence);
    opened()
        .after(close(CaseOutcome::NotEstablished))
        .when(evidence(1, cyberspace("a")))
        .refused(CaseRefusal::StageDoesNotFit { stage: "closed" });
}

/// X07, 行政处罚法 art. 44: the notice names measures on the case's accounts, each once, that the instrument admits.
#[test]
fn a_notice_says_what_is_intended() {
    let cases = [
        (vec![], CaseRefusal::Policy(PolicyRefusal::MeasureMissing)),
        (vec![mute(&on("weibo", "u2"), 7)], CaseRefusal::AccountNotSubject { account: on("weibo", "u2") }),
        (vec![mute(&weibo(), 7), mute(&weibo(), 3)], CaseRefusal::MeasureTwice { measure: boxed(mute(&weibo(), 3)) }),
    ];
    for (measures, refusal) in cases {
        opened().when(serve(measures)).refused(refusal);
    }
    let early =
        ServeNotice { served_at: at("2026-03-02T01:59:59Z"), now: at(OPENED), ..notice(vec![mute(&weibo(), 7)]) };
    opened()
        .when(CaseCommand::ServeNotice(Box::new(early)))
        .refused(CaseRefusal::ServedBeforeOpening { opened_at: at(OPENED) });
    let old = PolicyRefusal::BasisNotInForce { basis: bases().remove(0), on: "2020-03-01".parse().expect("a day") };
    let not_in_force = ServeNotice { admission: Err(old.clone()), ..notice(vec![mute(&weibo(), 7)]) };
    opened().when(CaseCommand::ServeNotice(Box::new(not_in_force))).refused(CaseRefusal::Policy(old));
    assert_eq!(stage(&told(vec![mute(&weibo(), 7), mute(&douyin(), 7)])), "with the subject");
}

/// X07, 行政处罚法 art. 45: the subject's statement is heard, also a late one; there is none before the notice.
#[test]
fn the_subject_is_heard() {
    opened().when(statement(TOLD)).refused(CaseRefusal::NotServed);
    let answers = |given: Given<Case>| {
        let state = given.state();
        state.file().and_then(CaseFile::told).map(|told| told.given.clone()).expect("told")
    };
    let on_time = told(vec![mute(&weibo(), 7)]).after(statement("2026-03-10T15:59:59Z"));
    assert!(!answers(on_time.clone())[0].late);
    let late = on_time.after(statement(ANSWER_UNTIL));
    assert_eq!(answers(late.clone()).len(), 2);
    assert!(answers(late.clone())[1].late);
    let many = (2..STATEMENTS_MAX).fold(late, |given, _| given.after(statement(TOLD)));
    many.clone().when(statement(TOLD)).refused(CaseRefusal::TooManyStatements);
    // Whoever runs another account still speaks.
    let other = CaseCommand::RecordStatement {
        by: operator_of(&douyin()),
        account: None,
        summary: "不知情".to_owned(),
        sha256: None,
        stated_at: at(TOLD),
    };
    assert_eq!(answers(many.after(other)).len(), STATEMENTS_MAX + 1);
    // Nobody answered before being told.
    let early = statement("2026-03-03T01:59:59Z");
    told(vec![mute(&weibo(), 7)]).when(early.clone()).refused(CaseRefusal::StatedBeforeNotice { from: at(TOLD) });
    // It may have been to an earlier notice, and is none to the next.
    let later = ServeNotice {
        served_at: at("2026-03-04T02:00:00Z"),
        now: at("2026-03-04T02:00:00Z"),
        ..notice(vec![mute(&weibo(), 7)])
    };
    let twice = told(vec![mute(&weibo(), 7)]).after(CaseCommand::ServeNotice(Box::new(later))).after(statement(TOLD));
    let state = twice.state();
    let told_now = state.file().and_then(CaseFile::told).expect("told");
    assert_eq!((told_now.earlier.len(), told_now.given.len()), (1, 0));
    twice.when(statement("2026-03-02T01:59:59Z")).refused(CaseRefusal::StatedBeforeNotice { from: at(OPENED) });
    proposed(vec![mute(&weibo(), 7)]).when(statement(PROPOSED)).refused(CaseRefusal::ProposalPending);
    decided(vec![mute(&weibo(), 7)])
        .when(statement(DECIDED))
        .refused(CaseRefusal::StageDoesNotFit { stage: "decided" });
    let elsewhere = CaseCommand::RecordStatement {
        by: health("h"),
        account: None,
        summary: "x".to_owned(),
        sha256: None,
        stated_at: at(TOLD),
    };
    told(vec![mute(&weibo(), 7)])
        .when(elsewhere)
        .refused(CaseRefusal::NotHoldingAgency { agency: "cac-310000".parse().expect("agency") });
}

/// 行政处罚法 art. 45: what officers write down never uses up the subject's own word, nor the other way round.
#[test]
fn the_subject_is_heard_however_much_officers_recorded() {
    let by_officer = || CaseCommand::RecordStatement {
        by: cyberspace("a"),
        account: Some(weibo()),
        summary: "电话中未作说明".to_owned(),
        sha256: None,
        stated_at: at(TOLD),
    };
    let recorded = (0..STATEMENTS_MAX).fold(told(vec![mute(&weibo(), 7)]), |given, _| given.after(by_officer()));
    recorded.clone().when(by_officer()).refused(CaseRefusal::TooManyStatements);
    // Without the subject's document it proves nothing: the time to answer runs on.
    let written = recorded.state();
    assert!(!written.file().and_then(CaseFile::told).expect("told").is_answered());
    let heard = recorded.after(statement(TOLD));
    let state = heard.state();
    assert!(state.file().and_then(CaseFile::told).expect("told").has_been_heard(&weibo()));
    let said = (0..STATEMENTS_MAX).fold(told(vec![mute(&weibo(), 7)]), |given, _| given.after(statement(TOLD)));
    said.clone().when(statement(TOLD)).refused(CaseRefusal::TooManyStatements);
    assert_eq!(stage(&said.after(by_officer())), "with the subject");
}

/// 行政处罚法 art. 44, 45: who is told is who is heard. Whoever runs any account of the case answers; for whoever runs
/// another account the case does not exist, and whoever runs none has no say in it.
#[test]
fn only_the_subject_of_the_case_answers() {
    let by = |by: Actor| {
        let state = || CaseCommand::RecordStatement {
            by: by.clone(),
            account: None,
            summary: "视频系转载".to_owned(),
            sha256: None,
            stated_at: at(TOLD),
        };
        let waive = CaseCommand::WaiveStatement {
            by: by.clone(),
            account: None,
            reasons: "放弃".to_owned(),
            sha256: None,
            now: at(TOLD),
        };
        [state(), waive]
    };
    for command in by(operator_of(&weibo())).into_iter().chain(by(operator_of(&douyin()))) {
        assert_eq!(stage(&told(vec![mute(&weibo(), 7)]).after(command)), "with the subject");
    }
    for command in by(operator_of(&on("weibo", "u2"))) {
        told(vec![mute(&weibo(), 7)]).when(command).refused(CaseRefusal::UnknownCase);
    }
    for command in by(actor("subject-1", "operator-1", None, "310000")) {
        let agency = "cac-310000".parse().expect("agency");
        told(vec![mute(&weibo(), 7)]).when(command).refused(CaseRefusal::NotHoldingAgency { agency });
    }
}

/// 行政处罚法 art. 62: an express waiver, once; whoever waived may still speak.
#[test]
fn the_subject_may_waive_and_think_better_of_it() {
    let waive = || CaseCommand::WaiveStatement {
        by: subject(),
        account: None,
        reasons: "放弃陈述申辩".to_owned(),
        sha256: None,
        now: at(TOLD),
    };
    opened().when(waive()).refused(CaseRefusal::NotServed);
    let waived = told(vec![mute(&weibo(), 7)]).after(waive());
    waived.clone().when(waive()).refused(CaseRefusal::AlreadyWaived);
    let spoke = waived.after(statement("2026-03-05T02:00:00Z"));
    spoke.when(waive()).refused(CaseRefusal::StageDoesNotFit { stage: "answered by the subject" });
}

/// X07, 行政处罚法 art. 45: a second notice is not heavier because the subject defended itself, only because more was
/// found.
#[test]
fn a_heavier_notice_after_a_defence_needs_new_evidence() {
    let heavier = || serve(vec![closure(&weibo())]);
    let heard = told(vec![mute(&weibo(), 7)]).after(statement(TOLD));
    heard.clone().when(heavier()).refused(CaseRefusal::HeavierAfterDefence { measure: boxed(closure(&weibo())) });
    let found_more = heard.after(evidence(2, cyberspace("b"))).after(heavier());
    assert_eq!(stage(&found_more), "with the subject");
    // Without a defence there is nothing to be punished for.
    let undefended = told(vec![mute(&weibo(), 7)]).after(serve(vec![mute(&weibo(), 7), credit(&weibo(), 5)]));
    assert_eq!(undefended.state().file().map(|file| file.notices), Some(2));
    proposed(vec![mute(&weibo(), 7)]).when(heavier()).refused(CaseRefusal::ProposalPending);
    decided(vec![mute(&weibo(), 7)]).when(heavier()).refused(CaseRefusal::StageDoesNotFit { stage: "decided" });
}

/// X07, 行政处罚法 art. 45: a defence is not forgotten because the same notice is served once more; its own document is
/// no evidence found since; and what was said is still weighed.
#[test]
fn a_defence_outlasts_the_notices_that_follow() {
    let mild = || vec![mute(&weibo(), 7)];
    let heavier = || serve(vec![closure(&weibo())]);
    let too_heavy = || CaseRefusal::HeavierAfterDefence { measure: boxed(closure(&weibo())) };
    let again = told(mild()).after(statement(TOLD)).after(serve(mild()));
    again.clone().when(heavier()).refused(too_heavy());
    let state = again.state();
    let told_now = state.file().and_then(CaseFile::told).expect("told");
    assert_eq!((told_now.statements().count(), told_now.is_answered()), (1, false));
    // The lightest notice since the defence is the bound.
    let lighter = again.clone().after(serve(vec![mute(&weibo(), 3)]));
    lighter.when(serve(mild())).refused(CaseRefusal::HeavierAfterDefence { measure: boxed(mute(&weibo(), 7)) });
    let own_document = CaseCommand::AddEvidence {
        by: cyberspace("a"),
        kind: EvidenceKind::Document,
        sha256: "c".repeat(64),
        captured_at: at(OPENED),
        description: "申辩书".to_owned(),
        now: at(TOLD),
    };
    again.clone().after(own_document).when(heavier()).refused(too_heavy());
    // What was found allows one heavier notice, not one after the other.
    let found_more = again.after(evidence(2, cyberspace("b"))).after(serve(vec![mute(&weibo(), 15)]));
    found_more.when(heavier()).refused(too_heavy());
}

/// 行政处罚法 art. 45, 62: an officer's word alone neither waives nor ends the subject's time to answer.
#[test]
fn an_officer_alone_does_not_close_the_hearing() {
    let mild = || vec![mute(&weibo(), 7)];
    let propose_at_once = || propose(ProposeDecision { now: at(TOLD), ..proposal(mild(), 4) });
    let stated = |by: Actor, sha256: Option<String>| CaseCommand::RecordStatement {
        by,
        account: Some(weibo()),
        summary: "无异议".to_owned(),
        sha256,
        stated_at: at(TOLD),
    };
    let waived = |by: Actor, sha256: Option<String>| CaseCommand::WaiveStatement {
        by,
        account: Some(weibo()),
        reasons: "放弃".to_owned(),
        sha256,
        now: at(TOLD),
    };
    let not_heard = || CaseRefusal::NotHeard { account: weibo(), until: at(ANSWER_UNTIL) };
    told(mild()).when(waived(cyberspace("a"), None)).refused(CaseRefusal::WaiverUnproven);
    told(mild()).after(stated(cyberspace("a"), None)).when(propose_at_once()).refused(not_heard());
    let document = || Some("f".repeat(64));
    for answered in [
        stated(subject(), None),
        waived(subject(), None),
        stated(cyberspace("a"), document()),
        waived(cyberspace("a"), document()),
    ] {
        let given = told(mild()).after(answered).after(propose_at_once());
        assert_eq!(stage(&given), "waiting for the second officer");
    }
    // An answer to one notice is none to the next.
    let next = told(mild()).after(stated(subject(), None)).after(serve(mild()));
    next.when(propose_at_once()).refused(not_heard());
    // Nor is the window moved into the past.
    let backdated = ServeNotice { now: at("2026-03-04T02:00:01Z"), ..notice(mild()) };
    opened()
        .when(CaseCommand::ServeNotice(Box::new(backdated)))
        .refused(CaseRefusal::ServedTooLongAgo { earliest: at("2026-03-03T02:00:01Z") });
}
