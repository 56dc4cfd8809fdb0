//! A checksum over all that a row says, so that what is read is what was written.

use crc32fast::Hasher;
use uuid::Uuid;

/// What a stored event says, borrowed from wherever it stands.
pub(super) struct Content<'a> {
    pub position: u64,
    pub stream: &'a str,
    pub revision: u64,
    pub id: Uuid,
    pub event_type: &'a str,
    pub recorded_at_us: i64,
    pub metadata: &'a [u8],
    pub data: &'a [u8],
}

impl Content<'_> {
    /// CRC-32 over the fixed-width fields, the lengths of the others, then the others: no two contents
    /// share their bytes. Numbers are big-endian. It finds damage, not forgery: that is the audit log's part.
    pub fn checksum(&self) -> u32 {
        let mut fixed = [0_u8; 56];
        fixed[..8].copy_from_slice(&self.position.to_be_bytes());
        fixed[8..16].copy_from_slice(&self.revision.to_be_bytes());
        fixed[16..24].copy_from_slice(&self.recorded_at_us.to_be_bytes());
        fixed[24..40].copy_from_slice(self.id.as_bytes());
        fixed[40..44].copy_from_slice(&length(self.stream.as_bytes()));
        fixed[44..48].copy_from_slice(&length(self.event_type.as_bytes()));
        fixed[48..52].copy_from_slice(&length(self.metadata));
        fixed[52..].copy_from_slice(&length(self.data));
        let mut hasher = Hasher::new();
        hasher.update(&fixed);
        hasher.update(self.stream.as_bytes());
        hasher.update(self.event_type.as_bytes());
        hasher.update(self.metadata);
        hasher.update(self.data);
        hasher.finalize()
    }
}

/// Every field is bounded far below 4 GiB; a longer one would only weaken the checksum.
fn length(field: &[u8]) -> [u8; 4] {
    (field.len() as u32).to_be_bytes()
}
