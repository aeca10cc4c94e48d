//! PCRs whose value must follow from the claims.

use blindllama_verifier::evidence::{bundle::Bank, derived_pcr::DerivedPcr};
use serde_json::json;

use super::event_log;
use crate::{
    machine::boot,
    scenario::{Cases, Scenario},
    tpm::{SHA256, hash},
};

const CONFIG_DIGEST: [u8; 32] = [0x22; 32];

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-derived-config", "PCR 14 was extended once with the digest of the configuration", config);
    cases.accept("ok-derived-config-sha384", "the same of the other bank", |s| {
        s.use_sha384();
        derived(s, DerivedPcr::Config, Bank::Sha384, &CONFIG_DIGEST);
    });
    cases.accept("ok-derived-config-quoted", "a log explains what is quoted, but for what follows from the claims", |s| {
        let measured: Vec<_> = boot().into_iter().filter(|entry| entry.pcr != 14).collect();
        event_log::run(s, &measured, event_log::log(&measured));
        config(s);
    });
    let mut refused = |name: &str, why: &str, change: &dyn Fn(&mut Scenario<'_>)| {
        cases.reject("pcr.derived", &format!("derived-config-{name}"), why, |s| {
            config(s);
            change(s);
        });
    };
    refused("other", "the digest of another configuration was extended", &|s| {
        derived(s, DerivedPcr::Config, Bank::Sha256, &[0x23; 32]);
    });
    refused("bare", "the digest itself was extended, not the event", &|s| {
        s.pcrs.insert(14, hash(SHA256, &[&[0; 32], &CONFIG_DIGEST]));
    });
    refused("twice", "the event was extended twice", &|s| {
        let digest = hash(SHA256, &[&DerivedPcr::Config.event(&CONFIG_DIGEST)]);
        s.pcrs.insert(14, hash(SHA256, &[&s.pcrs[&14], &digest]));
    });
    refused("none", "nothing was extended", &|s| drop(s.pcrs.insert(14, vec![0; 32])));
    refused("instance", "the event of an instance was extended", &|s| {
        s.pcrs.insert(14, DerivedPcr::Instance.value(Bank::Sha256, &CONFIG_DIGEST));
    });
    indices(cases);
}

fn indices(cases: &mut Cases<'_>) {
    for (rule, index) in [("config", "15"), ("config", "12"), ("config", "10"), ("instance", "14"), ("instance", "0")] {
        let why = "a PCR that stands for no member of the claims";
        cases.reject("policy.invalid", &format!("policy-invalid-{rule}-{index}"), why, |s| {
            s.policy["pcrs"]["rules"][index] = rule.into();
            s.policy["releases"][0]["pcrs"].as_object_mut().unwrap().remove(index);
        });
    }
    let name = "policy-invalid-replay-derived";
    cases.reject("policy.invalid", name, "firmware's log explains nothing that follows from the claims", |s| {
        s.policy["pcrs"]["rules"]["14"] = "config".into();
        s.policy["pcrs"]["replay"] = json!([0, 14]);
    });
    cases.reject("policy.invalid", "policy-invalid-config-golden", "a release with a value that no rule looks at", |s| {
        config(s);
        s.policy["releases"][0]["pcrs"]["14"] = "14".repeat(32).into();
    });
}

fn config(s: &mut Scenario<'_>) {
    derived(s, DerivedPcr::Config, Bank::Sha256, &CONFIG_DIGEST);
}

/// Demands that a PCR follows from the claims, in a machine that extended it with `member`.
fn derived(s: &mut Scenario<'_>, rule: DerivedPcr, bank: Bank, member: &[u8; 32]) {
    let index = rule.index();
    if !s.selected.contains(&index) {
        s.selected.push(index);
    }
    s.policy["releases"][0]["pcrs"].as_object_mut().unwrap().remove(&index.to_string());
    s.policy["pcrs"]["rules"][index.to_string()] = rule.as_str().into();
    s.pcrs.insert(index, rule.value(bank, member));
}
