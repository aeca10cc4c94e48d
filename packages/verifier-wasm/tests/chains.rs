//! Chains under anchors that are not theirs, through the whole verifier: those of the conformance vectors, and those that Azure and
//! Google issued, read in place from the folder with evidence of real TPMs beside the repository.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

mod skips;
mod vectors;

use std::{fs, path::Path};

use blindllama_verifier::{
    Code,
    evidence::bundle::{Bundle, Static},
    verify,
};
use serde_json::{Value as Json, json};
use vectors::Vector;

/// None where the chains do not lie beside the repository: `test` is then skipped.
fn chains_of_clouds(test: &str) -> Option<Vec<Json>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/evidence/ak-chains.json");
    if !file.is_file() {
        skips::skip(test, &file);
        return None;
    }
    Some(serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap())
}

fn base64(text: &str) -> Vec<u8> {
    let digit =
        |c: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|d| *d == c);
    let digits: Vec<usize> = text.bytes().filter_map(digit).collect();
    let three = |four: &[usize]| {
        let bits = four.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - four.len()));
        [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8][..four.len() - 1].to_vec()
    };
    digits.chunks(4).flat_map(three).collect()
}

/// `YYYY-MM-DD…` and some time of that day, in milliseconds since 1970.
fn noon(rfc3339: &str) -> u64 {
    let part = |range| rfc3339.get(range).and_then(|text: &str| text.parse::<u64>().ok()).unwrap();
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    // Days of the civil calendar, years beginning in March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
    (days - 719_468) * 86_400_000 + 43_200_000
}

/// TPMT_PUBLIC of a restricted signing key: the one that the leaf is for.
fn ak_public(leaf: &[u8]) -> Vec<u8> {
    let after =
        |pattern: &[u8]| leaf.windows(pattern.len()).position(|window| window == pattern).map(|at| at + pattern.len());
    let rsa = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00\x30\x82\x01\x0a\x02\x82\x01\x01\x00";
    let area =
        |kind: u16, rest: &[u8]| [&kind.to_be_bytes()[..], b"\x00\x0b\x00\x05\x00\x72\x00\x00\x00\x10", rest].concat();
    match (after(rsa), after(b"\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04")) {
        (Some(at), _) => area(1, &[b"\x00\x14\x00\x0b\x08\x00\x00\x00\x00\x00\x01\x00", &leaf[at..at + 256]].concat()),
        (None, Some(at)) => area(
            0x23,
            &[b"\x00\x18\x00\x0b\x00\x03\x00\x10\x00\x20", &leaf[at..at + 32], b"\x00\x20", &leaf[at + 32..at + 64]]
                .concat(),
        ),
        (None, None) => unreachable!("a key of an unknown kind"),
    }
}

/// How the step `ak.trust` ends for a key that comes with `chain`, and the anchor that is shown.
fn trusted(chain: &[Vec<u8>], anchor: Json, now_ms: u64) -> (String, Json) {
    let accepted = vectors::named("ok-ecc");
    let bundle = Bundle::decode(&accepted.evidence).unwrap();
    let static_part = Static::decode(bundle.static_part.unwrap()).unwrap();
    let public = ak_public(&chain[0]);
    let static_part =
        Static { ak_public: &public, ak_chain: chain.iter().map(Vec::as_slice).collect(), ..static_part }.encode();
    let static_hash = Static::hash(&static_part);
    let bundle = Bundle { static_hash: &static_hash, static_part: Some(&static_part), ..bundle.clone() };
    let mut policy: Json = serde_json::from_str(&accepted.policy).unwrap();
    policy["anchors"] = json!([anchor]);
    let vector = Vector { evidence: bundle.encode(), policy: policy.to_string(), now_ms, ..accepted.clone() };
    let verdict: Json = serde_json::from_str(&verify(&vector.input()).to_json()).unwrap();
    // What the certificate says is shown once the step has passed; the quote is another key's, so a later one fails.
    let code = if verdict.get("anchor").is_some() { Code::OK.as_str() } else { verdict["code"].as_str().unwrap() };
    (code.to_owned(), verdict["anchor"].clone())
}

fn anchor(vector: &Json) -> Json {
    let root = vector["rootSha256"].as_str().unwrap();
    if vector["name"].as_str().unwrap().starts_with("azure") {
        json!({ "kind": "azure", "rootSha256": root, "vm": "confidential" })
    } else {
        json!({ "kind": "gcp", "rootSha256": root, "projectId": "google.com:wuale-gcp-testing", "zone": "us-central1-a" })
    }
}

/// How a vector ends under a policy whose one anchor has another value of `member`.
fn under_another(name: &str, member: &str, value: Json) -> Code {
    let vector = vectors::named(name);
    assert_eq!(vector.code, "ok", "{name}");
    let mut policy: Json = serde_json::from_str(&vector.policy).unwrap();
    let anchors = policy["anchors"].as_array().unwrap();
    assert_eq!(anchors.len(), 1, "{name}");
    assert_ne!(anchors[0].get(member), Some(&value), "{name}: the same {member}");
    policy["anchors"][0][member] = value;
    verify(&Vector { policy: policy.to_string(), ..vector }.input()).failure().unwrap_or(Code::OK)
}

#[test]
fn a_chain_vouches_for_its_cloud_kind_of_machine_and_project_alone_and_never_for_a_key_that_encrypts() {
    let [azure, google] = ["ok-chain-azure-confidential", "ok-chain-gcp-instance"];
    for name in [azure, google, "ok-chain"] {
        assert_eq!(under_another(name, "rootSha256", "77".repeat(32).into()), Code::CHAIN_ROOT, "{name}");
    }
    assert_eq!(under_another(azure, "vm", "trusted".into()), Code::CHAIN_VM_KIND);
    for (member, value) in [
        ("projectId", "my-project"),
        ("projectNumber", "1"),
        ("zone", "us-central1-a"),
        ("instanceId", "1"),
        ("instanceName", "chat-2"),
    ] {
        assert_eq!(under_another(google, member, value.into()), Code::CHAIN_INSTANCE_MISMATCH, "{member}");
    }
    for (name, code) in [
        ("chain-encipherment", Code::CHAIN_LEAF_KEY_USAGE),
        ("chain-agreement", Code::CHAIN_LEAF_KEY_USAGE),
        ("chain-ek-purpose", Code::CHAIN_LEAF_PURPOSE),
        ("chain-two-purposes", Code::CHAIN_LEAF_PURPOSE),
    ] {
        assert_eq!(verify(&vectors::named(name).input()).failure(), Some(code), "{name}");
    }
}

#[test]
fn the_clouds_own_chains_pass_under_their_anchors_and_keys_for_encryption_do_not() {
    let test = "the_clouds_own_chains_pass_under_their_anchors_and_keys_for_encryption_do_not";
    for vector in chains_of_clouds(test).into_iter().flatten() {
        let chain: Vec<Vec<u8>> =
            vector["chain"].as_array().unwrap().iter().map(|text| base64(text.as_str().unwrap())).collect();
        let name = vector["name"].as_str().unwrap();
        let at = |member: &str| noon(vector[member].as_str().unwrap());
        let (code, shown) = trusted(&chain, anchor(&vector), at("verifyAt"));
        assert_eq!(code == "ok", vector["expect"] == "accept", "{name}: {code}");
        if code != "ok" {
            assert!(code.starts_with("chain."), "{name}: {code}");
            continue;
        }
        assert_eq!(shown["assurance"], "cloud-vtpm", "{name}");
        let (member, value) = if name.starts_with("azure") {
            ("vm", json!("confidential"))
        } else {
            ("instance", shown["instance"].clone())
        };
        assert_eq!(shown[member], value, "{name}");
        let code = |anchor: Json, now_ms| trusted(&chain, anchor, now_ms).0;
        assert_eq!(code(anchor(&vector), at("expiredAt") + 86_400_000), Code::CHAIN_EXPIRED.as_str(), "{name}");
        let mut other = anchor(&vector);
        if name.starts_with("azure") {
            other["vm"] = "trusted".into();
            assert_eq!(code(other, at("verifyAt")), Code::CHAIN_VM_KIND.as_str(), "{name}");
        } else {
            assert_eq!(shown["instance"]["projectId"], "google.com:wuale-gcp-testing", "{name}");
            other["projectId"] = "my-project".into();
            assert_eq!(code(other, at("verifyAt")), Code::CHAIN_INSTANCE_MISMATCH.as_str(), "{name}");
        }
    }
}
