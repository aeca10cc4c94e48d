//! Bytes that are no log.

use super::{log, run};
use crate::{
    event_type::*,
    machine::{self, Entry, boot, whole},
    scenario::Cases,
    tpm::{SHA1, SHA256},
};

pub(super) fn cases(cases: &mut Cases<'_>) {
    let remark = |data: Vec<u8>| machine::old_event(0, EV_NO_ACTION, [0; 20], &data);
    let sha256 = || machine::spec_id(&[(SHA256, 32)]);
    let mut malformed = |code: &str, name: &str, why: &str, bytes: Vec<u8>| {
        cases.reject(&format!("eventlog.{code}"), &format!("log-{name}"), why, |s| run(s, &boot(), bytes));
    };
    let good = || log(&boot());
    let spec_id_twice = Entry { kind: EV_NO_ACTION, pcr: 0, measured: vec![], data: sha256() };
    malformed(
        "spec_id_duplicate",
        "spec-id-twice",
        "the format announced twice",
        log(&[boot(), vec![spec_id_twice.clone()]].concat()),
    );
    let old = [machine::old_log(&boot()[..1]), remark(sha256())].concat();
    malformed("spec_id_position", "spec-id-late", "the format announced after an event", old);
    for (name, why, data) in [
        ("version", "a format of version 3", patched(sha256(), 21, 3)),
        ("uintn", "a size of integers that nobody has", patched(sha256(), 23, 3)),
        ("trailing", "a byte behind the announcement", [sha256(), vec![0]].concat()),
    ] {
        malformed("spec_id", &format!("spec-id-{name}"), why, remark(data));
    }
    for (name, why, algorithms) in [
        ("none", "no bank at all", vec![]),
        ("twice", "a bank that is listed twice", vec![(SHA256, 32), (SHA256, 32)]),
        ("length", "a digest of another length than its hash has", vec![(SHA256, 20)]),
        ("unknown", "a hash that the registry does not have", vec![(0x7fff, 32)]),
    ] {
        malformed("algorithm", &format!("algorithm-{name}"), why, remark(machine::spec_id(&algorithms)));
    }
    malformed("event_size", "event-size", "an event of 4 GiB", {
        let mut bytes = [good(), machine::event(&whole(9, EV_IPL, *b"data"), &[SHA1, SHA256])].concat();
        let at = bytes.len() - 8;
        bytes[at..at + 4].fill(0xff);
        bytes
    });
    malformed("truncated", "truncated", "a log that ends inside of an event", good()[..good().len() - 60].into());
    for byte in [0x00, 0xff] {
        malformed(
            "padding",
            &format!("padding-{byte:02x}"),
            "a log that ends in padding",
            [good(), vec![byte; 512]].concat(),
        );
    }
    malformed("size", "events-8193", "more events than anybody measures", {
        let event = machine::old_event(8, EV_IPL, [1; 20], &[]);
        event.repeat(8193)
    });
}

fn patched(mut bytes: Vec<u8>, at: usize, value: u8) -> Vec<u8> {
    bytes[at] = value;
    bytes
}
