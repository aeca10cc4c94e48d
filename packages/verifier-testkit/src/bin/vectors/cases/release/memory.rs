//! Withdrawals are remembered, also by a verdict that failed: sequences of visits, each with the state that the one before gave.

use serde_json::{Value as Json, json};

use super::super::release_status::office;
use crate::{
    releases::{DAY_MS, KEYS_END_MS, Known, Released, first_set, key_set, key_set_id, remembered},
    scenario::{Cases, NOW_MS, Scenario, key_list},
    text::hex,
    tpm::{SHA256, hash},
};

/// What a visit leaves behind.
type Next = Option<Known>;

const DATE: u64 = NOW_MS - DAY_MS;

/// A visit without memory of the key, on which the evidence brings what `change` makes of a release with a status of yesterday.
fn visit(
    after: Option<&'static str>,
    next: Next,
    change: impl FnOnce(&mut Released, &mut Scenario<'_>),
) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut released = Released::with_status();
        s.policy["anchors"][0].as_object_mut().unwrap().remove("hierarchy");
        change(&mut released, s);
        released.release(s);
        s.state = Some(vec![]);
        s.after = after;
        s.next_state = next.map(|known| remembered(&[known]));
    }
}

fn first() -> Known {
    Known::of(key_set_id(&first_set()))
}

/// Successors of the first set.
fn second_set() -> Json {
    key_set(&[("dave", "developer"), ("adam", "auditor")], json!({ "developer": 1, "auditor": 1 }))
}

fn third_set() -> Json {
    key_set(&[("dina", "builder")], json!({ "builder": 1 }))
}

fn ending(mut set: Json, end: u64) -> Json {
    set["notAfter"] = end.into();
    set
}

fn id(set: Json) -> [u8; 32] {
    key_set_id(&ending(set, KEYS_END_MS))
}

fn signed_by(r: &mut Released, signers: &[&'static str]) {
    r.manifest.signers = signers.to_vec();
    r.status().signers = signers.to_vec();
}

fn to_second(r: &mut Released) {
    r.rotate(second_set(), &["dora", "adam"]);
    signed_by(r, &["dave", "adam"]);
}

fn to_third(r: &mut Released) {
    to_second(r);
    r.rotate(third_set(), &["dave", "adam"]);
    signed_by(r, &["dina"]);
}

fn dated(r: &mut Released, date: u64) {
    r.status().json["date"] = date.into();
}

fn revoke(r: &mut Released) {
    let sha256 = hash(SHA256, &[r.manifest.text().as_bytes()]);
    r.status().json["revokedReleases"] = json!([hex(&sha256)]);
}

pub(super) fn cases(cases: &mut Cases<'_>) {
    statuses(cases);
    failed(cases);
    key_sets(cases);
    ends(cases);
    other_signers(cases);
}

fn statuses(cases: &mut Cases<'_>) {
    let known = Known { floor: 9, date_ms: DATE, ..first() };
    cases.accept("ok-memory-status", "the date of a status is remembered", visit(None, Some(known), |_, _| {}));
    let after = Some("ok-memory-status");
    cases.accept("ok-memory-status-same", "the very status of the last visit", visit(after, Some(known), |_, _| {}));
    cases.accept(
        "ok-memory-status-newer",
        "a newer status",
        visit(after, Some(Known { date_ms: NOW_MS, ..known }), |r, _| dated(r, NOW_MS)),
    );
    cases.reject(
        "release.status_back",
        "memory-status-back",
        "a status a moment older than that of the last visit",
        visit(after, None, |r, _| dated(r, DATE - 1)),
    );
}

/// Verdicts that failed.
fn failed(cases: &mut Cases<'_>) {
    let withdrawn = Known { floor: 13, date_ms: DATE, ..first() };
    cases.reject(
        "release.below_floor",
        "memory-withdrawn",
        "a status withdraws the release, which is remembered",
        visit(None, Some(withdrawn), |r, _| r.status().json["minVersion"] = 13.into()),
    );
    let after = Some("memory-withdrawn");
    cases.reject(
        "release.status_back",
        "memory-withdrawn-then-older",
        "then the status from before the withdrawal",
        visit(after, None, |r, _| dated(r, DATE - 1)),
    );
    cases.reject(
        "release.below_floor",
        "memory-withdrawn-then-none",
        "then a page that asks for no status",
        visit(after, None, |r, _| (r.status, r.status_demand) = (None, None)),
    );
    cases.accept(
        "ok-memory-withdrawn-then-newer",
        "then the release that takes its place",
        visit(after, Some(withdrawn), |r, _| r.manifest.json["version"] = 13.into()),
    );
    cases.reject(
        "release.revoked",
        "memory-revoked",
        "a status revokes the release: its date is remembered",
        visit(None, Some(Known { date_ms: DATE, ..first() }), |r, _| revoke(r)),
    );
    cases.reject(
        "release.status_back",
        "memory-revoked-then-older",
        "then the status from before the revocation",
        visit(Some("memory-revoked"), None, |r, _| dated(r, DATE - 1)),
    );
    cases.reject(
        "release.status_stale",
        "memory-stale",
        "too old for the policy, and authentic",
        visit(None, Some(Known { floor: 11, date_ms: 1, ..first() }), |r, _| {
            r.status().json = json!({ "date": 1, "minVersion": 11 });
        }),
    );
    cases.reject(
        "release.status_future",
        "memory-future",
        "a date that is still to come is not remembered, nor is what it withdraws",
        visit(None, Some(first()), |r, _| {
            r.status().json = json!({ "date": NOW_MS + 300_001, "minVersion": 13 });
        }),
    );
    cases.reject(
        "release.threshold",
        "memory-unsigned",
        "a status that too few signed",
        visit(None, Some(first()), |r, _| {
            r.status().json["minVersion"] = 13.into();
            r.status().signers = vec!["dora"];
        }),
    );
    cases.reject(
        "release.threshold",
        "memory-manifest-unsigned",
        "a manifest that too few signed raises nothing",
        visit(None, Some(Known { date_ms: DATE, ..first() }), |r, _| r.manifest.signers = vec!["dora"]),
    );
    cases.reject(
        "pcr.mismatch",
        "memory-other-machine",
        "the manifest passed before another step failed",
        visit(None, Some(Known { floor: 9, date_ms: DATE, ..first() }), |r, _| {
            r.manifest.json["whole"][0]["pcrs"]["4"] = "44".repeat(32).into();
        }),
    );
    cases.reject("claims.suite", "memory-no-key", "the key of a verdict that failed at its end", |s| {
        Released::with_status().release(s);
        s.claims.insert(3, key_list(&[vec![9, 0xfe, 0xfe, 1, 2]]));
        s.state = Some(vec![]);
        s.next_state = Some(remembered(&[Known { floor: 9, date_ms: DATE, ..first() }]));
    });
}

fn key_sets(cases: &mut Cases<'_>) {
    let at_third = Known { floor: 9, date_ms: DATE, current: id(third_set()), ..first() };
    cases.accept(
        "ok-memory-keys",
        "the last of three sets is remembered",
        visit(None, Some(at_third), |r, _| to_third(r)),
    );
    let after = Some("ok-memory-keys");
    cases.accept(
        "ok-memory-keys-on",
        "a successor of the set that was remembered",
        visit(after, Some(Known { current: id(second_set()), ..at_third }), |r, _| {
            to_third(r);
            r.rotate(second_set(), &["dina"]);
            signed_by(r, &["dave", "adam"]);
        }),
    );
    for (name, why, change) in [
        ("back", "the set before it, signed by keys that were retired", to_second as fn(&mut Released)),
        ("withheld", "no successor at all", |_| {}),
        ("fork", "another successor of the set before it", |r| {
            to_second(r);
            r.rotate(key_set(&[("mallory", "builder")], json!({ "builder": 1 })), &["dave", "adam"]);
            signed_by(r, &["mallory"]);
        }),
    ] {
        let name = format!("memory-keys-{name}");
        cases.reject("release.key_set_back", &name, why, visit(after, None, move |r, _| change(r)));
    }
    cases.reject(
        "release.threshold",
        "memory-keys-failed",
        "a successor is remembered that retires those who signed the release",
        visit(None, Some(Known { current: id(second_set()), ..first() }), |r, _| {
            to_second(r);
            signed_by(r, &["dora", "adam"]);
        }),
    );
    cases.reject(
        "release.key_set_back",
        "memory-keys-failed-then-back",
        "then the retired keys alone",
        visit(Some("memory-keys-failed"), None, |_, _| {}),
    );
    // The next page pins the set that was the last one.
    let pinned = |r: &mut Released| {
        to_third(r);
        r.pin(1);
    };
    cases.accept("ok-memory-page", "a page that names the set that was the last", move |s| {
        visit(after, None, |r, _| pinned(r))(s);
        let own = Known { keys: at_third.current, ..at_third };
        let mut known = [at_third, own];
        known.sort_by_key(|known| known.keys);
        s.next_state = Some(remembered(&known));
    });
    cases.reject("release.status_back", "memory-page", "the same with a status from before", move |s| {
        visit(after, None, |r, _| {
            pinned(r);
            dated(r, DATE - 1);
        })(s);
        let own = Known { keys: at_third.current, ..at_third };
        let mut known = [at_third, own];
        known.sort_by_key(|known| known.keys);
        s.next_state = Some(remembered(&known));
    });
}

/// Key sets that end.
fn ends(cases: &mut Cases<'_>) {
    let second = |end: u64| {
        move |r: &mut Released| {
            r.rotate(ending(second_set(), end), &["dora", "adam"]);
            signed_by(r, &["dave", "adam"]);
        }
    };
    let current = |end: u64| key_set_id(&ending(second_set(), end));
    cases.accept(
        "ok-keys-last-moment",
        "the last moment of a set",
        visit(None, Some(Known { floor: 9, date_ms: DATE, current: current(NOW_MS + 1), ..first() }), move |r, _| {
            second(NOW_MS + 1)(r)
        }),
    );
    cases.reject(
        "release.key_set_expired",
        "keys-expired",
        "a set that ended: what it is is remembered all the same",
        visit(None, Some(Known { current: current(NOW_MS), ..first() }), move |r, _| second(NOW_MS)(r)),
    );
    cases.accept(
        "ok-keys-expired-before",
        "a set that ended, and its successor",
        visit(None, Some(Known { floor: 9, date_ms: DATE, current: id(third_set()), ..first() }), move |r, _| {
            second(NOW_MS - DAY_MS)(r);
            r.rotate(third_set(), &["dave", "adam"]);
            signed_by(r, &["dina"]);
        }),
    );
    for (name, end, code) in
        [("ok-keys-pinned-end", NOW_MS + 1, "ok"), ("keys-pinned-expired", NOW_MS, "release.key_set_expired")]
    {
        let pinned = ending(first_set(), end);
        let met = Known::of(key_set_id(&pinned));
        let known = if code == "ok" { Known { floor: 9, date_ms: DATE, ..met } } else { met };
        let change = visit(None, Some(known), move |r, _| r.keys = pinned);
        let why = "the set that the policy names states an end";
        if code == "ok" { cases.accept(name, why, change) } else { cases.reject(code, name, why, change) }
    }
    for (name, end, code) in
        [("ok-keys-end-unasked", NOW_MS + 1, "ok"), ("keys-expired-unasked", NOW_MS, "release.key_set_expired")]
    {
        let change = super::with(move |r| r.keys = ending(first_set(), end));
        let why = "the same under a policy that asks for no status, whose signers would have ended too";
        if code == "ok" { cases.accept(name, why, change) } else { cases.reject(code, name, why, change) }
    }
    cases.reject("release.syntax", "keys-set-no-end", "a successor without an end", |s| {
        super::with(|r| {
            r.rotate(second_set(), &["dora", "adam"]);
            r.key_sets[0].json.as_object_mut().unwrap().remove("notAfter");
        })(s);
    });
}

/// A status office of its own.
fn other_signers(cases: &mut Cases<'_>) {
    let office_id = key_set_id(&key_set(&[("stella", "status")], json!({ "status": 1 })));
    let own = |r: &mut Released| {
        office(r);
        r.status().signers = vec!["stella"];
    };
    let both = |office: Known, releases: Known| {
        let mut known = [office, releases];
        known.sort_by_key(|known| known.keys);
        Some(remembered(&known))
    };
    let dated_office = Known { date_ms: DATE, ..Known::of(office_id) };
    cases.accept("ok-memory-office", "the date counts for those who signed it", move |s| {
        visit(None, None, |r, _| own(r))(s);
        s.next_state = both(dated_office, Known { floor: 9, ..first() });
    });
    cases.reject(
        "release.status_back",
        "memory-office",
        "an older status of the same office",
        visit(Some("ok-memory-office"), None, move |r, _| {
            own(r);
            dated(r, DATE - 1);
        }),
    );
    cases.accept("ok-memory-office-other", "an older one, by those who may release", move |s| {
        visit(Some("ok-memory-office"), None, |r, _| dated(r, DATE - 1))(s);
        s.next_state = both(dated_office, Known { floor: 9, date_ms: DATE - 1, ..first() });
    });
    for (name, end, code) in
        [("ok-status-office-end", NOW_MS + 1, "ok"), ("status-office-expired", NOW_MS, "release.key_set_expired")]
    {
        let change = super::super::release_status::with(move |r| {
            own(r);
            r.status_demand.as_mut().unwrap()["signers"]["notAfter"] = end.into();
        });
        let why = "the signers that the policy names state an end";
        if code == "ok" { cases.accept(name, why, change) } else { cases.reject(code, name, why, change) }
    }
}
