//! How a matter goes. Its number decides, so that every way is taken, and the same ways in every run.

use crate::method::Method;

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    reported: bool,
    pub answer: Answer,
    pub appeal: Appeal,
    /// The case is about a second account, on another platform.
    pub elsewhere: bool,
    /// One of the measures cannot be undone.
    pub irreversible: bool,
}

/// What the subject says to the notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Statement,
    WaivedToOfficer,
    WaivedByItself,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appeal {
    Never,
    Rejected,
    Upheld,
    UpheldInPart,
    /// As soon as it is decided: its platform may not have the order yet, or may be carrying it out.
    UpheldAtOnce,
}

impl Plan {
    pub fn of(number: u64) -> Self {
        Self {
            reported: number.is_multiple_of(2),
            answer: match number % 3 {
                0 => Answer::Statement,
                1 => Answer::WaivedToOfficer,
                _ => Answer::WaivedByItself,
            },
            appeal: match number % 5 {
                0 => Appeal::Never,
                1 => Appeal::Rejected,
                2 => Appeal::Upheld,
                3 => Appeal::UpheldInPart,
                _ => Appeal::UpheldAtOnce,
            },
            elsewhere: number % 7 < 3,
            irreversible: number.is_multiple_of(4),
        }
    }

    pub fn first(self) -> Method {
        if self.reported { Method::FileReport } else { Method::OpenLead }
    }

    pub fn appeals_after_receipts(self) -> bool {
        self.appeal != Appeal::UpheldAtOnce
    }

    /// Whether anything of the decision stands at the end. Only one account appeals: what meets the other one stands.
    pub fn decision_stands(self) -> bool {
        self.elsewhere || matches!(self.appeal, Appeal::Never | Appeal::Rejected | Appeal::UpheldInPart)
    }

    pub fn after(self, method: Method) -> Option<Method> {
        Some(match method {
            Method::FileReport => Method::AcceptReport,
            Method::AcceptReport => Method::RecordFinding,
            Method::RecordFinding => Method::ConfirmFinding,
            Method::ConfirmFinding => Method::SubmitReferral,
            Method::SubmitReferral | Method::OpenLead => Method::AcceptLead,
            Method::AcceptLead => Method::OpenCase,
            Method::OpenCase => Method::AddEvidence,
            Method::AddEvidence => Method::ServeNotice,
            Method::ServeNotice if self.answer == Answer::Statement => Method::RecordStatement,
            Method::ServeNotice => Method::WaiveStatement,
            Method::RecordStatement if self.elsewhere => Method::RecordStatementElsewhere,
            Method::WaiveStatement if self.elsewhere => Method::WaiveStatementElsewhere,
            Method::RecordStatement
            | Method::WaiveStatement
            | Method::RecordStatementElsewhere
            | Method::WaiveStatementElsewhere => Method::ProposeDecision,
            Method::ProposeDecision => Method::ConfirmDecision,
            Method::ConfirmDecision if self.appeal == Appeal::UpheldAtOnce => Method::FileAppeal,
            Method::ConfirmDecision => Method::RecordService,
            Method::RecordService if matches!(self.appeal, Appeal::Never | Appeal::UpheldAtOnce) => Method::CloseCase,
            Method::RecordService => Method::FileAppeal,
            Method::FileAppeal => Method::DecideAppeal,
            // A case does not end before what stands of its decision is served.
            Method::DecideAppeal if self.appeal == Appeal::UpheldAtOnce && self.elsewhere => Method::RecordService,
            Method::DecideAppeal => Method::CloseCase,
            Method::CloseCase | Method::ReportReceipt => return None,
        })
    }
}
