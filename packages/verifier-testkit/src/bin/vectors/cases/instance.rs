//! Claims that name the key of one process of the gateway, and what this process signs beside them.

use blindllama_verifier::evidence::{cbor::Value, instance::proof_message};
use ed25519_dalek::{Signer, SigningKey};

use crate::{
    releases::key,
    scenario::{Cases, Instance, Scenario, bytes},
    tpm::{SHA256, hash},
};

const CODE: &str = "claims.instance_key";
/// The order of the base point (RFC 8032 §5.1), little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn proof(key: &SigningKey, claims: &[u8]) -> Vec<u8> {
    key.sign(&proof_message(claims)).to_bytes().into()
}

/// A gateway that has an instance key, as every one that PCR 15 names.
pub(super) fn process(s: &mut Scenario<'_>) {
    s.instance = Some(Instance { key: key("instance"), sign: proof });
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-instance-key", "the key of the claims signed them", process);
    cases.accept("ok-instance-key-held-static", "the proof stands behind a static part that is left out", |s| {
        process(s);
        (s.deliver_static, s.hold_static) = (false, true);
    });
    cases.reject("claims.schema", "claims-instance-key-short", "an instance key of 31 bytes", |s| {
        process(s);
        s.claims.insert(11, [3; 31].into());
    });
    cases.reject("bundle.schema", "instance-proof-short", "a proof of 63 bytes", |s| {
        process(s);
        s.bundle = Box::new(|bundle| drop(bundle.insert(7, Value::Bytes(vec![0; 63]))));
    });
    cases.reject(CODE, "instance-proof-missing", "a key that signs nothing: any process could name it", |s| {
        process(s);
        s.bundle = Box::new(|bundle| drop(bundle.remove(&7)));
    });
    cases.reject(CODE, "instance-key-missing", "a proof of a key that the claims do not name", |s| {
        s.bundle =
            Box::new(|bundle| drop(bundle.insert(7, Value::Bytes(proof(&key("instance"), &bytes(&bundle[&1]))))));
    });
    forged(cases, "other-process", "signed by another process, which names the key of this one", |_, claims| {
        proof(&key("other instance"), claims)
    });
    forged(cases, "other-claims", "signed over the claims of an earlier quote", |key, _| proof(key, b"other claims"));
    forged(cases, "unseparated", "signed without the domain", |key, claims| {
        key.sign(&hash(SHA256, &[claims])).to_bytes().into()
    });
    forged(cases, "whole-claims", "signed over the claims in place of their hash", |key, claims| {
        let [domain, claims] = [&b"blindllama/instance-proof/v1"[..], claims]
            .map(|part| [&(part.len() as u32).to_be_bytes()[..], part].concat());
        key.sign(&[domain, claims].concat()).to_bytes().into()
    });
    forged(
        cases,
        "large-s",
        "S and the order of the base point: a second form of the same signature",
        |key, claims| {
            let mut signature = proof(key, claims);
            let mut carry = 0;
            for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
                let sum = u16::from(*byte) + u16::from(order) + carry;
                (*byte, carry) = (sum as u8, sum >> 8);
            }
            signature
        },
    );
    cases.reject(CODE, "instance-weak-key", "a key of small order, under which one signature fits all claims", |s| {
        process(s);
        s.claims.insert(11, [[1, 0].as_slice(), &[0; 30]].concat().as_slice().into());
        s.instance.as_mut().unwrap().sign = |_, _| [[1, 0].as_slice(), &[0; 62]].concat();
    });
}

fn forged(cases: &mut Cases<'_>, name: &str, why: &str, sign: fn(&SigningKey, &[u8]) -> Vec<u8>) {
    cases.reject(CODE, &format!("instance-proof-{name}"), why, |s| {
        process(s);
        s.instance.as_mut().unwrap().sign = sign;
    });
}
