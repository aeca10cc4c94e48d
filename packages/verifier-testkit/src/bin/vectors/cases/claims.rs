//! Claims that a genuine TPM covers and that are still not acceptable.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::json;

use crate::scenario::{Cases, Scenario, bytes, key_config, key_list};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    schema(cases);
    keys(cases);
    decisions(cases);
    let mut encoding = |name: &str, why: &str, patch: fn(&mut Vec<u8>)| {
        cases.reject("claims.encoding", &format!("claims-{name}"), why, |s| s.patch_claims = Some(Box::new(patch)));
    };
    encoding("trailing-byte", "a byte after the claims", |claims| claims.push(0));
    encoding("truncated", "a byte too few", |claims| claims.truncate(claims.len() - 1));
    encoding("duplicate-key", "key 0 twice", |claims| drop(claims.splice(..3, [0xaa, 0, 1, 0, 1])));
    encoding("longer-version", "1 written in two bytes", |claims| drop(claims.splice(2..3, [0x18, 1])));
    encoding("empty", "no bytes", |claims| claims.clear());
}

fn schema(cases: &mut Cases<'_>) {
    for key in (0..=8_u64).chain([12, 13]) {
        cases.reject("claims.schema", &format!("claims-lacks-{key}"), "a claim that is missing", |s| {
            drop(s.claims.remove(&key))
        });
    }
    let wrong: [(&str, &str, u64, Value); 25] = [
        ("critical-14", "an unknown critical claim", 14, 0.into()),
        ("critical-63", "an unknown critical claim", 63, 0.into()),
        ("no-audience", "nobody is meant", 1, Value::Array(vec![])),
        ("audience-empty", "an audience without a name", 1, Value::array([""])),
        (
            "audience-twice",
            "the same audience twice",
            1,
            Value::array(["https://chat.example", "https://chat.example"]),
        ),
        (
            "audiences-17",
            "more audiences than 16",
            1,
            Value::array(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"]),
        ),
        ("instance-path", "an instance that leaves its path segment", 2, "../health".into()),
        ("instance-upper", "an instance in upper case", 2, "I0".into()),
        ("instance-empty", "an instance without a name", 2, "".into()),
        ("instance-long", "an instance of 33 characters", 2, "i23456789012345678901234567890123".into()),
        ("keys-empty", "no list of keys", 3, Value::Bytes(vec![])),
        ("epoch-short", "an epoch id of 15 bytes", 4, [0; 15].into()),
        ("lifetime-0", "keys without a lifetime", 5, 0.into()),
        ("lifetime-negative", "a lifetime that is no number", 5, "1".into()),
        ("lifetime-day", "a lifetime of more than a day", 5, 86_400_001.into()),
        ("lifetime-2-63", "a lifetime of 2^63", 5, (1_u64 << 63).into()),
        ("time-2-53", "a time that JSON cannot hold", 6, (1_u64 << 53).into()),
        ("upstream-3", "an unknown kind of upstream", 8, 3.into()),
        ("versions-none", "no version", 12, Value::Array(vec![])),
        ("versions-9", "more versions than 8", 12, Value::array([1, 2, 3, 4, 5, 6, 7, 8, 9])),
        ("versions-0", "a version that no protocol has", 12, Value::array([0, 1])),
        ("versions-64", "a version above 63", 12, Value::array([1, 64])),
        ("versions-descending", "versions in another order", 12, Value::array([2, 1])),
        ("versions-twice", "the same version twice", 12, Value::array([1, 1])),
        ("prompt-cache-3", "an unknown kind of prompt cache", 13, 3.into()),
    ];
    for (name, why, key, value) in wrong {
        cases.reject("claims.schema", &format!("claims-{name}"), why, |s| drop(s.claims.insert(key, value)));
    }
    cases.reject("claims.schema", "claims-receipt-key-short", "a key for receipts of 31 bytes", |s| {
        s.claims.insert(9, [0; 31].into());
    });
    cases.reject("claims.version", "claims-version-2", "another version than the bundle around them", |s| {
        s.claims.insert(0, 2.into());
    });
    cases.reject("claims.version", "claims-version-stripped", "gateway and page both speak a later version", |s| {
        s.claims.insert(12, Value::array([1, 2]));
        s.versions = vec![2, 1];
    });
    cases.reject("claims.version", "claims-version-unclaimed", "a version that the gateway does not speak", |s| {
        s.claims.insert(12, Value::array([2]));
    });
}

fn keys(cases: &mut Cases<'_>) {
    cases.reject("claims.keys", "keys-second-broken", "a list is all or nothing (RFC 9458 §3)", |s| {
        let list = key_list(&[key_config(7, 0x20, &[(1, 1)]), key_config(8, 0x20, &[(1, 1)])]);
        let mut list = bytes(&list);
        list.pop();
        s.claims.insert(3, Value::Bytes(list));
    });
    cases.reject("claims.keys", "keys-id-twice", "two keys of the same id", |s| {
        s.claims.insert(3, key_list(&[key_config(7, 0x20, &[(1, 1)]), key_config(7, 0x20, &[(1, 2)])]));
    });
    cases.reject("claims.keys", "keys-without-suites", "a key that may be used with nothing", |s| {
        let config = [&[7, 0, 0x20][..], &[7; 32], &[0, 0]].concat();
        s.claims.insert(3, key_list(&[config]));
    });
    cases.reject("claims.keys", "keys-suites-odd", "half a suite", |s| {
        let config = [&[7, 0, 0x20][..], &[7; 32], &[0, 6, 0, 1, 0, 1, 0, 1]].concat();
        s.claims.insert(3, key_list(&[config]));
    });
    cases.reject("claims.keys", "keys-public-key-short", "a public key of another length than the KEM's", |s| {
        let config = [&[7, 0, 0x20][..], &[7; 31], &[0, 4, 0, 1, 0, 1]].concat();
        s.claims.insert(3, key_list(&[config]));
    });
    let beside = |kem: u8, public_key: usize, suites: &'static [u8]| {
        move |s: &mut Scenario<'_>| {
            let length = u16::try_from(suites.len()).unwrap().to_be_bytes();
            let other = [&[8, 0, kem][..], &vec![7; public_key], &length, suites].concat();
            s.claims.insert(3, key_list(&[key_config(7, 0x20, &[(1, 1)]), other]));
        }
    };
    // The KEMs of RFC 9180 §7.1: they have keys of a known length, although no suite has them.
    for (name, kem, length) in [("p256", 0x10, 65), ("p384", 0x11, 97), ("p521", 0x12, 133), ("x448", 0x21, 56)] {
        let whole: &[u8] = &[0, 1, 0, 1];
        cases.accept(
            &format!("ok-keys-{name}"),
            "beside its own key one of a KEM that no suite has",
            beside(kem, length, whole),
        );
        cases.reject(
            "claims.keys",
            &format!("keys-{name}-short"),
            "the same with a public key that is a byte shorter",
            beside(kem, length - 1, whole),
        );
    }
    cases.reject(
        "claims.keys",
        "keys-x448-without-suites",
        "the same, and it may be used with nothing",
        beside(0x21, 56, &[]),
    );
    cases.accept(
        "ok-keys-unknown-kem",
        "beside its own key one of an unknown KEM, of any length",
        beside(0x99, 5, &[]),
    );
    cases.reject("claims.keys", "keys-unknown-kem-id", "the same under the id of its own key", |s| {
        s.claims.insert(3, key_list(&[key_config(7, 0x20, &[(1, 1)]), vec![7, 0xfe, 0xfe]]));
    });
    cases.reject("claims.suite", "suite-unknown-kem", "no key that can be used", |s| {
        s.claims.insert(3, key_list(&[vec![9, 0xfe, 0xfe, 1, 2]]));
    });
    cases.reject("claims.suite", "suite-of-engine", "no suite that the engine supports", |s| {
        s.claims.insert(3, key_list(&[key_config(7, 0x20, &[(1, 2)])]));
    });
    cases.reject("claims.suite", "suite-of-policy", "no suite that the policy accepts", |s| {
        s.policy["suites"] = json!(["x25519-sha256-chacha20poly1305", "mlkem768x25519-sha256-aes128gcm"]);
    });
}

fn decisions(cases: &mut Cases<'_>) {
    cases.reject("claims.audience", "audience-other", "the evidence of another service", |s| {
        s.audience = "https://other.example"
    });
    cases.reject("claims.audience", "audience-slash", "audiences are compared byte by byte", |s| {
        s.audience = "https://chat.example/"
    });
    cases.reject("claims.audience", "audience-of-policy", "the policy's audience goes before the caller's", |s| {
        s.policy["audience"] = "https://other.example".into();
    });
    cases.reject("claims.upstream", "upstream-unattested", "plaintext leaves what is proven", |s| {
        s.claims.insert(8, 2.into());
    });
    cases.reject("claims.upstream", "upstream-not-listed", "a kind of upstream that the policy does not list", |s| {
        s.claims.insert(8, 1.into());
        s.policy["acceptUpstream"] = json!(["in-image"]);
    });
    cases.reject("claims.config", "config-other", "another configuration than the release's", |s| {
        s.claims.insert(7, [0x23; 32].into());
    });
    cases.reject("claims.config", "config-none-listed", "no configuration is accepted where none is listed", |s| {
        s.policy["releases"][0].as_object_mut().unwrap().remove("configDigests");
    });
    cases.reject(
        "claims.config",
        "config-of-other-release",
        "the configuration of a release that did not match",
        |s| {
            let other = json!({
                "name": "older",
                "pcrs": { "0": "01".repeat(32), "1": "02".repeat(32), "2": "03".repeat(32),
                          "4": "04".repeat(32), "7": "05".repeat(32), "11": "06".repeat(32) },
                "configDigests": ["22".repeat(32)]
            });
            s.policy["releases"][0]["configDigests"] = json!(["24".repeat(32)]);
            s.policy["releases"].as_array_mut().unwrap().push(other);
        },
    );
}
