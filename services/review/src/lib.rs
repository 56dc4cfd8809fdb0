//! Content review (内容审查): reports and monitored items come in, a rule pack screens them and explains itself, a
//! reviewer records a finding, a second officer confirms it, and it is referred to enforcement.

pub mod codec;
pub mod domain;
