//! Records of enrolments that a policy names (PROTOCOL.md §22.5). They decide what is said of a key, and nothing else.

use serde_json::{Value as Json, json};

use crate::scenario::{Cases, Scenario};

fn record(digit: &str) -> String {
    digit.repeat(64)
}

/// An anchor of hardware; `""` is the Name of the key.
fn hardware(enrolment: Json) -> Json {
    json!({ "kind": "ak-name", "name": "", "assurance": "hardware-tpm", "hierarchy": "endorsement", "enrolment": enrolment })
}

fn other() -> String {
    format!("000b{}", "1".repeat(64))
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-enrolment", "a key whose enrolment the policy names", |s| {
        s.policy["anchors"][0] = hardware(json!([record("a")]));
    });
    cases.accept("ok-enrolment-names", "the record of the second of two Names", |s| {
        s.policy["anchors"][0] = json!({
            "kind": "ak-name", "names": [other(), ""], "assurance": "hardware-tpm",
            "enrolment": [record("a"), record("b")],
        });
    });
    cases.accept("ok-enrolment-all-of", "two lists of the key, of which one is enrolled", |s| {
        let mut unenrolled = hardware(json!([record("a")]));
        unenrolled.as_object_mut().unwrap().remove("enrolment");
        s.policy["anchors"][0] = json!({ "allOf": [hardware(json!([record("a")])), unenrolled] });
    });
    cases.accept("ok-enrolment-cloud", "the record of a cloud's key, of which nobody said hardware", |s| {
        s.policy["anchors"][0] = hardware(json!([record("a")]));
        s.policy["anchors"][0]["assurance"] = "cloud-vtpm".into();
    });
    syntax(cases);
    invalid(cases);
}

fn syntax(cases: &mut Cases<'_>) {
    let mut syntax = |name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject("policy.syntax", &format!("policy-syntax-enrolment-{name}"), why, change);
    };
    syntax("text", "one record that is no list", |s| s.policy["anchors"][0] = hardware(record("a").into()));
    syntax("none", "an empty list of records", |s| s.policy["anchors"][0] = hardware(json!([])));
    syntax("short", "a record of 31 bytes", |s| s.policy["anchors"][0] = hardware(json!(["aa".repeat(31)])));
    syntax("upper-case", "a record in upper case", |s| s.policy["anchors"][0] = hardware(json!([record("A")])));
    syntax("simulated", "a record of a TPM that is said to be simulated", |s| {
        s.policy["anchors"][0] = json!({ "kind": "simulated", "name": "", "enrolment": [record("a")] });
    });
    syntax("chain", "a record beside a certificate authority", |s| {
        s.policy["anchors"][0] = json!({ "kind": "custom-ca", "rootSha256": record("c"), "enrolment": [record("a")] });
    });
}

fn invalid(cases: &mut Cases<'_>) {
    let mut invalid = |name: &str, why: &str, change: fn(&mut Scenario<'_>)| {
        cases.reject("policy.invalid", &format!("policy-invalid-enrolment-{name}"), why, change);
    };
    invalid("two-of-one", "two records of one Name", |s| {
        s.policy["anchors"][0] = hardware(json!([record("a"), record("b")]));
    });
    invalid("one-of-two", "one record of two Names", |s| {
        s.policy["anchors"][0] = json!({
            "kind": "ak-name", "names": [other(), ""], "assurance": "hardware-tpm", "enrolment": [record("a")],
        });
    });
}
