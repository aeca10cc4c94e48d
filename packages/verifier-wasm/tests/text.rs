//! No verdict holds text that a screen must not show, and none holds text of a document before its signatures hold.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::arithmetic_side_effects, missing_docs)]

mod vectors;

use blindllama_verifier::{
    evidence::bundle::{Bundle, ReleaseEvidence, Signed, Static},
    verify,
};
use serde_json::Value as Json;
use vectors::Vector;

/// Longest text of a verdict, and longest description of an event, each with an escape that begins within and the mark of a cut.
const MAX_TEXT: usize = 1024 + 14;
const MAX_DESCRIPTION: usize = 4096 + 14;
/// Longest place.
const MAX_DETAIL: usize = 400;
/// As JSON, in bytes: for evidence of at most 2 MiB.
const MAX_VERDICT: usize = 8 << 20;

/// As JSON writes it. Members of documents have other names, and values other forms.
const HOSTILE: &str = "\\u202e\\u2066\\u001b[2J evil.example ";

fn check(name: &str, member: &str, value: &Json) {
    match value {
        Json::String(text) => {
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{name}: {member}: {text:?}");
            let is_bytes = text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let most = match member {
                "description" => MAX_DESCRIPTION,
                "detail" => MAX_DETAIL,
                _ if is_bytes => usize::MAX,
                _ => MAX_TEXT,
            };
            assert!(text.len() <= most, "{name}: {member} has {} characters", text.len());
        }
        Json::Array(items) => items.iter().for_each(|item| check(name, member, item)),
        Json::Object(members) => members.iter().for_each(|(member, value)| check(name, member, value)),
        _ => {}
    }
}

fn verdict(vector: &Vector) -> String {
    let verdict = verify(&vector.input()).to_json();
    assert!(verdict.len() <= MAX_VERDICT, "{}", vector.name);
    check(&vector.name, "", &serde_json::from_str(&verdict).unwrap());
    verdict
}

#[test]
fn every_text_of_every_verdict_is_printable_and_bounded() {
    for vector in vectors::all() {
        verdict(&vector);
    }
}

/// The text with each of its JSON strings replaced in turn.
fn replaced(text: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(text).unwrap();
    let parts: Vec<&str> = text.split('"').collect();
    let hostile = HOSTILE.repeat(200);
    (1..parts.len())
        .step_by(2)
        .map(|at| {
            let mut parts = parts.clone();
            parts[at] = &hostile;
            parts.join("\"").into_bytes()
        })
        .collect()
}

/// The evidence with another static part.
fn delivering(vector: &Vector, static_part: &Static<'_>) -> Vector {
    let mut bundle = Bundle::decode(&vector.evidence).unwrap();
    let encoded = static_part.encode();
    let hash = Static::hash(&encoded);
    (bundle.static_hash, bundle.static_part) = (&hash, Some(&encoded[..]));
    Vector { evidence: bundle.encode(), ..vector.clone() }
}

#[test]
fn no_text_of_a_document_is_in_a_verdict_before_its_signatures_hold() {
    let mut tried = 0;
    for name in
        ["ok-release", "ok-status", "ok-keys-rotated-twice", "ok-keys-older-first", "ok-tlog", "ok-text-manifest"]
    {
        let vector = vectors::named(name);
        let bundle = Bundle::decode(&vector.evidence).unwrap();
        let static_part = Static::decode(bundle.static_part.unwrap()).unwrap();
        let release = static_part.release.clone().unwrap();
        let forged = |payload: &[u8], put: &dyn Fn(Signed<'_>) -> Vector, signed: &Signed<'_>| {
            let vector = put(Signed { payload, ..signed.clone() });
            let verdict = verdict(&vector);
            assert!(!verdict.contains("evil"), "{name}: {verdict}");
        };
        for payload in replaced(release.manifest.payload) {
            let put = |manifest: Signed<'_>| {
                let release = ReleaseEvidence { manifest, ..release.clone() };
                delivering(&vector, &Static { release: Some(release), ..static_part.clone() })
            };
            forged(&payload, &put, &release.manifest);
            tried += 1;
        }
        for (index, key_set) in release.key_sets.iter().enumerate() {
            for payload in replaced(key_set.payload) {
                let put = |document: Signed<'_>| {
                    let mut release = release.clone();
                    // The payload lives as long as the vector is being made.
                    release.key_sets[index] = document;
                    delivering(&vector, &Static { release: Some(release), ..static_part.clone() })
                };
                forged(&payload, &put, key_set);
                tried += 1;
            }
        }
        if let Some(signed) = &static_part.status {
            for payload in replaced(signed.payload) {
                let put =
                    |status: Signed<'_>| delivering(&vector, &Static { status: Some(status), ..static_part.clone() });
                forged(&payload, &put, signed);
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried}");
}
