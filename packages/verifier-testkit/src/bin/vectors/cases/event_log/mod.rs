//! Event logs that explain the measurements, and those that do not.
//!
//! | helper | the machine measured | the log says |
//! | --- | --- | --- |
//! | `edited` | what it always does | the same, changed |
//! | `measured` | that, changed | the same |
//! | `delivered` | what it always does | other bytes, whatever they are |
//! | `told_apart` | that, changed, under rules for its events | that, changed again |

mod digests;
mod events;
mod forged;
mod malformed;
mod ordered;
mod policies;
mod start;

use blindllama_verifier::evidence::cbor::Value;
use serde_json::{Value as Json, json};

use crate::{
    event_type::*,
    machine::{self, Entry, GLOBAL, boot, variable, whole},
    scenario::{Cases, Scenario},
    text::hex,
    tpm::{SHA1, SHA256, SHA384},
};

/// What a log can explain: 0-9 and 11-14.
const QUOTED: [u8; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14];
const GLOBAL_TEXT: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const DATABASE_TEXT: &str = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
/// Where the log has the variable `SecureBoot`, the Spec ID event not counted.
const SECURE_BOOT: usize = 2;

pub(crate) fn cases(cases: &mut Cases<'_>) {
    accepted(cases);
    start::cases(cases);
    digests::cases(cases);
    forged::cases(cases);
    ordered::cases(cases);
    malformed::cases(cases);
    events::cases(cases);
    policies::cases(cases);
}

/// A machine that measured `truth` and delivers `log`, under a policy that demands that the log explains all of it.
pub(super) fn run(s: &mut Scenario<'_>, truth: &[Entry], log: Vec<u8>) {
    let values = machine::tpm(s.bank, 0, truth);
    let is_reset = |index: u8| values[usize::from(index)].iter().all(|byte| *byte == 0);
    s.selected = QUOTED.into();
    s.pcrs = QUOTED.iter().map(|&index| (index, values[usize::from(index)].clone())).collect();
    let rule = |&index: &u8| (index.to_string(), Json::from(if is_reset(index) { "untouched" } else { "golden" }));
    let golden = QUOTED.iter().filter(|index| !is_reset(**index));
    let golden = golden.map(|&index| (index.to_string(), Json::from(hex(&values[usize::from(index)]))));
    s.policy["pcrs"]["rules"] = QUOTED.iter().map(rule).collect::<serde_json::Map<_, _>>().into();
    s.policy["pcrs"]["replay"] = "quoted".into();
    s.policy["releases"][0]["pcrs"] = golden.collect::<serde_json::Map<_, _>>().into();
    deliver(s, &[(1, log)]);
}

fn deliver(s: &mut Scenario<'_>, logs: &[(u64, Vec<u8>)]) {
    let log = |(kind, bytes): &(u64, Vec<u8>)| Value::map([(0, (*kind).into()), (1, Value::Bytes(bytes.clone()))]);
    s.static_members.insert(2, Value::Array(logs.iter().map(log).collect()));
}

/// The log of `entries` in the banks SHA-1 and SHA-256.
pub(super) fn log(entries: &[Entry]) -> Vec<u8> {
    machine::log(&[SHA1, SHA256], entries)
}

/// An honest machine with a log that was changed.
fn edited(change: impl Fn(&mut Vec<Entry>)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut entries = boot();
        change(&mut entries);
        run(s, &boot(), log(&entries));
    }
}

/// A machine that measured something else than usual, and says so.
fn measured(change: impl Fn(&mut Vec<Entry>)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut entries = boot();
        change(&mut entries);
        run(s, &entries, log(&entries));
    }
}

/// An honest machine with other bytes for a log.
fn delivered(change: impl Fn(&mut Vec<u8>)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut bytes = log(&boot());
        change(&mut bytes);
        run(s, &boot(), bytes);
    }
}

fn position(of: impl Fn(&Entry) -> bool) -> usize {
    boot().iter().position(of).unwrap()
}

fn accepted(cases: &mut Cases<'_>) {
    cases.accept("ok-log", "a log that explains every quoted PCR", edited(|_| {}));
    cases.accept("ok-log-sha384", "a log of three banks, another of which is quoted", |s| {
        s.bank = SHA384;
        s.policy["pcrs"]["bank"] = "sha384".into();
        run(s, &boot(), machine::log(&[SHA1, SHA256, SHA384], &boot()));
    });
    cases.accept("ok-log-second", "the first log of the kind that can be read counts", |s| {
        run(s, &boot(), vec![]);
        deliver(s, &[(2, vec![1, 2, 3]), (1, log(&boot())), (1, vec![])]);
    });
    cases.accept(
        "ok-log-runtime",
        "what was measured after the log ended, where nobody asks for an explanation",
        |s| {
            let truth = [boot(), vec![whole(12, EV_IPL, *b"later")]].concat();
            run(s, &truth, log(&boot()));
            s.policy["pcrs"]["replay"] = json!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14]);
        },
    );
    cases.accept("ok-log-empty-unasked", "a log of zero bytes, where the policy asks for none", |s| {
        run(s, &boot(), vec![]);
        s.policy["pcrs"].as_object_mut().unwrap().remove("replay");
    });
    cases.accept(
        "ok-log-types",
        "types are claims: an application that is called firmware explains as much",
        edited(|e| {
            let at = position(|entry| entry.kind == EV_EFI_BOOT_SERVICES_APPLICATION);
            e[at].kind = EV_EFI_PLATFORM_FIRMWARE_BLOB;
        }),
    );
    cases.accept("ok-log-other-order", "events of different PCRs may be logged in any order", edited(|e| e.swap(1, 2)));
    cases.accept(
        "ok-log-remark-index",
        "a remark of no PCR extends nothing",
        edited(|e| {
            e.push(whole(u32::MAX, EV_NO_ACTION, *b"remark"));
        }),
    );
    cases.accept(
        "ok-log-after-separator",
        "firmware that goes on after a separator",
        measured(|e| {
            e.push(whole(1, EV_EFI_ACTION, *b"late"));
        }),
    );
    cases.accept(
        "ok-log-secure-boot-unset",
        "a variable SecureBoot that holds nothing",
        measured(|e| {
            e[SECURE_BOOT] = whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(GLOBAL, "SecureBoot", &[]));
        }),
    );
}
