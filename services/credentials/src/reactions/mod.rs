//! What happens without anybody asking: deadlines, and what a verification brings about elsewhere.

pub mod deadlines;
pub mod verified;
