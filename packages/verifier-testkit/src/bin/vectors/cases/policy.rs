//! Policies that are malformed, unsafe, or demand what this version cannot do.

use serde_json::json;

use crate::scenario::{Cases, Scenario, value};
use crate::{text::hex, tpm::SHA256};

fn replaced(from: &'static str, to: &'static str) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        s.patch_policy = Some(Box::new(move |text| {
            let patched = text.replacen(from, to, 1);
            assert_ne!(patched, text, "nothing to replace");
            patched
        }));
    }
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    syntax(cases);
    invalid(cases);
    unsupported(cases);
}

fn syntax(cases: &mut Cases<'_>) {
    let mut syntax = |name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject("policy.syntax", &format!("policy-syntax-{name}"), why, change);
    };
    syntax("duplicate-key", "the same key twice", |s| replaced("{", "{\"version\":1,")(s));
    syntax("duplicate-key-escaped", "the same key twice, once escaped", |s| replaced("{", "{\"versio\\u006e\":1,")(s));
    syntax("unknown-key", "an unknown key", |s| s.policy["maxAge"] = 1.into());
    syntax("unknown-key-release", "an unknown key in a release", |s| s.policy["releases"][0]["pcr"] = json!({}));
    syntax("unknown-key-anchor", "an unknown key in an anchor", |s| s.policy["anchors"][0]["note"] = "".into());
    syntax("schema-object", "a schema that is no text", |s| s.policy["$schema"] = json!({}));
    syntax("schema-null", "a schema that is null", |s| s.policy["$schema"] = json!(null));
    syntax("schema-inner", "a schema of an inner object", |s| s.policy["pcrs"]["$schema"] = "".into());
    syntax("schema-release", "a schema of a release", |s| s.policy["releases"][0]["$schema"] = "".into());
    syntax("schema-twice", "two schemas", |s| replaced("{", "{\"$schema\":\"\",\"$schema\":\"\",")(s));
    syntax("schema-other-case", "a member that is no `$schema`", |s| s.policy["$Schema"] = "".into());
    syntax("trailing", "text after the object", |s| s.patch_policy = Some(Box::new(|text| text + "{}")));
    syntax("truncated", "a text that ends early", |s| {
        s.patch_policy = Some(Box::new(|mut text| {
            text.pop();
            text
        }));
    });
    syntax("bom", "a byte order mark", |s| s.patch_policy = Some(Box::new(|text| format!("\u{feff}{text}"))));
    syntax("float", "a number with a fraction", |s| replaced("\"version\":1", "\"version\":1.0")(s));
    syntax("exponent", "a number with an exponent", |s| replaced("\"version\":1", "\"version\":1e0")(s));
    syntax("negative", "a negative number", |s| replaced("\"version\":1", "\"version\":-1")(s));
    syntax("leading-zero", "a number with a leading zero", |s| replaced("\"version\":1", "\"version\":01")(s));
    syntax("negative-zero", "zero with a sign", |s| replaced("\"version\":1", "\"version\":-0")(s));
    syntax("version-2-53", "a version that JSON cannot hold", |s| {
        replaced("\"version\":1", "\"version\":9007199254740992")(s);
    });
    syntax("version-0", "a version that no policy has", |s| s.policy["version"] = 0.into());
    syntax("age-2-64", "an age that no integer of 64 bits holds", |s| {
        s.policy["maxAgeMs"] = 60_000.into();
        replaced("\"maxAgeMs\":60000", "\"maxAgeMs\":18446744073709551616")(s);
    });
    syntax("comment", "a comment", |s| replaced("{", "{/**/")(s));
    syntax("trailing-comma", "a comma before the end", |s| {
        s.patch_policy = Some(Box::new(|text| format!("{},}}", &text[..text.len() - 1])));
    });
    syntax("lone-surrogate", "half of a surrogate pair", |s| replaced("2026.11", "\\ud83e")(s));
    syntax("control-character", "a control character in a string", |s| replaced("2026.11", "\n")(s));
    syntax("deep", "nesting without end", |s| s.patch_policy = Some(Box::new(|_| "[".repeat(1000))));
    syntax("wrong-type", "a string where a boolean is expected", |s| s.policy["requireSafeClock"] = "true".into());
    syntax("age-range", "an age of more than a day", |s| s.policy["maxAgeMs"] = 86_400_001.into());
    syntax("age-short", "an age of less than a second", |s| s.policy["maxAgeMs"] = 999.into());
    syntax("no-anchors", "nobody is trusted", |s| s.policy["anchors"] = json!([]));
    syntax("too-many-anchors", "more than 256 anchors", |s| {
        let anchor = s.policy["anchors"][0].clone();
        s.policy["anchors"].as_array_mut().unwrap().extend(std::iter::repeat_n(anchor, 256));
    });
    syntax("anchor-kind", "an unknown kind of anchor", |s| s.policy["anchors"][0]["kind"] = "any".into());
    syntax("anchor-name-length", "a Name of another length than its algorithm has", |s| {
        s.policy["anchors"][0]["name"] = format!("000b{}", "00".repeat(31)).into();
    });
    syntax("anchor-name-sha1", "a Name of SHA-1", |s| {
        s.policy["anchors"][0]["name"] = format!("0004{}", "00".repeat(20)).into();
    });
    syntax("hierarchy", "an unknown hierarchy", |s| s.policy["anchors"][0]["hierarchy"] = "owner".into());
    syntax("pcr-24", "an index that no TPM has", |s| s.policy["pcrs"]["rules"]["24"] = "unchecked".into());
    syntax("pcr-07", "an index that is not written as a decimal", |s| {
        s.policy["pcrs"]["rules"]["07"] = "unchecked".into()
    });
    syntax("pcr-negative", "a negative index", |s| s.policy["pcrs"]["rules"]["-1"] = "unchecked".into());
    syntax("pcr-rule", "an unknown rule", |s| s.policy["pcrs"]["rules"]["0"] = "any".into());
    syntax("bank-sha1", "the bank of SHA-1", |s| s.policy["pcrs"]["bank"] = "sha1".into());
    syntax("golden-upper", "upper-case hex", |s| {
        s.policy["releases"][0]["pcrs"]["0"] = hex(&value(SHA256, 0)).to_uppercase().into();
    });
    syntax("golden-length", "a value of another length than the bank's", |s| {
        s.policy["releases"][0]["pcrs"]["0"] = "11".repeat(48).into();
    });
    syntax("golden-odd", "half a byte", |s| s.policy["releases"][0]["pcrs"]["0"] = "1".repeat(63).into());
    syntax("no-releases", "golden rules without a release", |s| {
        s.policy.as_object_mut().unwrap().remove("releases");
    });
    syntax("no-version", "no version", |s| {
        s.policy.as_object_mut().unwrap().remove("version");
    });
}

fn invalid(cases: &mut Cases<'_>) {
    let mut invalid = |name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject("policy.invalid", &format!("policy-invalid-{name}"), why, change);
    };
    invalid("nothing-golden", "no rule that compares anything", |s| {
        s.policy["pcrs"]["rules"] = json!({ "12": "untouched", "14": "unchecked" });
    });
    for index in ["10", "16", "23"] {
        let name = format!("golden-{index}");
        cases.reject(
            "policy.invalid",
            &format!("policy-invalid-{name}"),
            "software can reset or endlessly extends it",
            |s| {
                s.policy["pcrs"]["rules"][index] = "golden".into();
            },
        );
    }
    let mut invalid = |name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject("policy.invalid", &format!("policy-invalid-{name}"), why, change);
    };
    invalid("untouched-0", "every firmware extends PCR 0: none could be met", |s| {
        s.policy["pcrs"]["rules"]["0"] = "untouched".into();
        s.policy["releases"][0]["pcrs"].as_object_mut().unwrap().remove("0");
    });
    invalid("untouched-16", "untouched means nothing where software can reset", |s| {
        s.policy["pcrs"]["rules"]["16"] = "untouched".into();
    });
    invalid("golden-zero", "a golden value of a PCR that nothing extended", |s| {
        s.policy["releases"][0]["pcrs"]["0"] = "00".repeat(32).into();
    });
    invalid("golden-ff", "a golden value of a PCR that nothing extended", |s| {
        s.policy["releases"][0]["pcrs"]["0"] = "ff".repeat(32).into();
    });
    invalid("release-lacks-pcr", "a release without one of the golden values", |s| {
        s.policy["releases"][0]["pcrs"].as_object_mut().unwrap().remove("4");
    });
    invalid("release-extra-pcr", "a release with a value that no rule looks at", |s| {
        s.policy["releases"][0]["pcrs"]["14"] = "11".repeat(32).into();
    });
    invalid("release-names", "two releases of the same name", |s| {
        let twice = s.policy["releases"][0].clone();
        s.policy["releases"].as_array_mut().unwrap().push(twice);
    });
    invalid("name-as-simulated", "only an anchor of that kind says that a TPM is simulated", |s| {
        s.policy["anchors"][0]["assurance"] = "simulated".into();
    });
    invalid("name-as-cvm", "a Name alone does not prove a confidential machine", |s| {
        s.policy["anchors"][0]["assurance"] = "cvm-bound".into();
    });
}

fn unsupported(cases: &mut Cases<'_>) {
    cases.reject("policy.unsupported", "policy-unsupported-version", "a later version", |s| {
        s.policy["version"] = 2.into()
    });
    cases.reject(
        "policy.unsupported",
        "policy-unsupported-version-last",
        "the latest version that JSON can hold",
        |s| {
            s.policy["version"] = ((1_u64 << 53) - 1).into();
        },
    );
    cases.reject("policy.unsupported", "policy-unsupported-suite", "an unknown suite", |s| {
        s.policy["suites"] = json!(["x25519-sha256-aes128gcm", "p256-sha256-aes128gcm"]);
    });
}
