//! A broken pack is refused with its file, the line and the reason.

use casebook_policy::{Pack, PackError, PolicyFile, PolicySet, ScreeningPack};

use crate::pack;

/// The shipped files with the first `from` of `file` replaced by `to`; and the line on which `to` starts.
fn broken(file: &str, from: &str, to: &str) -> (PackError, usize) {
    let mut line = 0;
    let files: Vec<PolicyFile> = PolicySet::shipped_files()
        .into_iter()
        .map(|shipped| {
            if shipped.name != file {
                return shipped;
            }
            let at = shipped.text.find(from).unwrap_or_else(|| panic!("{file} does not say {from}"));
            line = 1 + shipped.text[..at].matches('\n').count();
            PolicyFile::new(file.to_owned(), shipped.text.replacen(from, to, 1))
        })
        .collect();
    (PolicySet::parse(&files).expect_err(to), line)
}

/// Each row: the file, what is replaced by what, on which line after it the refusal points, and the reason.
#[test]
fn what_is_broken_is_refused_where_it_stands() {
    let mut astray = Vec::new();
    for (file, from, to, line_after, reason) in [
        // Unknown keys, types and words.
        ("measures.toml", "redress =", "redres =", 0, "unknown field `redres`"),
        ("pack.toml", "amount = 24", "amount = \"24\"", 0, "invalid type"),
        ("pack.toml", "unit = \"hours\"", "unit = \"weeks\"", 0, "unknown variant `weeks`"),
        ("pack.toml", "id = \"order_receipt\"", "id = \"order_reciept\"", 0, "unknown variant"),
        ("legal_bases.toml", "kind = \"normative_document\"", "kind = \"custom\"", 0, "unknown variant `custom`"),
        ("violations.toml", "agencies = [\"cyberspace\"", "agencies = [\"police\"", 0, "not a kind of agency"),
        ("registers.toml", "region = \"310000\"", "region = \"31\"", 0, "not a region code"),
        ("credentials.toml", "id = \"nurse_practice\"", "id = \"nurse\"", 0, "not a type of certificate"),
        ("pack.toml", "[figures]", "[figures", 0, ""),
        // Dates.
        ("legal_bases.toml", "effective_from = \"2025-07-28\"", "effective_from = \"2025-02-30\"", 0, "out of range"),
        ("legal_bases.toml", "effective_to = \"2025-12-31\"", "effective_to = \"2016-12-31\"", -6, "ends before"),
        // References that lead nowhere.
        ("violations.toml", "\"S1-8\", \"NHC-8\"", "\"S1-88\", \"NHC-8\"", 0, "no legal basis `S1-88`"),
        ("violations.toml", "ladder = \"platform\"", "ladder = \"rope\"", 0, "no ladder `rope`"),
        (
            "violations.toml",
            "accompanied_by = [\"CONTENT_REMOVED\"]",
            "accompanied_by = [\"BURNED\"]",
            0,
            "no measure `BURNED`",
        ),
        ("pack.toml", "bases = [\"RECONSIDERATION-20\"]", "bases = [\"RECONSIDERATION-2\"]", 0, "no legal basis"),
        ("measures.toml", "\"FINE\", \"GAINS_CONFISCATED\"", "\"FEE\", \"GAINS_CONFISCATED\"", 0, "no measure `FEE`"),
        (
            "registers.toml",
            "\"INTERACTIONS_REMOVED\", \"FOLLOWERS_CLEARED\"",
            "\"X\", \"FOLLOWERS_CLEARED\"",
            0,
            "no measure `X`",
        ),
        ("screening/health-science.toml", "violation = \"V-01\"", "violation = \"V-07\"", 0, "no violation `V-07`"),
        ("screening/health-science.toml", "any_of = [\"miracle\"]", "any_of = [\"wonder\"]", 0, "no class `wonder`"),
        ("screening/health-science.toml", "unless = [\"refutation\"]", "unless = [\"denial\"]", 0, "no class `denial`"),
        // Twice.
        ("legal_bases.toml", "id = \"S1-2\"", "id = \"S1-1\"", -1, "`S1-1` is defined twice"),
        ("registers.toml", "region = \"320000\"", "region = \"310000\"", -3, "defined twice"),
        ("screening/health-science.toml", "\"神医\",", "\"神药\",", 0, "twice"),
        // What no pack may change.
        (
            "legal_bases.toml",
            "carries = [\"PLATFORM_MEASURE_REQUEST\"]",
            "carries = [\"ADMINISTRATIVE_PENALTY\"]",
            0,
            "art. 16",
        ),
        ("measures.toml", "\"WARNING\", \"CIRCULATED_CRITICISM\"", "\"MUTED\", \"CIRCULATED_CRITICISM\"", 0, "art. 9"),
        (
            "measures.toml",
            "basis_kinds = [\"law\", \"regulation\", \"rule\"]\nmeasures = [\n",
            "basis_kinds = [\"normative_document\"]\nmeasures = [\n",
            -3,
            "art. 16",
        ),
        // The ladder.
        (
            "measures.toml",
            "rungs = [\"INTERACTIONS_REMOVED\", \"FOLLOWERS_CLEARED\"",
            "rungs = [\"FOLLOWERS_CLEARED\", \"FOLLOWERS_CLEARED\"",
            0,
            "not a measure of rung 1",
        ),
        (
            "measures.toml",
            "start = { minor = 1, serious = 3",
            "start = { minor = 4, serious = 3",
            -7,
            "graver violation",
        ),
        ("measures.toml", "days = { min = 1, max = 365 }", "days = { min = 9, max = 3 }", -6, "parameter"),
        // Terms and texts.
        ("pack.toml", "amount = 24", "amount = 0", -3, "from 1 to 10000"),
        ("pack.toml", "note = \"No article says it; the pack does. 24", "# note = \"24", -6, "needs a note"),
        ("measures.toml", "zh = \"督促平台处置\"", "zh = \" \"", -2, "needs a Chinese and an English text"),
        ("screening/health-science.toml", "\"神医\"", "\" 神医\"", 0, "no space around"),
        // Kinds of file, and the calendar.
        ("pack.toml", "kind = \"policy\"", "kind = \"polity\"", 0, "not a kind of policy file"),
        ("pack.toml", "kind = \"policy\"\n", "\n", i64::MIN, "says its `kind`"),
        ("violations.toml", "kind = \"policy\"", "kind = \"screening\"", 0, "more than one file"),
        ("calendar/cn-working-days.toml", "\"2026-01-01\"", "\"2025-01-01\"", 0, "not a day of 2026"),
    ] {
        let (refused, line) = broken(file, from, to);
        let expected = if line_after == i64::MIN { 1 } else { line as i64 + line_after };
        let seen = (refused.file.as_str(), refused.line as i64);
        // A second file of a kind is laid to whichever of the two is read later.
        let there = seen == (file, expected) || reason == "more than one file";
        if !there || !refused.reason.contains(reason) {
            astray.push(format!("{to}: `{refused}`, expected at line {expected}: {reason}"));
        }
    }
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[test]
fn what_the_program_names_may_not_be_missing() {
    for (file, entry, reason) in [
        ("pack.toml", "[pack]\nversion = \"cn-2026.1\"\neffective_from = \"2026-01-01\"\n", "no [pack]"),
        ("pack.toml", "[figures]\n# R06: 粉丝“10万+”的“头部账号”.\nhead_account_followers = 100000\n", "no [figures]"),
    ] {
        let (refused, _) = broken(file, entry, "");
        assert!(refused.reason.contains(reason), "{refused}");
    }
    let nothing = PolicySet::parse(&[]).expect_err("nothing");
    assert!(nothing.reason.contains("no [pack]"), "{nothing}");
    let head = "kind = \"policy\"\n[pack]\nversion = \"v1\"\neffective_from = \"2026-01-01\"\n[figures]\nhead_account_followers = 1\n";
    let empty = Pack::parse("empty.toml", head).expect_err("no instruments");
    assert!(empty.reason.contains("no instrument `PLATFORM_MEASURE_REQUEST`"), "{empty}");
    assert_eq!(empty.file, "empty.toml");
}

#[test]
fn a_screening_pack_alone_is_checked_against_the_pack() {
    let text = "kind = \"screening\"\nversion = \"s1\"\neffective_from = \"2026-01-01\"\n\
        [[class]]\nid = \"a\"\nname = { zh = \"甲\", en = \"a\" }\nterms = [\"某词\"]\n\
        [[rule]]\nid = \"r\"\nname = { zh = \"则\", en = \"r\" }\nviolation = \"V-01\"\nseverity = \"minor\"\n\
        bases = [\"S1-8\"]\ntrigger = { kind = \"cooccurrence\", all_of = [[\"a\"]] }\n";
    let refused = ScreeningPack::parse("s.toml", text, pack()).expect_err("one group is no co-occurrence");
    assert_eq!((refused.file.as_str(), refused.line), ("s.toml", 8));
    let mended = text.replace("[[\"a\"]]", "[[\"a\"], [\"a\"]]");
    let screening = ScreeningPack::parse("s.toml", &mended, pack()).expect("a sound pack");
    assert_eq!(screening.version(), "s1");
}

#[test]
fn an_endless_file_is_refused() {
    let text = format!("kind = \"policy\"\n# {}\n", "长".repeat(1 << 20));
    let refused = Pack::parse("long.toml", &text).expect_err("too long");
    assert!(refused.reason.contains("at most 1048576 bytes"), "{refused}");
}
