//! Keys that take the place of others.

use serde_json::{Value as Json, json};

use super::with;
use crate::{
    releases::{first_set, key_set, public},
    scenario::Cases,
};

fn second_set() -> Json {
    key_set(&[("dave", "developer"), ("adam", "auditor")], json!({ "developer": 1, "auditor": 1 }))
}

fn third_set() -> Json {
    key_set(&[("dina", "builder")], json!({ "builder": 1 }))
}

pub(super) fn cases(cases: &mut Cases<'_>) {
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
            r.pin(0);
            r.manifest.signers = vec!["dina"];
        }),
    );
    cases.accept(
        "ok-keys-all-older",
        "the policy pins the last of three sets",
        with(|r| {
            r.rotate(second_set(), &["dora", "anna"]);
            r.rotate(third_set(), &["adam", "dave"]);
            r.pin(1);
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
}
