//! The contract as the descriptor set tells it: every method, who may call it, and what each field may hold.

use std::sync::LazyLock;

use casebook_proto::access::{self, MethodAccess};
use casebook_proto::common::v1::Format;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{
    DescriptorPool, DynamicMessage, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor,
    MessageDescriptor, MethodDescriptor, ServiceDescriptor,
};

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(casebook_proto::FILE_DESCRIPTOR_SET).expect("the build wrote it"));

/// One method and who may call it.
#[derive(Clone)]
pub struct Rpc {
    pub method: MethodDescriptor,
    pub access: &'static MethodAccess,
}

impl Rpc {
    /// As gRPC addresses it: `/casebook.review.v1.ReviewService/FileReport`.
    pub fn path(&self) -> &'static str {
        self.access.path
    }

    pub fn name(&self) -> &str {
        self.method.name()
    }

    pub fn request(&self) -> MessageDescriptor {
        self.method.input()
    }

    pub fn response(&self) -> MessageDescriptor {
        self.method.output()
    }
}

/// Casebook's own services, in the order of their packages.
pub fn services() -> Vec<ServiceDescriptor> {
    let mut services: Vec<_> = POOL.services().filter(|service| service.full_name().starts_with("casebook.")).collect();
    services.sort_by(|a, b| a.full_name().cmp(b.full_name()));
    services
}

pub fn rpcs_of(service: &ServiceDescriptor) -> Vec<Rpc> {
    let rpc = |method: MethodDescriptor| {
        let path = format!("/{}/{}", service.full_name(), method.name());
        let access = access::of(&path).unwrap_or_else(|| panic!("{path} has no access rule"));
        Rpc { method, access }
    };
    service.methods().map(rpc).collect()
}

/// Every method of Casebook.
pub fn rpcs() -> Vec<Rpc> {
    services().iter().flat_map(rpcs_of).collect()
}

/// What a field of a request may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub required: bool,
    pub chars_max: usize,
    pub items_max: usize,
    pub format: Format,
    pub max: u64,
    pub past: bool,
}

pub fn rule(field: &FieldDescriptor) -> Rule {
    let options = field.options();
    let extension = POOL.get_extension_by_name("casebook.common.v1.rule").expect("rules.proto defines it");
    let option = options.get_extension(&extension);
    let message = option.as_message().expect("a rule is a message");
    let flag = |name| get(message, name).as_bool().expect("a flag");
    let number = |name| get(message, name).as_u32().map(|it| it as usize).expect("a number");
    let format = Format::try_from(get(message, "format").as_enum_number().expect("a form")).expect("a known form");
    let chars_max = casebook_proto::check::limit(format, number("max_chars"));
    let max = get(message, "max").as_u64().expect("a number");
    Rule { required: flag("required"), chars_max, items_max: number("max_items"), format, max, past: flag("past") }
}

fn get(message: &DynamicMessage, name: &str) -> prost_reflect::Value {
    message.get_field_by_name(name).expect("a field of the rule").into_owned()
}

/// What has a comment in the protos.
pub trait Commented {
    fn place(&self) -> (FileDescriptor, Vec<i32>);

    /// The comment before it, on one line.
    fn comment(&self) -> String {
        let (file, path) = self.place();
        let proto: &FileDescriptorProto = file.file_descriptor_proto();
        let locations = proto.source_code_info.iter().flat_map(|info| &info.location);
        let text = locations
            .filter(|location| location.path == path)
            .find_map(|location| location.leading_comments.as_deref());
        text.unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

macro_rules! commented {
    ($($descriptor:ty => $file:ident),*) => {$(
        impl Commented for $descriptor {
            fn place(&self) -> (FileDescriptor, Vec<i32>) {
                (self.$file().clone(), self.path().to_vec())
            }
        }
    )*};
}
commented!(ServiceDescriptor => parent_file, MessageDescriptor => parent_file, EnumDescriptor => parent_file);

impl Commented for MethodDescriptor {
    fn place(&self) -> (FileDescriptor, Vec<i32>) {
        (self.parent_service().parent_file(), self.path().to_vec())
    }
}

impl Commented for FieldDescriptor {
    fn place(&self) -> (FileDescriptor, Vec<i32>) {
        (self.parent_message().parent_file(), self.path().to_vec())
    }
}

impl Commented for EnumValueDescriptor {
    fn place(&self) -> (FileDescriptor, Vec<i32>) {
        (self.parent_enum().parent_file(), self.path().to_vec())
    }
}

#[test]
fn every_method_has_an_access_rule_that_names_a_role() {
    assert!(!rpcs().is_empty());
    assert_eq!(rpcs().len(), casebook_proto::ACCESS_MATRIX.len());
    for rpc in rpcs() {
        assert!(!rpc.access.any_of.is_empty(), "{} is for nobody", rpc.path());
    }
}

/// What reads an account, a case, a lead, an order, a report, an item, a credential, a notice, a department or a dossier is
/// itself written down.
#[test]
fn reading_about_people_is_recorded() {
    let about_people = [
        "Account",
        "Case",
        "Credential",
        "Dossier",
        "HeadcountAnomalie",
        "Item",
        "Lead",
        "MeasuresInForce",
        "NormalHeadcount",
        "Order",
        "Recertification",
        "Report",
    ];
    let unrecorded: Vec<_> = rpcs()
        .into_iter()
        .filter(|rpc| !rpc.access.writes && !rpc.access.recorded)
        .filter(|rpc| {
            ["Get", "List"].iter().any(|verb| {
                let subject = rpc.name().strip_prefix(verb).unwrap_or("");
                let subject = subject.strip_suffix("History").unwrap_or(subject);
                about_people.iter().any(|it| subject == *it || subject == format!("{it}s"))
            })
        })
        .map(|rpc| rpc.path())
        .collect();
    assert!(unrecorded.is_empty(), "these reads are not recorded: {unrecorded:?}");
}

/// A reader of the protos finds a sentence beside everything.
#[test]
fn everything_in_the_contract_is_commented() {
    let mut silent = Vec::new();
    let mut look = |name: &str, comment: String| {
        if comment.len() < 3 {
            silent.push(name.to_owned());
        }
    };
    for service in services() {
        look(service.full_name(), service.comment());
        service.methods().for_each(|method| look(method.full_name(), method.comment()));
    }
    for message in POOL.all_messages().filter(|message| message.full_name().starts_with("casebook.")) {
        let exchange = message.name().ends_with("Request") || message.name().ends_with("Response");
        if !exchange {
            look(message.full_name(), message.comment());
        }
        message.fields().filter(|field| !is_envelope(field)).for_each(|field| look(field.full_name(), field.comment()));
    }
    for kind in POOL.all_enums().filter(|kind| kind.full_name().starts_with("casebook.")) {
        look(kind.full_name(), kind.comment());
        kind.values().filter(|value| value.number() != 0).for_each(|value| look(value.full_name(), value.comment()));
    }
    assert!(silent.is_empty(), "{} things without a comment:\n  {}", silent.len(), silent.join("\n  "));
}

/// Fields that stand in every request or reply of a kind and mean the same in all: docs/api.md tells them once.
pub fn is_envelope(field: &FieldDescriptor) -> bool {
    envelope_meaning(field.name()).is_some()
}

/// What such a field means.
pub fn envelope_meaning(name: &str) -> Option<&'static str> {
    Some(match name {
        "request_id" => {
            "names the request: the same id with the same content has one effect and gives the first reply again; with other content it is refused (`REQUEST_ID_REUSED`)"
        }
        "etag" => {
            "the revision that the caller last saw; in a request, any other current revision refuses it (`STALE_ETAG`), empty takes whatever it is"
        }
        "validate_only" => "true: everything is checked, nothing is written",
        "position" => "the log position of the effect, for a later `at_least_position`",
        "create_time" => "when it was first recorded",
        "update_time" => "when it last changed",
        "as_of_time" => "the state as it was at this moment; at most one of `as_of_time` and `as_of_position`",
        "as_of_position" => "the state as of this log position",
        "page_size" => "how many at most; 0: 50; at most 1000",
        "page_token" => "where the page begins: `next_page_token` of the page before, with the same filters",
        "next_page_token" => "the page after this one; empty: this is the last",
        "order_by" => "the order of the list, one of those named in the method's comment",
        "at_least_position" => "waits until the rows show this log position, within the caller's deadline",
        _ => return None,
    })
}
