//! The official Python client, where there is a Python that has it.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::served::Served;

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_keeps_its_checks() {
    let Some(python) = std::env::var_os("CASEBOOK_TEST_PYTHON") else {
        println!("left out: CASEBOOK_TEST_PYTHON names no Python with kurrentdbclient; `cargo xtask test` does");
        return;
    };
    let served = Served::begin().await;
    let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/check.py");
    let mut command = Command::new(python);
    command.arg(checks).arg(served.connection_string()).stdin(Stdio::null());
    let output = command.output().await.expect("Python runs");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.trim_end().ends_with("12 checks kept"), "{said}");
    served.end().await;
}
