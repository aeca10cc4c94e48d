//! What PCR 0 begins with: the locality of TPM2_Startup, and an H-CRTM before it.

use super::{super::coverage::allow_partial, log, run};
use crate::{
    event_type::*,
    machine::{self, Entry, boot, h_crtm, locality, whole},
    scenario::{Cases, Scenario},
    text::hex,
    tpm::SHA256,
};

/// A machine whose PCR 0 began with `start`, measured `truth`, and delivers the log of `entries`.
fn started(start: u8, truth: Vec<Entry>, entries: Vec<Entry>) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        run(s, &truth, log(&entries));
        let value = machine::tpm(SHA256, start, &truth)[0].clone();
        s.policy["pcrs"]["rules"]["0"] = "golden".into();
        s.policy["releases"][0]["pcrs"]["0"] = hex(&value).into();
        s.pcrs.insert(0, value);
    }
}

/// The same machine, whose log tells the truth.
fn honest(start: u8, entries: Vec<Entry>) -> impl FnOnce(&mut Scenario<'_>) {
    started(start, entries.clone(), entries)
}

fn behind(first: &[Entry]) -> Vec<Entry> {
    [first, &boot()].concat()
}

pub(super) fn cases(cases: &mut Cases<'_>) {
    cases.accept("ok-log-locality", "TPM2_Startup from locality 3", honest(3, behind(&[locality(3)])));
    cases.accept("ok-log-h-crtm", "an H-CRTM was measured before TPM2_Startup", honest(4, behind(&[h_crtm()])));
    cases.accept(
        "ok-log-h-crtm-told",
        "an H-CRTM, and the locality that stands for it",
        honest(4, behind(&[locality(4), h_crtm()])),
    );
    let retyped = || Entry { kind: EV_S_CRTM_CONTENTS, ..h_crtm() };
    let firmware = || whole(0, EV_S_CRTM_VERSION, *b"first");
    for (name, why, start, truth, entries) in [
        ("hidden", "an H-CRTM behind another type", 4, vec![h_crtm()], vec![retyped()]),
        ("forged", "firmware's first event called an H-CRTM", 0, vec![retyped()], vec![h_crtm()]),
        ("second", "an H-CRTM that is not the first", 4, vec![firmware(), h_crtm()], vec![firmware(), h_crtm()]),
        (
            "other-pcr",
            "an H-CRTM of another PCR",
            4,
            vec![Entry { pcr: 1, ..h_crtm() }],
            vec![Entry { pcr: 1, ..h_crtm() }],
        ),
    ] {
        let change = started(start, behind(&truth), behind(&entries));
        cases.reject("eventlog.replay", &format!("log-h-crtm-{name}"), why, change);
    }
    cases.reject(
        "eventlog.startup_locality",
        "log-locality-h-crtm",
        "a locality that contradicts the H-CRTM event",
        honest(4, behind(&[locality(3), h_crtm()])),
    );
    cases.reject(
        "eventlog.startup_locality",
        "log-locality-h-crtm-late",
        "the locality of an H-CRTM behind its event",
        honest(4, behind(&[h_crtm(), locality(4)])),
    );
    // The order of the steps: that nothing extended PCR 0 is told before any log is read.
    let without =
        |first: &[Entry]| [first.to_vec(), boot().into_iter().filter(|entry| entry.pcr != 0).collect()].concat();
    cases.reject(
        "pcr.bank_unextended",
        "log-locality-no-events",
        "a locality instead of the events of PCR 0",
        started(3, without(&[]), without(&[locality(3)])),
    );
    cases.reject_after_warning(
        "pcr.bank_unextended",
        "log-locality-untouched",
        "PCR 0 is zero, and the log says that it began with 3",
        "pcr.coverage",
        |s| {
            run(s, &without(&[]), log(&without(&[locality(3)])));
            s.policy["pcrs"]["rules"]["0"] = "unchecked".into();
            allow_partial(s);
        },
    );
}
