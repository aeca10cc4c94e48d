//! Who has to sign a release, and over what.

use blindllama_verifier::evidence::cbor::Value;

use super::with;
use crate::{releases::Released, scenario::Cases};

pub(super) fn cases(cases: &mut Cases<'_>) {
    let mut threshold = |name: &str, why: &str, change: fn(&mut Released)| {
        cases.reject("release.threshold", &format!("release-threshold-{name}"), why, with(change));
    };
    threshold("no-auditor", "no auditor signed", |r| r.manifest.signers = vec!["dora"]);
    threshold("no-developer", "no developer signed", |r| r.manifest.signers = vec!["adam", "anna"]);
    threshold("same-key-twice", "one of two auditors signed twice", |r| {
        r.keys["threshold"]["auditor"] = 2.into();
        r.manifest.signers = vec!["dora", "adam", "adam"];
    });
    threshold("wrong-role", "a second auditor in place of the developer", |r| {
        r.manifest.signers = vec!["adam", "anna", "adam"];
    });
    threshold("unknown-key", "somebody in place of the auditor", |r| r.manifest.signers = vec!["dora", "mallory"]);
    cases.accept(
        "ok-release-two-auditors",
        "both auditors, where both have to",
        with(|r| {
            r.keys["threshold"]["auditor"] = 2.into();
            r.manifest.signers = vec!["anna", "dora", "adam"];
        }),
    );

    let mut signature = |name: &str, why: &str, change: fn(&mut Released)| {
        cases.reject("release.signature", &format!("release-signature-{name}"), why, with(change));
    };
    signature("reencoded", "the same JSON in other bytes", |r| {
        r.manifest.patch_signed = |text| text.replacen(':', ": ", 1);
    });
    signature("changed", "another commit than the one that was signed", |r| {
        r.manifest.patch_signed = |text| text.replacen("c0c0", "c1c0", 1);
    });
    signature("without-type", "over the bare text, without its type", |r| {
        r.manifest.patch_signatures = |signatures| resign(signatures, |text| text.to_vec());
    });
    signature("of-status", "a text that was signed as a status", |r| {
        r.manifest.patch_signatures = |signatures| resign(signatures, |text| crate::releases::message("status", text));
    });
    signature("bit", "one bit of S", |r| r.manifest.patch_signatures = |signatures| signatures[0][64] ^= 1);
    signature("one-wrong-of-three", "enough good ones, and one wrong one of a known key", |r| {
        r.manifest.signers = vec!["dora", "adam", "anna"];
        r.manifest.patch_signatures = |signatures| signatures[2][32] ^= 1;
    });
    signature("second-of-a-key", "a good one and a wrong one of the same key", |r| {
        r.manifest.signers = vec!["dora", "adam", "adam"];
        r.manifest.patch_signatures = |signatures| signatures[2][95] ^= 0x10;
    });
    signature("s-plus-order", "S with the order of the group added", |r| {
        r.manifest.patch_signatures = |signatures| add_order(&mut signatures[1]);
    });

    cases.reject("release.missing", "release-missing", "no release in the evidence", with(|r| r.deliver = false));
    for (name, patch) in [
        ("bundle-release-without-manifest", vec![]),
        ("bundle-release-signature-short", vec![(0, document(vec![Value::Bytes(vec![0; 95])]))]),
        ("bundle-release-without-signature", vec![(0, document(vec![]))]),
        ("bundle-release-17-signatures", vec![(0, document(vec![Value::Bytes(vec![0; 96]); 17]))]),
        ("bundle-release-critical-2", vec![(0, document(vec![Value::Bytes(vec![0; 96])])), (2, Value::Uint(0))]),
        ("bundle-release-empty-proof", vec![(0, with_member(2, Value::Bytes(vec![])))]),
        ("bundle-release-signed-critical-3", vec![(0, with_member(3, Value::Uint(0)))]),
    ] {
        cases.reject("bundle.schema", name, "a release that has not the form of the protocol", move |s| {
            s.static_members.insert(3, Value::map(patch));
        });
    }
    cases.reject("bundle.schema", "bundle-status-empty", "a status without text", |s| {
        let status = Value::map([(0, Value::Bytes(vec![])), (1, Value::array([[0; 96]]))]);
        s.static_members.insert(5, status);
    });
}

fn document(signatures: Vec<Value>) -> Value {
    Value::map([(0, Value::Bytes(b"{}".to_vec())), (1, Value::array(signatures))])
}

/// A document with a member more.
fn with_member(key: u64, value: Value) -> Value {
    let members = [(0, Value::Bytes(b"{}".to_vec())), (1, Value::array([[0; 96]])), (key, value)];
    Value::map(members)
}

/// Signs again, over another message made from the text of the first manifest.
fn resign(signatures: &mut [[u8; 96]], message: fn(&[u8]) -> Vec<u8>) {
    use ed25519_dalek::Signer;
    let text = Released::new().manifest.text();
    for (signature, name) in signatures.iter_mut().zip(["dora", "adam"]) {
        let signed = crate::releases::key(name).sign(&message(text.as_bytes())).to_bytes();
        signature[32..].copy_from_slice(&signed);
    }
}

/// The order of the base point (RFC 8032 §5.1), little-endian.
fn add_order(signature: &mut [u8; 96]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, order) in signature[64..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}
