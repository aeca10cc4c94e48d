//! Policies that leave a PCR open which decides what runs: refused, and a warning where the policy says that it is partial.

use serde_json::{Value as Json, json};

use crate::{
    confidential::confidential,
    keys::Keys,
    scenario::{Cases, Scenario, golden, value},
    text::hex,
    tpm::SHA256,
};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    for index in [0, 1, 2, 4, 7, 12, 13] {
        let why = format!("PCR {index} is not quoted");
        open(cases, &format!("without-{index}"), &why, &move |s| put(s, index, None));
        let why = format!("PCR {index} is quoted and compared with nothing");
        open(cases, &format!("unchecked-{index}"), &why, &move |s| put(s, index, Some("unchecked")));
    }
    for (index, why) in [
        (2, "no driver of a device was measured, and no separator: firmware extends every PCR of 0-7"),
        (11, "no image was measured, which one that measures nothing could have brought about"),
    ] {
        open(cases, &format!("untouched-{index}"), why, &move |s| put(s, index, Some("untouched")));
    }
    open(cases, "image-alone", "any system can extend the digests of an image into PCR 11", &|s| {
        s.selected = vec![11];
        s.policy["pcrs"]["rules"] = json!({ "11": "golden" });
        s.policy["releases"][0]["pcrs"] = golden(SHA256, &[11]);
    });
    boot_loader(cases);
    platform(cases);
    for index in [12, 13] {
        cases.accept(&format!("ok-coverage-golden-{index}"), "a release that names what comes from outside", |s| {
            put(s, index, Some("golden"));
        });
    }
    cases.accept(
        "ok-coverage-partial-unneeded",
        "a policy that allows less than it demands warns of nothing",
        allow_partial,
    );
    let name = "policy-syntax-partial-coverage";
    cases.reject("policy.syntax", name, "a permission that is no boolean", |s| {
        s.policy["pcrs"]["allowPartialCoverage"] = 1.into();
    });
}

/// A kernel that a boot loader or the firmware starts by itself, in the place of a unified kernel image.
fn boot_loader(cases: &mut Cases<'_>) {
    let by_files = |commands: &'static str, files: &'static str| {
        move |s: &mut Scenario<'_>| {
            put(s, 11, None);
            put(s, 8, Some(commands));
            put(s, 9, Some(files));
        }
    };
    cases.accept("ok-coverage-grub", "commands and files of GRUB", by_files("golden", "golden"));
    cases.accept("ok-coverage-kernel", "a kernel without a boot loader", by_files("untouched", "golden"));
    open(cases, "files-alone", "the command line may be any", &|s| {
        by_files("golden", "golden")(s);
        put(s, 8, None);
    });
    open(cases, "commands-alone", "kernel and initrd may be any", &|s| {
        by_files("golden", "golden")(s);
        put(s, 9, None);
    });
    open(cases, "unchecked-8", "the command line is compared with nothing", &by_files("unchecked", "golden"));
    open(cases, "unchecked-9", "kernel and initrd are compared with nothing", &by_files("golden", "unchecked"));
    open(cases, "untouched-9", "no file was measured", &by_files("golden", "untouched"));
}

/// A processor that names the firmware.
fn platform(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let with = |index: u8, rule: Option<&'static str>| {
        move |s: &mut Scenario<'_>, keys: &Keys| {
            confidential(s, keys, |_| {});
            put(s, index, rule);
        }
    };
    let why = "the processor's report names the firmware; PCR 0 shows that it extends this bank";
    cases.accept_rsa("ok-coverage-platform", why, |s| with(0, Some("unchecked"))(s, keys));
    for (name, why, index, rule) in [
        ("without-0", "nothing shows that firmware extends this bank", 0, None),
        ("unchecked-1", "the host writes the ACPI tables", 1, Some("unchecked")),
        ("unchecked-2", "the host adds devices", 2, Some("unchecked")),
        ("unchecked-4", "the firmware starts any boot manager", 4, Some("unchecked")),
        ("unchecked-7", "the host sets the firmware's variables", 7, Some("unchecked")),
    ] {
        cases.reject_rsa("pcr.coverage", &format!("coverage-platform-{name}"), why, |s| with(index, rule)(s, keys));
    }
}

/// The policy is refused; with the permission its verdict warns.
fn open(cases: &mut Cases<'_>, name: &str, why: &str, change: &dyn Fn(&mut Scenario<'_>)) {
    cases.reject("pcr.coverage", &format!("coverage-{name}"), why, change);
    cases.accept_with_warning(&format!("warn-coverage-{name}"), why, "pcr.coverage", |s| {
        change(s);
        allow_partial(s);
    });
}

pub(super) fn allow_partial(s: &mut Scenario<'_>) {
    s.policy["pcrs"]["allowPartialCoverage"] = true.into();
}

/// Gives a PCR another rule, or none, and a value that meets it.
fn put(s: &mut Scenario<'_>, index: u8, rule: Option<&str>) {
    let key = index.to_string();
    let object = |value: &mut Json| value.as_object_mut().unwrap().clone();
    let (mut rules, mut golden) =
        (object(&mut s.policy["pcrs"]["rules"]), object(&mut s.policy["releases"][0]["pcrs"]));
    rules.remove(&key);
    golden.remove(&key);
    s.selected.retain(|selected| *selected != index);
    if let Some(rule) = rule {
        let measured = if rule == "untouched" { vec![0; 32] } else { value(SHA256, index) };
        if rule == "golden" {
            golden.insert(key.clone(), hex(&measured).into());
        }
        rules.insert(key, rule.into());
        s.pcrs.insert(index, measured);
        s.selected.push(index);
        s.selected.sort_unstable();
    }
    s.policy["pcrs"]["rules"] = rules.into();
    s.policy["releases"][0]["pcrs"] = golden.into();
}
