//! What a manifest may say, and how.

use serde_json::{Value as Json, json};

use super::with;
use crate::{
    scenario::{Cases, GOLDEN, golden},
    tpm::{SHA256, SHA384},
};

pub(super) fn cases(cases: &mut Cases<'_>) {
    let mut syntax = |name: &str, why: &str, change: fn(&mut Json)| {
        cases.reject("release.syntax", &format!("release-syntax-{name}"), why, with(|r| change(&mut r.manifest.json)));
    };
    syntax("unknown-key", "a member that no manifest has", |m| m["author"] = "dora".into());
    syntax("version-zero", "versions begin with 1", |m| m["version"] = 0.into());
    syntax("version-text", "a version as a text", |m| m["version"] = "12".into());
    syntax("name-empty", "no name", |m| m["name"] = "".into());
    syntax("commit-short", "the beginning of a commit", |m| m["sourceCommit"] = "c0c0c0c0".into());
    syntax("image-upper", "upper-case hex", |m| m["imageDigest"] = "1A".repeat(32).into());
    syntax("bank-sha1", "the bank of SHA-1", |m| m["bank"] = "sha1".into());
    syntax("value-length", "a value of another length than the bank's", |m| {
        m["whole"][0]["pcrs"]["0"] = "11".repeat(48).into();
    });
    syntax("pcr-24", "an index that no TPM has", |m| m["whole"][0]["pcrs"]["24"] = "11".repeat(32).into());
    syntax("part-empty", "a part without values", |m| m["whole"][0]["pcrs"] = json!({}));
    syntax("whole-empty", "an empty list", |m| m["whole"] = json!([]));
    for member in
        ["name", "version", "minVersion", "notBefore", "notAfter", "sourceCommit", "imageDigest", "machine", "bank"]
    {
        cases.reject(
            "release.syntax",
            &format!("release-syntax-lacks-{member}"),
            "a member is missing",
            with(|r| drop(r.manifest.json.as_object_mut().unwrap().remove(member))),
        );
    }
    cases.reject(
        "release.syntax",
        "release-syntax-duplicate-key",
        "two versions",
        with(|r| r.manifest.patch_text = |text| text.replacen('{', "{\"version\":13,", 1)),
    );
    cases.reject(
        "release.syntax",
        "release-syntax-trailing",
        "text after the manifest",
        with(|r| r.manifest.patch_text = |text| text + "{}"),
    );
    cases.reject(
        "release.syntax",
        "release-syntax-not-json",
        "a signed text that is no JSON",
        with(|r| r.manifest.patch_text = |_| "release 12".into()),
    );

    let mut invalid = |name: &str, why: &str, change: fn(&mut Json)| {
        cases.reject(
            "release.invalid",
            &format!("release-invalid-{name}"),
            why,
            with(|r| change(&mut r.manifest.json)),
        );
    };
    invalid("floor", "a release that withdraws itself", |m| m["minVersion"] = 13.into());
    invalid("times", "an end that is not after the beginning", |m| m["notAfter"] = m["notBefore"].clone());
    invalid("nothing", "a release of nothing", |m| drop(m.as_object_mut().unwrap().remove("whole")));
    invalid("golden-zero", "a value that was never extended", |m| {
        m["whole"][0]["pcrs"]["11"] = "00".repeat(32).into();
    });
    invalid("golden-ff", "a value that was never extended", |m| m["whole"][0]["pcrs"]["11"] = "ff".repeat(32).into());
    invalid("part-names", "two parts of the same name", |m| {
        let twice = m["whole"][0].clone();
        m["whole"].as_array_mut().unwrap().push(twice);
    });
    invalid("platform-4", "a value of the image in a platform", |m| {
        m["platforms"] = json!([{ "name": "p", "pcrs": golden(SHA256, &[0, 4]) }]);
    });
    invalid("image-0", "a value of the platform in an image", |m| {
        m["images"] = json!([{ "name": "i", "pcrs": golden(SHA256, &[0, 4]) }]);
    });
    invalid("image-15", "a value of one machine or one start in an image", |m| {
        m["images"] = json!([{ "name": "i", "pcrs": golden(SHA256, &[4, 15]) }]);
    });
    for index in ["10", "16", "23"] {
        cases.reject(
            "release.invalid",
            &format!("release-invalid-pcr-{index}"),
            "a value of a PCR that software resets or that changes without end",
            with(|r| r.manifest.json["whole"][0]["pcrs"][index] = "11".repeat(32).into()),
        );
    }
    cases.reject(
        "release.bank",
        "release-bank",
        "values of another bank than the policy's",
        with(|r| {
            r.manifest.json["bank"] = "sha384".into();
            r.manifest.json["whole"][0]["pcrs"] = golden(SHA384, &GOLDEN);
        }),
    );
}
