//! Measurements of one release as a whole, and of several.

use serde_json::json;

use super::with;
use crate::{
    releases::Released,
    scenario::{Cases, GOLDEN, golden, value},
    text::hex,
    tpm::{SHA256, hash},
};

/// Two platforms and two images, of which the machine has the second of each.
fn by_parts(r: &mut Released) {
    let other = |index: u8| hex(&hash(SHA256, &[b"other", &[index]]));
    r.manifest.json.as_object_mut().unwrap().remove("whole");
    r.manifest.json["platforms"] = json!([
        { "name": "old firmware", "pcrs": { "0": other(0) } },
        { "name": "new firmware", "pcrs": golden(SHA256, &[0, 1, 2, 5, 7]) },
    ]);
    r.manifest.json["images"] = json!([
        { "name": "2 vCPU", "pcrs": { "4": other(4), "11": other(11) } },
        { "name": "4 vCPU", "pcrs": golden(SHA256, &[4, 11]) },
    ]);
}

pub(super) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-parts", "a platform and an image of one manifest", with(by_parts));
    cases.accept(
        "ok-parts-grub",
        "an image with what GRUB and shim measure: commands, files, keys of the owner",
        |s| {
            s.selected = vec![0, 1, 2, 4, 7, 8, 9, 12, 13, 14];
            s.pcrs.extend([8, 9].map(|index| (index, value(SHA256, index))));
            s.policy["pcrs"]["rules"].as_object_mut().unwrap().remove("11");
            for index in ["8", "9", "14"] {
                s.policy["pcrs"]["rules"][index] = "golden".into();
            }
            with(|r| {
                by_parts(r);
                r.manifest.json["images"][1]["pcrs"] = golden(SHA256, &[4, 8, 9, 14]);
            })(s);
        },
    );
    let why = "the policy looks at no measurement of the platform, and says that this is partial";
    cases.accept_with_warning("warn-parts-image-alone", why, "pcr.coverage", |s| {
        for index in ["0", "1", "2", "7"] {
            s.policy["pcrs"]["rules"][index] = "unchecked".into();
        }
        s.policy["pcrs"]["allowPartialCoverage"] = true.into();
        with(|r| {
            by_parts(r);
            r.manifest.json.as_object_mut().unwrap().remove("platforms");
        })(s);
    });
    cases.accept(
        "ok-parts-second-whole",
        "the second of two whole machines",
        with(|r| {
            let second = json!({ "name": "second", "pcrs": golden(SHA256, &GOLDEN) });
            r.manifest.json["whole"][0]["pcrs"]["4"] = "44".repeat(32).into();
            r.manifest.json["whole"].as_array_mut().unwrap().push(second);
        }),
    );
    cases.reject(
        "pcr.mismatch",
        "parts-mixed-images",
        "values of two images",
        with(|r| {
            by_parts(r);
            let (images, golden) = (&mut r.manifest.json["images"], golden(SHA256, &[4, 11]));
            images[0]["pcrs"]["4"] = golden["4"].clone();
            images[1]["pcrs"]["4"] = "44".repeat(32).into();
        }),
    );
    cases.reject(
        "pcr.mismatch",
        "parts-of-two-manifests",
        "the platform of a pinned release, the image of a manifest",
        |s| {
            let mut released = Released::new();
            by_parts(&mut released);
            released.manifest.json.as_object_mut().unwrap().remove("platforms");
            released.extend(s);
            for index in ["4", "11"] {
                s.policy["releases"][0]["pcrs"][index] = "44".repeat(32).into();
            }
        },
    );
    cases.reject(
        "pcr.mismatch",
        "parts-platform-of-other-manifest",
        "the image of a manifest whose platforms are others",
        with(|r| {
            by_parts(r);
            r.manifest.json["platforms"].as_array_mut().unwrap().pop();
        }),
    );
    cases.reject(
        "pcr.mismatch",
        "parts-whole-and-image",
        "a whole machine is not made whole by an image",
        with(|r| {
            by_parts(r);
            r.manifest.json.as_object_mut().unwrap().remove("platforms");
            r.manifest.json["whole"] = json!([{ "name": "platform", "pcrs": golden(SHA256, &[0, 1, 2, 7]) }]);
        }),
    );
    cases.reject(
        "pcr.mismatch",
        "release-lacks-pcr",
        "a manifest that says nothing of a golden measurement",
        with(|r| {
            r.manifest.json["whole"][0]["pcrs"].as_object_mut().unwrap().remove("4");
        }),
    );
    for index in ["0", "4", "11"] {
        cases.reject(
            "pcr.mismatch",
            &format!("release-golden-{index}"),
            "one value is another",
            with(|r| r.manifest.json["whole"][0]["pcrs"][index] = hex(&value(SHA256, 99)).into()),
        );
    }
    cases.reject(
        "claims.config",
        "release-config",
        "a configuration that neither policy nor manifest lists",
        with(|r| {
            r.manifest.json["configDigests"] = json!(["23".repeat(32)]);
        }),
    );
    cases.reject(
        "release.threshold",
        "release-fails-beside-pinned",
        "a manifest that nobody signed beside matching pinned values",
        |s| {
            let mut released = Released::new();
            released.manifest.signers = vec!["mallory"];
            released.extend(s);
        },
    );
}
