//! What a policy may demand of releases.

use serde_json::{Value as Json, json};

use super::with;
use crate::{releases::Released, scenario::Cases};

pub(super) fn cases(cases: &mut Cases<'_>) {
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
