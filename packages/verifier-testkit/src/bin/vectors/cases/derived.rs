//! PCRs whose value must follow from the claims.

use blindllama_verifier::evidence::instance::{config_event, instance_event};
use serde_json::json;

use super::{event_log, instance::process};
use crate::{
    machine::boot,
    scenario::{Cases, Scenario},
    tpm::{SHA256, hash},
};

const CONFIG_DIGEST: [u8; 32] = [0x22; 32];

type Change = fn(&mut Scenario<'_>);

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-derived-config", "PCR 14 was extended once with the digest of the configuration", config);
    cases.accept("ok-derived-config-sha384", "the same of the other bank", |s| {
        s.use_sha384();
        config(s);
    });
    cases.accept("ok-derived-quoted", "a log explains what is quoted, but for what follows from the claims", |s| {
        let measured: Vec<_> = boot().into_iter().filter(|entry| entry.pcr != 14).collect();
        event_log::run(s, &measured, event_log::log(&measured));
        config(s);
        instance(s);
    });
    cases.accept("ok-derived-instance", "PCR 15 was extended once with the key of this process", instance);
    refused(
        cases,
        "config",
        config,
        &[
            ("other", "the digest of another configuration was extended", |s| {
                extended(s, 14, &[&config_event(&[0x23; 32])])
            }),
            ("bare", "the digest itself was extended, not the event", |s| {
                s.pcrs.insert(14, hash(SHA256, &[&[0; 32], &CONFIG_DIGEST]));
            }),
            ("twice", "the event was extended twice", |s| {
                let event = config_event(&CONFIG_DIGEST);
                extended(s, 14, &[&event, &event]);
            }),
            ("later", "something was extended behind the event", |s| {
                extended(s, 14, &[&config_event(&CONFIG_DIGEST), b"more"]);
            }),
            ("none", "nothing was extended", |s| extended(s, 14, &[])),
            ("domain", "the event of the other rule was extended", |s| {
                extended(s, 14, &[&instance_event(&CONFIG_DIGEST)])
            }),
        ],
    );
    refused(
        cases,
        "instance",
        instance,
        &[
            ("other", "another process extended the PCR", |s| extended(s, 15, &[&instance_event(&[3; 32])])),
            ("second", "a second process extended the PCR as well", |s| {
                extended(s, 15, &[&instance_event(&instance_key(s)), &instance_event(&[3; 32])]);
            }),
            ("none", "nothing was extended", |s| extended(s, 15, &[])),
            ("keyless", "claims that name no key", |s| s.instance = None),
        ],
    );
    policies(cases);
}

fn refused(cases: &mut Cases<'_>, rule: &str, honest: Change, faults: &[(&str, &str, Change)]) {
    for (name, why, change) in faults {
        cases.reject("pcr.derived", &format!("derived-{rule}-{name}"), why, |s| {
            honest(s);
            change(s);
        });
    }
}

fn policies(cases: &mut Cases<'_>) {
    for (rule, index) in [("config", "15"), ("config", "12"), ("config", "10"), ("instance", "14"), ("instance", "0")] {
        let why = "a PCR that stands for no such member of the claims";
        cases.reject("policy.invalid", &format!("policy-invalid-{rule}-{index}"), why, |s| {
            s.policy["pcrs"]["rules"][index] = rule.into();
            s.policy["releases"][0]["pcrs"].as_object_mut().unwrap().remove(index);
        });
    }
    let mut invalid = |name: &str, why: &str, change: Change| {
        cases.reject("policy.invalid", &format!("policy-invalid-{name}"), why, change);
    };
    invalid("replay-config", "firmware's log explains nothing that follows from the claims", |s| {
        config(s);
        s.policy["pcrs"]["replay"] = json!([0, 14]);
    });
    invalid("replay-instance", "firmware's log explains nothing that follows from the claims", |s| {
        instance(s);
        s.policy["pcrs"]["replay"] = json!([0, 15]);
    });
    invalid("config-golden", "a release with a value that no rule looks at", |s| {
        config(s);
        s.policy["releases"][0]["pcrs"]["14"] = "14".repeat(32).into();
    });
    invalid("derived-alone", "no rule that compares anything with a release", |s| {
        config(s);
        s.policy["pcrs"]["rules"] = json!({ "14": "config" });
        s.policy["releases"][0]["pcrs"] = json!({});
    });
}

/// A machine that measured the configuration, under a policy that demands it.
fn config(s: &mut Scenario<'_>) {
    demand(s, 14, "config");
    extended(s, 14, &[&config_event(&CONFIG_DIGEST)]);
}

/// A machine that measured the key of the process, under a policy that demands it.
fn instance(s: &mut Scenario<'_>) {
    process(s);
    demand(s, 15, "instance");
    extended(s, 15, &[&instance_event(&instance_key(s))]);
}

fn instance_key(s: &Scenario<'_>) -> [u8; 32] {
    s.instance.as_ref().unwrap().key.verifying_key().to_bytes()
}

fn demand(s: &mut Scenario<'_>, index: u8, rule: &str) {
    if !s.selected.contains(&index) {
        s.selected.push(index);
    }
    let index = index.to_string();
    s.policy["releases"][0]["pcrs"].as_object_mut().unwrap().remove(&index);
    s.policy["pcrs"]["rules"][index] = rule.into();
}

/// The PCR after one TPM2_PCR_Event for each of `events`.
fn extended(s: &mut Scenario<'_>, index: u8, events: &[&[u8]]) {
    let reset = vec![0; hash(s.bank, &[]).len()];
    let value = events.iter().fold(reset, |value, event| hash(s.bank, &[&value, &hash(s.bank, &[event])]));
    s.pcrs.insert(index, value);
}
