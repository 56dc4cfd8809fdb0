//! The bytes that are hashed are fixed for ever: auditors compute them with programs of their own.

use casebook_audit::domain::chain::{Entry, Hash, Tip};
use proptest::prelude::*;
use uuid::Uuid;

const CORRELATION: Uuid = Uuid::from_u128(0x1111_2222_3333_4444_5555_6666_7777_8888);

fn entry() -> Entry<'static> {
    Entry {
        position: 42,
        stream: "case-6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        revision: 3,
        id: Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
        event_type: "casebook.enforcement.v1.CaseOpened",
        recorded_at_us: 1_767_225_600_123_456,
        data: "{\"reasons\":\"虚假宣传\"}".as_bytes(),
        metadata: br#"{"agency":"cac-310000"}"#,
    }
}

/// The values were computed from the README's words with another program (Python's hashlib and struct).
#[test]
fn the_hashes_of_the_example_are_those_of_the_readme() {
    let leaf = entry().leaf();
    assert_eq!(leaf.to_string(), "32a22aa893c7a990aa2753a1377dd0c9d449efe1b4012840f7a68380f7160547");
    assert_eq!(
        Tip::GENESIS.link(leaf).hash.to_string(),
        "10bb9974794e99ac62a9bfaace8f218756c756d59bcae42127d9ada4d9700463"
    );
    assert_eq!(
        Tip::GENESIS.link(leaf).link(leaf).hash.to_string(),
        "72a75213c40a5952532f0ea2383a6f0a43c1b18024d434f1ef6f18a4ebbd8662"
    );
    assert_eq!(
        Tip::of_case(CORRELATION).hash.to_string(),
        "8ace7c6148963c24e2c598bd6ca7ff67e8e4e38870531d7dee9549f228030ebc"
    );
    assert_eq!(
        Tip::of_case(CORRELATION).link(leaf).hash.to_string(),
        "7c2bc7b71b7faf0ae47c7404201f661b7347236fbb7792ee4440d31211749595"
    );
    assert_eq!(Tip::GENESIS.link(leaf).link(leaf).events, 2);
}

#[test]
fn a_hash_is_read_as_it_is_written() {
    let leaf = entry().leaf();
    assert_eq!(leaf.to_string().parse(), Ok(leaf));
    for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64)] {
        assert!(text.parse::<Hash>().is_err(), "{text}");
    }
}

/// Text and bytes that meet at their ends are where an encoding without lengths would be ambiguous.
fn content() -> impl Strategy<Value = (u64, String, u64, u128, String, i64, Vec<u8>, Vec<u8>)> {
    let small = || prop::collection::vec(0_u8..3, 0..4);
    (0_u64..3, "[ab]{0,3}", 0_u64..3, 0_u128..3, "[ab]{0,3}", 0_i64..3, small(), small())
}

fn leaf_of(content: &(u64, String, u64, u128, String, i64, Vec<u8>, Vec<u8>)) -> Hash {
    let (position, stream, revision, id, event_type, recorded_at_us, data, metadata) = content;
    Entry {
        position: *position,
        stream,
        revision: *revision,
        id: Uuid::from_u128(*id),
        event_type,
        recorded_at_us: *recorded_at_us,
        data,
        metadata,
    }
    .leaf()
}

proptest! {
    #[test]
    fn two_events_share_a_leaf_only_if_they_say_the_same(one in content(), other in content()) {
        prop_assert_eq!(leaf_of(&one) == leaf_of(&other), one == other);
    }

    #[test]
    fn a_byte_moved_from_one_field_to_the_next_changes_the_leaf(content in content(), byte in 0_u8..3) {
        let (mut left, mut right) = (content.clone(), content);
        left.6.push(byte);
        right.7.insert(0, byte);
        prop_assert_ne!(leaf_of(&left), leaf_of(&right));
    }
}
