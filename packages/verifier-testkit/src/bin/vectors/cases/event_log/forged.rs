//! Logs that do not tell what the TPM measured.

use super::{super::coverage::allow_partial, QUOTED, deliver, delivered, edited, log, position, run};
use crate::{
    event_type::*,
    machine::{self, Entry, boot, whole},
    scenario::Cases,
    tpm::{SHA1, SHA256, SHA384},
};

pub(super) fn cases(cases: &mut Cases<'_>) {
    cases.reject("eventlog.missing", "log-missing", "a log is demanded and there is none", |s| {
        run(s, &boot(), vec![]);
        s.static_members.remove(&2);
    });
    cases.reject("eventlog.missing", "log-unknown-kind", "only a log of another kind", |s| {
        run(s, &boot(), vec![]);
        deliver(s, &[(2, log(&boot()))]);
    });
    cases.reject("eventlog.empty", "log-empty", "a log of zero bytes where one is demanded", |s| {
        run(s, &boot(), vec![])
    });
    for pcr in QUOTED.into_iter().filter(|pcr| *pcr != 13) {
        let name = format!("log-dropped-{pcr}");
        cases.reject(
            "eventlog.no_events",
            &name,
            "all events of one PCR left out",
            edited(|e| {
                e.retain(|entry| entry.pcr != u32::from(pcr));
            }),
        );
    }
    cases.reject("eventlog.replay", "log-swapped", "two events of one PCR swapped", edited(|e| e.swap(3, 4)));
    cases.reject(
        "eventlog.replay",
        "log-moved",
        "an event moved to another PCR",
        edited(|e| {
            e[position(|entry| entry.pcr == 14)].pcr = 9;
            e.push(whole(14, EV_IPL, *b"instead"));
        }),
    );
    cases.reject(
        "eventlog.replay",
        "log-remark",
        "a measurement that is called a remark",
        edited(|e| {
            e[position(|entry| entry.pcr == 9)].kind = EV_NO_ACTION;
        }),
    );
    cases.reject("eventlog.replay", "log-digest", "a digest that was changed", edited(|e| e[0].measured.push(0)));
    cases.reject("eventlog.replay", "log-runtime", "something was measured after the log ended", |s| {
        run(s, &[boot(), vec![whole(12, EV_IPL, *b"later")]].concat(), log(&boot()));
    });
    cases.reject(
        "eventlog.replay",
        "log-locality-hidden",
        "TPM2_Startup from locality 3, and the log does not say so",
        |s| {
            let entries = [vec![machine::locality(3)], boot()].concat();
            run(s, &boot(), log(&entries));
        },
    );
    cases.reject("eventlog.bank", "log-sha1-format", "a log of the old format, SHA-1 alone", |s| {
        run(s, &boot(), machine::old_log(&boot()));
    });
    cases.reject("eventlog.bank", "log-other-banks", "a log without the quoted bank", |s| {
        run(s, &boot(), machine::log(&[SHA1, SHA384], &boot()));
    });
    cases.reject(
        "eventlog.replay",
        "log-one-bank",
        "a log that replays in a bank that is not quoted",
        delivered(|bytes| {
            let digest = machine::hash(SHA256, b"firmware");
            let at = bytes.windows(32).position(|window| window == digest).unwrap();
            bytes[at] ^= 1;
        }),
    );
    let (name, why) = ("log-of-registers", "a log of runtime measurement registers");
    cases.reject_after_warning("eventlog.spec_id_pcr", name, why, "pcr.coverage", |s| {
        let registers: Vec<Entry> = boot().into_iter().map(|entry| Entry { pcr: entry.pcr % 5, ..entry }).collect();
        let mut bytes = log(&registers);
        bytes[0] = 1;
        run(s, &registers, bytes);
        allow_partial(s);
    });
}
