//! Events that a rule tells apart.

use serde_json::{Value as Json, json};

use super::{DATABASE_TEXT, GLOBAL_TEXT, SECURE_BOOT, log, position, run};
use crate::{
    event_type::*,
    machine::{
        self, DATABASE, DIGESTS, EV_UNUSED, Entry, GLOBAL, SHA256, X509, about, boot, signature_list, variable, whole,
    },
    scenario::{Cases, Scenario},
    text::hex,
};

/// Rules for the events of PCR 2 and 7 that an honest machine meets.
fn tell_apart(s: &mut Scenario<'_>) {
    let certificates = signature_list(X509, 0, 216, &[7; 432]);
    let named = |guid: &str, name: &str| json!({ "variable": { "guid": guid, "name": name } });
    let mut pk = named(GLOBAL_TEXT, "PK");
    pk["variable"]["dataSha256"] = json!(["00".repeat(32), hex(&machine::hash(SHA256, &certificates))]);
    let mut secure_boot = named(GLOBAL_TEXT, "SecureBoot");
    secure_boot["variable"]["data"] = "01".into();
    let authority = hex(&machine::hash(s.bank, &variable(DATABASE, "db", &[9; 300])));
    let rule = |s: &mut Scenario<'_>, index: &str, items: Json| {
        s.policy["pcrs"]["rules"][index] = json!({ "events": items });
        s.policy["releases"][0]["pcrs"].as_object_mut().unwrap().remove(index);
    };
    rule(
        s,
        "7",
        json!([
            secure_boot,
            pk,
            named(GLOBAL_TEXT, "KEK"),
            named(DATABASE_TEXT, "db"),
            named(DATABASE_TEXT, "dbx"),
            { "separator": true },
            { "digests": [authority], "times": [1, 3] },
        ]),
    );
    let driver = hex(&machine::hash(s.bank, b"driver"));
    rule(s, "2", json!([{ "digests": [driver], "times": [0, 4] }, { "data": "00000000" }]));
    rule(
        s,
        "5",
        json!([
            { "separator": true },
            { "data": "03".repeat(100) },
            { "text": "Exit Boot Services Invocation" },
            { "text": "Exit Boot Services Returned with Success" },
        ]),
    );
}

/// A machine that measured something else than usual and says something else again, under rules for its events.
pub(super) fn told_apart(
    truth: impl Fn(&mut Vec<Entry>),
    said: impl Fn(&mut Vec<Entry>),
) -> impl FnOnce(&mut Scenario<'_>) {
    move |s| {
        let mut measured = boot();
        truth(&mut measured);
        let mut claimed = measured.clone();
        said(&mut claimed);
        run(s, &measured, log(&claimed));
        tell_apart(s);
    }
}

pub(super) fn cases(cases: &mut Cases<'_>) {
    let driver = |kind, measured: &[u8]| about(2, kind, measured, machine::image("\\driver.efi"));
    let secure_boot = |value: u8| whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(GLOBAL, "SecureBoot", &[value]));
    cases.accept("ok-events", "firmware told by its events: variables, drivers, actions", told_apart(|_| {}, |_| {}));
    cases.accept("ok-events-implied", "a rule for events implies that the log explains the PCR", |s| {
        told_apart(|_| {}, |_| {})(s);
        s.policy["pcrs"].as_object_mut().unwrap().remove("replay");
    });
    cases.accept(
        "ok-events-driver",
        "a driver that the rule allows, whatever type the log gives it",
        told_apart(|e| e.insert(0, driver(EV_EFI_BOOT_SERVICES_DRIVER, b"driver")), |e| e[0].kind = EV_UNUSED),
    );
    cases.accept(
        "ok-events-update",
        "another dbx, which the rule leaves open",
        told_apart(
            |e| {
                let dbx = signature_list(DIGESTS, 0, 48, &[1; 480]);
                e[6] = whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(DATABASE, "dbx", &dbx));
            },
            |_| {},
        ),
    );
    let mut refused = |name: &str, why: &str, truth: &dyn Fn(&mut Vec<Entry>), said: &dyn Fn(&mut Vec<Entry>)| {
        cases.reject("eventlog.event_refused", &format!("events-{name}"), why, told_apart(truth, said));
    };
    refused("secure-boot-off", "Secure Boot was off", &|e| e[SECURE_BOOT] = secure_boot(0), &|_| {});
    refused(
        "secure-boot-retyped",
        "Secure Boot was off; the variable is hidden behind another type and one of the attacker's own appended",
        &|e| {
            e[SECURE_BOOT] = secure_boot(0);
            e.push(secure_boot(1));
        },
        &|e| e[SECURE_BOOT].kind = EV_UNUSED,
    );
    refused(
        "application-retyped",
        "an application in the place of a driver, called a part of the firmware",
        &|e| e.insert(0, driver(EV_EFI_BOOT_SERVICES_APPLICATION, b"application")),
        &|e| e[0].kind = EV_EFI_PLATFORM_FIRMWARE_BLOB,
    );
    refused(
        "data-changed",
        "Secure Boot was off; the data say on, the digest stayed",
        &|e| e[SECURE_BOOT] = secure_boot(0),
        &|e| {
            e[SECURE_BOOT].data = secure_boot(1).data;
        },
    );
    refused(
        "other-key",
        "another platform key",
        &|e| {
            let pk = signature_list(X509, 0, 216, &[6; 432]);
            e[3] = whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(GLOBAL, "PK", &pk));
        },
        &|_| {},
    );
    refused(
        "too-many",
        "more drivers than the rule takes",
        &|e| {
            (0..5).for_each(|_| e.insert(0, driver(EV_EFI_BOOT_SERVICES_DRIVER, b"driver")));
        },
        &|_| {},
    );
    refused(
        "after-the-last",
        "an event behind the last item of the rule",
        &|e| {
            e.push(whole(7, EV_EFI_VARIABLE_AUTHORITY, variable(DATABASE, "db", &[8; 300])));
        },
        &|_| {},
    );
    refused("order", "the variables in another order", &|e| e.swap(3, 4), &|_| {});
    cases.reject(
        "eventlog.event_missing",
        "events-missing",
        "no image was checked against a key",
        told_apart(
            |e| {
                e.remove(position(|entry| entry.kind == EV_EFI_VARIABLE_AUTHORITY));
            },
            |_| {},
        ),
    );
    cases.reject(
        "eventlog.after_separator",
        "events-after-separator",
        "a driver after firmware ended, where events are told apart",
        told_apart(|e| e.push(driver(EV_EFI_BOOT_SERVICES_DRIVER, b"driver")), |_| {}),
    );
    cases.reject(
        "eventlog.replay",
        "events-not-replayed",
        "events that are allowed, and a PCR that does not follow from them",
        |s| {
            told_apart(|_| {}, |e| e.insert(0, driver(EV_EFI_BOOT_SERVICES_DRIVER, b"driver")))(s);
            s.policy["pcrs"].as_object_mut().unwrap().remove("replay");
        },
    );
}
