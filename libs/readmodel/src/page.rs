//! Lists, a page at a time (AIP-158): sorted in SQL, continued from the last row and not from a count, so that rows
//! that come or go in between are neither shown twice nor skipped.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::{
    ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, ModelTrait as _, Order, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Select, Value,
};
use serde::{Deserialize, Serialize};

/// Rows of a page when the caller does not say.
pub const PAGE_SIZE_DEFAULT: u64 = 50;
/// The most rows of a page, whatever the caller says.
pub const PAGE_SIZE_MAX: u64 = 1000;

#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The token was not made by this list with these filters.
    #[error("is not a page token of this list with these filters")]
    Token,
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// A list as one caller wants it.
pub struct Listing<E: EntityTrait> {
    /// The filtered query.
    pub select: Select<E>,
    /// What rows are sorted by: a column of whole numbers or texts.
    pub sort: E::Column,
    pub descending: bool,
    /// What makes equal rows differ: the primary key.
    pub id: E::Column,
    /// The filters and the order in words of any kind: a token is good for the same ones only.
    pub filters: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
}

#[derive(Serialize, Deserialize)]
struct Token {
    filters: u64,
    last: Key,
    id: String,
}

/// One page, and the token of the next (empty: there is none). `size` 0 means the default.
pub async fn page<E: EntityTrait>(
    db: &DatabaseConnection,
    listing: Listing<E>,
    size: u32,
    token: &str,
) -> Result<(Vec<E::Model>, String), PageError> {
    let size = match u64::from(size) {
        0 => PAGE_SIZE_DEFAULT,
        size => size.min(PAGE_SIZE_MAX),
    };
    let fingerprint = fingerprint(&listing.filters);
    let mut select = listing.select;
    if !token.is_empty() {
        let token = decode(token).filter(|token| token.filters == fingerprint).ok_or(PageError::Token)?;
        select = select.filter(behind(listing.sort, listing.id, listing.descending, token));
    }
    let order = if listing.descending { Order::Desc } else { Order::Asc };
    let mut rows =
        select.order_by(listing.sort, order.clone()).order_by(listing.id, order).limit(size + 1).all(db).await?;
    let more = rows.len() as u64 > size;
    rows.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let next = match rows.last() {
        Some(last) if more => encode(&Token {
            filters: fingerprint,
            last: key(last.get(listing.sort))?,
            id: text(last.get(listing.id))?,
        })?,
        _ => String::new(),
    };
    Ok((rows, next))
}

/// Everything that sorts behind the token's row.
fn behind<C: ColumnTrait>(sort: C, id: C, descending: bool, token: Token) -> Condition {
    let last: Value = match token.last {
        Key::Number(number) => number.into(),
        Key::Text(text) => text.into(),
    };
    let (beyond, same_beyond) =
        if descending { (sort.lt(last.clone()), id.lt(token.id)) } else { (sort.gt(last.clone()), id.gt(token.id)) };
    Condition::any().add(beyond).add(Condition::all().add(sort.eq(last)).add(same_beyond))
}

fn key(value: Value) -> Result<Key, PageError> {
    match value {
        Value::BigInt(Some(number)) => Ok(Key::Number(number)),
        Value::Int(Some(number)) => Ok(Key::Number(number.into())),
        Value::String(Some(text)) => Ok(Key::Text(text.to_string())),
        other => Err(DbErr::Custom(format!("a list cannot be sorted by {other:?}")).into()),
    }
}

fn text(value: Value) -> Result<String, PageError> {
    match key(value)? {
        Key::Text(text) => Ok(text),
        Key::Number(number) => Ok(number.to_string()),
    }
}

/// FNV-1a: a token of other filters is a mistake, not an attack.
fn fingerprint(filters: &str) -> u64 {
    filters.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn encode(token: &Token) -> Result<String, PageError> {
    let json = serde_json::to_vec(token).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn decode(token: &str) -> Option<Token> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}
