//! Encrypted connections, by what is in PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

const HTTP_2: &[u8] = b"h2";

/// Names of the flags by which the files are chosen.
pub const CERT_FLAG: &str = "--tls-cert";
pub const KEY_FLAG: &str = "--tls-key";
pub const CLIENT_CA_FLAG: &str = "--client-ca";

/// A file that is no good, with the flag that named it.
#[derive(Debug, thiserror::Error)]
#[error("{flag} `{file}`: {why}")]
pub struct TlsError {
    flag: &'static str,
    file: PathBuf,
    why: String,
}

/// Certificate and key of the server, and whose clients may connect.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

impl Tls {
    /// Reads the files. With `client_ca`, clients show a certificate that it signed.
    pub fn read(cert: &Path, key: &Path, client_ca: Option<&Path>) -> Result<Self, TlsError> {
        let chain = certificates(CERT_FLAG, cert)?;
        let private = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| refused(KEY_FLAG, key, said(error, "holds no private key")))?;
        // Named, because a process may have two providers and none of them chosen.
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(CERT_FLAG, cert, error.to_string()))?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let refused = |why: String| refused(CLIENT_CA_FLAG, file, why);
                let mut roots = RootCertStore::empty();
                for certificate in certificates(CLIENT_CA_FLAG, file)? {
                    roots.add(certificate).map_err(|error| refused(error.to_string()))?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider())).build();
                builder.with_client_cert_verifier(verifier.map_err(|error| refused(error.to_string()))?)
            }
        };
        let with_key = builder.with_single_cert(chain, private);
        let mut config =
            with_key.map_err(|error| refused(KEY_FLAG, key, format!("with `{}`: {error}", cert.display())))?;
        config.alpn_protocols.push(HTTP_2.into());
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.0.clone()
    }
}

fn certificates(flag: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(refused(flag, file, "holds no certificate".into())),
        Ok(found) => Ok(found),
        Err(error) => Err(refused(flag, file, said(error, "holds no certificate"))),
    }
}

/// What of a failure tells most; of the key itself nothing is said.
fn said(error: pem::Error, nothing_found: &str) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => nothing_found.into(),
        _ => "is damaged PEM".into(),
    }
}

fn refused(flag: &'static str, file: &Path, why: String) -> TlsError {
    TlsError { flag, file: file.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use rcgen::{KeyPair, generate_simple_self_signed};

    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_flag_and_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let own = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(path("cert"), own.cert.pem()).unwrap();
        std::fs::write(path("key"), own.signing_key.serialize_pem()).unwrap();
        std::fs::write(path("other-key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
        std::fs::write(path("nonsense"), "nonsense").unwrap();
        let read = |cert: &str, key: &str, ca: Option<&str>| {
            Tls::read(&path(cert), &path(key), ca.map(path).as_deref()).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(read("cert", "key", None), Ok(()));
        assert_eq!(read("cert", "key", Some("cert")), Ok(()));
        for (cert, key, ca, flag, file) in [
            ("missing", "key", None, CERT_FLAG, "missing"),
            ("nonsense", "key", None, CERT_FLAG, "nonsense"),
            ("cert", "missing", None, KEY_FLAG, "missing"),
            ("cert", "cert", None, KEY_FLAG, "cert"),
            ("cert", "other-key", None, KEY_FLAG, "other-key"),
            ("cert", "key", Some("missing"), CLIENT_CA_FLAG, "missing"),
            ("cert", "key", Some("key"), CLIENT_CA_FLAG, "key"),
        ] {
            let said = read(cert, key, ca).unwrap_err();
            assert!(said.starts_with(&format!("{flag} `{}`: ", path(file).display())), "{said}");
        }
    }
}
