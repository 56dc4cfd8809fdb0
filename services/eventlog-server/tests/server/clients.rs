//! Programs with the official clients of other languages, where they are installed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use casebook_eventlog_server::{Access, Door};
use tokio::process::Command;

use crate::served::Served;
use crate::tls::Pki;
use crate::users::{PASSWORD, users};

/// Checks of each client: those that anybody keeps, and those of users.
const PYTHON_CHECKS: (usize, usize) = (13, 2);
const NODE_CHECKS: (usize, usize) = (13, 2);

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_keeps_its_checks() {
    let Some(python) = std::env::var_os("CASEBOOK_TEST_PYTHON") else {
        println!("left out: CASEBOOK_TEST_PYTHON names no Python with kurrentdbclient; `cargo xtask test` does");
        return;
    };
    keep(PYTHON_CHECKS, || {
        let mut command = Command::new(&python);
        command.arg(tests().join("python/check.py"));
        command
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_client_keeps_its_checks() {
    let (node, modules) = (std::env::var_os("CASEBOOK_TEST_NODE"), std::env::var_os("CASEBOOK_TEST_NODE_MODULES"));
    let (Some(node), Some(modules)) = (node, modules) else {
        println!("left out: CASEBOOK_TEST_NODE and …_MODULES name no Node with its client; `cargo xtask test` does");
        return;
    };
    keep(NODE_CHECKS, || {
        let mut command = Command::new(&node);
        command.arg(tests().join("node/check.js")).env("NODE_PATH", &modules);
        command
    })
    .await;
}

fn tests() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

/// Once with a server that is open, and once over TLS as a user. (Over connections that are not encrypted the clients
/// of Python and Node name no user.)
async fn keep((of_anybody, of_users): (usize, usize), program: impl Fn() -> Command) {
    let served = Served::begin().await;
    keeps(program().arg(served.connection_string()), of_anybody).await;
    served.end().await;

    let folder = tempfile::tempdir().expect("a folder");
    let pki = Pki::make(folder.path());
    let users = users(&[("admin", Access::Delete, &["$admins"]), ("li", Access::Append, &[])]);
    let door = Door::guarded(users).with_tls(Some(pki.tls(None)));
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let served = Served::behind(&folder.path().join("log"), any_port, door).await;
    let (port, options) = (served.address.port(), pki.options("ca", None));
    let of = |name: &str| format!("kurrentdb://{name}:{PASSWORD}@localhost:{port}?{options}");
    keeps(program().arg(of("admin")).arg(of("li")), of_anybody + of_users).await;
    served.end().await;
}

async fn keeps(command: &mut Command, checks: usize) {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("the program runs");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.trim_end().ends_with(&format!("{checks} checks kept")), "{said}");
}
