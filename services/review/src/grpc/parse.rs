//! From the fields of a request to the values of the domain.

use casebook_kernel::Actor;
use casebook_kernel::region::Region;
use casebook_policy::{Label, Pack};
use casebook_proto::moment;
use casebook_proto::review::v1 as proto;
use tonic::Status;

use casebook_bootstrap::invalid;

use crate::codec::values::text_from;
use crate::domain::capture::{Capture, Content, Snapshot};
use crate::domain::item::JudgedBasis;

/// A field that cannot be read, by its path within the message, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    pub field: String,
    pub description: String,
}

impl Misread {
    fn new(field: impl Into<String>, description: impl std::fmt::Display) -> Self {
        Self { field: field.into(), description: description.to_string() }
    }

    /// The same field within the message that stands in `parent`.
    pub fn within(self, parent: &str) -> Self {
        Self { field: format!("{parent}.{}", self.field), ..self }
    }
}

impl From<Misread> for Status {
    fn from(misread: Misread) -> Self {
        invalid(&misread.field, misread.description)
    }
}

/// Reads an id whose form was checked when the request was taken in.
pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<T, Misread> {
    text.parse().map_err(|error| Misread::new(field, error))
}

/// The region given, or the caller's.
pub(crate) fn region(text: &str, actor: &Actor) -> Result<Region, Misread> {
    if text.is_empty() { Ok(actor.region) } else { id("region", text) }
}

pub(crate) fn capture(message: proto::ItemCapture, pack: &Pack) -> Result<Capture, Misread> {
    platform(&message.platform, pack)?;
    labels(&message.labels)?;
    let published_at = message
        .published_at
        .map(|time| moment(&time).ok_or_else(|| Misread::new("published_at", "is not a time")))
        .transpose()?;
    let captured = message.content() == proto::Content::Captured;
    let content = match (captured, message.text.is_empty()) {
        (true, false) => {
            Content::Captured(Snapshot { text: message.text, labels: message.labels, links: message.links })
        }
        (true, true) => return Err(Misread::new("text", "is required where the content was captured")),
        (false, true) => Content::Deleted,
        (false, false) => return Err(Misread::new("text", "stands beside content that was gone")),
    };
    Ok(Capture {
        platform: message.platform,
        platform_item_id: text_from(message.platform_item_id),
        platform_uid: message.platform_uid,
        handle: message.handle,
        content,
        published_at,
    })
}

pub(crate) fn platform(platform: &str, pack: &Pack) -> Result<(), Misread> {
    match pack.platform(platform) {
        Some(_) => Ok(()),
        None => Err(Misread::new("platform", "is no platform of the policy pack")),
    }
}

pub(crate) fn labels(labels: &[String]) -> Result<(), Misread> {
    for (index, label) in labels.iter().enumerate() {
        if !Label::ALL.iter().any(|known| known.as_str() == label) {
            return Err(Misread::new(format!("labels[{index}]"), "is no label of the policy pack"));
        }
    }
    Ok(())
}

pub(crate) fn violation(violation: &str, pack: &Pack) -> Result<(), Misread> {
    match pack.violation(violation) {
        Some(_) => Ok(()),
        None => Err(Misread::new("violation", "is no violation of the policy pack")),
    }
}

pub(crate) fn legal_bases(bases: &[String], pack: &Pack) -> Result<Vec<JudgedBasis>, Misread> {
    let judged = |(index, id): (usize, &String)| {
        let basis = pack
            .legal_basis(id)
            .ok_or_else(|| Misread::new(format!("legal_bases[{index}]"), "is no legal basis of the policy pack"))?;
        Ok(JudgedBasis { id: id.clone(), effective_from: basis.effective_from, effective_to: basis.effective_to })
    };
    bases.iter().enumerate().map(judged).collect()
}
