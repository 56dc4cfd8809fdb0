//! The rules between the rooms of the house. Who has to break one says so here, with the reason.

use std::collections::BTreeMap;
use std::process::Command;

use crate::workspace::{self, Crate, Scope, Source};

/// The only service that knows the others.
const COMPOSER: &str = "casebook";
/// Serves the log and knows nothing of what is in it.
const LOG_SERVER: &str = "casebook-eventlog-server";
/// A file is about one concept; longer ones hold several.
const LINES_MAX: usize = 450;
/// A function does one thing; longer ones do several.
const FUNCTION_LINES_MAX: usize = 80;

/// Files that are longer than `LINES_MAX`, and why.
const LONG_FILES: &[(&str, &str)] = &[];

/// Functions that are longer than `FUNCTION_LINES_MAX`, and why.
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    ("services/accounts/src/codec/account.rs::encode", "one arm for each event of an account, and nothing else"),
    ("services/enforcement/src/codec/case_write.rs::write", "one arm for each event of a case, and nothing else"),
    ("services/enforcement/src/domain/case/evolve.rs::apply", "one arm for each event of a case, and nothing else"),
];

/// Files that may panic outside tests: how many places, and why those cannot be reached.
const PANICS: &[(&str, usize, &str)] = &[
    ("libs/kernel/src/calendar/mod.rs", 1, "eight hours is an offset, whatever the day"),
    ("libs/execution/src/codec.rs", 1, "writing a message without maps into memory cannot fail"),
];

/// What a pure room must not say: it would read a clock, a file, a socket, chance, or wait for one of them.
const IMPURE: &[&[&str]] = &[
    &["tokio"],
    &["tonic"],
    &["sea_orm"],
    &["rusqlite"],
    &["async_trait"],
    &["async"],
    &["await"],
    &["rand"],
    &["getrandom"],
    &["SystemTime"],
    &["Instant"],
    &["Utc", ":", ":", "now"],
    &["Local", ":", ":", "now"],
    &["Uuid", ":", ":", "new_v4"],
    &["Uuid", ":", ":", "now_v7"],
    &["std", ":", ":", "fs"],
    &["std", ":", ":", "net"],
    &["std", ":", ":", "env"],
    &["std", ":", ":", "io"],
    &["std", ":", ":", "process"],
    &["std", ":", ":", "thread"],
    &["println", "!"],
    &["static", "mut"],
];

/// What a domain must not know either: how its events are stored, sent and read.
const OUTSIDE_OF_DOMAIN: &[&[&str]] = &[
    &["casebook_proto"],
    &["casebook_eventlog"],
    &["casebook_readmodel"],
    &["casebook_authz"],
    &["casebook_bootstrap"],
    &["prost"],
    &["casebook_proto::wkt"],
    &["serde_json"],
];

/// Words that say nothing about what a thing is.
const EMPTY_WORDS: &[&str] = &["Manager", "Helper", "Helpers", "Util", "Utils", "Data", "Info"];
/// Names that a trait of somebody else asks for.
const NAMES_OF_OTHERS: &[&str] = &["ConnectInfo"];

#[test]
fn pure_rooms_do_no_io() {
    let mut found = Vec::new();
    for source in pure_sources() {
        found.extend(places(&source, IMPURE));
    }
    refuse("A pure room reads no clock, file, socket or chance and waits for nothing", found);
}

#[test]
fn pure_libs_are_built_from_nothing_that_does_io() {
    let impure = ["tokio", "tonic", "sea-orm", "rusqlite", "async-trait", "futures", "rand", "getrandom", "tempfile"];
    let pure = crates_where(|it| ["libs/kernel", "libs/policy"].contains(&it.folder.as_str()));
    assert_eq!(pure.len(), 2);
    refuse_dependencies("libs/kernel and libs/policy are pure", &pure, Scope::Build, |_, dependency| {
        impure.contains(&dependency)
    });
}

#[test]
fn a_domain_does_not_know_how_it_is_stored_or_called() {
    let mut found = Vec::new();
    for service in crates_where(Crate::is_service) {
        for source in service.sources("src/domain") {
            found.extend(places(&source, OUTSIDE_OF_DOMAIN));
        }
    }
    refuse("Domain events are typed values; codec.rs and grpc.rs know messages", found);
}

#[test]
fn no_service_depends_on_another() {
    let services = crates_where(|it| it.is_service() && it.name != COMPOSER);
    let names: Vec<String> = crates_where(Crate::is_service).into_iter().map(|it| it.name).collect();
    refuse_dependencies(
        "Services share contracts, never code; only services/casebook composes them",
        &services,
        Scope::BuildAndTests,
        |_, it| names.iter().any(|name| name == it),
    );
}

#[test]
fn no_lib_depends_on_a_service() {
    let names: Vec<String> = crates_where(Crate::is_service).into_iter().map(|it| it.name).collect();
    let libs = crates_where(Crate::is_lib);
    refuse_dependencies("Libs know no service", &libs, Scope::BuildAndTests, |_, it| {
        names.iter().any(|name| name == it)
    });
}

/// What lies below in the house knows nothing of what lies above.
#[test]
fn libs_build_upon_each_other_in_one_direction() {
    let below: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("libs/kernel", &[][..]),
        ("libs/policy", &["casebook-kernel"][..]),
        ("libs/proto", &[][..]),
        ("libs/eventlog", &[][..]),
        ("libs/execution", &["casebook-kernel", "casebook-eventlog"][..]),
        ("libs/readmodel", &["casebook-kernel", "casebook-eventlog", "casebook-execution"][..]),
        ("libs/authz", &["casebook-kernel", "casebook-proto", "casebook-execution"][..]),
    ]);
    let libs = crates_where(|it| below.contains_key(it.folder.as_str()));
    assert_eq!(libs.len(), below.len(), "every lib named here exists");
    refuse_dependencies("A lib knows only what lies below it", &libs, Scope::Build, |lib, dependency| {
        dependency.starts_with("casebook-") && !below[lib.folder.as_str()].contains(&dependency)
    });
}

#[test]
fn sea_orm_is_seen_by_read_models_alone() {
    let crates =
        crates_where(|it| it.folder != "libs/readmodel" && !it.is_service() && it.folder != "tests/integration");
    refuse_dependencies("sea-orm belongs to libs/readmodel", &crates, Scope::Build, |_, it| it.starts_with("sea-orm"));
    let mut found = Vec::new();
    for source in workspace::sources() {
        let readmodel = source.path.starts_with("libs/readmodel/")
            || (source.path.starts_with("services/") && source.path.contains("/src/readmodel"));
        if !readmodel && !source.is_test {
            found.extend(places(&source, &[&["sea_orm"], &["sea_orm_migration"]]));
        }
    }
    refuse("sea-orm is used in read models alone", found);
}

#[test]
fn the_clients_of_servers_stay_behind_their_ports() {
    let crates = workspace::crates();
    refuse_dependencies(
        "kurrentdb belongs to libs/eventlog, async-nats to libs/delivery, rusqlite to the engine (and to what is measured against it)",
        &crates,
        Scope::Build,
        |it, dependency| {
            (dependency == "kurrentdb" && it.folder != "libs/eventlog")
                || (dependency == "async-nats" && it.folder != "libs/delivery")
                || (dependency == "rusqlite" && it.folder != "libs/eventlog" && it.folder != "services/casebook")
        },
    );
    let users: Vec<String> = workspace::sources()
        .into_iter()
        .filter(|source| !source.is_test && !source.lines_with(&["kurrentdb", ":", ":"]).is_empty())
        .map(|source| source.path)
        .collect();
    assert!(users.len() <= 1, "one file alone knows the kurrentdb client, not {users:?}");
}

/// The log is served as it is, whatever Casebook writes into it.
#[test]
fn the_server_of_the_log_knows_no_contract_of_ours() {
    let server = crates_where(|it| it.name == LOG_SERVER);
    assert_eq!(server.len(), 1);
    refuse_dependencies("eventlog-server knows the log alone", &server, Scope::BuildAndTests, |_, it| {
        it.starts_with("casebook-") && it != "casebook-eventlog"
    });
}

/// Who knows one service knows all.
#[test]
fn the_services_look_alike() {
    let mut missing = Vec::new();
    for service in crates_where(|it| it.is_service() && it.name != COMPOSER && it.name != LOG_SERVER) {
        // Audit decides nothing: it reads what the others decided and writes down who read it. So it has no aggregate,
        // no codec and no reaction.
        let decides = service.folder != "services/audit";
        let mut parts = vec!["README.md", "src/main.rs", "src/lib.rs", "src/grpc", "src/readmodel"];
        if decides {
            parts.extend(["src/domain", "src/codec", "src/reactions", "tests/golden"]);
        }
        for part in parts {
            let path = workspace::root().join(&service.folder).join(part);
            if !path.exists() && !path.with_extension("rs").exists() {
                missing.push(format!("{}/{part}", service.folder));
            }
        }
    }
    refuse("Every service has the same parts", missing);
}

#[test]
fn every_crate_keeps_the_lints_of_the_workspace() {
    let without = crates_where(|it| !it.has_workspace_lints()).into_iter().map(|it| it.folder).collect();
    refuse("`[lints] workspace = true` forbids unsafe code", without);
}

#[test]
fn files_are_about_one_concept() {
    let sources = workspace::sources();
    let long: Vec<(String, String)> = sources
        .iter()
        .filter(|source| source.lines() > LINES_MAX)
        .map(|source| (source.path.clone(), format!("{} has {} lines", source.path, source.lines())))
        .collect();
    refuse_but_allowed(&format!("A file has at most {LINES_MAX} lines"), long, LONG_FILES);
}

#[test]
fn functions_do_one_thing() {
    let mut long = Vec::new();
    for source in workspace::sources().iter().filter(|source| !source.is_test) {
        for (name, line, length) in functions(source) {
            if length > FUNCTION_LINES_MAX {
                long.push((format!("{}::{name}", source.path), format!("{source}:{line} `{name}` has {length} lines")));
            }
        }
    }
    refuse_but_allowed(&format!("A function has at most {FUNCTION_LINES_MAX} lines"), long, LONG_FUNCTIONS);
}

#[test]
fn nothing_panics_outside_tests() {
    let phrases: &[&[&str]] = &[
        &[".", "unwrap", "("],
        // With a literal: the methods of others may be named so, too.
        &[".", "expect", "(", "\"\""],
        &["panic", "!"],
        &["unreachable", "!"],
        &["todo", "!"],
        &["unimplemented", "!"],
    ];
    let mut wrong = Vec::new();
    for source in workspace::sources().iter().filter(|source| !source.is_test) {
        let found = without_constants(source, phrases);
        let allowed = PANICS.iter().find(|(path, _, _)| source.path == *path).map_or(0, |(_, count, _)| *count);
        if found.len() != allowed {
            wrong.push(format!(
                "{source} has {} places that panic, {allowed} are allowed: lines {found:?}",
                found.len()
            ));
        }
    }
    refuse("A failure is a value; what cannot happen is listed in PANICS with its reason", wrong);
}

#[test]
fn names_say_what_a_thing_is() {
    let mut found = Vec::new();
    for source in workspace::sources() {
        let words = source.words();
        for pair in words.windows(2) {
            let defines = ["struct", "enum", "trait", "type", "mod"].contains(&pair[0].text.as_str());
            let name = &pair[1].text;
            let empty = EMPTY_WORDS.iter().any(|word| name.ends_with(word) || *name == word.to_lowercase())
                && !NAMES_OF_OTHERS.contains(&name.as_str());
            if defines && empty {
                found.push(format!("{source}:{} {name}", pair[1].line));
            }
        }
    }
    refuse("No Manager, Helper, Utils, Data, Info", found);
}

/// What most people run needs no driver of a database server, and no client of a log server.
#[test]
fn the_default_binary_needs_no_server() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(workspace::root())
        .args(["tree", "--offline", "--locked", "--package", "casebook", "--edges", "normal,build", "--prefix", "none"])
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(tree.contains("sqlx-sqlite"), "the tree shows drivers:\n{tree}");
    assert!(!tree.contains("sqlx-postgres"), "a default build pulls in sqlx-postgres");
    assert!(!tree.contains("sqlx-mysql"), "a default build pulls in sqlx-mysql");
    assert!(!tree.contains("kurrentdb"), "a default build pulls in the KurrentDB client");
}

fn crates_where(wanted: impl Fn(&Crate) -> bool) -> Vec<Crate> {
    workspace::crates().into_iter().filter(wanted).collect()
}

fn pure_sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for it in workspace::crates() {
        if ["libs/kernel", "libs/policy"].contains(&it.folder.as_str()) {
            sources.extend(it.sources("src"));
        } else if it.is_service() {
            sources.extend(it.sources("src/domain"));
        }
    }
    assert!(sources.len() > 30, "the pure rooms were found");
    sources.retain(|source| !source.is_test);
    sources
}

fn places(source: &Source, phrases: &[&[&str]]) -> Vec<String> {
    let place = |phrase: &&[&str], line| format!("{source}:{line} {}", phrase.concat());
    phrases
        .iter()
        .flat_map(|phrase| source.lines_with(phrase).into_iter().map(move |line| place(phrase, line)))
        .collect()
}

/// The lines of `phrases`, but for those in a constant: the compiler finds out whether those panic.
fn without_constants(source: &Source, phrases: &[&[&str]]) -> Vec<usize> {
    let words = source.words();
    let mut found = Vec::new();
    let mut in_constant = false;
    for at in 0..words.len() {
        let next = words.get(at + 1).map_or("", |word| word.text.as_str());
        match words[at].text.as_str() {
            // `const fn` may be called at run time as well.
            "const" if next != "fn" => in_constant = true,
            ";" => in_constant = false,
            _ => {}
        }
        let says = |phrase: &&&[&str]| {
            phrase.iter().zip(&words[at..]).filter(|(wanted, word)| word.text == **wanted).count() == phrase.len()
        };
        if !in_constant && phrases.iter().any(|phrase| says(&phrase)) {
            found.push(words[at].line);
        }
    }
    found
}

/// Every function with a body: its name, its first line and how many lines it has.
fn functions(source: &Source) -> Vec<(String, usize, usize)> {
    let words = source.words();
    let mut found = Vec::new();
    for at in 0..words.len().saturating_sub(1) {
        let named = words[at].text == "fn" && words[at + 1].text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !named {
            continue;
        }
        // The body is the first brace at the function's own depth; a semicolon before it means that there is none.
        let mut depth = 0_usize;
        let mut opened = false;
        for word in &words[at..] {
            match word.text.as_str() {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                ";" if depth == 0 => break,
                "{" => {
                    opened |= depth == 0;
                    depth += 1;
                }
                "}" => {
                    depth -= 1;
                    if opened && depth == 0 {
                        found.push((words[at + 1].text.clone(), words[at].line, word.line + 1 - words[at].line));
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found
}

fn refuse_dependencies(rule: &str, crates: &[Crate], scope: Scope, forbidden: impl Fn(&Crate, &str) -> bool) {
    let broken = |it: &Crate| {
        let found: Vec<&str> =
            it.dependencies(scope).into_iter().filter(|dependency| forbidden(it, dependency)).collect();
        (!found.is_empty()).then(|| format!("{} depends on {}", it.folder, found.join(", ")))
    };
    refuse(rule, crates.iter().filter_map(broken).collect());
}

/// Fails for what is not allowed, and for what is allowed without need.
fn refuse_but_allowed(rule: &str, found: Vec<(String, String)>, allowed: &[(&str, &str)]) {
    let needless = allowed.iter().filter(|(name, _)| !found.iter().any(|(it, _)| it == name));
    let needless: Vec<String> = needless.map(|(name, _)| format!("{name} is allowed without need")).collect();
    let refused = found.iter().filter(|(name, _)| !allowed.iter().any(|(it, _)| it == name));
    refuse(rule, refused.map(|(_, what)| what.clone()).chain(needless).collect());
}

#[track_caller]
fn refuse(rule: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}
