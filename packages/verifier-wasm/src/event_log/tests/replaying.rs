//! A log replays to what the TPM holds.

use super::{check::*, machine::*};
use crate::{
    Code,
    event_log::{Explanation, Finding, event_type::*, parse, replay},
};

fn assert_replays(log: &[u8], algorithm: u16, tpm: &[Vec<u8>], entries: &[Entry]) {
    let replayed = replay(&parse(log).unwrap(), algorithm).unwrap();
    for (pcr, value) in (0..).zip(tpm) {
        let is_extended = entries.iter().any(|entry| entry.pcr == u32::from(pcr) && entry.kind != EV_NO_ACTION);
        assert_eq!(replayed.get(pcr), is_extended.then_some(&value[..]), "PCR {pcr}");
    }
    assert_eq!(replayed.get(24), None);
}

#[test]
fn every_bank_of_a_log_replays() {
    for algorithm in [SHA1, SHA256, SHA384] {
        let log = log(&[SHA1, SHA256, SHA384], &boot());
        assert_replays(&log, algorithm, &tpm(algorithm, 0, &boot()), &boot());
    }
    assert_replays(&old_log(&boot()), SHA1, &tpm(SHA1, 0, &boot()), &boot());
}

#[test]
fn the_locality_of_the_start_is_where_pcr_0_begins() {
    for value in [0, 3, 4] {
        let entries = [vec![locality(value)], boot()].concat();
        assert_replays(&log(&[SHA256], &entries), SHA256, &tpm(SHA256, value, &entries), &entries);
    }
}

#[test]
fn pcrs_of_a_dynamic_launch_begin_with_ones() {
    let entries = [whole(17, EV_UNUSED, *b"launch"), whole(22, EV_UNUSED, *b"launch"), whole(23, EV_UNUSED, *b"x")];
    assert_replays(&log(&[SHA256], &entries), SHA256, &tpm(SHA256, 0, &entries), &entries);
}

#[test]
fn f6_a_remark_extends_nothing_whatever_it_holds() {
    let mut entries = boot();
    entries[2].kind = EV_NO_ACTION;
    let log = log(&[SHA256], &entries);
    assert_ne!(replay(&parse(&log).unwrap(), SHA256).unwrap().get(7).unwrap(), tpm(SHA256, 0, &boot())[7]);
    let explained = explain(&log, SHA256);
    assert!(!explained.explain(&explained.log.events[3]).verified);
}

#[test]
fn a_bank_that_the_log_lacks_or_nobody_can_compute_is_not_replayed() {
    let bytes = log(&[SHA256, SM3], &boot());
    let log = parse(&bytes).unwrap();
    let replayed =
        |bank| Explanation::new(log.clone(), bank, None).map(|_| Code::OK).unwrap_or_else(|finding| finding.code);
    assert_eq!(replayed(SHA256), Code::OK);
    for bank in [SHA384, SM3, 0x7777] {
        assert_eq!(replayed(bank), Code::EVENTLOG_BANK);
    }
}

/// What firmware measures into every bank, and after it what an operating system measures into SHA-256 alone.
fn partly_in_sha256_alone() -> (Vec<Entry>, Vec<u8>) {
    let (firmware, later) = (boot(), whole(11, EV_IPL, *b"measured by the operating system"));
    let log = [log(&[SHA1, SHA256], &firmware), event(&later, &[SHA256])].concat();
    ([firmware, vec![later]].concat(), log)
}

#[test]
fn f8_a_bank_replays_where_every_extending_event_has_a_digest_of_it() {
    let (entries, log) = partly_in_sha256_alone();
    assert_replays(&log, SHA256, &tpm(SHA256, 0, &entries), &entries);
    let missing = Finding { code: Code::EVENTLOG_DIGEST_MISSING, event: Some(entries.len()), pcr: None };
    assert_eq!(replay(&parse(&log).unwrap(), SHA1), Err(missing));
}

#[test]
fn f8_digests_are_found_in_any_order() {
    let bytes = [log(&[SHA1, SHA256], &[]), event(&whole(2, EV_UNUSED, *b"x"), &[SHA256, SHA1])].concat();
    let entries = [whole(2, EV_UNUSED, *b"x")];
    for bank in [SHA1, SHA256] {
        assert_replays(&bytes, bank, &tpm(bank, 0, &entries), &entries);
    }
}

#[test]
fn f8_a_remark_needs_no_digest() {
    let remark = [log(&[SHA1, SHA256], &boot()), event(&whole(6, EV_NO_ACTION, *b"remark"), &[])].concat();
    assert_replays(&remark, SHA256, &tpm(SHA256, 0, &boot()), &boot());
}

#[test]
fn an_h_crtm_event_that_extends_pcr_0_first_lets_it_begin_with_4() {
    let entries = [vec![h_crtm()], boot()].concat();
    assert_replays(&log(&[SHA256], &entries), SHA256, &tpm(SHA256, 4, &entries), &entries);
    let told = [vec![locality(4)], entries].concat();
    assert_replays(&log(&[SHA256], &told), SHA256, &tpm(SHA256, 4, &told), &told);
    // A type is a claim: what extends PCR 0 later, or another PCR, says nothing of its start.
    for entries in [[boot(), vec![h_crtm()]].concat(), [vec![Entry { pcr: 1, ..h_crtm() }], boot()].concat()] {
        assert_replays(&log(&[SHA256], &entries), SHA256, &tpm(SHA256, 0, &entries), &entries);
    }
}
