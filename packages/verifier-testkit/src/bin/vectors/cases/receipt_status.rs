//! What the one who verifies a receipt knows of withdrawals, beside what the receipt itself brings.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::{Value as Json, json};

use super::{
    chain::{LEAF, authority, deliver, draft},
    receipt::conversation,
    release_status::office,
};
use crate::{
    log::Logged,
    releases::{DAY_MS, Document, Released, key_set},
    scenario::{Cases, NOW_MS, Scenario},
    text::hex,
    tpm::{SHA256, hash},
};

/// When the receipt is verified, and when the status was made that was the newest then.
const LATER_MS: u64 = NOW_MS + 90 * DAY_MS;
const DATE_MS: u64 = LATER_MS - DAY_MS;

/// What was released when the receipt was made, and the documents of a later time: a status, then key sets.
struct Then {
    released: Released,
    documents: Vec<Document>,
    /// How many of these documents stand in the log.
    logged: usize,
    now_ms: u64,
}

impl Then {
    fn new() -> Self {
        let status = Document::new("status", json!({ "date": DATE_MS }), &["dora", "anna"]);
        Self { released: Released::with_status(), documents: vec![status], logged: 0, now_ms: LATER_MS }
    }

    fn status(&mut self) -> &mut Document {
        &mut self.documents[0]
    }

    /// The later status withdraws the very manifest of the receipt.
    fn revoke(&mut self) {
        let sha256 = hash(SHA256, &[self.released.manifest.text().as_bytes()]);
        self.status().json["revokedReleases"] = json!([hex(&sha256)]);
    }

    fn put(self, s: &mut Scenario<'_>) {
        conversation(s);
        self.released.release(s);
        s.current_status = Some((current(&self.documents, self.logged), self.now_ms));
    }
}

/// `current-status` of PROTOCOL.md §21.
/// The first `logged` of the documents stand in the log.
pub(super) fn current(documents: &[Document], logged: usize) -> Value {
    let log = Logged::new();
    let values = documents.iter().enumerate().map(|(i, document)| document.value((i < logged).then_some(&log)));
    let mut values: Vec<Value> = values.collect();
    let key_sets = values.split_off(1);
    let mut members: Vec<(u64, Value)> = values.into_iter().map(|status| (0, status)).collect();
    if !key_sets.is_empty() {
        members.push((1, Value::Array(key_sets)));
    }
    Value::map(members)
}

fn with(change: impl FnOnce(&mut Then)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut then = Then::new();
        change(&mut then);
        then.put(s);
    }
}

fn second_set() -> Json {
    key_set(&[("dave", "developer"), ("adam", "auditor")], json!({ "developer": 1, "auditor": 1 }))
}

pub(super) fn cases(cases: &mut Cases<'_>) {
    withdrawals(cases);
    signers(cases);
    dates(cases);
}

fn withdrawals(cases: &mut Cases<'_>) {
    cases.accept("ok-receipt-status", "nothing was withdrawn since", with(|_| {}));
    cases.accept("ok-record-status", "a verification record, since which nothing was withdrawn", |s| {
        Then::new().put(s);
        (s.exchange, s.is_record) = (None, true);
    });
    cases.accept_with_warning(
        "warn-receipt-status-unchecked",
        "a policy that asks what was withdrawn, and no status of the verifier's own",
        "status",
        |s| {
            Then::new().put(s);
            s.current_status = None;
        },
    );
    cases.accept("ok-receipt-floor-at", "the floor was raised since, up to this very release", |s| {
        with(|t| t.status().json["minVersion"] = 12.into())(s);
    });
    cases.accept_with_warning(
        "warn-receipt-withdrawn",
        "the floor was raised since, above this release",
        "release",
        with(|t| t.status().json["minVersion"] = 13.into()),
    );
    cases.reject(
        "release.below_floor",
        "receipt-status-floor-then",
        "the release was withdrawn when the receipt was made",
        with(|t| t.released.status().json["minVersion"] = 13.into()),
    );
    cases.reject(
        "release.revoked",
        "receipt-status-revoked",
        "the release was withdrawn since, by its hash",
        with(Then::revoke),
    );
    cases.accept("ok-receipt-status-unasked", "a policy that asks for no status", |s| {
        let mut then = Then::new();
        (then.released.status, then.released.status_demand) = (None, None);
        then.put(s);
    });
    cases.accept_with_warning(
        "warn-receipt-withdrawn-unasked",
        "the same, and the floor was raised since, above this release",
        "release",
        |s| {
            let mut then = Then::new();
            (then.released.status, then.released.status_demand) = (None, None);
            then.status().json["minVersion"] = 13.into();
            then.put(s);
        },
    );
    cases.reject("release.revoked", "receipt-status-revoked-unasked", "the same, and the release was withdrawn", |s| {
        let mut then = Then::new();
        (then.released.status, then.released.status_demand) = (None, None);
        then.revoke();
        then.put(s);
    });
    let certified = |s: &mut Scenario<'_>, revoked: &dyn Fn(&[u8]) -> String| {
        let chain = draft(s).signed();
        deliver(s, authority(), &chain);
        with(|t| t.status().json["revokedCertificates"] = json!([revoked(&chain[LEAF])]))(s);
    };
    cases.accept("ok-receipt-status-chain", "another certificate was revoked since", |s| {
        certified(s, &|_| "00".repeat(32));
    });
    cases.reject("chain.revoked", "receipt-status-chain-revoked", "the key's certificate was revoked since", |s| {
        certified(s, &|leaf| hex(&hash(SHA256, &[leaf])));
    });
}

fn signers(cases: &mut Cases<'_>) {
    cases.accept(
        "ok-receipt-status-office",
        "signed by those whose office it is; key sets beside it are not read",
        with(|t| {
            office(&mut t.released);
            t.released.status().signers = vec!["stella"];
            t.status().signers = vec!["stella"];
            t.documents.push(Document::new("key-set", json!({}), &["mallory"]));
        }),
    );
    cases.accept(
        "ok-receipt-status-successors",
        "the keys were replaced since, and the verifier has the key set",
        with(|t| {
            t.status().signers = vec!["dave", "adam"];
            t.documents.push(Released::new().successor(second_set(), &["dora", "adam"]));
        }),
    );
    cases.reject(
        "release.threshold",
        "receipt-status-successors-unknown",
        "the same without the key set",
        with(|t| t.status().signers = vec!["dave", "adam"]),
    );
    cases.accept(
        "ok-receipt-status-rotated",
        "the keys had been replaced when the receipt was made: its key sets lead to those who sign now",
        with(|t| {
            t.released.rotate(second_set(), &["dora", "adam"]);
            t.released.manifest.signers = vec!["dave", "adam"];
            t.released.status().signers = vec!["dave", "adam"];
            t.status().signers = vec!["dave", "adam"];
            t.documents.push(t.released.key_sets[0].clone());
        }),
    );
    let logged = |t: &mut Then| {
        t.released.log = Some(Logged::new());
        t.status().signers = vec!["dave", "adam"];
        t.documents.push(Released::new().successor(second_set(), &["dora", "adam"]));
        t.logged = 2;
    };
    cases.accept("ok-receipt-status-logged", "a policy with a log, in which the later documents stand", with(logged));
    cases.reject(
        "release.log_missing",
        "receipt-status-unlogged-keys",
        "the same, and the key set is not in the log",
        with(|t| {
            logged(t);
            t.logged = 1;
        }),
    );
    cases.reject(
        "release.log_missing",
        "receipt-status-unlogged",
        "the log has the release, and not the later status",
        with(|t| t.released.log = Some(Logged::new())),
    );
    cases.reject(
        "release.key_set_expired",
        "receipt-status-keys-expired",
        "the keys that signed the later status had ended",
        with(|t| t.released.keys["notAfter"] = LATER_MS.into()),
    );
    cases.accept(
        "ok-receipt-status-keys-end",
        "the keys that signed the later status end a moment later",
        with(|t| t.released.keys["notAfter"] = (LATER_MS + 1).into()),
    );
    cases.reject(
        "release.threshold",
        "receipt-status-retired",
        "the same, signed by the keys that were replaced",
        with(|t| {
            t.released.rotate(second_set(), &["dora", "adam"]);
            t.released.manifest.signers = vec!["dave", "adam"];
            t.released.status().signers = vec!["dave", "adam"];
        }),
    );
    cases.reject(
        "release.threshold",
        "receipt-status-half-signed",
        "the auditor did not sign",
        with(|t| t.status().signers = vec!["dora"]),
    );
    cases.reject("release.threshold", "receipt-status-of-nobody", "a policy under which nobody signs a status", |s| {
        let pinned = s.policy["releases"].clone();
        Then::new().put(s);
        let policy = s.policy.as_object_mut().unwrap();
        policy.retain(|member, _| !["releaseKeys", "status"].contains(&member.as_str()));
        policy.insert("releases".into(), pinned);
    });
    let extended = |key: u64| {
        move |s: &mut Scenario<'_>| {
            let mut then = Then::new();
            then.status().signers = vec!["dave", "adam"];
            then.documents.push(Released::new().successor(second_set(), &["dora", "adam"]));
            let [status, keys] = [0, 1].map(|index| member(then.documents[index].value(None), key));
            then.put(s);
            let documents = Value::map([(0, status), (1, Value::array([keys]))]);
            s.current_status = Some((member(documents, key), LATER_MS));
        }
    };
    cases.accept(
        "ok-receipt-status-extensions",
        "extensions in every map of the later documents, which are sent to nobody",
        extended(64),
    );
    cases.reject("bundle.schema", "receipt-status-critical", "the same with an unknown critical member", extended(63));
    let mut malformed = |name: &str, why: &str, documents: fn(Value) -> Value| {
        cases.reject("bundle.schema", &format!("receipt-status-{name}"), why, |s| {
            let then = Then::new();
            let status = then.documents[0].value(None);
            then.put(s);
            s.current_status = Some((documents(status), LATER_MS));
        });
    };
    malformed("empty", "a map without a status", |_| Value::map([]));
    malformed("bare", "a status without what stands around it", |status| status);
    malformed("long", "nine key sets", |status| Value::map([(0, status.clone()), (1, Value::Array(vec![status; 9]))]));
}

/// A map with one more member.
fn member(mut map: Value, key: u64) -> Value {
    let Value::Map(members) = &mut map else { panic!("not a map") };
    members.insert(key, "more".into());
    map
}

fn dates(cases: &mut Cases<'_>) {
    cases.accept(
        "ok-receipt-status-oldest",
        "as old as the policy allows when the receipt is verified",
        with(|t| t.status().json["date"] = (LATER_MS - 7 * DAY_MS).into()),
    );
    cases.reject(
        "release.status_stale",
        "receipt-status-stale",
        "a moment older than the policy allows when the receipt is verified",
        with(|t| t.status().json["date"] = (LATER_MS - 7 * DAY_MS - 1).into()),
    );
    cases.accept(
        "ok-receipt-status-ahead",
        "a clock that is five minutes ahead",
        with(|t| t.status().json["date"] = (LATER_MS + 300_000).into()),
    );
    cases.reject(
        "release.status_future",
        "receipt-status-future",
        "of a time that is still to come when the receipt is verified",
        with(|t| t.status().json["date"] = (LATER_MS + 300_001).into()),
    );
    let at_once = |date_ms: u64| {
        with(move |t| {
            t.now_ms = NOW_MS;
            t.status().json["date"] = date_ms.into();
        })
    };
    cases.accept(
        "ok-receipt-status-same",
        "verified at once, with the status that the receipt brings",
        at_once(NOW_MS - DAY_MS),
    );
    cases.accept(
        "ok-receipt-status-older",
        "older than the status that the receipt brings: what either of them withdraws is withdrawn",
        at_once(NOW_MS - DAY_MS - 1),
    );
    cases.reject(
        "release.revoked",
        "receipt-status-older-revoked",
        "the same, and the newer one withdrew the release",
        |s| {
            let mut then = Then::new();
            then.now_ms = NOW_MS;
            then.status().json["date"] = (NOW_MS - DAY_MS - 1).into();
            let sha256 = hash(SHA256, &[then.released.manifest.text().as_bytes()]);
            then.released.status().json["revokedReleases"] = json!([hex(&sha256)]);
            then.put(s);
        },
    );
}
