//! What the caller kept of an earlier visit, and a TPM that went back since.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::json;

use crate::{
    keys::Key,
    scenario::{Cases, Scenario},
    tpm::{self, SHA256},
};

/// resetCount, restartCount, clock and firmwareVersion that the scenario's TPM states.
const NOW: [u64; 4] = [3, 0, 1_000_000, 0x2023_0001_0002_0003];

fn ak(name: &[u8], numbers: [u64; 4]) -> Value {
    Value::map([(0, name.into())].into_iter().chain((1..).zip(numbers.map(Value::Uint))))
}

fn state(aks: Vec<Value>) -> Vec<u8> {
    Value::map([(0, 1.into()), (1, Value::Array(aks)), (2, Value::Array(vec![]))]).encode()
}

fn name(key: &Key) -> Vec<u8> {
    tpm::name(SHA256, &[&key.public_area().encode()])
}

/// The caller remembers the key with `numbers`, and is to remember it with `next`.
fn remembered(s: &mut Scenario<'_>, numbers: [u64; 4], next: [u64; 4]) {
    s.state = Some(state(vec![ak(&name(s.key), numbers)]));
    s.next_state = Some(state(vec![ak(&name(s.key), next)]));
}

fn strictly(s: &mut Scenario<'_>) {
    s.policy["requireMonotonicState"] = true.into();
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-state-first", "zero bytes are the state of a first visit", |s| {
        strictly(s);
        s.state = Some(vec![]);
        s.next_state = Some(state(vec![ak(&name(s.key), NOW)]));
    });
    cases.accept("ok-state-again", "counters that went on, under a policy that demands it", |s| {
        strictly(s);
        remembered(s, [2, 9, u64::MAX, NOW[3] - 1], NOW);
    });
    cases.accept("ok-state-same", "the very numbers of the last visit", |s| {
        strictly(s);
        remembered(s, NOW, NOW);
    });
    cases.accept("ok-state-other-key", "another key is remembered beside it", |s| {
        let other = ak(&[7; 34], [9, 9, 9, u64::MAX]);
        s.state = Some(state(vec![other.clone()]));
        s.next_state = Some(state(vec![other, ak(&name(s.key), NOW)]));
    });
    cases.accept("ok-state-65", "the oldest of 65 keys is forgotten", |s| {
        let others: Vec<Value> = (0..64).map(|other| ak(&[other; 34], NOW)).collect();
        s.state = Some(state(others.clone()));
        s.next_state = Some(state([&others[1..], &[ak(&name(s.key), NOW)]].concat()));
    });
    cases.accept(
        "ok-state-not-endorsed",
        "outside of the endorsement hierarchy nothing is compared or remembered",
        |s| {
            s.policy["anchors"][0].as_object_mut().unwrap().remove("hierarchy");
            s.state = Some(state(vec![ak(&name(s.key), [9, 9, 9, u64::MAX])]));
            s.next_state = s.state.clone();
        },
    );
    cases.accept("ok-firmware-minimum", "firmware of exactly the least version", |s| {
        s.policy["anchors"][0]["minFirmwareVersion"] = "2023000100020003".into();
    });
    cases.reject("attest.firmware_version", "firmware-old", "firmware below the least version", |s| {
        s.policy["anchors"][0]["minFirmwareVersion"] = "2023000100020004".into();
    });
    backwards(cases);
    cases.reject("state.missing", "state-missing", "a comparison is demanded and nothing is kept", strictly);
    cases.reject("policy.invalid", "policy-invalid-monotonic-hierarchy", "numbers of such a key are obfuscated", |s| {
        strictly(s);
        s.policy["anchors"][0].as_object_mut().unwrap().remove("hierarchy");
    });
    cases.reject(
        "policy.invalid",
        "policy-invalid-firmware-hierarchy",
        "the version of such a key is obfuscated",
        |s| {
            s.policy["anchors"][0].as_object_mut().unwrap().remove("hierarchy");
            s.policy["anchors"][0]["minFirmwareVersion"] = "0000000000000001".into();
        },
    );
    cases.reject("policy.syntax", "policy-syntax-firmware-length", "a version of another length", |s| {
        s.policy["anchors"][0]["minFirmwareVersion"] = "01".into();
    });
    for (name, why, bytes) in [
        ("cbor", "not CBOR", vec![0xff]),
        ("empty-map", "a map without members", vec![0xa0]),
        ("trailing", "a byte too many", [state(vec![]), vec![0]].concat()),
        ("version", "a later format", Value::map([(0, 2.into())]).encode()),
        ("critical", "an unknown critical member", [&[0xa4, 0, 1, 1, 0x80, 2, 0x80, 3], &[0][..]].concat()),
        ("twice", "a key that stands twice", state(vec![ak(&[7; 34], NOW), ak(&[7; 34], NOW)])),
        ("name", "a Name of no length that there is", state(vec![ak(&[7; 33], NOW)])),
        ("old-floor", "a floor of the form before dates", {
            let floor = Value::map([(0, [7; 32].into()), (1, 1.into())]);
            Value::map([(0, 1.into()), (1, Value::Array(vec![])), (2, Value::array([floor]))]).encode()
        }),
        ("count", "a count of more than 32 bits", state(vec![ak(&[7; 34], [1 << 32, 0, 0, 0])])),
        ("size", "more than 64 KiB", vec![0; (64 << 10) + 1]),
    ] {
        cases.reject("state.encoding", &format!("state-{name}"), why, |s| s.state = Some(bytes));
    }
    cases.reject("state.encoding", "state-not-endorsed", "also where nothing would be compared", |s| {
        s.policy["anchors"] = json!([{ "kind": "ak-name", "name": "", "assurance": "hardware-tpm" }]);
        s.state = Some(vec![0xff]);
    });
}

fn backwards(cases: &mut Cases<'_>) {
    let [reset, restart, clock, firmware] = NOW;
    for (code, case, why, kept, next) in [
        ("state.tpm_cleared", "reset", "a lower resetCount", [reset + 1, 0, 0, firmware], NOW),
        (
            "state.tpm_cleared",
            "restart",
            "the same resetCount and a lower restartCount",
            [reset, restart + 1, 0, firmware],
            NOW,
        ),
        (
            "state.clock_back",
            "clock",
            "the same counts and an earlier clock",
            [reset, restart, clock + 1, firmware],
            [reset, restart, clock + 1, firmware],
        ),
        ("state.firmware_back", "firmware", "older firmware than before", [reset, restart, clock, firmware + 1], NOW),
    ] {
        cases.accept_with_warning(&format!("warn-state-{case}"), why, "state", |s| remembered(s, kept, next));
        cases.reject(code, &format!("state-{case}-strict"), why, |s| {
            strictly(s);
            remembered(s, kept, next);
            s.next_state = None;
        });
    }
}
