//! Selection, digest and rules of PCRs.

use serde_json::json;

use super::coverage::allow_partial;
use crate::{
    confidential::confidential,
    scenario::{Cases, GOLDEN, SELECTED, Scenario, golden, value},
    text::hex,
    tpm::{SHA256, SHA384, hash, select, selections},
};

pub(crate) fn cases(cases: &mut Cases<'_>) {
    selection(cases);
    digest(cases);
    rules(cases);
}

fn selection(cases: &mut Cases<'_>) {
    let mut selection = |name: &str, why: &str, list: Vec<(u16, Vec<u8>)>| {
        cases.reject("pcr.selection", name, why, |s| s.selections = Some(selections(&list)));
    };
    let all = select(&SELECTED);
    selection("empty-selection-list", "nothing is quoted", vec![]);
    selection("zero-bitmap", "a bank of which nothing is quoted", vec![(SHA256, vec![0; 3])]);
    selection(
        "missing-required-pcr",
        "a required PCR is not quoted, its value supplied",
        vec![(SHA256, select(&[0, 1, 2, 7, 11, 12, 13, 14]))],
    );
    selection(
        "more-than-required",
        "a PCR that the policy has no rule for",
        vec![(SHA256, select(&[0, 1, 2, 3, 4, 7, 11, 12, 13, 14]))],
    );
    selection(
        "dup-bank-benign",
        "the bank in two parts",
        vec![(SHA256, select(&[0, 1, 2, 4, 7])), (SHA256, select(&[11, 12, 13, 14]))],
    );
    selection("sel-dup-empty", "the bank twice, once empty", vec![(SHA256, all.clone()), (SHA256, vec![0; 3])]);
    selection("sha1-bank", "the bank of SHA-1", vec![(0x0004, all.clone())]);
    selection("multi-bank", "two banks", vec![(0x0004, all.clone()), (SHA256, all.clone())]);
    selection("other-bank", "another bank than the policy's", vec![(SHA384, all.clone())]);
    for size in [0, 1, 2, 4, 5] {
        let mut select = all.clone();
        select.resize(size, 0);
        selection(
            &format!("sizeofselect-{size}"),
            "a platform with 24 PCRs selects in 3 bytes",
            vec![(SHA256, select)],
        );
    }
    cases.reject("pcr.selection", "policy-demands-more", "the policy has a rule for a PCR that is not quoted", |s| {
        s.policy["pcrs"]["rules"]["5"] = "unchecked".into();
    });
    cases.reject("pcr.selection", "pcr-relabel-forgery", "a resettable PCR quoted first and shown as PCR 0", |s| {
        // What software extended into PCR 16 is the golden value of PCR 0; the digest is genuine.
        s.selections = Some(selections(&[(SHA256, select(&[16])), (SHA256, select(&SELECTED[1..]))]));
    });
}

fn digest(cases: &mut Cases<'_>) {
    cases.reject("pcr.digest", "digest-of-other-values", "the digest of other values", |s| {
        s.pcr_digest = Some(vec![0; 32])
    });
    cases.reject("pcr.digest", "digest-len-0", "no digest", |s| s.pcr_digest = Some(vec![]));
    cases.reject("pcr.digest", "digest-len-20", "a digest of 20 bytes", |s| s.pcr_digest = Some(vec![7; 20]));
    cases.reject("pcr.digest", "digest-prefix", "a digest cut short", |s| {
        s.pcr_digest = Some(genuine(s)[..16].to_vec())
    });
    cases.reject("pcr.digest", "digest-order", "the digest of the values in descending order", |s| {
        let values: Vec<&[u8]> = s.selected.iter().rev().map(|index| &s.pcrs[index][..]).collect();
        s.pcr_digest = Some(hash(SHA256, &values));
    });
    cases.reject("pcr.digest", "digest-of-bank", "made with the hash of the bank, not of the scheme", |s| {
        s.use_sha384();
        let values: Vec<&[u8]> = s.selected.iter().map(|index| &s.pcrs[index][..]).collect();
        s.pcr_digest = Some(hash(SHA384, &values));
    });
    cases.reject("pcr.digest", "value-swapped", "the values of two PCRs exchanged", |s| {
        s.pcr_digest = Some(genuine(s));
        s.pcrs.insert(0, value(SHA256, 4));
        s.pcrs.insert(4, value(SHA256, 0));
    });
    cases.reject("pcr.values", "value-missing", "no value for a PCR that is quoted", |s| {
        s.pcr_digest = Some(genuine(s));
        s.pcrs.remove(&14);
    });
    cases.reject("pcr.values", "value-of-other-bank", "values of another bank than the policy's", |s| {
        s.selections = Some(selections(&[(SHA256, select(&SELECTED))]));
        s.bank = SHA384;
        s.pcrs = s.selected.iter().map(|&index| (index, value(SHA384, index))).collect();
    });
}

fn genuine(s: &Scenario<'_>) -> Vec<u8> {
    let values: Vec<&[u8]> = s.selected.iter().map(|index| &s.pcrs[index][..]).collect();
    hash(SHA256, &values)
}

fn rules(cases: &mut Cases<'_>) {
    for index in GOLDEN {
        cases.reject("pcr.mismatch", &format!("golden-{index}"), "one measurement of a release differs", |s| {
            s.pcrs.get_mut(&index).unwrap()[31] ^= 1;
        });
    }
    cases.reject("pcr.mismatch", "golden-mixture", "values of two releases that nobody released together", |s| {
        let release = |name: &str, zero: u8, rest: u8| {
            let mut pcrs = golden(SHA256, &GOLDEN);
            (pcrs["0"], pcrs["4"]) = (hex(&value(SHA256, zero)).into(), hex(&value(SHA256, rest)).into());
            json!({ "name": name, "pcrs": pcrs, "configDigests": ["22".repeat(32)] })
        };
        s.policy["releases"] = json!([release("one", 0, 8), release("two", 8, 4)]);
    });
    cases.reject("pcr.touched", "untouched-12", "a PCR that must be untouched was extended", |s| {
        s.pcrs.insert(12, value(SHA256, 12));
    });
    cases.reject("pcr.touched", "untouched-12-ff", "the reset value of another PCR", |s| {
        s.pcrs.insert(12, vec![0xff; 32]);
    });
    cases.reject("pcr.touched", "untouched-17-zero", "a dynamic launch happened", |s| {
        s.selected.push(17);
        s.pcrs.insert(17, vec![0; 32]);
        s.policy["pcrs"]["rules"]["17"] = "untouched".into();
    });
    bank(cases);
}

/// A bank that the TPM has and that firmware does not extend: whoever controls the system writes all of it (CVE-2021-42299).
fn bank(cases: &mut Cases<'_>) {
    let without_demand_on_0 = |s: &mut Scenario<'_>| {
        s.policy["pcrs"]["rules"]["0"] = "unchecked".into();
        s.policy["releases"][0]["pcrs"] = golden(s.bank, &GOLDEN[1..]);
        allow_partial(s);
    };
    let (why, step) = ("PCR 0 is shown and compared with nothing", "pcr.coverage");
    cases.accept_with_warning("warn-unchecked-0", why, step, without_demand_on_0);
    let why = "firmware extended another bank; where TPM2_Startup came from is in PCR 0 of each";
    for (name, locality) in [("", 0), ("-locality-3", 3), ("-locality-4", 4)] {
        cases.reject_after_warning("pcr.bank_unextended", &format!("bank-unextended{name}"), why, step, |s| {
            without_demand_on_0(s);
            s.pcrs.insert(0, [vec![0; 31], vec![locality]].concat());
        });
    }
    cases.reject_after_warning("pcr.bank_unextended", "bank-unextended-sha384", "the other bank", step, |s| {
        s.use_sha384();
        without_demand_on_0(s);
        s.pcrs.insert(0, vec![0; 48]);
    });
    cases.reject("pcr.bank_unextended", "bank-unextended-golden", "a reference value taken from such a machine", |s| {
        let value = [vec![0; 31], vec![3]].concat();
        s.policy["releases"][0]["pcrs"]["0"] = hex(&value).into();
        s.pcrs.insert(0, value);
    });
    let keys = cases.keys;
    cases.reject_rsa("pcr.bank_unextended", "bank-unextended-platform", "where a report names the firmware", |s| {
        confidential(s, keys, |_| {});
        s.policy["pcrs"]["rules"]["0"] = "unchecked".into();
        s.policy["releases"][0]["pcrs"] = golden(s.bank, &GOLDEN[1..]);
        s.pcrs.insert(0, vec![0; 32]);
    });
}
