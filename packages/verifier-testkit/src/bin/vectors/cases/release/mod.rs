//! Who may release, what a manifest says, and when it counts.

mod documents;
mod floors;
mod memory;
mod parts;
mod policies;
mod rotation;
mod signatures;

use serde_json::json;

use crate::{
    releases::Released,
    scenario::{Cases, GOLDEN, NOW_MS, Scenario, golden},
    tpm::SHA384,
};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    accepted(cases);
    signatures::cases(cases);
    documents::cases(cases);
    times(cases);
    floors::cases(cases);
    memory::cases(cases);
    parts::cases(cases);
    rotation::cases(cases);
    policies::cases(cases);
}

/// A release that is changed before it is brought.
pub(super) fn with(change: impl FnOnce(&mut Released)) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut released = Released::new();
        change(&mut released);
        released.release(s);
    }
}

fn accepted(cases: &mut Cases<'_>) {
    cases.accept("ok-release", "signed by a developer and an auditor", with(|_| {}));
    cases.accept("ok-release-beside-pinned", "pinned values as well, which others have", |s| {
        Released::new().extend(s);
        s.policy["releases"][0]["pcrs"]["4"] = "44".repeat(32).into();
    });
    cases.accept("ok-release-none-beside-pinned", "pinned values match: no manifest is needed, nor a log", |s| {
        let mut released = Released::logged();
        released.deliver = false;
        released.extend(s);
    });
    cases.accept(
        "ok-release-unknown-signer",
        "somebody signed whom the policy does not know",
        with(|r| {
            r.manifest.signers = vec!["mallory", "dora", "adam"];
        }),
    );
    cases.accept(
        "ok-release-three-signers",
        "more have signed than have to",
        with(|r| {
            r.manifest.signers = vec!["anna", "dora", "adam"];
        }),
    );
    cases.accept(
        "ok-release-white-space",
        "the text is signed as it was written",
        with(|r| {
            r.manifest.patch_text = |text| format!(" {}\n", text.replacen(':', " :\t", 1));
        }),
    );
    cases.accept("ok-release-without-optional", "neither model nor configuration, which the policy states", |s| {
        with(|r| {
            let manifest = r.manifest.json.as_object_mut().unwrap();
            manifest.remove("modelDigest");
            manifest.remove("configDigests");
        })(s);
        s.policy["configDigests"] = json!(["22".repeat(32)]);
    });
    cases.accept("ok-release-sha384", "values of the other bank", |s| {
        s.use_sha384();
        with(|r| {
            r.manifest.json["bank"] = "sha384".into();
            r.manifest.json["whole"][0]["pcrs"] = golden(SHA384, &GOLDEN);
        })(s);
    });
    cases.accept(
        "ok-release-more-values",
        "values of measurements that the policy does not look at",
        with(|r| {
            r.manifest.json["whole"][0]["pcrs"]["3"] = "77".repeat(32).into();
            r.manifest.json["whole"][0]["pcrs"]["14"] = "77".repeat(32).into();
        }),
    );
    cases.accept(
        "ok-release-commit-sha256",
        "a commit of a repository that uses SHA-256",
        with(|r| {
            r.manifest.json["sourceCommit"] = "c0".repeat(32).into();
        }),
    );
}

fn times(cases: &mut Cases<'_>) {
    cases.accept(
        "ok-release-first-moment",
        "from its first moment on",
        with(|r| r.manifest.json["notBefore"] = NOW_MS.into()),
    );
    cases.accept(
        "ok-release-last-moment",
        "until its last moment",
        with(|r| {
            r.manifest.json["notAfter"] = (NOW_MS + 1).into();
        }),
    );
    cases.reject(
        "release.not_yet_valid",
        "release-not-yet-valid",
        "a moment too early",
        with(|r| {
            r.manifest.json["notBefore"] = (NOW_MS + 1).into();
        }),
    );
    cases.reject(
        "release.expired",
        "release-expired",
        "a moment too late",
        with(|r| {
            r.manifest.json["notAfter"] = NOW_MS.into();
        }),
    );
}
