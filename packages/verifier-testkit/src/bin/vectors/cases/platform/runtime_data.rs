//! From the report to the key: what the firmware says of its keys.

use serde_json::json;

use crate::{
    confidential::{confidential, demand},
    cvm::{Machine, report},
    scenario::Cases,
    text::base64url,
};
use blindllama_verifier::evidence::cbor::Value;

pub(super) fn cases(cases: &mut Cases<'_>) {
    binding(cases);
    keys(cases);
    let keys = cases.keys;
    cases.reject("platform.key_mismatch", "hcl-ecc-key", "an attestation key that is not RSA", |s| {
        s.static_members.insert(4, Value::Array(vec![report(&keys.rsa, keys, |_| {})]));
        demand(s, keys);
    });
}

fn binding(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let mut reject = |name: &str, why: &str, change: &dyn Fn(&mut Machine)| {
        cases.reject_rsa("platform.binding", &format!("hcl-{name}"), why, |s| confidential(s, keys, change));
    };
    reject("data-swapped", "runtime data that the report does not cover", &|machine| {
        machine.patch_hcl = Some(|hcl| {
            let last = hcl.iter().rposition(|byte| *byte == b'}').unwrap();
            hcl[last] = b' ';
        });
    });
    reject("data-shortened", "runtime data that end a byte early", &|machine| {
        machine.patch_hcl = Some(|hcl| {
            let at = hcl.iter().rposition(|byte| *byte == b'}').unwrap();
            hcl[at] = 0;
            hcl[1216] -= 1;
            hcl[1232] -= 1;
        });
    });
    reject("report-data-zero", "a report that covers nothing", &|machine| machine.report_data = Some(vec![0; 64]));
    reject("report-data-second-half", "something beside the hash", &|machine| {
        let mut data = [crate::tpm::hash(crate::tpm::SHA256, &[&machine.runtime_data]), vec![0; 32]].concat();
        data[63] = 1;
        machine.report_data = Some(data);
    });
    reject("report-data-shifted", "the hash in the second half", &|machine| {
        let data = [vec![0; 32], crate::tpm::hash(crate::tpm::SHA256, &[&machine.runtime_data])].concat();
        machine.report_data = Some(data);
    });
}

fn keys(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let mut reject = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Machine)| {
        cases.reject_rsa(&format!("platform.{code}"), &format!("hcl-{name}"), why, |s| confidential(s, keys, change));
    };
    let mut data = |name: &str, why: &str, change: &dyn Fn(&mut Machine)| reject("runtime_data", name, why, change);
    data("data-nul", "a zero at the end of the runtime data", &|machine| machine.runtime_data.push(0));
    data("data-text", "runtime data that are no JSON", &|machine| machine.runtime_data = b"HCLAkPub".to_vec());
    data("data-array", "runtime data that are no object", &|machine| machine.runtime_data = b"[]".to_vec());
    data("data-duplicate", "a member twice: readers differ in which counts", &|machine| {
        let key = machine.named_key().to_string();
        machine.runtime_data = format!("{{\"keys\":[{key}],\"keys\":[{key}]}}").into_bytes();
    });
    data("keys-absent", "no keys", &|machine| machine.runtime_data = b"{\"user-data\":\"00\"}".to_vec());
    data("keys-object", "keys that are no array", &|machine| machine.name_keys(&machine.named_key()));
    data("keys-empty", "no key", &|machine| machine.name_keys(&json!([])));
    data("keys-text", "a key that is no object", &|machine| machine.name_keys(&json!([machine.named_key(), "x"])));
    data("key-twice", "two keys of the same name", &|machine| {
        machine.name_keys(&json!([machine.named_key(), machine.named_key()]));
    });
    data("key-twice-other", "two keys of the same name, the second of somebody else", &|machine| {
        let mut other = machine.named_key();
        other["n"] = base64url(&[0xe5; 256]).into();
        machine.name_keys(&json!([machine.named_key(), other]));
    });
    for (name, member, value) in [
        ("key-renamed", "kid", json!("HCLEkPub")),
        ("key-case", "kid", json!("hclAkPub")),
        ("key-number", "kid", json!(1)),
        ("key-ec", "kty", json!("EC")),
        ("key-exponent", "e", json!("Aw")),
        ("key-exponent-padded", "e", json!("AAEAAQ")),
        ("key-modulus-number", "n", json!(65537)),
        ("key-modulus-null", "n", json!(null)),
    ] {
        data(name, "a key that is not the one of the format", &|machine| {
            let mut key = machine.named_key();
            key[member] = value.clone();
            machine.name_keys(&json!([key]));
        });
    }
    let mut mismatch = |name: &str, why: &str, n: &dyn Fn(&str) -> String| {
        reject("key_mismatch", name, why, &|machine| {
            let mut key = machine.named_key();
            key["n"] = n(key["n"].as_str().unwrap()).into();
            // The endorsement key of the machine has the modulus of the attestation key.
            let mut endorsement = machine.named_key();
            endorsement["kid"] = "HCLEkPub".into();
            machine.name_keys(&json!([endorsement, key]));
        });
    };
    mismatch("key-other", "another key; that of the quotes is the endorsement key", &|_| base64url(&[0xe5; 256]));
    mismatch("key-padded", "a modulus in padded base64", &|n| format!("{n}=="));
    mismatch("key-zero", "a modulus with a leading zero", &|n| format!("AAAA{n}"));
    mismatch("key-empty", "no modulus", &|_| String::new());
}
