//! A log replays to what the TPM holds.

use super::{check::*, machine::*};
use crate::event_log::{event_type::*, parse, replay};

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
    assert!(replay(&log, SHA256).is_some());
    assert!(replay(&log, SHA384).is_none());
    assert!(replay(&log, SM3).is_none());
    assert!(replay(&log, 0x7777).is_none());
}
