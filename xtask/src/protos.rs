//! The protos against their style and against what was released.

use std::path::PathBuf;

use crate::process::{Failure, command, root, run};
use crate::tools;

/// The protos of the last release, as buf reads them.
fn released() -> PathBuf {
    root().join("proto/released.binpb")
}

pub fn lint() -> Result<(), Failure> {
    run(command(tools::buf()?).args(["lint", "proto"]))
}

/// Nothing that was released may break: stored events and other people's clients depend on it.
pub fn breaking() -> Result<(), Failure> {
    if !released().exists() {
        return Err(Failure::Impossible(
            "there is no proto/released.binpb to compare with: `cargo xtask release-protos` makes it".into(),
        ));
    }
    run(command(tools::buf()?).args(["breaking", "proto", "--against", "proto/released.binpb"]))
}

pub fn release() -> Result<(), Failure> {
    lint()?;
    if released().exists() {
        breaking()?;
    }
    run(command(tools::buf()?).args(["build", "proto", "--exclude-source-info", "--output", "proto/released.binpb"]))?;
    println!("proto/released.binpb holds the protos as they are now; commit it");
    Ok(())
}
