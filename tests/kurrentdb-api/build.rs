//! Finds where Cargo put the sources of `kurrentdb`: its own tests stand there.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const CRATE: &str = "kurrentdb";
/// What the test includes.
const FILES: [&str; 2] = ["common.rs", "api/streams.rs"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    // For this machine only: what other systems need was perhaps never downloaded.
    let mut metadata = Command::new(std::env::var("CARGO")?);
    metadata.args(["metadata", "--format-version", "1", "--locked", "--offline"]);
    metadata.args(["--filter-platform", &std::env::var("TARGET")?]);
    let output = metadata.current_dir(std::env::var("CARGO_MANIFEST_DIR")?).output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let package = packages.find(|it| it["name"] == CRATE).ok_or("kurrentdb is no dependency")?;
    let manifest = Path::new(package["manifest_path"].as_str().ok_or("kurrentdb has no manifest")?);
    let tests = manifest.with_file_name("tests");
    for file in FILES {
        if !tests.join(file).is_file() {
            return Err(format!("kurrentdb comes without tests/{file}: see {}", tests.display()).into());
        }
    }
    println!("cargo::rustc-env=KURRENTDB_TESTS={}", tests.display());
    Ok(())
}
