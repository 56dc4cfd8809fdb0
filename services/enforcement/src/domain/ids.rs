//! Ids of what happens inside a case. They derive from the case and a running number: `decide` needs no
//! randomness, and nobody outside can choose one.

use std::fmt;
use std::str::FromStr;

use casebook_kernel::ids::{CaseId, NotAnId, OrderId, parse_uuid};
use uuid::Uuid;

macro_rules! inner_ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The `number`th of its kind in a case, from 0.
            pub fn nth(case: CaseId, number: usize) -> Self {
                Self(casebook_kernel::ids::derived(case.uuid(), format!("{}/{number}", $kind).as_bytes()))
            }

            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse_uuid($kind, text).map(Self)
            }
        }
    )*};
}

inner_ids! {
    /// A piece of evidence.
    EvidenceId = "evidence";
    /// A notice to the subject (告知).
    NoticeId = "notice";
    /// The subject's statement (陈述、申辩).
    StatementId = "statement";
    /// A proposal, the decision it becomes, or a reversal, which is a decision, too.
    DecisionId = "decision";
    /// An appeal, heard here or elsewhere.
    AppealId = "appeal";
    /// An offer to hand the case to another agency.
    TransferId = "transfer";
}

/// The order that lifts what `order` did: an order has at most one.
pub fn counter_order_id(order: OrderId) -> OrderId {
    OrderId::derived(order.uuid(), "counter")
}
