//! The rule of [`crate::domain::visibility`] as a filter of rows.

use sea_orm::sea_query::{Expr, LikeExpr};
use sea_orm::{ColumnTrait, Condition};

use crate::domain::visibility::{Matter, Sight};

/// Stands around each name in a column that holds several: no user id or agency holds a control character like it.
pub(super) const EDGE: char = '\u{1f}';

/// A text that a pattern finds as it is, with `\` as the escape.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// The parties of a matter as a column holds them.
pub(super) fn parties(matter: &Matter<'_>) -> String {
    matter.parties.iter().map(|agency| format!("{EDGE}{agency}{EDGE}")).collect()
}

/// The columns of a table that say who may know of a row.
pub(super) struct MatterColumns<C> {
    pub violation: C,
    pub region: C,
    pub parties: C,
}

/// The rows that lie within a sight. Rows are for officers and auditors: who runs an account finds none.
pub(super) fn within_sight<C: ColumnTrait>(sight: &Sight, columns: MatterColumns<C>) -> Condition {
    match sight {
        Sight::Everything => Condition::all(),
        Sight::Agency { agency, region, competent_for } => {
            let party = LikeExpr::new(format!("%{EDGE}{}{EDGE}%", escaped(agency.as_str()))).escape('\\');
            let (first, last) = region.codes();
            let competent = Condition::all()
                .add(columns.region.between(first, last))
                .add(columns.violation.is_in(competent_for.iter().map(ToString::to_string)));
            Condition::any().add(columns.parties.like(party)).add(competent)
        }
        Sight::Account(_) | Sight::Nothing => Condition::all().add(Expr::value(false)),
    }
}
