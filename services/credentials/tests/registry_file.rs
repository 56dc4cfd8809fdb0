//! The file that stands in for a registry: what is wrong in it is told by its line, and never quoted.

use std::fs;
use std::sync::Arc;

use casebook_credentials::domain::registry::{RecordStatus, RegistryRecord};
use casebook_credentials::registry::{FileRegistry, NoRegistry, RegistryAnswer, RegistryPort as _, number_hmac};
use casebook_eventlog::embedded::{EmbeddedLog, Options};
use casebook_execution::Claims;
use casebook_kernel::certificate::CertificateType::PhysicianPractice;

const NUMBER: &str = "999000000001001";

fn claims(folder: &std::path::Path) -> Claims {
    let log = EmbeddedLog::open(&folder.join("log"), Options::default()).expect("log");
    Claims::new(Arc::new(log), [7; 32])
}

#[tokio::test]
async fn a_record_is_found_by_type_and_number() {
    let folder = tempfile::tempdir().expect("folder");
    let claims = claims(folder.path());
    let file = folder.path().join("registry.jsonl");
    let record = format!(r#"{{"certificate_type":"physician_practice","number":"{NUMBER}","status":"suspended"}}"#);
    fs::write(&file, format!("\n{record}\n")).expect("written");
    let registry = FileRegistry::open(&file, claims.clone()).expect("read");
    let listed = RegistryRecord { status: RecordStatus::Suspended, ..RegistryRecord::default() };
    let hash = number_hmac(&claims, PhysicianPractice, NUMBER);
    assert_eq!(registry.look_up(PhysicianPractice, &hash).await, RegistryAnswer::Listed(Box::new(listed)));
    let other = number_hmac(&claims, PhysicianPractice, "999000000001002");
    assert_eq!(registry.look_up(PhysicianPractice, &other).await, RegistryAnswer::NotListed);
    fs::remove_file(&file).expect("gone");
    assert!(matches!(registry.look_up(PhysicianPractice, &hash).await, RegistryAnswer::Unavailable(_)));
}

#[tokio::test]
async fn no_registry_is_a_registry_that_does_not_answer() {
    assert!(matches!(NoRegistry.look_up(PhysicianPractice, "").await, RegistryAnswer::Unavailable(_)));
}

#[tokio::test]
async fn a_bad_line_is_told_by_its_number_and_not_quoted() {
    let folder = tempfile::tempdir().expect("folder");
    let claims = claims(folder.path());
    let file = folder.path().join("registry.jsonl");
    let good = format!(r#"{{"certificate_type":"physician_practice","number":"{NUMBER}"}}"#);
    for bad in [
        r#"{"certificate_type":"physician_practice","number":999000000001001}"#.to_owned(),
        r#"{"certificate_type":"diploma","number":"999000000001001"}"#.to_owned(),
        r#"{"certificate_type":"physician_practice","number":"99900000000100"}"#.to_owned(),
        r#"{"certificate_type":"employment_proof","number":""}"#.to_owned(),
        r#"{"certificate_type":"physician_practice","number":"999000000001003","name":"某某"}"#.to_owned(),
        good.clone(),
    ] {
        fs::write(&file, format!("{good}\n{bad}\n")).expect("written");
        let error = FileRegistry::open(&file, claims.clone()).expect_err(&bad).to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(!error.contains("99900000000100"), "{error}");
    }
    assert!(FileRegistry::open(&folder.path().join("none.jsonl"), claims).is_err());
}

/// The sample that is shipped for the demonstration is in the adapter's form.
#[tokio::test]
async fn the_shipped_sample_is_readable() {
    let folder = tempfile::tempdir().expect("folder");
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../casebook/samples/registry.jsonl");
    FileRegistry::open(&sample, claims(folder.path())).expect("readable");
}
