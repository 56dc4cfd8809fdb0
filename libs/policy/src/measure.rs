//! What a decision chooses, what it needs to know, and what becomes of it when it is reversed.

use serde::Deserialize;

use crate::error::PolicyRefusal;
use crate::ids::{LegalBasisId, MeasureId};
use crate::text::Text;

/// Ids of the measures that every pack has, for code and tests that name one.
pub mod measures {
    /// 取消互动功能, rung 1 of the ladder.
    pub const INTERACTIONS_REMOVED: &str = "INTERACTIONS_REMOVED";
    /// 清理粉丝, rung 2.
    pub const FOLLOWERS_CLEARED: &str = "FOLLOWERS_CLEARED";
    /// 取消营利权限, rung 3.
    pub const MONETISATION_REVOKED: &str = "MONETISATION_REVOKED";
    /// 禁言, rung 4.
    pub const MUTED: &str = "MUTED";
    /// 永久禁言, on rung 4 beside the mute with an end.
    pub const MUTED_PERMANENTLY: &str = "MUTED_PERMANENTLY";
    /// 关闭账号, rung 5.
    pub const ACCOUNT_CLOSED: &str = "ACCOUNT_CLOSED";
    /// 删除内容.
    pub const CONTENT_REMOVED: &str = "CONTENT_REMOVED";
    /// 加注标识.
    pub const CONTENT_LABELLED: &str = "CONTENT_LABELLED";
    /// 禁被关注.
    pub const FOLLOW_BANNED: &str = "FOLLOW_BANNED";
    /// 扣除信用积分.
    pub const CREDIT_DEDUCTED: &str = "CREDIT_DEDUCTED";
    /// 暂停发布 while something is verified.
    pub const PUBLISHING_RESTRICTED: &str = "PUBLISHING_RESTRICTED";

    /// The measures without which a pack is refused.
    pub const REQUIRED: [&str; 11] = [
        INTERACTIONS_REMOVED,
        FOLLOWERS_CLEARED,
        MONETISATION_REVOKED,
        MUTED,
        MUTED_PERMANENTLY,
        ACCOUNT_CLOSED,
        CONTENT_REMOVED,
        CONTENT_LABELLED,
        FOLLOW_BANNED,
        CREDIT_DEDUCTED,
        PUBLISHING_RESTRICTED,
    ];
}

/// What a measure acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Object {
    Account,
    Content,
    /// A person or an institution, beside any account.
    Party,
}

/// What a reversal can do about a measure that was executed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Undoing {
    /// A counter-order restores what was: its name, such as `UNMUTED`, and what is restored.
    Reversible { counter: MeasureId, name: Text },
    /// Nothing restores it: what is done instead. Choosing it needs an extra confirmation.
    Irreversible { remedy: Text },
}

/// The values a parameter may have, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterRange {
    pub min: u32,
    pub max: u32,
}

/// The parameters that a decision gives to one measure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct MeasureParameters {
    /// For how many natural days.
    pub days: Option<u32>,
    /// How many points of credit.
    pub points: Option<u32>,
}

/// One measure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    pub id: MeasureId,
    pub name: Text,
    pub object: Object,
    /// Its place on the ladder (R92), from 1; none for a measure outside the ladder.
    pub rung: Option<u8>,
    pub undoing: Undoing,
    /// Set when the measure needs a number of days.
    pub days: Option<ParameterRange>,
    /// Set when the measure needs a number of points.
    pub points: Option<ParameterRange>,
    #[serde(default)]
    pub bases: Vec<LegalBasisId>,
}

impl Measure {
    /// Whether what it does can be undone by a counter-order.
    pub fn is_reversible(&self) -> bool {
        matches!(self.undoing, Undoing::Reversible { .. })
    }

    /// What cannot be undone is confirmed once more by the officers who decide it.
    pub fn needs_extra_confirmation(&self) -> bool {
        !self.is_reversible()
    }

    /// Checks that exactly the parameters that the measure needs are given, each within its range.
    pub fn check_parameters(&self, given: &MeasureParameters) -> Result<(), PolicyRefusal> {
        self.check_parameter("days", self.days, given.days)?;
        self.check_parameter("points", self.points, given.points)
    }

    fn check_parameter(
        &self,
        parameter: &'static str,
        range: Option<ParameterRange>,
        given: Option<u32>,
    ) -> Result<(), PolicyRefusal> {
        let measure = self.id.clone();
        match (range, given) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(PolicyRefusal::ParameterNotTaken { measure, parameter }),
            (Some(ParameterRange { min, max }), None) => {
                Err(PolicyRefusal::ParameterMissing { measure, parameter, min, max })
            }
            (Some(ParameterRange { min, max }), Some(got)) if !(min..=max).contains(&got) => {
                Err(PolicyRefusal::ParameterOutOfRange { measure, parameter, min, max, got })
            }
            (Some(_), Some(_)) => Ok(()),
        }
    }
}
