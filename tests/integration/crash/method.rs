//! The writes of the load, in the order in which a matter meets them.

use std::fmt;

/// A method that writes. Its name is the one of the public API; `Elsewhere` is asked for the case's second account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    FileReport,
    AcceptReport,
    RecordFinding,
    ConfirmFinding,
    SubmitReferral,
    OpenLead,
    AcceptLead,
    OpenCase,
    AddEvidence,
    ServeNotice,
    RecordStatement,
    RecordStatementElsewhere,
    WaiveStatement,
    WaiveStatementElsewhere,
    ProposeDecision,
    ConfirmDecision,
    ReportReceipt,
    RecordService,
    FileAppeal,
    DecideAppeal,
    CloseCase,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
