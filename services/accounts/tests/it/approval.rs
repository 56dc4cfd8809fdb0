//! The approval form and the agency's record (R01, R14-R16; S2 art. 6 and annex 1).

use casebook_accounts::domain::account::{
    AccountCommand, AccountEvent, AccountRefusal, ApprovalChain, ApprovalStep, Filing, Happened, Phase, Signature,
};
use casebook_kernel::ids::AccountId;

use crate::people::{
    Accounts, HOSPITAL, approved, at, closed, declare, draft, far_health, file, filed, health, hospital, in_approval,
    nothing, office, other_office, own_declaration, sign, submit, withdrawn,
};

fn event(happened: Happened) -> AccountEvent {
    AccountEvent { account_id: AccountId::of("douyin", "uid-1"), happened }
}

fn send_back(actor: casebook_kernel::Actor) -> AccountCommand {
    AccountCommand::Return { actor, reasons: "请补充专业背景".into(), now: at(4) }
}

fn phase(given: &Accounts) -> Phase {
    given.state().account().unwrap().phase.clone()
}

/// R14: staff and departments pass the four boxes.
#[test]
fn a_draft_is_handed_in_for_the_boxes_of_its_level() {
    draft().when(submit()).then([event(Happened::Submitted {
        steps: ApprovalStep::ALL.to_vec(),
        submitted_by: "p-clerk".parse().unwrap(),
        submitted_at: at(2),
    })]);
}

#[test]
fn only_a_draft_is_handed_in() {
    for done in [in_approval(), approved(), filed(), closed(), withdrawn()] {
        done.when(submit()).refused(AccountRefusal::NotADraft);
    }
    let by_another = AccountCommand::Submit { actor: other_office(), chain: crate::people::chain(), now: at(2) };
    draft().when(by_another).refused(AccountRefusal::ActsForAnother);
}

/// R13: a draft that meanwhile took the hospital's name goes no further.
#[test]
fn a_draft_under_the_institutions_name_is_not_handed_in() {
    let renamed = draft().after(AccountCommand::ChangeHandle {
        observer: casebook_accounts::domain::authority::Observer::Platform("douyin".into()),
        new_handle: HOSPITAL.into(),
        institution_names: vec![HOSPITAL.into()],
        observed_at: at(2),
    });
    renamed.when(submit()).refused(AccountRefusal::InstitutionNameMisused);
}

/// R16: the boxes are four offices: one person is not all of them.
#[test]
fn whoever_signed_a_box_signs_no_other() {
    let once = in_approval().after(sign(ApprovalStep::Department, "p-head"));
    once.clone().when(sign(ApprovalStep::FunctionalOffice, "p-head")).refused(AccountRefusal::SignerSignedBefore);
    let returned = once.after(send_back(office("p-head"))).after(submit());
    returned.after(sign(ApprovalStep::Department, "p-head"));
}

/// R16: four boxes, each with a signer and a time; with the last the account is approved.
#[test]
fn the_boxes_are_signed_in_order() {
    in_approval().when(sign(ApprovalStep::Department, "p-head")).then([event(Happened::StepSigned(Signature {
        step: ApprovalStep::Department,
        signer: "p-head".parse().unwrap(),
        opinion: "同意".into(),
        signed_at: at(3),
    }))]);
    let Phase::Approved(approval) = phase(&approved()) else { panic!("approved after the fourth box") };
    let signers: Vec<_> = approval.signatures.iter().map(|one| one.signer.as_str()).collect();
    assert_eq!(signers, ["p-head", "p-medical", "p-office", "p-leader"]);
}

#[test]
fn no_box_is_signed_before_the_one_above_it() {
    let mut signed = in_approval();
    for (index, expected) in ApprovalStep::ALL.into_iter().enumerate() {
        for wrong in ApprovalStep::ALL.into_iter().filter(|step| *step != expected) {
            signed.clone().when(sign(wrong, "p-any")).refused(AccountRefusal::StepOutOfOrder { expected });
        }
        signed = signed.after(sign(expected, &format!("p-{index}")));
    }
    signed.when(sign(ApprovalStep::LeaderInCharge, "p-any")).refused(AccountRefusal::NotInApproval);
}

/// R16: who applies does not approve: not the one who declared, nor who handed in, nor who runs the account.
#[test]
fn the_applicant_signs_nothing() {
    let handed_in_by_another =
        draft().after(AccountCommand::Submit { actor: office("p-second"), chain: crate::people::chain(), now: at(2) });
    for applicant in ["p-clerk", "p-second", "p-zhang"] {
        handed_in_by_another
            .clone()
            .when(sign(ApprovalStep::Department, applicant))
            .refused(AccountRefusal::SignerIsApplicant);
    }
}

/// R14: the form is the institution's: no agency and no other institution signs it.
#[test]
fn only_the_institution_signs() {
    for actor in [health(), other_office()] {
        let signature =
            AccountCommand::Sign { actor, step: ApprovalStep::Department, opinion: String::new(), now: at(3) };
        in_approval().when(signature).refused(AccountRefusal::ActsForAnother);
    }
}

#[test]
fn only_what_is_in_approval_is_signed() {
    for other in [draft(), approved(), filed(), closed(), withdrawn()] {
        other.when(sign(ApprovalStep::Department, "p-head")).refused(AccountRefusal::NotInApproval);
    }
}

/// R14: a returned declaration is a draft with reasons; its signatures are void.
#[test]
fn a_returned_declaration_begins_again() {
    let half = in_approval().after(sign(ApprovalStep::Department, "p-head"));
    for open in [half, approved()] {
        let returned = open.when(send_back(office("p-office"))).then([event(Happened::Returned {
            returned_by: "p-office".parse().unwrap(),
            reasons: "请补充专业背景".into(),
            returned_at: at(4),
        })]);
        assert_eq!(phase(&returned), Phase::Draft { return_reasons: "请补充专业背景".into() });
        let again = returned.after(submit());
        again
            .when(sign(ApprovalStep::FunctionalOffice, "p-medical"))
            .refused(AccountRefusal::StepOutOfOrder { expected: ApprovalStep::Department });
    }
    approved().after(send_back(health()));
}

#[test]
fn only_what_is_being_approved_is_returned() {
    for other in [draft(), filed(), closed(), withdrawn()] {
        other.when(send_back(office("p-office"))).refused(AccountRefusal::NotInApproval);
    }
    in_approval().when(send_back(other_office())).refused(AccountRefusal::ActsForAnother);
}

/// Annex 1 is the form of levels 2 and 3. Which boxes an account of level 1 passes is what the pack says.
#[test]
fn an_account_of_the_institution_passes_the_boxes_of_its_level() {
    let own = nothing().after(declare(own_declaration()));
    let handed_in = own.clone().after(submit());
    handed_in
        .clone()
        .when(sign(ApprovalStep::Department, "p-head"))
        .refused(AccountRefusal::StepOutOfOrder { expected: ApprovalStep::PartyGovernmentOffice });
    let approved = handed_in
        .after(sign(ApprovalStep::PartyGovernmentOffice, "p-office"))
        .after(sign(ApprovalStep::LeaderInCharge, "p-leader"));
    assert!(matches!(phase(&approved), Phase::Approved(_)));
    let without_boxes = AccountCommand::Submit {
        actor: office("p-clerk"),
        chain: ApprovalChain { institution: vec![], ..crate::people::chain() },
        now: at(2),
    };
    assert!(matches!(phase(&own.after(without_boxes)), Phase::Approved(_)));
}

/// R01, R14: 备案 ends the way of a declaration.
#[test]
fn the_agency_puts_an_approved_account_on_record() {
    approved().when(file()).then([event(Happened::Filed {
        institution_id: hospital(),
        filing: Filing {
            agency: "health-330000".parse().unwrap(),
            filing_number: "浙卫备〔2026〕7号".into(),
            filed_at: at(5),
        },
    })]);
}

#[test]
fn nothing_is_filed_before_it_is_approved_or_twice() {
    let three = in_approval()
        .after(sign(ApprovalStep::Department, "p-head"))
        .after(sign(ApprovalStep::FunctionalOffice, "p-medical"))
        .after(sign(ApprovalStep::PartyGovernmentOffice, "p-office"));
    for unapproved in [draft(), in_approval(), three] {
        unapproved.when(file()).refused(AccountRefusal::ApprovalIncomplete);
    }
    filed().when(file()).refused(AccountRefusal::AlreadyFiled);
    closed().when(file()).refused(AccountRefusal::AccountIsClosed);
    withdrawn().when(file()).refused(AccountRefusal::NothingDeclared);
}

#[test]
fn an_agency_files_in_its_region() {
    for actor in [far_health(), office("p-office")] {
        let elsewhere = AccountCommand::File { actor, filing_number: String::new(), now: at(5) };
        approved().when(elsewhere).refused(AccountRefusal::NotSupervisingAgency);
    }
}
