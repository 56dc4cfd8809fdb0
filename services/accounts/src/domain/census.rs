//! The registry in figures: counted from events, so that they can be had as of any moment (R03-R06, R108).

use std::collections::{BTreeMap, HashMap, HashSet};

use casebook_kernel::Decider as _;
use casebook_kernel::ids::{AccountId, InstitutionId};
use casebook_kernel::region::Region;
use casebook_policy::{AccountLevel, PlatformId};

use super::account::{Account, AccountEvent, AccountRegistry, AccountState, Phase};
use super::form::SubjectKind;
use super::institution::{Grade, Institution, InstitutionEvent, InstitutionKind, InstitutionState, Registered};

/// The platforms on which a hospital of the third grade owes the public an account (三级医院应当建立微博、微信等新媒体健康科普账号, R108).
pub const OBLIGATORY_PLATFORMS: [&str; 2] = ["weibo", "wechat"];
/// A share is told in hundredths of a percent.
pub const BASIS_POINTS: u64 = 10_000;

/// Every institution and account as the events so far have them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Census {
    institutions: HashMap<InstitutionId, InstitutionState>,
    accounts: HashMap<AccountId, AccountState>,
}

/// The figures. Filed accounts are on record and not closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    pub accounts_filed: u64,
    pub institutions_covered: u64,
    pub personal_accounts: u64,
    pub head_accounts: u64,
    pub by_platform: BTreeMap<PlatformId, u64>,
    pub by_level: BTreeMap<AccountLevel, u64>,
    /// Declared and not yet on record.
    pub accounts_pending: u64,
    /// Of the filed ones.
    pub accounts_restricted: u64,
    pub accounts_closed: u64,
    pub institutions_registered: u64,
    /// Hospitals of the third grade.
    pub obligated_institutions: u64,
    /// Those of them with an account of their own or of a department on every obligatory platform.
    pub obligations_met: u64,
}

impl Figures {
    /// The share of personal accounts among the filed ones, in basis points; 0 where none is filed.
    pub fn personal_share_basis_points(&self) -> u32 {
        let share = (self.personal_accounts * BASIS_POINTS).checked_div(self.accounts_filed).unwrap_or(0);
        u32::try_from(share).unwrap_or(u32::MAX)
    }
}

impl Census {
    pub fn institution_event(&mut self, event: &InstitutionEvent) {
        let (InstitutionEvent::Registered { institution_id, .. }
        | InstitutionEvent::QuotaExceptionGranted { institution_id, .. }) = event;
        let state = self.institutions.entry(*institution_id).or_default();
        *state = Institution::evolve(std::mem::take(state), event);
    }

    pub fn account_event(&mut self, event: &AccountEvent) {
        let state = self.accounts.entry(event.account_id).or_default();
        *state = AccountRegistry::evolve(std::mem::take(state), event);
    }

    /// Counts what lies in `region`.
    pub fn figures(&self, region: Region) -> Figures {
        let mut figures = Figures::default();
        let mut covered = HashSet::new();
        let mut obligatory: HashMap<InstitutionId, HashSet<&str>> = HashMap::new();
        let accounts = self.accounts.values().filter_map(AccountState::account);
        for account in accounts.filter(|account| region.contains(account.declaration.region)) {
            count(&mut figures, account);
            if account.phase.record().is_some() {
                covered.insert(account.declaration.institution_id);
                if account.declaration.level != AccountLevel::Staff {
                    let platforms = obligatory.entry(account.declaration.institution_id).or_default();
                    platforms.insert(account.declaration.platform.as_str());
                }
            }
        }
        figures.institutions_covered = covered.len() as u64;
        let institutions = self.institutions.values().filter_map(InstitutionState::registered);
        for institution in institutions.filter(|one| region.contains(one.registration.region)) {
            figures.institutions_registered += 1;
            if is_obligated(institution) {
                figures.obligated_institutions += 1;
                let filed = obligatory.get(&institution.institution_id);
                let met = |platform| filed.is_some_and(|filed| filed.contains(platform));
                figures.obligations_met += u64::from(OBLIGATORY_PLATFORMS.into_iter().all(met));
            }
        }
        figures
    }
}

fn is_obligated(institution: &Registered) -> bool {
    let registration = &institution.registration;
    registration.kind == InstitutionKind::Hospital && registration.grade == Some(Grade::Tertiary)
}

fn count(figures: &mut Figures, account: &Account) {
    match account.phase {
        Phase::Draft { .. } | Phase::InApproval(_) | Phase::Approved(_) => figures.accounts_pending += 1,
        Phase::Closed { .. } => figures.accounts_closed += 1,
        Phase::Deregistered { .. } | Phase::Withdrawn { .. } => {}
        Phase::Filed(_) | Phase::Restricted { .. } => {
            let declaration = &account.declaration;
            figures.accounts_filed += 1;
            figures.accounts_restricted += u64::from(matches!(account.phase, Phase::Restricted { .. }));
            figures.personal_accounts += u64::from(declaration.subject_kind == SubjectKind::Personal);
            figures.head_accounts += u64::from(account.followers.is_some_and(|count| count.head_account));
            *figures.by_platform.entry(declaration.platform.clone()).or_default() += 1;
            *figures.by_level.entry(declaration.level).or_default() += 1;
        }
    }
}
