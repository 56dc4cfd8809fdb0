//! A policy folder: the pack, the screening rules and the calendar, told apart by `kind`.

use casebook_kernel::calendar::WorkingDays;
use serde::Deserialize;
use toml::Spanned;

use crate::error::PackError;
use crate::pack::{Pack, PolicySet};
use crate::parse::PolicyFile;
use crate::screening::ScreeningPack;

/// The files that the program carries.
const SHIPPED: [(&str, &str); 8] = [
    ("pack.toml", include_str!("../../../policy/pack.toml")),
    ("legal_bases.toml", include_str!("../../../policy/legal_bases.toml")),
    ("measures.toml", include_str!("../../../policy/measures.toml")),
    ("violations.toml", include_str!("../../../policy/violations.toml")),
    ("credentials.toml", include_str!("../../../policy/credentials.toml")),
    ("registers.toml", include_str!("../../../policy/registers.toml")),
    ("screening/health-science.toml", include_str!("../../../policy/screening/health-science.toml")),
    ("calendar/cn-working-days.toml", include_str!("../../../policy/calendar/cn-working-days.toml")),
];

#[derive(Deserialize)]
struct Kind {
    kind: Option<Spanned<String>>,
}

impl PolicySet {
    /// The policy that the program carries.
    pub fn shipped() -> Result<Self, PackError> {
        Self::parse(&Self::shipped_files())
    }

    /// The files that the program carries, for whoever wants to start a policy folder from them.
    pub fn shipped_files() -> Vec<PolicyFile> {
        SHIPPED.map(|(name, text)| PolicyFile::new(name, text)).to_vec()
    }

    /// Reads the files of a policy folder: any number of `kind = "policy"`, which are one pack, one of
    /// `kind = "screening"` and one of `kind = "working_days"`.
    pub fn parse(files: &[PolicyFile]) -> Result<Self, PackError> {
        let (mut policy, mut screening, mut calendar) = (Vec::new(), None, None);
        for file in files {
            let (offset, kind) = match file.read::<Kind>()?.kind {
                Some(kind) => (kind.span().start, kind.into_inner()),
                None => return Err(file.refuse(0, "a policy file says its `kind`")),
            };
            let taken = match kind.as_str() {
                "policy" => {
                    policy.push(file.clone());
                    false
                }
                "screening" => screening.replace(file).is_some(),
                "working_days" => calendar.replace(file).is_some(),
                other => {
                    let reason = format!("`{other}` is not a kind of policy file (policy, screening, working_days)");
                    return Err(file.refuse(offset, reason));
                }
            };
            if taken {
                return Err(file.refuse(offset, format!("the folder has more than one file of kind `{kind}`")));
            }
        }
        let missing = |kind: &str| PackError {
            file: files.first().map_or_else(|| "(no file)".to_owned(), |file| file.name.to_string()),
            line: 0,
            reason: format!("the folder has no file of kind `{kind}`"),
        };
        let pack = Pack::parse_files(&policy)?;
        let screening = screening.ok_or_else(|| missing("screening"))?;
        let calendar = calendar.ok_or_else(|| missing("working_days"))?;
        Ok(Self {
            screening: ScreeningPack::parse_file(screening, &pack)?,
            calendar: WorkingDays::parse(&calendar.text).map_err(|error| PackError {
                file: calendar.name.to_string(),
                line: error.line,
                reason: error.reason,
            })?,
            pack,
        })
    }
}
