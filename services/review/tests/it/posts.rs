//! Screens real posts, where the folder with them lies beside the workspace.

use std::fs;
use std::path::{Path, PathBuf};

use casebook_policy::shipped;
use casebook_review::domain::screening::{HITS_MAX, Passage, SPANS_MAX, Screener};
use casebook_review::domain::standing::Certification;

/// Files of posts, one JSON object with a `text` a line.
const FILES: [&str; 2] = ["reported_posts_with_verdicts.jsonl", "ordinary_posts.jsonl"];

fn data_folder() -> PathBuf {
    std::env::var_os("CASEBOOK_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from)
        .join("data")
}

/// Whatever is screened, every span quotes the text it stands in and the outcome is bounded.
#[test]
fn real_posts_are_screened_and_quoted() {
    let folder = data_folder();
    if !folder.is_dir() {
        println!("NOT RUN: there is no {}; CASEBOOK_SHARED names the folder above it", folder.display());
        return;
    }
    let screener = Screener::compile(&shipped().expect("the shipped policy").screening).expect("the pack compiles");
    for file in FILES {
        let lines = fs::read_to_string(folder.join(file)).expect(file);
        let (mut posts, mut met) = (0, 0);
        for line in lines.lines() {
            let post: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
            let text = post["text"].as_str().expect("a post has a text");
            let passage = Passage { text, labels: &[], links: &[], certification: Certification::Uncertified };
            let screening = screener.screen(&passage);
            posts += 1;
            met += usize::from(!screening.hits.is_empty());
            assert!(screening.hits.len() <= HITS_MAX);
            for hit in &screening.hits {
                assert!(!hit.spans.is_empty() && hit.spans.len() <= SPANS_MAX);
                for span in &hit.spans {
                    assert_eq!(&text[span.bytes.start as usize..span.bytes.end as usize], span.quote);
                    let chars = (span.chars.end - span.chars.start) as usize;
                    let quoted: String = text.chars().skip(span.chars.start as usize).take(chars).collect();
                    assert_eq!(quoted, span.quote);
                }
            }
        }
        println!("{file}: {posts} posts, {met} meet a rule");
        assert!(posts > 0, "{file} holds posts");
    }
}
