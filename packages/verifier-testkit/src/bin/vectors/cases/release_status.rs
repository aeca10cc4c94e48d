//! What was withdrawn, by whom, and how long ago.

use serde_json::{Value as Json, json};

use crate::{
    releases::{DAY_MS, Released, key_set},
    scenario::{Cases, NOW_MS, Scenario},
    text::hex,
    tpm::{SHA256, hash},
};

pub(super) fn with(change: impl FnOnce(&mut Released)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut released = Released::with_status();
        change(&mut released);
        released.release(s);
    }
}

/// The status office, which signs nothing else.
pub(super) fn office(r: &mut Released) {
    r.status_demand.as_mut().unwrap()["signers"] = key_set(&[("stella", "status")], json!({ "status": 1 }));
}

pub(crate) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-status", "nothing was withdrawn, as of yesterday", with(|_| {}));
    cases.accept(
        "ok-status-others-revoked",
        "other releases were withdrawn, and certificates",
        with(|r| {
            let status = &mut r.status().json;
            status["revokedReleases"] = json!(["00".repeat(32), "ff".repeat(32)]);
            status["revokedCertificates"] = json!(["00".repeat(32)]);
            status["revokedSerials"] = json!([{ "issuer": "00".repeat(32), "serial": "01" }]);
        }),
    );
    cases.accept(
        "ok-status-own-signers",
        "signed by those whose office it is",
        with(|r| {
            office(r);
            r.status().signers = vec!["stella"];
        }),
    );
    cases.accept(
        "ok-status-by-successors",
        "signed by the keys that count now",
        with(|r| {
            let next = key_set(&[("dave", "developer"), ("adam", "auditor")], json!({ "developer": 1, "auditor": 1 }));
            r.rotate(next, &["dora", "adam"]);
            r.manifest.signers = vec!["dave", "adam"];
            r.status().signers = vec!["dave", "adam"];
        }),
    );
    cases.accept("ok-status-of-pinned", "asked for beside pinned values, without release keys", |s| {
        let mut released = Released::with_status();
        office(&mut released);
        released.status().signers = vec!["stella"];
        released.deliver = false;
        released.extend(s);
        s.policy.as_object_mut().unwrap().remove("releaseKeys");
    });
    cases.accept(
        "ok-status-not-asked",
        "a status that the policy does not ask for is not read",
        with(|r| {
            r.status_demand = None;
            r.status().signers = vec!["mallory"];
        }),
    );
    cases.accept(
        "ok-status-oldest",
        "as old as the policy allows",
        with(|r| {
            r.status().json["date"] = (NOW_MS - 7 * DAY_MS).into();
        }),
    );
    cases.accept(
        "ok-status-ahead",
        "a clock that is five minutes ahead",
        with(|r| {
            r.status().json["date"] = (NOW_MS + 300_000).into();
        }),
    );

    cases.reject(
        "release.revoked",
        "release-revoked",
        "this very release was withdrawn",
        with(|r| {
            let sha256 = hash(SHA256, &[r.manifest.text().as_bytes()]);
            r.status().json["revokedReleases"] = json!(["00".repeat(32), hex(&sha256)]);
        }),
    );
    cases.reject("release.status_missing", "status-missing", "no status in the evidence", with(|r| r.status = None));
    cases.reject(
        "release.status_stale",
        "status-stale",
        "a moment older than the policy allows",
        with(|r| {
            r.status().json["date"] = (NOW_MS - 7 * DAY_MS - 1).into();
        }),
    );
    cases.reject(
        "release.status_future",
        "status-future",
        "of a time that is still to come",
        with(|r| {
            r.status().json["date"] = (NOW_MS + 300_001).into();
        }),
    );
    cases.reject(
        "release.threshold",
        "status-half-signed",
        "the auditor did not sign",
        with(|r| {
            r.status().signers = vec!["dora"];
        }),
    );
    cases.reject(
        "release.threshold",
        "status-not-the-office",
        "signed by those who may release, not by those who may say this",
        with(office),
    );
    cases.reject(
        "release.signature",
        "status-changed",
        "a newer date than was signed",
        with(|r| {
            r.status().patch_signed = |text| text.replacen("17999", "18000", 1);
        }),
    );
    let mut syntax = |name: &str, why: &str, change: fn(&mut Json)| {
        cases.reject("release.syntax", &format!("status-syntax-{name}"), why, with(|r| change(&mut r.status().json)));
    };
    syntax("no-date", "no date", |status| drop(status.as_object_mut().unwrap().remove("date")));
    syntax("unknown-key", "a member that no status has", |status| status["note"] = "".into());
    syntax("floor-zero", "versions begin with 1", |status| status["minVersion"] = 0.into());
    syntax("digest", "a digest that is too short", |status| status["revokedReleases"] = json!(["00"]));
    syntax("empty", "an empty list", |status| status["revokedCertificates"] = json!([]));
    for (name, serial) in [("zero", "00"), ("padded", "0001"), ("long", &"01".repeat(21)), ("odd", "1"), ("none", "")] {
        cases.reject(
            "release.syntax",
            &format!("status-syntax-serial-{name}"),
            "a serial number that no certificate has",
            with(|r| r.status().json["revokedSerials"] = json!([{ "issuer": "00".repeat(32), "serial": serial }])),
        );
    }
}
