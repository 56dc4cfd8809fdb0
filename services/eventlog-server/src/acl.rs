//! Access lists: what the metadata of a stream (`$acl`) says about who may do what with it.
//!
//! They hold for users only. Where a list says nothing of an act, everybody may do it with a stream of a client, and
//! `$admins` alone with one of the system's (`$…`). `$admins` may do everything with every stream.

use casebook_eventlog::StreamName;
use serde_json::{Map, Value};

use crate::door::{Access, User};
use crate::names;

/// The group that no list keeps out.
pub const ADMINS: &str = "$admins";
/// Every user.
const ALL: &str = "$all";
const ACL: &str = "$acl";
/// In place of a list: that streams of clients have where there is none.
const USER_STREAM_ACL: &str = "$userStreamAcl";

/// What is done with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Read,
    Append,
    /// Delete it, or end it.
    Delete,
}

/// The same, where what is done with the metadata of a stream is an act of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    Read,
    Write,
    Delete,
    ReadMetadata,
    WriteMetadata,
}

/// An act, and the stream whose list decides about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub of: StreamName,
    /// How much somebody must be let do at all.
    pub access: Access,
    listed: Listed,
}

impl Wanted {
    pub fn new(act: Act, stream: &StreamName) -> Self {
        let (of, access, listed) = match (names::described_by(stream), act) {
            (None, Act::Read) => (stream.clone(), Access::Read, Listed::Read),
            (None, Act::Append) => (stream.clone(), Access::Append, Listed::Write),
            (None, Act::Delete) => (stream.clone(), Access::Delete, Listed::Delete),
            (Some(described), Act::Read) => (described, Access::Read, Listed::ReadMetadata),
            // Metadata hides events: a stream can be deleted by it.
            (Some(described), Act::Append | Act::Delete) => (described, Access::Delete, Listed::WriteMetadata),
        };
        Self { of, access, listed }
    }

    /// Who may do it, where `acl` is the list of the stream.
    pub fn permitted<'a>(&self, acl: &'a Acl) -> Permitted<'a> {
        let listed = match self.listed {
            Listed::Read => &acl.read,
            Listed::Write => &acl.write,
            Listed::Delete => &acl.delete,
            Listed::ReadMetadata => &acl.read_metadata,
            Listed::WriteMetadata => &acl.write_metadata,
        };
        match listed {
            Some(names) => Permitted::Named(names),
            None if names::is_of_system(&self.of) => Permitted::Named(&[]),
            None => Permitted::Everybody,
        }
    }
}

/// The list of one stream. None: it says nothing of that act.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acl {
    read: Option<Vec<String>>,
    write: Option<Vec<String>>,
    delete: Option<Vec<String>>,
    read_metadata: Option<Vec<String>>,
    write_metadata: Option<Vec<String>>,
}

impl Acl {
    /// Nobody but `$admins`.
    pub fn closed() -> Self {
        Self::of(Vec::new())
    }

    /// The same for each act.
    fn of(names: Vec<String>) -> Self {
        Self {
            read: Some(names.clone()),
            write: Some(names.clone()),
            delete: Some(names.clone()),
            read_metadata: Some(names.clone()),
            write_metadata: Some(names),
        }
    }

    /// The list in the metadata of a stream. What cannot be read permits nobody: it was to keep somebody out.
    pub fn of_metadata(metadata: &Map<String, Value>) -> Self {
        let list = match metadata.get(ACL) {
            None | Some(Value::Null) => return Self::default(),
            Some(Value::Object(list)) => list,
            Some(Value::String(name)) if name == USER_STREAM_ACL => return Self::of(vec![ALL.to_owned()]),
            Some(_) => return Self::closed(),
        };
        let of = |act: &str| match list.get(act) {
            None | Some(Value::Null) => None,
            Some(Value::String(one)) => Some(vec![one.clone()]),
            Some(Value::Array(many)) => Some(many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()),
            Some(_) => Some(Vec::new()),
        };
        Self { read: of("$r"), write: of("$w"), delete: of("$d"), read_metadata: of("$mr"), write_metadata: of("$mw") }
    }
}

/// Who may do something, besides `$admins`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permitted<'a> {
    Everybody,
    /// Users and groups.
    Named(&'a [String]),
}

impl Permitted<'_> {
    pub fn holds(self, user: &User) -> bool {
        match self {
            Self::Everybody => true,
            Self::Named(names) => names.iter().any(|name| name == ALL || *name == user.name || user.is_in(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn permits(user: &str, groups: &[&str], act: Act, stream: &str, metadata: Value) -> bool {
        let user = User { name: user.into(), groups: groups.iter().map(|group| (*group).to_owned()).collect() };
        let Value::Object(metadata) = metadata else { panic!("metadata is an object") };
        let acl = Acl::of_metadata(&metadata);
        Wanted::new(act, &names::from_wire(stream).unwrap()).permitted(&acl).holds(&user)
    }

    #[test]
    fn where_no_list_says_anything_streams_of_clients_are_open_and_those_of_the_system_are_not() {
        for act in [Act::Read, Act::Append, Act::Delete] {
            assert!(permits("li", &[], act, "case-1", json!({})), "{act:?}");
            assert!(permits("li", &[], act, "$$case-1", json!({"$acl": {}})), "{act:?}");
            assert!(!permits("li", &["$ops"], act, "$settings", json!({})), "{act:?}");
            assert!(!permits("li", &["$ops"], act, "$$$settings", json!({})), "{act:?}");
        }
    }

    #[test]
    fn a_list_names_users_and_groups_for_each_act() {
        let list = || json!({"$acl": {"$r": ["li", "$ops"], "$w": "$all", "$d": [], "$mr": "wang", "$mw": ["$ops"]}});
        for (stream, act, li, wang, of_ops) in [
            ("case-1", Act::Read, true, false, true),
            ("case-1", Act::Append, true, true, true),
            ("case-1", Act::Delete, false, false, false),
            ("$$case-1", Act::Read, false, true, false),
            ("$$case-1", Act::Append, false, false, true),
            ("$$case-1", Act::Delete, false, false, true),
            ("$settings", Act::Read, true, false, true),
        ] {
            assert_eq!(permits("li", &[], act, stream, list()), li, "{stream} {act:?}");
            assert_eq!(permits("wang", &[], act, stream, list()), wang, "{stream} {act:?}");
            assert_eq!(permits("zhao", &["$ops"], act, stream, list()), of_ops, "{stream} {act:?}");
        }
    }

    /// By name, for streams of the system too, and the other way round.
    #[test]
    fn the_lists_that_have_names_are_known() {
        for stream in ["case-1", "$settings", "$$case-1"] {
            assert!(permits("li", &[], Act::Append, stream, json!({"$acl": "$userStreamAcl"})), "{stream}");
            assert!(!permits("li", &[], Act::Append, stream, json!({"$acl": "$systemStreamAcl"})), "{stream}");
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_permits_nobody() {
        for metadata in [json!({"$acl": "$all"}), json!({"$acl": {"$r": 7}}), json!({"$acl": {"$r": [7]}})] {
            assert!(!permits("li", &["$ops"], Act::Read, "case-1", metadata.clone()), "{metadata}");
        }
    }
}
