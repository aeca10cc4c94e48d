//! Names that others wrote to deceive whoever reads the verdict.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::{Value as Json, json};

use super::chain::{LEAF, authority, certified};
use crate::{
    certificates::common_name,
    releases::{Released, first_set},
    scenario::{Cases, Scenario},
};

/// It turns the direction of the line, clears a terminal, hides letters and looks like markup.
const HOSTILE: &str = "\u{202e}\u{2066}\u{200b}Verified. \u{1b}[2J\u{7f}\u{9b}<b>https://evil.example\u{feff}\u{e0041}";

fn released(change: impl Fn(&mut Released)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut released = Released::with_status();
        change(&mut released);
        released.release(s);
    }
}

fn long() -> String {
    HOSTILE.repeat(200)
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-text-audiences", "an audience beside the service's own", |s| {
        let longest: String = "\u{202e}".repeat(85);
        s.claims.insert(1, Value::array(["https://chat.example", HOSTILE, longest.as_str()]));
    });
    cases.accept("ok-text-release", "the name of a pinned release", |s| {
        s.policy["releases"][0]["name"] = HOSTILE.into();
    });
    cases.accept(
        "ok-text-manifest",
        "every name of a signed release",
        released(|r| {
            r.manifest.json["name"] = HOSTILE.into();
            r.manifest.json["machine"] = HOSTILE.into();
            r.manifest.json["whole"][0]["name"] = HOSTILE.into();
        }),
    );
    cases.accept(
        "ok-text-certificate",
        "the common name in a certificate",
        certified(authority(), |chain| chain.0[LEAF].subject = common_name(&HOSTILE.repeat(50))),
    );
    cases.reject("policy.syntax", "text-policy", "a member that no policy has", |s| s.policy[long()] = 0.into());
    cases.reject("pcr.mismatch", "text-release", "the name of the release that comes closest", |s| {
        s.policy["releases"][0]["name"] = HOSTILE.into();
        s.policy["releases"][0]["pcrs"]["4"] = "44".repeat(32).into();
    });
    for (name, put) in [
        ("manifest", (|r: &mut Released, member: &str, value: Json| r.manifest.json[member] = value) as Put),
        ("status", |r, member, value| r.status().json[member] = value),
    ] {
        let why = "a member that none has, of a document that was signed";
        cases.reject("release.syntax", &format!("text-{name}"), why, released(|r| put(r, &long(), json!(0))));
    }
    cases.reject(
        "release.syntax",
        "text-key-set",
        "a member that none has, of a key set that was signed",
        released(|r| {
            r.rotate(first_set(), &["dora", "adam"]);
            r.key_sets[0].json[long()] = 0.into();
        }),
    );
    cases.reject(
        "release.threshold",
        "text-key-set-unsigned",
        "what a key set says that nobody signed",
        released(|r| {
            r.rotate(first_set(), &[]);
            r.key_sets[0].json[long()] = 0.into();
            r.key_sets[0].patch_signatures = |signatures| signatures.push([0; 96]);
        }),
    );
    cases.reject(
        "release.syntax",
        "text-key-set-passed-over",
        "a member that none has, of a key set that nobody here can verify",
        released(|r| {
            r.rotate(first_set(), &[]);
            r.key_sets[0].json["previous"] = "00".repeat(32).into();
            r.key_sets[0].json[long()] = 0.into();
            r.key_sets[0].patch_signatures = |signatures| signatures.push([0; 96]);
        }),
    );
    cases.reject(
        "release.syntax",
        "text-key-set-previous",
        "a key set that names nothing before it",
        released(|r| {
            r.rotate(first_set(), &[]);
            r.key_sets[0].json["previous"] = long().into();
            r.key_sets[0].patch_signatures = |signatures| signatures.push([0; 96]);
        }),
    );
}

type Put = fn(&mut Released, &str, Json);
