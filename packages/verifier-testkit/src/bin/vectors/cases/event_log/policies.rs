//! Demands on logs that are malformed or mean nothing safe.

use serde_json::{Value as Json, json};

use super::{GLOBAL_TEXT, events::told_apart};
use crate::scenario::Cases;

pub(super) fn cases(cases: &mut Cases<'_>) {
    let mut policy = |code: &str, name: &str, why: &str, change: &dyn Fn(&mut Json)| {
        cases.reject(&format!("policy.{code}"), &format!("policy-{code}-{name}"), why, |s| {
            told_apart(|_| {}, |_| {})(s);
            change(&mut s.policy["pcrs"]);
        });
    };
    policy("invalid", "replay-unquoted", "an explanation of a PCR that is not quoted", &|p| {
        p["replay"] = json!([0, 15])
    });
    policy("invalid", "replay-twice", "the same index twice", &|p| p["replay"] = json!([0, 0]));
    policy("invalid", "replay-resettable", "what software can reset explains nothing", &|p| {
        p["rules"]["16"] = "unchecked".into();
        p["replay"] = json!([16]);
    });
    policy("syntax", "replay-empty", "no index", &|p| p["replay"] = json!([]));
    policy("syntax", "replay-24", "an index that no TPM has", &|p| p["replay"] = json!([24]));
    policy("syntax", "replay-word", "another word", &|p| p["replay"] = "all".into());
    for index in ["4", "8", "9", "10", "11", "12", "16", "17"] {
        policy("invalid", &format!("events-{index}"), "what a release decides is compared with its value", &|p| {
            p["rules"][index] = p["rules"]["7"].clone();
        });
    }
    for (name, why, item) in [
        ("none", "an item that says nothing", json!({})),
        ("two", "an item that says two things", json!({ "separator": true, "data": "00" })),
        ("unknown", "an item of an unknown kind", json!({ "type": "EV_IPL" })),
        ("separator", "no separator", json!({ "separator": false })),
        ("digest-length", "a digest of another length than the bank's", json!({ "digests": ["00".repeat(20)] })),
        ("no-digests", "no digest", json!({ "digests": [] })),
        ("hex", "upper-case hex", json!({ "data": "AB" })),
        ("text", "no text", json!({ "text": "" })),
        ("times-one", "one bound", json!({ "separator": true, "times": [1] })),
        ("times-order", "bounds in the wrong order", json!({ "separator": true, "times": [2, 1] })),
        ("times-zero", "an item for no event", json!({ "separator": true, "times": [0, 0] })),
        ("times-many", "more events than a log has", json!({ "separator": true, "times": [0, 8193] })),
        ("variable", "a variable without a name", json!({ "variable": { "guid": GLOBAL_TEXT } })),
        ("guid", "a GUID in upper case", json!({ "variable": { "guid": GLOBAL_TEXT.to_uppercase(), "name": "PK" } })),
        (
            "guid-dashes",
            "a GUID in other parts",
            json!({ "variable": { "guid": "8be4df6193ca-11d2-aa0d-00e0-98032b8c", "name": "PK" } }),
        ),
        (
            "contents",
            "a content told in two ways",
            json!({
                "variable": { "guid": GLOBAL_TEXT, "name": "PK", "data": "", "dataSha256": ["00".repeat(32)] }
            }),
        ),
    ] {
        policy("syntax", &format!("events-{name}"), why, &|p| p["rules"]["7"]["events"] = json!([item]));
    }
    policy("syntax", "events-empty", "a rule that allows nothing", &|p| p["rules"]["7"] = json!({ "events": [] }));
    policy("syntax", "events-and", "a rule that says more", &|p| p["rules"]["7"]["golden"] = true.into());
    cases.reject(
        "policy.invalid",
        "policy-invalid-events-golden",
        "a release with a value that no rule looks at",
        |s| {
            told_apart(|_| {}, |_| {})(s);
            s.policy["releases"][0]["pcrs"]["7"] = "11".repeat(32).into();
        },
    );
}
