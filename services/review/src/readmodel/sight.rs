//! The rules of [`crate::domain::visibility`] as filters of rows.

use std::collections::BTreeSet;

use casebook_kernel::region::Region;
use sea_orm::sea_query::{Expr, LikeExpr};
use sea_orm::{ColumnTrait as _, Condition};

use super::{item, report};
use crate::domain::visibility::Sight;

/// Stands before each region in a column that holds several.
const BEFORE: char = '/';

/// The regions of an item as a column holds them.
pub(super) fn regions(regions: &BTreeSet<Region>) -> String {
    regions.iter().map(|region| format!("{BEFORE}{region}")).collect()
}

/// The reports that lie within a sight.
pub(super) fn reports_within(sight: &Sight) -> Condition {
    match sight {
        Sight::Everything => Condition::all(),
        Sight::Agency { agency, region } => {
            let (first, last) = region.codes();
            Condition::any()
                .add(report::Column::Region.between(first, last))
                .add(report::Column::TakenInBy.eq(agency.as_str()))
        }
        Sight::Own(agency) => Condition::all().add(report::Column::TakenInBy.eq(agency.as_str())),
    }
}

/// The items that lie within a sight.
pub(super) fn items_within(sight: &Sight) -> Condition {
    match sight {
        Sight::Everything => Condition::all(),
        Sight::Agency { region, .. } => {
            let holds = |begin: &str| item::Column::Regions.like(LikeExpr::new(format!("%{BEFORE}{begin}%")));
            Condition::any().add(holds(region.prefix().as_str())).add(holds(&Region::NATIONAL.code()))
        }
        Sight::Own(_) => Condition::all().add(Expr::value(false)),
    }
}
