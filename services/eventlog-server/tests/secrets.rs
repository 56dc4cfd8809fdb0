//! What is logged is looked at here, in a process of its own: what other tests log meanwhile would be in the way.

use std::sync::{Arc, Mutex, PoisonError};

use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_eventlog::kurrent::KurrentLog;
use casebook_eventlog::{EventLog as _, Expected, NewEvent, StreamName};
use casebook_eventlog_server::{Access, Door, Users, serve, user_line};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

/// Neither the decoded nor the written form, nor what goes over the wire: not in errors, not in `Debug`, not in what is
/// logged, by the client either.
#[tokio::test]
async fn a_password_is_told_to_nobody() {
    const SECRET: &str = "s3cr3t/w0rd,@";
    const WRITTEN: &str = "s3cr3t%2Fw0rd%2C%40";
    let said = Said::default();
    let logging = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(said.clone()).finish();
    let _logging = tracing::subscriber::set_default(logging);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("users");
    let line = user_line("li", Access::Append, &["$admins".into()], SECRET).expect("a line");
    std::fs::write(&file, line).expect("written");
    let door = Door::guarded(Arc::new(Users::read(&file).expect("users")));
    let served = EmbeddedLog::open(&folder.path().join("log"), Options::default()).expect("a log");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, Arc::new(served), door, CancellationToken::new()));
    let place = format!("{address}?tls=false");
    let log = KurrentLog::connect(&format!("kurrentdb://li:{WRITTEN}@{place}")).await.expect("the right password");
    let (id, data, metadata) = (Uuid::new_v4(), "{}".into(), "{}".into());
    let given = NewEvent { id, event_type: "Opened".into(), data, metadata };
    log.append(&StreamName::of("case", Uuid::new_v4()), Expected::NoStream, vec![given]).await.expect("appended");
    let mut told = vec![format!("{log:?}")];
    for (wrong, place) in [
        (format!("li:{SECRET}"), place.clone()),
        (format!("li:{}", SECRET.replace('/', "?")), place.clone()),
        (format!("li:{}", SECRET.replace('/', "#")), place.clone()),
        (format!("li:12/{WRITTEN}"), place.clone()),
        (format!("other:{WRITTEN}"), place.clone()),
        (format!("li:{WRITTEN}"), "one:port?tls=false".into()),
        (format!("li:{WRITTEN}"), "one:1,two:port?tls=false".into()),
        (format!("li:{WRITTEN}"), format!("{place}&maxDiscoverAttempts=none")),
        (format!("li:{WRITTEN}"), format!("{}?tls=true&tlsCaFile=nowhere", address)),
    ] {
        let error = KurrentLog::connect(&format!("kurrentdb://{wrong}@{place}")).await.expect_err("refused");
        told.push(format!("{error} {error:?}"));
    }
    told.push(said.take());
    for (number, told) in told.iter().enumerate() {
        for part in ["s3cr3t", "w0rd", "bGk6"] {
            let found = told.lines().find(|line| line.contains(part));
            assert_eq!(found, None, "{number}");
        }
    }
    assert!(told[10].len() > 1000, "the client logs: {}", told[10]);
}

/// What was logged.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn take(&self) -> String {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&std::mem::take(&mut *said)).into_owned()
    }
}

impl std::io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Said {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
