//! Platform reports: which machine holds the attestation key, from the processor's root to the key.

mod certificates;
mod report;
mod runtime_data;

use serde_json::json;

use super::chain;
use crate::{
    confidential::{confidential, demand},
    cvm::{GUEST_SVN, MEASUREMENT, report},
    keys::{Key, Keys},
    scenario::{Cases, Scenario},
    text::hex,
    tpm::RSAPSS,
};
use blindllama_verifier::evidence::cbor::Value;

pub(crate) fn cases(cases: &mut Cases<'_>) {
    accepted(cases);
    assurance(cases);
    policy(cases);
    report::cases(cases);
    certificates::cases(cases);
    runtime_data::cases(cases);
}

fn accepted(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let mut accept = |name: &str, why: &str, change: &dyn Fn(&mut Scenario<'_>)| {
        cases.accept_rsa(&format!("ok-platform-{name}"), why, |s| {
            confidential(s, keys, |_| {});
            change(s);
        });
    };
    accept("id-key", "firmware of a signer that the policy names", &|_| {});
    accept("measurement", "firmware that the policy names itself", &|s| {
        let demand = s.policy["platform"].as_object_mut().unwrap();
        demand.remove("idKeyDigests");
        demand.remove("minGuestSvn");
        demand.insert("measurements".into(), json!(["77".repeat(48), hex(&MEASUREMENT)]));
    });
    accept("family-image", "family and image that the policy names beside their signer", &report::pin);
    accept("later-guest-svn", "a version of the firmware above the least", &|s| {
        s.policy["platform"]["minGuestSvn"] = (GUEST_SVN - 1).into();
    });
    accept("guest-svn-zero", "a signer that counts no versions, which the author says", &|s| {
        let report = report(s.key, keys, |machine| machine.patch_report = Some(|report| report[4] = 0));
        s.static_members.insert(4, Value::Array(vec![report]));
        s.policy["platform"]["minGuestSvn"] = 0.into();
    });
    accept("measurement-older-svn", "a build that the policy names itself, whatever its signer says of it", &|s| {
        let demand = s.policy["platform"].as_object_mut().unwrap();
        demand.insert("minGuestSvn".into(), (GUEST_SVN + 1).into());
        demand.insert("familyId".into(), "77".repeat(16).into());
        demand.insert("measurements".into(), json!([hex(&MEASUREMENT)]));
    });
    accept("newer-microcode", "microcode newer than what was committed, as on a machine of Azure", &|s| {
        let report = report(s.key, keys, |machine| machine.tcbs[report::CURRENT][report::MICROCODE] += 91);
        s.static_members.insert(4, Value::Array(vec![report]));
    });
    accept("author-key", "an ID key that an author key signed", &|s| {
        let report = report(s.key, keys, |machine| machine.patch_report = Some(|report| report[0x48] = 1));
        s.static_members.insert(4, Value::Array(vec![report]));
    });
    accept("permissions", "a guest policy with every bit that closes something or is known", &|s| {
        let report = report(s.key, keys, |machine| {
            machine.patch_report = Some(|report| report[0x0a..0x0c].copy_from_slice(&[0xf3, 0x03]));
        });
        s.static_members.insert(4, Value::Array(vec![report]));
    });
    accept("second-line", "the processor is of the second line that the policy names", &|s| {
        let newer = json!({ "bootloader": 255, "tee": 255, "snp": 255, "microcode": 255 });
        let lines = s.policy["platform"]["processors"].as_array_mut().unwrap();
        lines.insert(0, json!({ "arkSha256": "77".repeat(32), "minTcb": newer }));
    });
    accept("above-minimum", "versions above those demanded", &|s| {
        let least = json!({ "bootloader": 2, "tee": 0, "snp": 0, "microcode": 114 });
        s.policy["platform"]["processors"][0]["minTcb"] = least;
    });
    accept("rsapss", "scheme and hash are those of the public area", &|s| s.area.scheme = RSAPSS);
    accept("other-kind-first", "the first report of the kind is read, others are passed over", &|s| {
        let other = Value::map([(0, 2.into()), (1, [1, 2, 3].into())]);
        let reports = vec![other, report(s.key, keys, |_| {}), report(s.key, keys, |machine| machine.kind = 7)];
        s.static_members.insert(4, Value::Array(reports));
    });
    accept("hcl-version-1", "the header of the first version", &|s| {
        let report = report(s.key, keys, |machine| machine.patch_hcl = Some(|hcl| hcl[4] = 1));
        s.static_members.insert(4, Value::Array(vec![report]));
    });
    accept("snp-version-5", "a report of a later version, its fields where they were", &|s| {
        let report = report(s.key, keys, |machine| machine.patch_report = Some(|report| report[0] = 5));
        s.static_members.insert(4, Value::Array(vec![report]));
    });
}

/// The cloud certifies the key of the quotes, whichever the firmware `holds`.
fn certified(s: &mut Scenario<'_>, keys: &Keys, holds: &Key) {
    s.static_members.insert(4, Value::Array(vec![report(holds, keys, |_| {})]));
    demand(s, keys);
    chain::certified(json!({ "kind": "azure" }), chain::trusted)(s);
    s.policy["acceptAssurance"] = json!(["cvm-bound"]);
}

fn assurance(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    cases.accept_rsa("ok-platform-certified", "a key that the cloud certified and that firmware holds", |s| {
        certified(s, keys, &keys.rsa);
    });
    cases.reject_rsa(
        "platform.key_mismatch",
        "hcl-key-replaced",
        "a key that took the place of the machine's own before the cloud certified it again",
        |s| certified(s, keys, &keys.rsa_3072),
    );
    cases.accept_rsa("ok-platform-passed-over", "without a demand a report changes nothing", |s| {
        confidential(s, keys, |_| {});
        s.policy.as_object_mut().unwrap().remove("platform");
        s.policy["acceptAssurance"] = json!(["cloud-vtpm"]);
    });
    cases.reject_rsa("ak.assurance", "platform-not-demanded", "a report that nobody demands lifts nothing", |s| {
        confidential(s, keys, |_| {});
        s.policy.as_object_mut().unwrap().remove("platform");
    });
    cases.reject_rsa("ak.assurance", "platform-lifted", "what was proven counts, not what the anchor says", |s| {
        confidential(s, keys, |_| {});
        s.policy["acceptAssurance"] = json!(["cloud-vtpm"]);
    });
    cases.reject_rsa("ak.assurance", "platform-of-operator", "only a virtual TPM of a cloud is lifted", |s| {
        confidential(s, keys, |_| {});
        s.policy["anchors"][0]["assurance"] = "operator-ca".into();
    });
    cases.reject_rsa("ak.simulated", "platform-of-simulated", "a simulated TPM stays one", |s| {
        confidential(s, keys, |_| {});
        s.policy["anchors"] = json!([{ "kind": "simulated", "name": "", "hierarchy": "endorsement" }]);
    });
    cases.reject_rsa("platform.missing", "platform-missing", "no report where one is demanded", |s| demand(s, keys));
    cases.reject_rsa("platform.missing", "platform-of-tdx", "a report of another kind", |s| {
        confidential(s, keys, |machine| machine.kind = 2);
    });
}

fn policy(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let mut policy = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut serde_json::Value)| {
        cases.reject_rsa(&format!("policy.{code}"), &format!("policy-{code}-platform-{name}"), why, |s| {
            confidential(s, keys, |_| {});
            change(&mut s.policy["platform"]);
        });
    };
    for kind in ["azure-tdx", "nitro"] {
        policy("unsupported", kind, "a kind that no version verifies yet", &|platform| platform["kind"] = kind.into());
    }
    policy("syntax", "kind", "a kind that the format does not define", &|platform| platform["kind"] = "snp".into());
    policy("syntax", "unknown-key", "an unknown member", &|platform| platform["allowDebug"] = true.into());
    policy("syntax", "no-processors", "no line of processors", &|platform| platform["processors"] = json!([]));
    policy("syntax", "root-length", "a digest of another length", &|platform| {
        platform["processors"][0]["arkSha256"] = "77".repeat(31).into();
    });
    policy("syntax", "no-minimum", "a line without its least versions", &|platform| {
        platform["processors"][0].as_object_mut().unwrap().remove("minTcb");
    });
    policy("syntax", "minimum-lacks-tee", "least versions that leave one out", &|platform| {
        platform["processors"][0]["minTcb"].as_object_mut().unwrap().remove("tee");
    });
    policy("syntax", "minimum-256", "a version of more than a byte", &|platform| {
        platform["processors"][0]["minTcb"]["snp"] = 256.into();
    });
    policy("syntax", "digest-length", "a digest of another length", &|platform| {
        platform["idKeyDigests"] = json!(["77".repeat(32)]);
    });
    policy("syntax", "guest-svn-large", "a version of more than four bytes", &|platform| {
        platform["minGuestSvn"] = (1_u64 << 32).into();
    });
    for member in ["familyId", "imageId"] {
        policy(
            "syntax",
            &format!("{}-length", member.to_lowercase()),
            "an identifier of another length",
            &|platform| {
                platform[member] = "77".repeat(15).into();
            },
        );
    }
    let without =
        |platform: &mut serde_json::Value, member: &str| drop(platform.as_object_mut().unwrap().remove(member));
    policy("invalid", "no-firmware", "no firmware is named: any would do", &|platform| {
        without(platform, "idKeyDigests");
        without(platform, "minGuestSvn");
    });
    policy("invalid", "no-guest-svn", "all that a signer ever signed would do", &|platform| {
        without(platform, "minGuestSvn");
    });
    policy("invalid", "guest-svn-of-build", "a version of firmware that its measurement names", &|platform| {
        without(platform, "idKeyDigests");
        platform["measurements"] = json!(["77".repeat(48)]);
    });
    for member in ["familyId", "imageId"] {
        let name = format!("{}-of-build", member.to_lowercase());
        policy("invalid", &name, "an identifier of firmware that its measurement names", &|platform| {
            without(platform, "idKeyDigests");
            without(platform, "minGuestSvn");
            platform["measurements"] = json!(["77".repeat(48)]);
            platform[member] = "77".repeat(16).into();
        });
    }
    policy("invalid", "id-key-zero", "what stands where firmware is not signed", &|platform| {
        platform["idKeyDigests"] = json!(["00".repeat(48)]);
    });
    policy("invalid", "measurement-zero", "no firmware has it", &|platform| {
        platform["measurements"] = json!(["00".repeat(48)]);
    });
    policy("invalid", "root-twice", "one line with two minimums", &|platform| {
        let line = platform["processors"][0].clone();
        platform["processors"].as_array_mut().unwrap().push(line);
    });
}
