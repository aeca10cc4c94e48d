//! What the Firmware Profile demands of the order of events, and of their data.

use super::{SECURE_BOOT, edited, log, measured, position, run};
use crate::{
    event_type::*,
    machine::{self, DATABASE, DIGESTS, Entry, GLOBAL, X509, boot, separator, signature_list, variable, whole},
    scenario::Cases,
    text::hex,
    tpm::SHA256,
};

pub(super) fn cases(cases: &mut Cases<'_>) {
    let late = || machine::locality(3);
    for (name, why, entries) in [
        ("late", "the locality of startup after PCR 0 was extended", [boot(), vec![late()]].concat()),
        ("twice", "the locality of startup told twice", [vec![late(), late()], boot()].concat()),
        ("value", "a locality that sends no startup", [vec![machine::locality(1)], boot()].concat()),
        ("pcr", "the locality of startup in another PCR", [vec![Entry { pcr: 1, ..late() }], boot()].concat()),
    ] {
        cases.reject("eventlog.startup_locality", &format!("log-locality-{name}"), why, |s| {
            let value = machine::tpm(SHA256, 3, &entries)[0].clone();
            run(s, &entries, log(&entries));
            if name == "twice" {
                s.policy["releases"][0]["pcrs"]["0"] = hex(&value).into();
                s.pcrs.insert(0, value);
            }
        });
    }
    for pcr in 0..8 {
        let is_end = move |entry: &Entry| *entry == separator(pcr);
        cases.reject(
            "eventlog.separator_missing",
            &format!("log-separator-missing-{pcr}"),
            "firmware never ended",
            measured(|e| {
                e.retain(|entry| !is_end(entry));
                e.push(whole(pcr, EV_EFI_ACTION, *b"other"));
            }),
        );
        cases.reject(
            "eventlog.separator_duplicate",
            &format!("log-separator-twice-{pcr}"),
            "firmware ended twice",
            measured(|e| {
                e.push(separator(pcr));
            }),
        );
    }
    cases.reject(
        "eventlog.separator_invalid",
        "log-separator-data",
        "a separator of other data",
        measured(|e| {
            e[position(|entry| *entry == separator(7))] = whole(7, EV_SEPARATOR, [0, 0, 0, 1]);
        }),
    );
    cases.reject(
        "eventlog.separator_invalid",
        "log-separator-type",
        "a separator hidden behind another type",
        edited(|e| {
            e[position(|entry| *entry == separator(7))].kind = EV_EFI_ACTION;
        }),
    );
    cases.reject(
        "eventlog.separator_invalid",
        "log-separator-digest",
        "a separator whose digest is of something else",
        measured(|e| {
            e[position(|entry| *entry == separator(7))].measured = b"other".into();
        }),
    );
    let call = position(|entry| entry.data.starts_with(b"Calling"));
    cases.reject(
        "eventlog.calling_application",
        "log-no-call",
        "no boot option was called",
        measured(|e| {
            e.remove(call);
        }),
    );
    cases.reject(
        "eventlog.calling_application",
        "log-late-call",
        "a boot option called after firmware ended",
        measured(|e| {
            let call = e.remove(call);
            e.push(call);
        }),
    );
    let exit = position(|entry| entry.data == b"Exit Boot Services Invocation");
    cases.reject(
        "eventlog.exit_boot_services",
        "log-no-exit",
        "boot services that nobody left",
        measured(|e| {
            e.remove(exit);
        }),
    );
    cases.reject(
        "eventlog.exit_boot_services",
        "log-early-exit",
        "boot services left before firmware ended",
        measured(|e| {
            let exit = e.remove(exit);
            e.insert(0, exit);
        }),
    );
    cases.reject(
        "eventlog.pcr_index",
        "log-pcr-24",
        "an event of a PCR that no TPM has",
        edited(|e| {
            e.push(whole(24, EV_IPL, *b"none"));
        }),
    );
    for (name, content) in [("long", vec![0, 0]), ("value", vec![2])] {
        cases.reject(
            "eventlog.variable",
            &format!("log-secure-boot-{name}"),
            "SecureBoot holds one byte, 0 or 1",
            measured(|e| {
                e[SECURE_BOOT] = whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(GLOBAL, "SecureBoot", &content));
            }),
        );
    }
    cases.reject(
        "eventlog.variable",
        "log-variable-name-length",
        "a name of 2^63 characters",
        measured(|e| {
            let mut data = variable(GLOBAL, "SecureBoot", &[1]);
            data[23] = 0x80;
            e[SECURE_BOOT] = whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, data);
        }),
    );
    cases.reject(
        "eventlog.variable",
        "log-variable-trailing",
        "a byte behind the variable",
        measured(|e| {
            e[SECURE_BOOT] =
                whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, [variable(GLOBAL, "SecureBoot", &[1]), vec![0]].concat());
        }),
    );
    for (name, why, list) in [
        ("header", "a list with a header", signature_list(X509, 4, 216, &[7; 220])),
        ("size", "entries of no more than their owner", signature_list(X509, 0, 15, &[7; 30])),
        ("multiple", "entries that do not fill their list", signature_list(DIGESTS, 0, 48, &[7; 100])),
        ("digest", "digests of another length", signature_list(DIGESTS, 0, 49, &[7; 98])),
    ] {
        cases.reject(
            "eventlog.signature_list",
            &format!("log-signature-list-{name}"),
            why,
            measured(|e| {
                e.insert(0, whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(DATABASE, "dbx", &list)));
            }),
        );
    }
}
