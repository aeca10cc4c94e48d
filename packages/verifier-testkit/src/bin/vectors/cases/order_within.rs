//! Two faults of one policy, and of one certificate: the one that PROTOCOL.md §7 and §17.1 put first is told.

use serde_json::json;

use super::chain::{LEAF, authority, certified};
use crate::{
    certificates::{Chain, Draft, common_name, extension, id_ce, integer, sequence, signs, tag, tlv},
    scenario::{Cases, Scenario},
};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    policies(cases);
    certificates(cases);
}

fn policies(cases: &mut Cases<'_>) {
    let mut told = |code: &str, name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject(&format!("policy.{code}"), &format!("order-policy-{name}"), why, change);
    };
    told("syntax", "one-root-member", "one root twice, then a member of no kind", |s| {
        s.policy["anchors"] = json!([{ "allOf": [azure(), azure(), { "kind": "any" }] }]);
    });
    told("syntax", "simulated-member", "a simulated TPM beside others, then a member of no kind", |s| {
        s.policy["anchors"] = json!([{ "allOf": [azure(), simulated(), { "kind": "any" }] }]);
    });
    told("syntax", "one-root-beside", "one root twice, and a member beside allOf", |s| {
        s.policy["anchors"] = json!([{ "allOf": [azure(), azure()], "hierarchy": "endorsement" }]);
    });
    told("syntax", "firmware-unknown", "a firmware's version that nothing proves, and an unknown member", |s| {
        let anchor = s.policy["anchors"][0].as_object_mut().unwrap();
        anchor.remove("hierarchy");
        anchor.insert("minFirmwareVersion".into(), "0000000000000001".into());
        anchor.insert("note".into(), 1.into());
    });
    told("syntax", "assurance-unknown", "a Name as simulated, and an unknown member", |s| {
        s.policy["anchors"][0]["assurance"] = "simulated".into();
        s.policy["anchors"][0]["note"] = 1.into();
    });
    told("syntax", "project-firmware", "gcp without a project, and a version of too few digits", |s| {
        let root = "59".repeat(32);
        s.policy["anchors"] = json!([{ "kind": "gcp", "rootSha256": root, "minFirmwareVersion": "0000" }]);
    });
    told("syntax", "anchor-age", "an anchor that means nothing safe, and a bad age behind it", |s| {
        s.policy["anchors"][0]["assurance"] = "cvm-bound".into();
        s.policy["maxAgeMs"] = 1.into();
    });
    told("syntax", "rule-replay", "a rule for PCR 10, and an index to replay that no TPM has", |s| {
        s.policy["pcrs"]["rules"]["10"] = "golden".into();
        s.policy["pcrs"]["replay"] = json!([24]);
    });
    told("syntax", "value-unknown", "a golden value of zeros, and an unknown member of the release", |s| {
        s.policy["releases"][0]["pcrs"]["0"] = "00".repeat(32).into();
        s.policy["releases"][0]["note"] = 1.into();
    });
    told("syntax", "platform-unknown", "a platform of any firmware, and an unknown member", |s| {
        let least = json!({ "bootloader": 0, "tee": 0, "snp": 0, "microcode": 0 });
        let line = json!({ "arkSha256": "11".repeat(32), "minTcb": least });
        s.policy["platform"] =
            json!({ "kind": "azure-snp", "processors": [line], "measurements": ["00".repeat(48)], "note": 1 });
    });
    told("syntax", "keys-unknown", "a release key twice, and an unknown member", |s| {
        let key = json!({ "key": "11".repeat(32), "role": "developer" });
        s.policy["releaseKeys"] = json!({ "keys": [key, key], "threshold": { "developer": 1 }, "note": 1 });
    });
    told("unsupported", "anchor-suite", "an anchor that means nothing safe, and an unknown suite behind it", |s| {
        s.policy["anchors"][0]["assurance"] = "cvm-bound".into();
        s.policy["suites"] = json!(["p256-sha256-aes128gcm"]);
    });
    told("unsupported", "version-age", "a later version, and a bad age", |s| {
        s.policy["version"] = 2.into();
        s.policy["maxAgeMs"] = 1.into();
    });
    told("syntax", "age-suite", "a bad age, and an unknown suite behind it", |s| {
        s.policy["maxAgeMs"] = 1.into();
        s.policy["suites"] = json!(["p256-sha256-aes128gcm"]);
    });
    told("unsupported", "suite-unknown", "an unknown suite, and an unknown member", |s| {
        s.policy["suites"] = json!(["p256-sha256-aes128gcm"]);
        s.policy["note"] = 1.into();
    });
}

fn azure() -> serde_json::Value {
    json!({ "kind": "azure", "rootSha256": "11".repeat(32) })
}

fn simulated() -> serde_json::Value {
    json!({ "kind": "simulated", "name": format!("000b{}", "22".repeat(32)) })
}

/// What is wrong with a certificate: the code, and how.
struct Fault(&'static str, fn(&mut Draft));

/// In the order of the checks.
const FAULTS: [Fault; 8] = [
    Fault("version", |draft| draft.version = tlv(tag::explicit(0), [2, 1, 1])),
    Fault("algorithm_mismatch", |draft| {
        draft.outer_algorithm = Some(b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03".to_vec());
    }),
    Fault("policy_constraints", |draft| draft.extensions.push(extension(&id_ce(36), false, &sequence(&[])))),
    Fault("name", |draft| draft.subject = common_name("")),
    Fault("serial", |draft| draft.serial = integer(&[0])),
    Fault("time", |draft| draft.not_after = tlv(tag::UTC_TIME, "300230000000Z")),
    Fault("key", |draft| *draft.key_info.get_mut(22).unwrap() ^= 2),
    Fault("signature_algorithm", |draft| {
        draft.algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00".to_vec();
    }),
];

/// In the order of the checks of one extension; each is put as the first of the list.
const EXTENSIONS: [Fault; 5] = [
    Fault("syntax", |draft| draft.extensions.insert(0, vec![0x05, 0x00])),
    Fault("duplicate_extension", |draft| draft.extensions.insert(0, signs())),
    Fault("name_constraints", |draft| draft.extensions.insert(0, extension(&id_ce(30), false, &[5, 1]))),
    Fault("extension", |draft| draft.extensions.insert(0, extension(&id_ce(99), true, &[5, 1]))),
    Fault("critical_extension", |draft| draft.extensions.insert(0, extension(&id_ce(98), true, &[5, 0]))),
];

fn certificates(cases: &mut Cases<'_>) {
    let mut told = |Fault(code, put): &Fault, Fault(later, put_other): &Fault, name: &str| {
        let why = format!("where both are met, chain.{code} is told and chain.{later} is not");
        let change = |chain: &mut Chain| {
            put_other(&mut chain.0[LEAF]);
            put(&mut chain.0[LEAF]);
        };
        let name = format!("order-{name}-{code}-{later}").replace('_', "-");
        cases.reject(&format!("chain.{code}"), &name, &why, certified(authority(), change));
    };
    for (fault, later) in FAULTS.iter().zip(&FAULTS[1..]) {
        told(fault, later, "certificate");
    }
    let [malformed, repeated, ..] = &EXTENSIONS;
    told(malformed, repeated, "extension");
    // Whichever stands first in the list is told.
    for (fault, later) in EXTENSIONS[1..].iter().zip(&EXTENSIONS[2..]) {
        told(fault, later, "extension");
        told(later, fault, "extension");
    }
}
