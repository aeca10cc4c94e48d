//! Which banks an event has digests of. Firmware writes those that it announces, operating systems some of them.

use super::run;
use crate::{
    event_type::*,
    machine::{self, Entry, boot, whole},
    scenario::Cases,
    tpm::{SHA1, SHA256, SHA384},
};

/// Firmware's log of SHA-1 and SHA-256, and `later` behind it with digests of `banks`.
fn behind_firmware(later: &Entry, banks: &[u16]) -> Vec<u8> {
    [machine::log(&[SHA1, SHA256], &boot()), machine::event(later, banks)].concat()
}

pub(super) fn cases(cases: &mut Cases<'_>) {
    let later = || whole(12, EV_IPL, *b"measured by the operating system");
    let truth = || [boot(), vec![later()]].concat();
    cases.accept("ok-log-digest-of-one-bank", "an operating system that measures into the quoted bank alone", |s| {
        run(s, &truth(), behind_firmware(&later(), &[SHA256]));
    });
    cases.accept("ok-log-digest-order", "digests in another order than they were announced", |s| {
        run(s, &truth(), behind_firmware(&later(), &[SHA256, SHA1]));
    });
    cases.accept("ok-log-digest-of-remark", "a remark without digests", |s| {
        let remark = whole(12, EV_NO_ACTION, *b"remark");
        run(s, &boot(), behind_firmware(&remark, &[]));
    });
    let mut missing = |name: &str, why: &str, later: Entry, banks: &[u16]| {
        cases.reject("eventlog.digest_missing", &format!("log-digest-missing{name}"), why, |s| {
            run(s, &[boot(), vec![Entry { pcr: 12, ..later.clone() }]].concat(), behind_firmware(&later, banks));
            s.policy["pcrs"]["replay"] = serde_json::json!([0, 4]);
        });
    };
    missing("", "an operating system that measures into another bank", later(), &[SHA1]);
    missing("-all", "an event that extends no bank", later(), &[]);
    missing("-pcr-24", "what is missing is told before the PCR that no TPM has", Entry { pcr: 24, ..later() }, &[SHA1]);
    let mut syntax = |code: &str, name: &str, why: &str, banks: &[u16]| {
        cases.reject(&format!("eventlog.{code}"), &format!("log-digest-{name}"), why, |s| {
            run(s, &truth(), behind_firmware(&later(), banks));
        });
    };
    syntax("digest_count", "twice", "two digests of one bank", &[SHA256, SHA256]);
    syntax("digest_count", "twice-of-other-bank", "two digests of a bank that is not quoted", &[SHA1, SHA256, SHA1]);
    syntax("digest_algorithm", "other", "a digest of a bank that was not announced", &[SHA256, SHA384]);
    syntax("digest_algorithm", "more", "a digest more than banks were announced", &[SHA1, SHA256, SHA384]);
}
