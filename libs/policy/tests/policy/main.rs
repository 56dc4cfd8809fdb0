//! The shipped policy, read as law; and what becomes of a pack that is broken.

mod admission;
mod broken;
mod ladder;
mod registers;
mod screening;
mod shipped;

use std::sync::OnceLock;

use casebook_policy::{LegalBasisId, MeasureId, Pack, PolicySet};

fn policy() -> &'static PolicySet {
    static POLICY: OnceLock<PolicySet> = OnceLock::new();
    POLICY.get_or_init(|| casebook_policy::shipped().unwrap_or_else(|refused| panic!("the shipped policy: {refused}")))
}

fn pack() -> &'static Pack {
    &policy().pack
}

fn bases(ids: &[&str]) -> Vec<LegalBasisId> {
    ids.iter().map(|id| id.parse().expect(id)).collect()
}

fn measures(ids: &[&str]) -> Vec<MeasureId> {
    ids.iter().map(|id| id.parse().expect(id)).collect()
}
