//! A program of ours as the one who runs it sees it: started, asked for its health, told to stop.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// How long a program may take to serve, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts `program` on a folder of its own and a free port: it serves `services` and not `foreign`, and ends well on SIGTERM.
///
/// # Panics
/// If it does not.
pub async fn serves_until_told_to_stop(program: &str, services: &[&str], foreign: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    tokio::time::timeout(PATIENCE, serve_and_stop(program, folder.path(), services, foreign))
        .await
        .expect("in time")
        .unwrap_or_else(|error| panic!("{program}: {error}"));
}

async fn serve_and_stop(
    program: &str,
    folder: &Path,
    services: &[&str],
    foreign: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut child = Command::new(program)
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder)
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut said = BufReader::new(child.stdout.take().ok_or("it has an output")?).lines();
    let endpoint = loop {
        let line = said.next_line().await?.ok_or("it ended before it served")?;
        if let Some(at) = line.find("http://") {
            break line[at..].split_whitespace().next().unwrap_or_default().to_owned();
        }
    };
    let mut health = HealthClient::new(Endpoint::from_shared(endpoint)?.connect().await?);
    for service in services {
        let request = HealthCheckRequest { service: (*service).to_owned() };
        assert_eq!(health.check(request).await?.into_inner().status(), ServingStatus::Serving, "{service}");
    }
    let elsewhere = health.check(HealthCheckRequest { service: foreign.to_owned() }).await;
    assert_eq!(elsewhere.map(drop).map_err(|status| status.code()), Err(tonic::Code::NotFound), "{foreign}");

    let id = child.id().ok_or("it runs")?;
    assert!(Command::new("kill").args(["-TERM", &id.to_string()]).status().await?.success());
    let mut last = String::new();
    while let Some(line) = said.next_line().await? {
        last = line;
    }
    assert_eq!((last.as_str(), child.wait().await?.code()), ("draining", Some(0)));
    Ok(())
}
