//! Encrypted connections, and clients that show a certificate.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use casebook_eventlog::EventLog;
use casebook_eventlog::contract::run_all;
use casebook_eventlog::kurrent::KurrentLog;
use casebook_eventlog_server::{Access, Door, ServeError, Tls, serve};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::served::{Served, event, stream};
use crate::users::{PASSWORD, users};

/// A CA, and what it signed, as files in a folder.
pub struct Pki(PathBuf);

impl Pki {
    pub fn make(folder: &Path) -> Self {
        for ca in ["ca", "other-ca"] {
            let key = KeyPair::generate().expect("a key");
            let mut params = CertificateParams::new([]).expect("parameters");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(rcgen::DnType::CommonName, ca);
            let own = params.self_signed(&key).expect("a certificate");
            std::fs::write(folder.join(format!("{ca}.pem")), own.pem()).expect("written");
            let issuer = Issuer::new(params, key);
            for name in ["server", "client"] {
                let key = KeyPair::generate().expect("a key");
                let params =
                    CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("parameters");
                let signed = params.signed_by(&key, &issuer).expect("a certificate");
                std::fs::write(folder.join(format!("{name}-of-{ca}.pem")), signed.pem()).expect("written");
                std::fs::write(folder.join(format!("{name}-of-{ca}.key")), key.serialize_pem()).expect("written");
            }
        }
        Self(folder.to_owned())
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn tls(&self, client_ca: Option<&str>) -> Tls {
        let client_ca = client_ca.map(|name| self.file(name));
        let (cert, key) = (self.file("server-of-ca.pem"), self.file("server-of-ca.key"));
        Tls::read(&cert, &key, client_ca.as_deref()).expect("the files are good")
    }

    /// What a client says that trusts `ca`, and shows `certificate`.
    pub fn options(&self, ca: &str, certificate: Option<&str>) -> String {
        let trusted = self.file(&format!("{ca}.pem"));
        let shown = certificate.map(|name| {
            let (cert, key) = (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")));
            format!("&userCertFile={}&userKeyFile={}", cert.display(), key.display())
        });
        format!("tls=true&tlsCaFile={}{}", trusted.display(), shown.unwrap_or_default())
    }
}

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_adapter_keeps_the_contract_over_tls_with_name_and_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = Pki::make(folder.path());
    let door = Door::guarded(users(&[("casebook", Access::Append, &["$admins"])])).with_tls(Some(pki.tls(None)));
    let served = Served::behind(&folder.path().join("log"), ANY_PORT, door).await;
    let place = format!("casebook:{PASSWORD}@localhost:{}?{}", served.address.port(), pki.options("ca", None));
    let report = run_all(async || {
        let log = KurrentLog::connect(&format!("kurrentdb://{place}")).await;
        Arc::new(log.expect("a connection")) as Arc<dyn EventLog>
    });
    let report = report.await;
    assert!(report.is_kept(), "{report}");
    // By gossip, too, which names the address that was reached.
    let log = KurrentLog::connect(&format!("kurrentdb+discover://{place}")).await.expect("a connection");
    assert_eq!(log.head().await, served.log.head().await);
    served.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_adapter_keeps_the_contract_with_a_certificate_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = Pki::make(folder.path());
    let door = Door::open(Access::Append).with_tls(Some(pki.tls(Some("ca.pem"))));
    let served = Served::behind(&folder.path().join("log"), ANY_PORT, door).await;
    let place = format!("127.0.0.1:{}?{}", served.address.port(), pki.options("ca", Some("client-of-ca")));
    let report = run_all(async || {
        let log = KurrentLog::connect(&format!("kurrentdb://{place}")).await;
        Arc::new(log.expect("a connection")) as Arc<dyn EventLog>
    });
    let report = report.await;
    assert!(report.is_kept(), "{report}");
    served.end().await;
}

/// By the client itself, which does not try for long.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_trust_or_is_not_trusted_does_not_connect() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = Pki::make(folder.path());
    let door = Door::open(Access::Append).with_tls(Some(pki.tls(Some("ca.pem"))));
    let served = Served::behind(&folder.path().join("log"), ANY_PORT, door).await;
    for (options, connects) in [
        (pki.options("ca", Some("client-of-ca")), true),
        (pki.options("ca", Some("client-of-other-ca")), false),
        (pki.options("ca", None), false),
        (pki.options("other-ca", Some("client-of-ca")), false),
        ("tls=false".to_owned(), false),
    ] {
        let settings = format!("kurrentdb://127.0.0.1:{}?{options}", served.address.port()).parse().expect("settings");
        let client = kurrentdb::Client::new(settings).expect("a client");
        let appended = client.append_to_stream(stream("case"), &Default::default(), event("Opened", 0)).await;
        assert_eq!(appended.is_ok(), connects, "{options}: {appended:?}");
    }
    assert_eq!(served.log_length().await, 1);
    served.end().await;
}

#[tokio::test]
async fn beyond_loopback_a_log_is_served_by_tls_to_users_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let pki = Pki::make(folder.path());
    let guard = || users(&[("li", Access::Read, &[])]);
    for door in [
        Door::open(Access::Read),
        Door::guarded(guard()),
        Door::open(Access::Read).with_tls(Some(pki.tls(Some("ca.pem")))),
    ] {
        let log = casebook_eventlog::embedded::EmbeddedLog::open(&folder.path().join("log"), Default::default());
        let log = Arc::new(log.expect("a log"));
        let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
        let ended = serve(listener, Arc::clone(&log), door, CancellationToken::new()).await;
        assert!(matches!(ended, Err(ServeError::NotLoopback(_))), "{ended:?}");
        log.close().await;
    }
    let door = Door::guarded(guard()).with_tls(Some(pki.tls(None)));
    let served = Served::behind(&folder.path().join("log"), ([0, 0, 0, 0], 0).into(), door).await;
    let place = format!("li:{PASSWORD}@127.0.0.1:{}?{}", served.address.port(), pki.options("ca", None));
    KurrentLog::connect(&format!("kurrentdb+discover://{place}")).await.expect("a connection");
    served.end().await;
}
