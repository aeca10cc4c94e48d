//! Rules for single events: what they take, and that nothing is given back.

use super::{check::*, machine::*};
use crate::{
    Code,
    event_log::{
        LogRequirements,
        event_type::*,
        required,
        rule::{Allowed, EventRule, VariableRule},
    },
    evidence::bundle::{Bank, EventLog},
    hash::sha256,
};

fn digests(measured: &[&[u8]], times: (u64, u64)) -> EventRule<'static> {
    let digests = measured.iter().map(|bytes| hash(SHA256, bytes)).collect();
    EventRule { allowed: Allowed::Digests(digests), times: times.into() }
}

fn once(measured: &[u8]) -> EventRule<'static> {
    digests(&[measured], (1, 1))
}

fn variable_rule(vendor: [u8; 16], name: &'static str, content: Option<&[u8]>) -> EventRule<'static> {
    let contents = content.map(|content| vec![sha256(&[content])]);
    EventRule { allowed: Allowed::Variable(VariableRule { vendor, name, contents }), times: [1, 1] }
}

/// The step's answer for events of PCR `pcr`, quoted as the log has them.
fn judged(pcr: u8, rules: Vec<EventRule<'_>>, entries: &[Entry]) -> Option<(Code, Option<usize>)> {
    let log = log(&[SHA256], entries);
    let pcrs = tpm(SHA256, 0, entries);
    let quoted: Vec<(u8, &[u8])> = (0..).zip(pcrs.iter().map(Vec::as_slice)).collect();
    let requirements = LogRequirements { bank: Bank::Sha256, replayed: &[pcr], events: &[(pcr, rules)] };
    let finding = required(&[EventLog { kind: 1, bytes: &log }], &requirements, &quoted).err()?;
    Some((finding.code, finding.event))
}

/// Firmware's events of PCR 2, behind the Spec ID event and before everything else.
fn drivers(measured: &[&'static [u8]]) -> Vec<Entry> {
    let drivers = measured.iter().map(|bytes| about(2, EV_EFI_BOOT_SERVICES_DRIVER, bytes, image("driver")));
    drivers.chain(boot()).collect()
}

const REFUSED: Code = Code::EVENTLOG_EVENT_REFUSED;
const MISSING: Code = Code::EVENTLOG_EVENT_MISSING;

#[test]
fn events_are_taken_in_their_order() {
    let rules = || vec![once(b"a"), once(b"b"), once(&[0; 4])];
    assert_eq!(judged(2, rules(), &drivers(&[b"a", b"b"])), None);
    assert_eq!(judged(2, rules(), &drivers(&[b"b", b"a"])), Some((REFUSED, Some(1))));
    let too_few = drivers(&[b"a"]);
    let end = too_few.iter().position(|entry| *entry == separator(2)).unwrap() + 1;
    assert_eq!(judged(2, rules(), &too_few), Some((REFUSED, Some(end))));
    assert_eq!(judged(2, rules(), &drivers(&[b"a", b"b", b"c"])), Some((REFUSED, Some(3))));
    let more = [rules(), vec![once(b"later")]].concat();
    assert_eq!(judged(2, more, &drivers(&[b"a", b"b"])), Some((MISSING, None)));
}

#[test]
fn an_item_takes_as_many_as_it_may_and_gives_none_back() {
    let some = |least, most| vec![digests(&[b"a", b"b"], (least, most)), once(&[0; 4])];
    assert_eq!(judged(2, some(0, 8192), &drivers(&[b"b", b"a", b"a"])), None);
    assert_eq!(judged(2, some(0, 8192), &drivers(&[])), None);
    assert_eq!(judged(2, some(3, 3), &drivers(&[b"b", b"a", b"a"])), None);
    assert_eq!(judged(2, some(0, 2), &drivers(&[b"b", b"a", b"a"])), Some((REFUSED, Some(3))));
    assert!(judged(2, some(4, 5), &drivers(&[b"b", b"a", b"a"])).is_some_and(|(code, _)| code == REFUSED));
    let greedy = vec![digests(&[b"a", b"b"], (0, 3)), once(b"a"), once(&[0; 4])];
    assert!(judged(2, greedy, &drivers(&[b"b", b"a"])).is_some_and(|(code, _)| code == REFUSED));
}

#[test]
fn a_variable_is_told_by_vendor_name_and_content() {
    let first = |rule: EventRule| {
        let rest = digests(&[], (0, 0));
        let mut any = Vec::new();
        any.extend(boot().iter().filter(|entry| entry.pcr == 7).skip(1).map(|entry| once(&entry.measured)));
        judged(7, [vec![rule, rest], any].concat(), &boot())
    };
    assert_eq!(first(variable_rule(GLOBAL, "SecureBoot", Some(&[1]))), None);
    assert_eq!(first(variable_rule(GLOBAL, "SecureBoot", None)), None, "any content");
    for rule in [
        variable_rule(GLOBAL, "SecureBoot", Some(&[0])),
        variable_rule(GLOBAL, "SecureBoot", Some(&[])),
        variable_rule(GLOBAL, "SecureBoo", Some(&[1])),
        variable_rule(GLOBAL, "secureBoot", Some(&[1])),
        variable_rule(DATABASE, "SecureBoot", Some(&[1])),
    ] {
        assert_eq!(first(rule), Some((REFUSED, Some(3))));
    }
}

#[test]
fn a_variable_counts_by_what_was_measured_and_not_by_its_type() {
    let rules = || {
        let of_pcr_7 = boot().into_iter().filter(|entry| entry.pcr == 7);
        let rest = of_pcr_7.skip(1).map(|entry| once(&entry.measured));
        [variable_rule(GLOBAL, "SecureBoot", Some(&[1]))].into_iter().chain(rest).collect::<Vec<_>>()
    };
    let with = |change: fn(&mut Entry)| {
        let mut entries = boot();
        change(&mut entries[2]);
        judged(7, rules(), &entries)
    };
    assert_eq!(with(|entry| entry.kind = EV_UNUSED), None);
    assert_eq!(with(|entry| entry.measured[40] ^= 1), Some((REFUSED, Some(3))), "data that nobody measured");
    let longer = |entry: &mut Entry| {
        entry.kind = EV_UNUSED;
        entry.data.push(0);
        entry.measured = entry.data.clone();
    };
    assert_eq!(with(longer), Some((REFUSED, Some(3))), "a byte behind the structure");
}

#[test]
fn what_follows_a_separator_is_refused_where_events_are_told_apart() {
    let entries = [boot(), vec![about(2, EV_EFI_BOOT_SERVICES_DRIVER, b"late", image("driver"))]].concat();
    let rules = vec![once(&[0; 4]), once(b"late")];
    assert_eq!(judged(2, rules, &entries).map(|(code, _)| code), Some(Code::EVENTLOG_AFTER_SEPARATOR));
    assert_eq!(refusal(&entries, &entries), None);
}

#[test]
fn only_a_log_of_a_kind_that_can_be_read_counts() {
    let bytes = log(&[SHA256], &boot());
    let pcrs = tpm(SHA256, 0, &boot());
    let requirements = LogRequirements { bank: Bank::Sha256, replayed: &[4], events: &[] };
    let of = |kinds: &[u64]| {
        let logs: Vec<_> = kinds.iter().map(|kind| EventLog { kind: *kind, bytes: &bytes }).collect();
        required(&logs, &requirements, &[(4, &pcrs[4])]).map(drop).map_err(|finding| finding.code)
    };
    assert_eq!(of(&[1]), Ok(()));
    assert_eq!(of(&[2, 1]), Ok(()));
    assert_eq!(of(&[]), Err(Code::EVENTLOG_MISSING));
    assert_eq!(of(&[2]), Err(Code::EVENTLOG_MISSING));
}
