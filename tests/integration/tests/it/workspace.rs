//! The workspace as text: its manifests and its sources.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("tests run beside their workspace")
}

/// One crate of the workspace.
pub struct Crate {
    /// `casebook-review`.
    pub name: String,
    /// Its folder from the root of the workspace: `services/review`.
    pub folder: String,
    manifest: toml::Table,
}

/// Which dependencies are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What the crate itself is built from.
    Build,
    /// That, and what its tests are built from.
    BuildAndTests,
}

/// Every crate of the workspace.
pub fn crates() -> Vec<Crate> {
    let mut folders = ["tests/integration", "tests/kurrentdb-api", "xtask"].map(str::to_owned).to_vec();
    for parent in ["libs", "services"] {
        folders.extend(entries(&root().join(parent)).iter().filter(|path| path.is_dir()).map(|path| relative(path)));
    }
    folders.into_iter().map(Crate::open).collect()
}

impl Crate {
    fn open(folder: String) -> Self {
        let file = root().join(&folder).join("Cargo.toml");
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let manifest: toml::Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = manifest["package"]["name"].as_str().expect("a package has a name").to_owned();
        Self { name, folder, manifest }
    }

    pub fn is_service(&self) -> bool {
        self.folder.starts_with("services/")
    }

    pub fn is_lib(&self) -> bool {
        self.folder.starts_with("libs/")
    }

    /// The names of the crates that it depends on.
    pub fn dependencies(&self, scope: Scope) -> Vec<&str> {
        let sections = match scope {
            Scope::Build => vec!["dependencies", "build-dependencies"],
            Scope::BuildAndTests => vec!["dependencies", "build-dependencies", "dev-dependencies"],
        };
        let tables = sections.into_iter().filter_map(|section| self.manifest.get(section)?.as_table());
        tables.flat_map(|table| table.keys().map(String::as_str)).collect()
    }

    /// Whether it keeps the lints of the workspace.
    pub fn has_workspace_lints(&self) -> bool {
        let own = self.manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        own == Some(true)
    }

    /// The sources under `folder` of this crate.
    pub fn sources(&self, folder: &str) -> Vec<Source> {
        let inside = format!("{}/{folder}", self.folder);
        let inside = |path: &str| path.strip_prefix(&inside).is_some_and(|rest| rest.starts_with(['/', '.']));
        sources().into_iter().filter(|source| inside(&source.path)).collect()
    }
}

/// Every Rust file of the project.
pub fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in ["libs", "services", "tests", "xtask"] {
        collect(&root().join(folder), &mut found);
    }
    let tests: Vec<String> = found.iter().flat_map(Source::test_modules).collect();
    for source in &mut found {
        let belongs = |module: &String| {
            source.path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        source.is_test |= tests.iter().any(belongs);
    }
    found
}

/// One Rust file.
pub struct Source {
    /// Its path from the root of the workspace, with `/`.
    pub path: String,
    pub text: String,
    /// All of it is part of tests.
    pub is_test: bool,
}

/// A word of a source's code: comments and texts are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub line: usize,
}

impl Source {
    pub fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// The paths, without `.rs`, of the modules that only tests are built from: `#[cfg(test)] mod fixtures;`.
    fn test_modules(&self) -> Vec<String> {
        let tokens: Vec<TokenTree> = self.tokens().into_iter().collect();
        let stem = self.path.trim_end_matches(".rs");
        let (parent, file) = stem.rsplit_once('/').unwrap_or(("", stem));
        let folder = if ["mod", "lib", "main"].contains(&file) { parent } else { stem };
        let named = (0..tokens.len()).filter(|at| is_cfg_test(&tokens[*at..])).filter_map(|at| {
            let item: Vec<String> =
                tokens[at + 2..item_end(&tokens, at + 2)].iter().map(TokenTree::to_string).collect();
            let name = item.iter().position(|word| word == "mod").and_then(|at| item.get(at + 1))?;
            let elsewhere = item.iter().find_map(|word| word.strip_prefix("[path = \"")?.strip_suffix(".rs\"]"));
            let path = elsewhere.map_or_else(|| format!("{folder}/{name}"), |file| format!("{parent}/{file}"));
            (item.last()? == ";").then_some(path)
        });
        named.collect()
    }

    pub fn tokens(&self) -> TokenStream {
        TokenStream::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.path))
    }

    /// The words of the code, in order, and punctuation one sign at a time. What only tests are built from (`#[cfg(test)]`)
    /// is left out.
    pub fn words(&self) -> Vec<Word> {
        let mut words = Vec::new();
        flatten(self.tokens(), &mut words);
        words
    }

    /// The lines where the code says `phrase`, words and signs one after the other: `["std", ":", ":", "fs"]`.
    pub fn lines_with(&self, phrase: &[&str]) -> Vec<usize> {
        let words = self.words();
        let says = |window: &&[Word]| window.iter().zip(phrase).all(|(word, wanted)| word.text == *wanted);
        words.windows(phrase.len()).filter(says).map(|window| window[0].line).collect()
    }
}

fn flatten(tokens: TokenStream, words: &mut Vec<Word>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_cfg_test(&tokens[at..]) {
            at = item_end(&tokens, at + 2);
            continue;
        }
        let line = tokens[at].span().start().line;
        match &tokens[at] {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                words.push(Word { text: open.into(), line });
                flatten(group.stream(), words);
                words.push(Word { text: close.into(), line: group.span_close().start().line });
            }
            TokenTree::Literal(_) => words.push(Word { text: "\"\"".into(), line }),
            other => words.push(Word { text: other.to_string(), line }),
        }
        at += 1;
    }
}

/// `#[cfg(test)]` or any other `cfg` that asks for `test`.
fn is_cfg_test(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] = tokens else { return false };
    let inner: Vec<TokenTree> = attribute.stream().into_iter().collect();
    let [TokenTree::Ident(cfg), TokenTree::Group(condition)] = inner.as_slice() else { return false };
    let asks_for_test = |token: TokenTree| matches!(token, TokenTree::Ident(word) if word == "test");
    hash.as_char() == '#' && cfg == "cfg" && condition.stream().into_iter().any(asks_for_test)
}

/// Behind the item that begins at `at`: behind its body or its semicolon.
fn item_end(tokens: &[TokenTree], at: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(sign) => sign.as_char() == ';',
        _ => false,
    };
    tokens[at..].iter().position(ends).map_or(tokens.len(), |length| at + length + 1)
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for path in entries(folder) {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let path = relative(&path);
            let parts: Vec<&str> = path.split('/').collect();
            let is_test = parts.iter().any(|part| ["tests", "benches", "testkit"].contains(part));
            found.push(Source { path, text, is_test });
        }
    }
}

/// What lies in a folder, sorted; nothing where there is no such folder.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(read) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.expect("a folder can be read").path()).collect();
    paths.sort();
    paths
}

fn relative(path: &Path) -> String {
    let root = root();
    path.strip_prefix(&root).expect("a path of the workspace").to_string_lossy().replace('\\', "/")
}
