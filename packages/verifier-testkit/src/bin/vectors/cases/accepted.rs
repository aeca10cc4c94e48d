//! What must pass: without these a verifier that refuses everything would do.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::json;

use crate::{
    keys::Key,
    scenario::{Cases, GOLDEN, NOW_MS, golden, key_config, key_list},
    tpm::{self, RSAPSS, SHA256, SHA384, SHA512},
};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-ecc", "ECDSA on P-256, one client beside a leaf of the gateway", |_| {});
    cases.accept("ok-ecc-depth-3", "one of eight clients of one quote", |s| (s.depth, s.index) = (3, 5));
    cases.accept_rsa("ok-rsa", "RSASSA with 2048 bits", |_| {});
    cases.accept_rsa("ok-rsa-depth-3", "the last of eight clients", |s| (s.depth, s.index) = (3, 7));
    for (hash, name) in [(SHA384, "sha384"), (SHA512, "sha512")] {
        cases.accept(&format!("ok-ecc-{name}"), "pcrDigest has the hash of the scheme, not of the bank", |s| {
            s.area.hash = hash
        });
        cases.accept_rsa(&format!("ok-rsa-{name}"), "the other hashes that a scheme may have", |s| s.area.hash = hash);
        cases.accept(&format!("ok-name-{name}"), "Names of another nameAlg", |s| s.area.name_algorithm = hash);
    }
    cases.accept("ok-policy-schema", "the schema that editors read decides nothing", |s| {
        s.policy["$schema"] = "./policy.schema.json".into();
    });
    cases.accept("ok-policy-schema-empty", "the schema that editors read is any text", |s| {
        s.policy["$schema"] = "".into();
    });
    cases.accept("ok-policy-schema-long", "longer than a name may be", |s| {
        s.policy["$schema"] = "x".repeat(300).into();
    });
    algorithms(cases);
    cases.accept("ok-bank-sha384", "a policy may demand the other bank", |s| s.use_sha384());
    cases.accept("ok-malleated-s", "(r, n - s) is as valid as (r, s): TPMs give either", |s| {
        s.signature = Some(Box::new(|key, attest| Key::malleate(&key.sign(SHA256, attest))));
    });
    cases.accept(
        "ok-auth-policy",
        "authPolicy, noDA and adminWithPolicy say who may use the key, not what it signs",
        |s| {
            s.area.policy = vec![7; 32];
            s.area.attributes = 0x0005_04b2;
        },
    );
    cases.accept("ok-other-hierarchy", "the qualified name counts only where the anchor names a hierarchy", |s| {
        s.qualified_signer = Some(vec![0, 11, 9, 9]);
        s.policy["anchors"][0].as_object_mut().unwrap().remove("hierarchy");
    });
    cases.accept("ok-extension-bundle", "an unknown key of 64 and above may be ignored", |s| {
        s.bundle = Box::new(|bundle| {
            bundle.insert(64, Value::map([(1, Value::array(["x"]))]));
            bundle.insert(u64::MAX, 0.into());
        });
    });
    cases.accept("ok-extension-claims", "an unknown key of 64 and above may be ignored", |s| {
        s.claims.insert(99, "later".into());
    });
    cases.accept("ok-version-of-gateway-alone", "a later version that the page does not speak", |s| {
        s.claims.insert(12, Value::array([1, 2, 7]));
    });
    cases.accept("ok-version-of-page-alone", "a later version that the gateway does not speak", |s| {
        s.versions = vec![2, 1]
    });
    cases.accept("ok-prompt-cache-salted", "what is kept of a prompt serves no other visitor", |s| {
        s.claims.insert(13, 1.into());
    });
    cases.accept_with_warning(
        "ok-prompt-cache-shared",
        "a person should know that visitors can time each other's prompts",
        "claims.upstream",
        |s| drop(s.claims.insert(13, 0.into())),
    );
    cases.accept("ok-receipt-key", "a key for receipts does not change what is proven", |s| {
        s.claims.insert(9, [3; 32].into());
    });
    cases.accept("ok-event-log", "a log is passed over where the policy asks for none", |s| {
        s.static_members.insert(2, Value::Array(vec![Value::map([(0, 1.into()), (1, [1, 2, 3].into())])]));
    });
    cases.accept("ok-held-static", "the static part of an earlier visit, named by its hash", |s| {
        (s.deliver_static, s.hold_static) = (false, true);
    });
    cases.accept("ok-value-outside-selection", "a value that is not quoted is dropped", |s| {
        s.pcrs.insert(16, vec![1; 32]);
    });
    cases.accept("ok-second-release", "any release as a whole", |s| {
        let mut other = json!({ "name": "older", "pcrs": golden(SHA256, &GOLDEN) });
        other["pcrs"]["4"] = "02".repeat(32).into();
        s.policy["releases"].as_array_mut().unwrap().insert(0, other);
    });
    cases.accept("ok-config-of-policy", "a configuration that is accepted for every release", |s| {
        s.policy["releases"][0].as_object_mut().unwrap().remove("configDigests");
        s.policy["configDigests"] = json!(["33".repeat(32), "22".repeat(32)]);
    });
    cases.accept("ok-untouched-17", "the PCRs of a dynamic launch are reset to ff", |s| {
        s.selected.push(17);
        s.pcrs.insert(17, vec![0xff; 32]);
        s.policy["pcrs"]["rules"]["17"] = "untouched".into();
    });
    cases.accept("ok-audience-of-policy", "the policy's audience goes before the caller's", |s| {
        s.audience = "https://elsewhere.example";
        s.policy["audience"] = "https://chat.example".into();
    });
    cases.accept("ok-second-suite", "the first suite, in list order, that policy and engine support", |s| {
        s.claims.insert(3, key_list(&[key_config(7, 0x20, &[(1, 3), (1, 2)])]));
        s.suites = vec![[0x20, 1, 1], [0x20, 1, 2]];
    });
    cases.accept("ok-unknown-kem", "an entry of an unknown KEM is passed over (RFC 9458 §3.2)", |s| {
        s.claims.insert(3, key_list(&[vec![9, 0xfe, 0xfe, 1, 2], key_config(7, 0x20, &[(1, 1)])]));
    });
    cases.accept("ok-policy-written-otherwise", "white space and escapes of JSON", |s| {
        s.patch_policy = Some(Box::new(|text| text.replace("golden", "g\\u006flden").replace(':', " :\n\t")));
        s.policy["releases"][0]["name"] = "2026 \u{1f999}".into();
        s.audience = "chat.example";
        s.claims.insert(1, Value::array(["a", "chat.example"]));
        s.policy["suites"] = json!(["x25519-sha256-aes128gcm"]);
    });
    cases.accept("ok-simulated", "a software TPM: policy and caller both said so", |s| {
        s.policy["anchors"] = json!([{ "kind": "simulated", "name": "", "hierarchy": "endorsement" }]);
        s.policy["acceptAssurance"] = json!(["simulated"]);
        s.allow_simulated = true;
    });
    cases.accept("ok-second-anchor", "the first anchor that matches decides", |s| {
        let other = json!({ "kind": "ak-name", "name": format!("000b{}", "44".repeat(32)), "assurance": "cloud-vtpm" });
        s.policy["anchors"].as_array_mut().unwrap().insert(0, other);
    });
    cases.accept("ok-anchors-256", "the last of the most anchors that a policy may have matches", |s| {
        let other =
            |digit: usize| json!({ "kind": "ak-name", "name": format!("000b{digit:064x}"), "assurance": "cloud-vtpm" });
        let anchors = s.policy["anchors"].as_array_mut().unwrap();
        anchors.splice(0..0, (0..255).map(other));
    });
    cases.accept_with_warning(
        "warn-clock-unsafe",
        "safe = 0 is legal: a software TPM shows it after a power loss",
        "clock",
        |s| {
            s.attest.safe = 0;
        },
    );
    cases.accept_with_warning(
        "warn-unattested",
        "the policy accepts that the model runs outside the proof",
        "claims.upstream",
        |s| {
            s.claims.insert(8, 2.into());
            s.policy["acceptUpstream"] = json!(["in-image", "unattested"]);
        },
    );
    cases.accept_with_warning("warn-server-time", "a clock that differs by more than five minutes", "freshness", |s| {
        s.claims.insert(6, (NOW_MS - 300_001).into());
    });
}

/// The other kinds and sizes of attestation keys, each with every hash.
fn algorithms(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    for (key, bits) in [(&keys.rsa_3072, 3072), (&keys.rsa_4096, 4096)] {
        cases.accept_of(key, &format!("ok-rsa-{bits}"), "RSASSA with a longer key", |_| {});
    }
    for (hash, name) in [(SHA256, "sha256"), (SHA384, "sha384"), (SHA512, "sha512")] {
        cases.accept_of(&keys.p384, &format!("ok-p384-{name}"), "ECDSA on P-384", |s| s.area.hash = hash);
        cases.accept_rsa(&format!("ok-rsapss-{name}"), "RSAPSS with a salt as long as the digest", |s| {
            (s.area.scheme, s.area.hash) = (RSAPSS, hash);
        });
        cases.accept_rsa(&format!("ok-rsapss-{name}-longest"), "RSAPSS with the longest salt", |s| {
            (s.area.scheme, s.area.hash) = (RSAPSS, hash);
            s.signature = Some(Box::new(move |key, attest| {
                let room = 256 - tpm::hash(hash, &[]).len() - 2;
                key.sign_pss(hash, attest, room)
            }));
        });
    }
    for (key, bits) in [(&keys.rsa_3072, 3072), (&keys.rsa_4096, 4096)] {
        cases.accept_of(key, &format!("ok-rsapss-{bits}"), "RSAPSS with a longer key", |s| s.area.scheme = RSAPSS);
    }
}
