//! The program itself, as one starts it.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::served::{event, stream};
use crate::tls::Pki;

const PASSWORD: &str = "word of mouth";

pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_casebook-eventlog-server"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// The address that it serves, once it does.
pub async fn address(running: &mut Child) -> String {
    let mut said = BufReader::new(running.stdout.take().expect("its output")).lines();
    let line = said.next_line().await.expect("a line").expect("a line");
    let place = line.strip_prefix("serving  kurrentdb://").and_then(|rest| rest.split_once("?tls="));
    place.unwrap_or_else(|| panic!("{line}")).0.to_owned()
}

async fn user_line(arguments: &[&str], password: &str) -> String {
    let mut running = program().arg("user").args(arguments).spawn().expect("it starts");
    let mut input = running.stdin.take().expect("its input");
    input.write_all(format!("{password}\n").as_bytes()).await.expect("written");
    drop(input);
    let output = running.wait_with_output().await.expect("it ends");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

async fn complaint(folder: &Path, arguments: &[&str]) -> String {
    let output = program().arg("--log-dir").arg(folder).args(arguments).output().await.expect("it ends");
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn who_serves_other_machines_gives_certificate_key_and_users() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = Pki::make(folder.path());
    let (cert, key) = (pki.file("server-of-ca.pem"), pki.file("server-of-ca.key"));
    let (cert, key) = (cert.to_str().expect("text"), key.to_str().expect("text"));
    let log = folder.path().join("log");
    let beyond = ["--listen", "0.0.0.0:0"];
    let said = complaint(&log, &beyond).await;
    assert!(said.contains("--tls-cert, --tls-key, --users"), "{said}");
    let said = complaint(&log, &[&beyond[..], &["--tls-cert", cert, "--tls-key", key]].concat()).await;
    assert!(said.contains("with --users only"), "{said}");
    let said = complaint(&log, &["--tls-cert", cert]).await;
    assert!(said.contains("--tls-key"), "{said}");
    let said = complaint(&log, &["--tls-cert", key, "--tls-key", key]).await;
    assert!(said.contains(&format!("--tls-cert `{key}`: holds no certificate")), "{said}");
    let said = complaint(&log, &["--users", "nowhere"]).await;
    assert!(said.contains("--users `nowhere`: "), "{said}");
    assert!(!log.exists(), "what is wrong is found before anything is made");
}

#[tokio::test]
async fn a_user_whose_line_the_program_made_is_served_over_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = Pki::make(folder.path());
    let line = user_line(&["li", "--rights", "append", "--group", "desk"], PASSWORD).await;
    assert!(line.starts_with("li append desk $argon2id$") && !line.contains(PASSWORD), "{line}");
    let users = folder.path().join("users");
    std::fs::write(&users, line).expect("written");
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--log-dir"]).arg(folder.path().join("log"));
    command.arg("--users").arg(&users).arg("--tls-cert").arg(pki.file("server-of-ca.pem"));
    command.arg("--tls-key").arg(pki.file("server-of-ca.key")).arg("--client-ca").arg(pki.file("ca.pem"));
    let mut running = command.spawn().expect("it starts");
    let place = address(&mut running).await;
    let options = pki.options("ca", Some("client-of-ca"));
    let settings = format!("kurrentdb://{place}?{options}").parse().expect("settings");
    let client = kurrentdb::Client::new(settings).expect("a client");
    // Credentials of a call, as they are: this client does not decode those of a connection string.
    let options = kurrentdb::AppendToStreamOptions::default();
    let by_name = options.clone().authenticated(kurrentdb::Credentials::new("li", PASSWORD));
    client.append_to_stream(stream("case"), &by_name, event("Opened", 0)).await.expect("appended");
    let nameless = client.append_to_stream(stream("case"), &options, event("Opened", 0)).await;
    assert!(matches!(nameless, Err(kurrentdb::Error::AccessDenied)), "{nameless:?}");
}
