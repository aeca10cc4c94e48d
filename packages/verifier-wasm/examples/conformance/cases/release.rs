//! Who may release, what a manifest says, and when it counts.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::{Value as Json, json};

use crate::{
    releases::{Released, first_set, key_set, key_set_id, public},
    scenario::{Cases, NOW_MS, Scenario, golden, hex, value},
    tpm::{SHA256, SHA384, hash},
};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    accepted(cases);
    signatures(cases);
    documents(cases);
    times(cases);
    floor(cases);
    parts(cases);
    rotation(cases);
}

/// A release that is changed before it is brought.
pub(super) fn with(change: impl FnOnce(&mut Released)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut released = Released::new();
        change(&mut released);
        released.release(s);
    }
}

fn accepted(cases: &mut Cases<'_>) {
    cases.accept("ok-release", "signed by a developer and an auditor", with(|_| {}));
    cases.accept("ok-release-beside-pinned", "pinned values as well, which others have", |s| {
        Released::new().extend(s);
        s.policy["releases"][0]["pcrs"]["4"] = "44".repeat(32).into();
    });
    cases.accept("ok-release-none-beside-pinned", "pinned values match: no manifest is needed, nor a log", |s| {
        let mut released = Released::logged();
        released.deliver = false;
        released.extend(s);
    });
    cases.accept(
        "ok-release-unknown-signer",
        "somebody signed whom the policy does not know",
        with(|r| {
            r.manifest.signers = vec!["mallory", "dora", "adam"];
        }),
    );
    cases.accept(
        "ok-release-three-signers",
        "more have signed than have to",
        with(|r| {
            r.manifest.signers = vec!["anna", "dora", "adam"];
        }),
    );
    cases.accept(
        "ok-release-white-space",
        "the text is signed as it was written",
        with(|r| {
            r.manifest.patch_text = |text| format!(" {}\n", text.replacen(':', " :\t", 1));
        }),
    );
    cases.accept("ok-release-without-optional", "neither model nor configuration, which the policy states", |s| {
        with(|r| {
            let manifest = r.manifest.json.as_object_mut().unwrap();
            manifest.remove("modelDigest");
            manifest.remove("configDigests");
        })(s);
        s.policy["configDigests"] = json!(["22".repeat(32)]);
    });
    cases.accept("ok-release-sha384", "values of the other bank", |s| {
        s.use_sha384();
        with(|r| {
            r.manifest.json["bank"] = "sha384".into();
            r.manifest.json["whole"][0]["pcrs"] = golden(SHA384, &[0, 4, 11]);
        })(s);
    });
    cases.accept(
        "ok-release-more-values",
        "values of measurements that the policy does not look at",
        with(|r| {
            r.manifest.json["whole"][0]["pcrs"]["7"] = "77".repeat(32).into();
            r.manifest.json["whole"][0]["pcrs"]["14"] = "77".repeat(32).into();
        }),
    );
    cases.accept(
        "ok-release-commit-sha256",
        "a commit of a repository that uses SHA-256",
        with(|r| {
            r.manifest.json["sourceCommit"] = "c0".repeat(32).into();
        }),
    );
}

fn signatures(cases: &mut Cases<'_>) {
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
        ("bundle-release-critical-3", vec![(0, document(vec![Value::Bytes(vec![0; 96])])), (3, Value::Uint(0))]),
        ("bundle-release-empty-proof", vec![(0, document(vec![Value::Bytes(vec![0; 96])])), (1, Value::Bytes(vec![]))]),
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

fn documents(cases: &mut Cases<'_>) {
    let mut syntax = |name: &str, why: &str, change: fn(&mut Json)| {
        cases.reject("release.syntax", &format!("release-syntax-{name}"), why, with(|r| change(&mut r.manifest.json)));
    };
    syntax("unknown-key", "a member that no manifest has", |m| m["author"] = "dora".into());
    syntax("version-zero", "versions begin with 1", |m| m["version"] = 0.into());
    syntax("version-text", "a version as a text", |m| m["version"] = "12".into());
    syntax("name-empty", "no name", |m| m["name"] = "".into());
    syntax("commit-short", "the beginning of a commit", |m| m["sourceCommit"] = "c0c0c0c0".into());
    syntax("image-upper", "upper-case hex", |m| m["imageDigest"] = "1A".repeat(32).into());
    syntax("bank-sha1", "the bank of SHA-1", |m| m["bank"] = "sha1".into());
    syntax("value-length", "a value of another length than the bank's", |m| {
        m["whole"][0]["pcrs"]["0"] = "11".repeat(48).into();
    });
    syntax("pcr-24", "an index that no TPM has", |m| m["whole"][0]["pcrs"]["24"] = "11".repeat(32).into());
    syntax("part-empty", "a part without values", |m| m["whole"][0]["pcrs"] = json!({}));
    syntax("whole-empty", "an empty list", |m| m["whole"] = json!([]));
    for member in
        ["name", "version", "minVersion", "notBefore", "notAfter", "sourceCommit", "imageDigest", "machine", "bank"]
    {
        cases.reject(
            "release.syntax",
            &format!("release-syntax-lacks-{member}"),
            "a member is missing",
            with(|r| drop(r.manifest.json.as_object_mut().unwrap().remove(member))),
        );
    }
    cases.reject(
        "release.syntax",
        "release-syntax-duplicate-key",
        "two versions",
        with(|r| r.manifest.patch_text = |text| text.replacen('{', "{\"version\":13,", 1)),
    );
    cases.reject(
        "release.syntax",
        "release-syntax-trailing",
        "text after the manifest",
        with(|r| r.manifest.patch_text = |text| text + "{}"),
    );
    cases.reject(
        "release.syntax",
        "release-syntax-not-json",
        "a signed text that is no JSON",
        with(|r| r.manifest.patch_text = |_| "release 12".into()),
    );

    let mut invalid = |name: &str, why: &str, change: fn(&mut Json)| {
        cases.reject(
            "release.invalid",
            &format!("release-invalid-{name}"),
            why,
            with(|r| change(&mut r.manifest.json)),
        );
    };
    invalid("floor", "a release that withdraws itself", |m| m["minVersion"] = 13.into());
    invalid("times", "an end that is not after the beginning", |m| m["notAfter"] = m["notBefore"].clone());
    invalid("nothing", "a release of nothing", |m| drop(m.as_object_mut().unwrap().remove("whole")));
    invalid("golden-zero", "a value that was never extended", |m| {
        m["whole"][0]["pcrs"]["11"] = "00".repeat(32).into();
    });
    invalid("golden-ff", "a value that was never extended", |m| m["whole"][0]["pcrs"]["11"] = "ff".repeat(32).into());
    invalid("part-names", "two parts of the same name", |m| {
        let twice = m["whole"][0].clone();
        m["whole"].as_array_mut().unwrap().push(twice);
    });
    invalid("platform-4", "a value of the image in a platform", |m| {
        m["platforms"] = json!([{ "name": "p", "pcrs": golden(SHA256, &[0, 4]) }]);
    });
    invalid("image-0", "a value of the platform in an image", |m| {
        m["images"] = json!([{ "name": "i", "pcrs": golden(SHA256, &[0, 4]) }]);
    });
    for index in ["10", "16", "23"] {
        cases.reject(
            "release.invalid",
            &format!("release-invalid-pcr-{index}"),
            "a value of a PCR that software resets or that changes without end",
            with(|r| r.manifest.json["whole"][0]["pcrs"][index] = "11".repeat(32).into()),
        );
    }
    cases.reject(
        "release.bank",
        "release-bank",
        "values of another bank than the policy's",
        with(|r| {
            r.manifest.json["bank"] = "sha384".into();
            r.manifest.json["whole"][0]["pcrs"] = golden(SHA384, &[0, 4, 11]);
        }),
    );
}

fn times(cases: &mut Cases<'_>) {
    cases.accept(
        "ok-release-first-moment",
        "from its first moment on",
        with(|r| r.manifest.json["notBefore"] = NOW_MS.into()),
    );
    cases.accept(
        "ok-release-last-moment",
        "until its last moment",
        with(|r| {
            r.manifest.json["notAfter"] = (NOW_MS + 1).into();
        }),
    );
    cases.reject(
        "release.not_yet_valid",
        "release-not-yet-valid",
        "a moment too early",
        with(|r| {
            r.manifest.json["notBefore"] = (NOW_MS + 1).into();
        }),
    );
    cases.reject(
        "release.expired",
        "release-expired",
        "a moment too late",
        with(|r| {
            r.manifest.json["notAfter"] = NOW_MS.into();
        }),
    );
}

fn state(floors: &[([u8; 32], u64)]) -> Vec<u8> {
    let floor = |(keys, floor): &([u8; 32], u64)| Value::map([(0, (*keys).into()), (1, (*floor).into())]);
    let none = Value::Array(vec![]);
    Value::map([(0, 1.into()), (1, none), (2, Value::array(floors.iter().map(floor)))]).encode()
}

/// State of releases alone: the key is not compared, because the anchor names no hierarchy.
fn remembering(s: &mut Scenario<'_>, kept: &[u8], next: Option<Vec<u8>>) {
    s.policy["anchors"][0].as_object_mut().unwrap().remove("hierarchy");
    s.state = Some(kept.to_vec());
    s.next_state = next;
}

fn floor(cases: &mut Cases<'_>) {
    let id = key_set_id(&first_set());
    cases.accept("ok-floor-remembered", "the oldest version that is still accepted is remembered", move |s| {
        with(|_| {})(s);
        remembering(s, &[], Some(state(&[(id, 9)])));
    });
    cases.accept("ok-floor-at", "a version that is the floor, which never sinks", move |s| {
        with(|_| {})(s);
        remembering(s, &state(&[(id, 12)]), Some(state(&[(id, 12)])));
    });
    cases.accept("ok-floor-of-others", "a floor of other keys, in its order", move |s| {
        with(|_| {})(s);
        remembering(s, &state(&[([0; 32], 99)]), Some(state(&[([0; 32], 99), (id, 9)])));
    });
    cases.accept("ok-floor-not-of-pinned", "a pinned release is not compared and raises nothing", move |s| {
        Released { deliver: false, ..Released::new() }.extend(s);
        remembering(s, &state(&[(id, 99)]), Some(state(&[(id, 99)])));
    });
    cases.accept("ok-floor-of-status", "the floor that the status states is remembered", move |s| {
        let mut released = Released::with_status();
        released.status().json["minVersion"] = 11.into();
        released.release(s);
        remembering(s, &state(&[(id, 10)]), Some(state(&[(id, 11)])));
    });
    cases.reject(
        "release.below_floor",
        "floor-of-state",
        "a newer release withdrew this one, at an earlier visit",
        move |s| {
            with(|_| {})(s);
            remembering(s, &state(&[(id, 13)]), None);
        },
    );
    cases.reject(
        "release.below_floor",
        "floor-of-policy",
        "the policy withdrew it",
        with(|r| {
            r.keys["minVersion"] = 13.into();
        }),
    );
    cases.accept(
        "ok-floor-of-policy",
        "the very version that the policy asks for",
        with(|r| {
            r.keys["minVersion"] = 12.into();
        }),
    );
    cases.reject("release.below_floor", "floor-of-status", "the status withdrew it", |s| {
        let mut released = Released::with_status();
        released.status().json["minVersion"] = 13.into();
        released.release(s);
    });
    cases.reject("state.full", "floor-65", "no room for the floor of another set of keys", |s| {
        with(|_| {})(s);
        let others: Vec<_> = (0..64).map(|i| ([i; 32], 1)).collect();
        remembering(s, &state(&others), None);
    });
}

/// Two platforms and two images, of which the machine has the second of each.
fn by_parts(r: &mut Released) {
    let other = |index: u8| hex(&hash(SHA256, &[b"other", &[index]]));
    r.manifest.json.as_object_mut().unwrap().remove("whole");
    r.manifest.json["platforms"] = json!([
        { "name": "old firmware", "pcrs": { "0": other(0) } },
        { "name": "new firmware", "pcrs": golden(SHA256, &[0, 7]) },
    ]);
    r.manifest.json["images"] = json!([
        { "name": "2 vCPU", "pcrs": { "4": other(4), "11": other(11) } },
        { "name": "4 vCPU", "pcrs": golden(SHA256, &[4, 11]) },
    ]);
}

fn parts(cases: &mut Cases<'_>) {
    cases.accept("ok-parts", "a platform and an image of one manifest", with(by_parts));
    cases.accept("ok-parts-image-alone", "the policy looks at no measurement of the platform", |s| {
        s.policy["pcrs"]["rules"]["0"] = "unchecked".into();
        with(|r| {
            by_parts(r);
            r.manifest.json.as_object_mut().unwrap().remove("platforms");
        })(s);
    });
    cases.accept(
        "ok-parts-second-whole",
        "the second of two whole machines",
        with(|r| {
            let second = json!({ "name": "second", "pcrs": golden(SHA256, &[0, 4, 11]) });
            r.manifest.json["whole"][0]["pcrs"]["4"] = "44".repeat(32).into();
            r.manifest.json["whole"].as_array_mut().unwrap().push(second);
        }),
    );
    cases.reject(
        "pcr.mismatch",
        "parts-mixed-images",
        "values of two images",
        with(|r| {
            by_parts(r);
            let (images, golden) = (&mut r.manifest.json["images"], golden(SHA256, &[4, 11]));
            images[0]["pcrs"]["4"] = golden["4"].clone();
            images[1]["pcrs"]["4"] = "44".repeat(32).into();
        }),
    );
    cases.reject(
        "pcr.mismatch",
        "parts-of-two-manifests",
        "the platform of a pinned release, the image of a manifest",
        |s| {
            let mut released = Released::new();
            by_parts(&mut released);
            released.manifest.json.as_object_mut().unwrap().remove("platforms");
            released.extend(s);
            for index in ["4", "11"] {
                s.policy["releases"][0]["pcrs"][index] = "44".repeat(32).into();
            }
        },
    );
    cases.reject(
        "pcr.mismatch",
        "parts-platform-of-other-manifest",
        "the image of a manifest whose platforms are others",
        with(|r| {
            by_parts(r);
            r.manifest.json["platforms"].as_array_mut().unwrap().pop();
        }),
    );
    cases.reject(
        "pcr.mismatch",
        "parts-whole-and-image",
        "a whole machine is not made whole by an image",
        with(|r| {
            by_parts(r);
            r.manifest.json.as_object_mut().unwrap().remove("platforms");
            r.manifest.json["whole"] = json!([{ "name": "platform", "pcrs": golden(SHA256, &[0]) }]);
        }),
    );
    cases.reject(
        "pcr.mismatch",
        "release-lacks-pcr",
        "a manifest that says nothing of a golden measurement",
        with(|r| {
            r.manifest.json["whole"][0]["pcrs"].as_object_mut().unwrap().remove("4");
        }),
    );
    for index in ["0", "4", "11"] {
        cases.reject(
            "pcr.mismatch",
            &format!("release-golden-{index}"),
            "one value is another",
            with(|r| r.manifest.json["whole"][0]["pcrs"][index] = hex(&value(SHA256, 99)).into()),
        );
    }
    cases.reject(
        "claims.config",
        "release-config",
        "a configuration that neither policy nor manifest lists",
        with(|r| {
            r.manifest.json["configDigests"] = json!(["23".repeat(32)]);
        }),
    );
    cases.reject(
        "release.threshold",
        "release-fails-beside-pinned",
        "a manifest that nobody signed beside matching pinned values",
        |s| {
            let mut released = Released::new();
            released.manifest.signers = vec!["mallory"];
            released.extend(s);
        },
    );
}

fn second_set() -> Json {
    key_set(&[("dave", "developer"), ("adam", "auditor")], json!({ "developer": 1, "auditor": 1 }))
}

fn third_set() -> Json {
    key_set(&[("dina", "builder")], json!({ "builder": 1 }))
}

fn rotation(cases: &mut Cases<'_>) {
    cases.accept(
        "ok-keys-rotated",
        "the developer's key was replaced",
        with(|r| {
            r.rotate(second_set(), &["dora", "adam"]);
            r.manifest.signers = vec!["dave", "adam"];
        }),
    );
    cases.accept(
        "ok-keys-rotated-twice",
        "twice, the second time to other roles",
        with(|r| {
            r.rotate(second_set(), &["dora", "anna"]);
            r.rotate(third_set(), &["adam", "dave"]);
            r.manifest.signers = vec!["dina"];
        }),
    );
    cases.accept(
        "ok-keys-older-first",
        "the policy pins the second of three sets",
        with(|r| {
            r.rotate(second_set(), &["dora", "anna"]);
            r.rotate(third_set(), &["adam", "dave"]);
            r.keys = second_set();
            r.manifest.signers = vec!["dina"];
        }),
    );
    cases.accept(
        "ok-keys-all-older",
        "the policy pins the last of three sets",
        with(|r| {
            r.rotate(second_set(), &["dora", "anna"]);
            r.rotate(third_set(), &["adam", "dave"]);
            r.keys = third_set();
            r.manifest.signers = vec!["dina"];
        }),
    );
    cases.accept(
        "ok-keys-written-otherwise",
        "the name of a set does not depend on the order of its keys",
        with(|r| {
            r.rotate(second_set(), &["dora", "adam"]);
            r.keys["keys"].as_array_mut().unwrap().reverse();
            r.manifest.signers = vec!["dave", "adam"];
        }),
    );
    cases.reject(
        "release.threshold",
        "keys-retired",
        "signed by those whose keys were replaced",
        with(|r| {
            r.rotate(second_set(), &["dora", "adam"]);
        }),
    );
    cases.reject(
        "release.threshold",
        "keys-by-themselves",
        "a successor signed by its own keys",
        with(|r| {
            r.rotate(third_set(), &["dina"]);
            r.manifest.signers = vec!["dina"];
        }),
    );
    cases.reject(
        "release.threshold",
        "keys-half-signed",
        "a successor that the auditor did not sign",
        with(|r| {
            r.rotate(second_set(), &["dora"]);
            r.manifest.signers = vec!["dave", "adam"];
        }),
    );
    cases.reject(
        "release.signature",
        "keys-changed",
        "a key that was put in after the auditor signed",
        with(|r| {
            r.rotate(second_set(), &["dora", "adam"]);
            r.key_sets[0].patch_signed = |text| text.replace(&public("dave"), &public("mallory"));
            r.manifest.signers = vec!["mallory", "adam"];
        }),
    );
    cases.reject(
        "release.key_set",
        "keys-gap",
        "the second of three sets is left out after the first step",
        with(|r| {
            r.rotate(second_set(), &["dora", "adam"]);
            r.rotate(third_set(), &["adam", "dave"]);
            r.rotate(first_set(), &["dina"]);
            r.key_sets.remove(1);
            r.manifest.signers = vec!["dora", "adam"];
        }),
    );
    cases.reject(
        "release.threshold",
        "keys-of-others",
        "successors of a set that the policy does not know",
        with(|r| {
            let pinned = std::mem::replace(&mut r.keys, third_set());
            r.rotate(second_set(), &["dina"]);
            r.keys = pinned;
            r.manifest.signers = vec!["dave", "adam"];
        }),
    );
    for (name, code, change) in [
        ("syntax", "release.syntax", (|set| set["note"] = "".into()) as fn(&mut Json)),
        ("role", "release.syntax", |set| set["keys"][0]["role"] = "Developer".into()),
        ("no-keys", "release.syntax", |set| set["keys"] = json!([])),
        ("threshold-0", "release.syntax", |set| set["threshold"]["auditor"] = 0.into()),
        ("twice", "release.invalid", |set| set["keys"][1]["key"] = set["keys"][0]["key"].clone()),
        ("unreachable", "release.invalid", |set| set["threshold"]["auditor"] = 2.into()),
        ("role-idle", "release.invalid", |set| set["keys"][1]["role"] = "reader".into()),
        ("no-point", "release.invalid", |set| set["keys"][0]["key"] = format!("02{}", "00".repeat(31)).into()),
        ("weak-point", "release.invalid", |set| set["keys"][0]["key"] = format!("01{}", "00".repeat(31)).into()),
    ] {
        cases.reject(
            code,
            &format!("keys-set-{name}"),
            "a successor that is none",
            with(|r| {
                r.rotate(second_set(), &["dora", "adam"]);
                change(&mut r.key_sets[0].json);
            }),
        );
    }
    policy(cases);
}

fn policy(cases: &mut Cases<'_>) {
    for (name, code, change) in [
        ("syntax-release-keys-unknown", "policy.syntax", (|p| p["releaseKeys"]["note"] = "".into()) as fn(&mut Json)),
        ("syntax-release-keys-none", "policy.syntax", |p| p["releaseKeys"]["keys"] = json!([])),
        ("syntax-release-keys-17", "policy.syntax", |p| {
            p["releaseKeys"]["keys"] = vec![p["releaseKeys"]["keys"][0].clone(); 17].into();
        }),
        ("syntax-release-keys-role", "policy.syntax", |p| p["releaseKeys"]["keys"][0]["role"] = "de veloper".into()),
        ("syntax-release-keys-threshold-17", "policy.syntax", |p| p["releaseKeys"]["threshold"]["auditor"] = 17.into()),
        ("syntax-release-keys-no-threshold", "policy.syntax", |p| p["releaseKeys"]["threshold"] = json!({})),
        ("syntax-release-keys-floor-0", "policy.syntax", |p| p["releaseKeys"]["minVersion"] = 0.into()),
        ("invalid-release-keys-twice", "policy.invalid", |p| {
            p["releaseKeys"]["keys"][1]["key"] = p["releaseKeys"]["keys"][0]["key"].clone();
        }),
        ("invalid-release-keys-unreachable", "policy.invalid", |p| p["releaseKeys"]["threshold"]["auditor"] = 3.into()),
        ("invalid-release-keys-idle", "policy.invalid", |p| {
            drop(p["releaseKeys"]["threshold"].as_object_mut().unwrap().remove("developer"));
        }),
        ("invalid-release-keys-weak", "policy.invalid", |p| {
            p["releaseKeys"]["keys"][0]["key"] = format!("01{}", "00".repeat(31)).into();
        }),
        ("syntax-status-age-short", "policy.syntax", |p| p["status"] = json!({ "maxAgeMs": 999 })),
        ("syntax-status-age-long", "policy.syntax", |p| p["status"] = json!({ "maxAgeMs": 31_622_400_001_u64 })),
        ("syntax-status-no-age", "policy.syntax", |p| p["status"] = json!({})),
    ] {
        cases.reject(code, &format!("policy-{name}"), "demands on releases that cannot be", move |s| {
            with(|_| {})(s);
            change(&mut s.policy);
        });
    }
    cases.reject("policy.invalid", "policy-invalid-log-without-keys", "a log of releases that nobody may sign", |s| {
        Released::logged().extend(s);
        s.policy.as_object_mut().unwrap().remove("releaseKeys");
    });
    cases.reject("policy.invalid", "policy-invalid-status-without-signers", "a status that nobody may sign", |s| {
        Released::with_status().extend(s);
        s.policy.as_object_mut().unwrap().remove("releaseKeys");
    });
}
