//! CBOR, the shape of bundle and static part, sizes and versions.

use blindllama_verifier::evidence::cbor::Value;

use crate::scenario::{Cases, bytes};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    encoding(cases);
    schema(cases);
    versions_and_sizes(cases);
    static_part(cases);
}

/// A bundle begins with the head of a map of seven members, `a7`, then key 0 and version 1.
fn encoding(cases: &mut Cases<'_>) {
    let mut encoding = |name: &str, why: &str, patch: fn(&mut Vec<u8>)| {
        cases.reject("bundle.encoding", &format!("cbor-{name}"), why, |s| s.patch_bundle = Some(Box::new(patch)));
    };
    encoding("empty", "nothing", |b| b.clear());
    encoding("trailing-byte", "a byte after the bundle", |b| b.push(0));
    encoding("truncated", "a byte too few", |b| b.truncate(b.len() - 1));
    encoding("duplicate-key", "key 0 twice", |b| drop(b.splice(..3, [0xa8, 0, 1, 0, 1])));
    encoding("unsorted-keys", "an extension before key 0", |b| drop(b.splice(..3, [0xa8, 0x18, 64, 0, 0, 1])));
    encoding("indefinite-map", "a map without a length", |b| {
        b[0] = 0xbf;
        b.push(0xff);
    });
    encoding("longer-head", "the head of the map in two bytes", |b| drop(b.splice(..1, [0xb8, 7])));
    encoding("longer-version", "1 written in two bytes", |b| drop(b.splice(2..3, [0x18, 1])));
    encoding("longer-key", "key 0 written in two bytes", |b| drop(b.splice(1..2, [0x18, 0])));
    encoding("float", "a version of 1.0", |b| drop(b.splice(2..3, [0xf9, 0x3c, 0])));
    encoding("tag", "a tagged version", |b| drop(b.splice(2..3, [0xc1, 1])));
    encoding("negative", "a negative version", |b| b[2] = 0x20);
    encoding("boolean", "true for a version", |b| b[2] = 0xf5);
    encoding("text-key", "a key that is text", |b| drop(b.splice(1..2, [0x61, b'0'])));
    encoding("length-2-63", "claims of 2^63 bytes", |b| {
        drop(b.splice(4.., [0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0]));
    });
    encoding("indefinite-bytes", "claims in pieces", |b| drop(b.splice(4.., [0x5f, 0x41, 0, 0xff])));
    encoding("depth-bomb", "an extension nested without end", |b| {
        b[0] = 0xa8;
        b.extend([0x18, 64]);
        b.extend([0x81; 4096]);
    });
    encoding("extension-duplicate-key", "what may be ignored still obeys the rules", |b| {
        b[0] = 0xa8;
        b.extend([0x18, 64, 0xa2, 1, 0, 1, 0]);
    });
    encoding("extension-utf8", "what may be ignored still obeys the rules", |b| {
        b[0] = 0xa8;
        b.extend([0x18, 64, 0x61, 0xff]);
    });
    encoding("json", "not CBOR at all", |b| *b = b"{\"version\":1}".to_vec());
}

fn schema(cases: &mut Cases<'_>) {
    for key in 0..=5_u64 {
        cases.reject("bundle.schema", &format!("bundle-lacks-{key}"), "a member that is missing", |s| {
            s.bundle = Box::new(move |bundle| drop(bundle.remove(&key)));
        });
    }
    for key in [8, 63] {
        cases.reject("bundle.schema", &format!("bundle-critical-{key}"), "an unknown critical member", |s| {
            s.bundle = Box::new(move |bundle| drop(bundle.insert(key, 0.into())));
        });
    }
    cases.reject("bundle.schema", "bundle-array", "an array in place of the bundle", |s| {
        s.patch_bundle = Some(Box::new(|b| *b = vec![0x80]));
    });
    cases.reject("bundle.schema", "bundle-text-claims", "text in place of the claims", |s| {
        s.bundle = Box::new(|bundle| drop(bundle.insert(1, "claims".into())));
    });
    cases.reject("bundle.schema", "bundle-static-hash-short", "a hash of 31 bytes", |s| {
        s.bundle = Box::new(|bundle| drop(bundle.insert(5, [0; 31].into())));
    });
    cases.reject("bundle.schema", "quote-critical-2", "an unknown critical member of the quote", |s| {
        s.bundle = Box::new(|bundle| insert(bundle.get_mut(&2), 2, 0.into()));
    });
    cases.reject("bundle.schema", "quote-attest-empty", "an empty TPMS_ATTEST", |s| {
        s.bundle = Box::new(|bundle| insert(bundle.get_mut(&2), 0, Value::Bytes(vec![])));
    });
    cases.reject("bundle.schema", "quote-attest-long", "a TPMS_ATTEST of more than 2048 bytes", |s| {
        s.patch_signed = Some(Box::new(|attest| attest.resize(2049, 0)));
    });
    cases.reject("bundle.schema", "proof-sibling-short", "a sibling of 31 bytes", |s| {
        s.bundle = Box::new(|bundle| insert(bundle.get_mut(&3), 1, Value::array([[0; 31]])));
    });
    cases.reject("bundle.schema", "pcrs-bank-sha1", "values of the bank of SHA-1", |s| {
        s.bundle = Box::new(|bundle| insert(bundle.get_mut(&4), 0, 4.into()));
    });
    cases.reject("bundle.schema", "pcrs-index-24", "an index that no TPM has", |s| {
        s.pcrs.insert(24, vec![0; 32]);
    });
    cases.reject("bundle.schema", "pcrs-index-63", "the last critical key", |s| {
        s.pcrs.insert(63, vec![0; 32]);
    });
    cases.accept("ok-pcrs-extension", "an extension among the PCR values, which is passed over", |s| {
        s.bundle = Box::new(|bundle| {
            let Some(Value::Map(pcrs)) = bundle.get_mut(&4) else { panic!("no PCRs") };
            insert(pcrs.get_mut(&1), 64, "no value".into());
        });
    });
    cases.reject("bundle.schema", "pcrs-value-length", "a value of another length than the bank's", |s| {
        s.pcrs.insert(1, vec![0; 20]);
    });
    cases.reject("bundle.schema", "static-lacks-key", "a static part without a key", |s| {
        s.patch_static = Some(Box::new(|static_part| *static_part = vec![0xa0]));
    });
    cases.reject("bundle.schema", "static-critical-7", "an unknown critical member of the static part", |s| {
        s.static_members.insert(7, 0.into());
    });
    cases.reject("bundle.schema", "static-extension", "`have` would tell whoever put it there for one visitor", |s| {
        s.static_members.insert(64, "visitor 17".into());
    });
    cases.reject("bundle.schema", "static-extension-of-log", "the same inside of a member", |s| {
        let log = Value::map([(0, 1.into()), (1, [1].into()), (u64::MAX, 0.into())]);
        s.static_members.insert(2, Value::Array(vec![log]));
    });
    cases.reject(
        "bundle.schema",
        "static-extension-of-signed",
        "the same in a document that no step of this policy reads",
        |s| {
            let signatures = Value::array([[1_u8; 96]]);
            let signed = Value::map([(0, [0x7b; 2].into()), (1, signatures), (64, 0.into())]);
            s.static_members.insert(5, signed);
        },
    );
    cases.reject("bundle.schema", "static-empty-chain", "a chain without a certificate", |s| {
        s.static_members.insert(1, Value::Array(vec![]));
    });
    cases.reject("bundle.encoding", "static-trailing-byte", "a byte after the static part", |s| {
        s.patch_static = Some(Box::new(|static_part| static_part.push(0)));
    });
}

fn versions_and_sizes(cases: &mut Cases<'_>) {
    cases.reject("bundle.version", "bundle-version-2", "a version that this verifier does not know", |s| {
        s.bundle = Box::new(|bundle| {
            bundle.insert(0, 2.into());
            bundle.insert(8, 0.into());
        });
    });
    cases.reject("bundle.version", "bundle-version-unasked", "a version that the page did not ask for", |s| {
        s.versions = vec![2, 3]
    });
    cases.reject("bundle.size", "bundle-claims-size", "claims of more than 16 KiB", |s| {
        s.bundle = Box::new(|bundle| drop(bundle.insert(1, Value::Bytes(vec![0; 16_385]))));
    });
    cases.reject("bundle.size", "static-certificate-size", "a certificate of more than 8 KiB", |s| {
        s.static_members.insert(1, Value::Array(vec![Value::Bytes(vec![0x30; 8193])]));
    });
}

fn static_part(cases: &mut Cases<'_>) {
    cases.reject("bundle.static_mismatch", "static-mismatch", "other bytes than the hash names", |s| {
        s.static_hash = Some([9; 32]);
    });
    cases.reject(
        "bundle.static_mismatch",
        "static-mismatch-held",
        "delivered bytes are never replaced by those held",
        |s| {
            s.hold_static = true;
            s.bundle = Box::new(|bundle| {
                let mut other = bytes(&bundle[&6]);
                other[3] ^= 1;
                bundle.insert(6, Value::Bytes(other));
            });
        },
    );
    cases.reject("bundle.static_missing", "static-missing", "left out although the page holds none", |s| {
        s.deliver_static = false
    });
    cases.reject(
        "bundle.static_missing",
        "static-missing-other",
        "left out under a hash that the page did not name",
        |s| {
            (s.deliver_static, s.hold_static) = (false, true);
            s.static_hash = Some([9; 32]);
        },
    );
}

fn insert(map: Option<&mut Value>, key: u64, value: Value) {
    let Some(Value::Map(members)) = map else { panic!("not a map") };
    members.insert(key, value);
}
