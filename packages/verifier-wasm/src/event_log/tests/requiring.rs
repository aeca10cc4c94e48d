//! The step: what the log must account for, and every forgery of group F that a quote must not survive.

use super::{check::*, machine::*};
use crate::{Code, event_log::event_type::*, evidence::bundle::Bank};

fn position(of: impl Fn(&Entry) -> bool) -> usize {
    boot().iter().position(of).unwrap()
}

/// What the log claims of one event, and whether that is verified, under the quote of an honest machine.
fn shown(entries: &[Entry], event: usize) -> (&'static str, bool) {
    let log = log(&[SHA256], entries);
    let explanation = check(&log, &tpm(SHA256, 0, &boot()), &REPLAY).unwrap();
    let explained = explanation.explain(&explanation.log.events[event + 1]);
    (explained.subject, explained.verified)
}

#[test]
fn an_honest_log_explains_every_quoted_pcr() {
    for (bank, algorithm) in [(Bank::Sha256, SHA256), (Bank::Sha384, SHA384)] {
        let log = log(&[SHA1, SHA256, SHA384], &boot());
        let pcrs = tpm(algorithm, 0, &boot());
        let quoted: Vec<(u8, &[u8])> = (0..).zip(pcrs.iter().map(Vec::as_slice)).collect();
        let explanation = explained(&log, bank, &quoted, &REPLAY).unwrap();
        assert_eq!((explanation.unexplained, explanation.findings), (vec![], vec![]));
        assert_eq!(explanation.secure_boot, Some(true));
    }
}

#[test]
fn what_is_not_demanded_may_stay_unexplained() {
    let log = log(&[SHA256], &boot());
    let mut pcrs = tpm(SHA256, 0, &boot());
    pcrs[10] = vec![1; 32];
    pcrs[23] = vec![2; 32];
    assert_eq!(check(&log, &pcrs, &REPLAY).unwrap().unexplained, [10, 23]);
}

#[test]
fn only_events_of_a_quoted_pcr_are_shown_as_verified() {
    let log = log(&[SHA256], &boot());
    let pcrs = tpm(SHA256, 0, &boot());
    let quoted = [(4, &pcrs[4][..]), (7, &[1; 32][..])];
    let explanation = explained(&log, Bank::Sha256, &quoted, &[4]).unwrap();
    for event in &explanation.log.events {
        assert!(event.pcr == 4 || !explanation.explain(event).verified, "PCR {}", event.pcr);
    }
    assert_eq!(explanation.secure_boot, None);
    assert!(explanation.explain(&explanation.log.events[logged_call()]).verified);
}

fn logged_call() -> usize {
    position(|entry| entry.data.starts_with(b"Calling")) + 1
}

#[test]
fn a_pcr_to_replay_that_was_not_quoted_is_refused() {
    let log = log(&[SHA256], &boot());
    let pcrs = tpm(SHA256, 0, &boot());
    let refused = explained(&log, Bank::Sha256, &[(0, &pcrs[0])], &[0, 7]).unwrap_err();
    assert_eq!((refused.code, refused.pcr), (Code::EVENTLOG_REPLAY, Some(7)));
}

#[test]
fn f1_a_type_that_is_flipped_proves_nothing_else() {
    let secure_boot = 2;
    let mut hidden = boot();
    hidden[secure_boot].kind = EV_UNUSED;
    let log_of = |entries: &[Entry]| log(&[SHA256], entries);
    // The machine had Secure Boot off; root extends PCR 7 later, and edits the log to make that the firmware's word.
    let mut truth = boot();
    truth[secure_boot] = whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(GLOBAL, "SecureBoot", &[0]));
    let forged = whole(7, EV_EFI_VARIABLE_DRIVER_CONFIG, variable(GLOBAL, "SecureBoot", &[1]));
    truth.push(forged.clone());
    let state = |entries: &[Entry], truth: &[Entry]| {
        let log = log_of(entries);
        check(&log, &tpm(SHA256, 0, truth), &REPLAY).map(|explanation| explanation.secure_boot).map_err(|e| e.code)
    };
    assert_eq!(state(&truth, &truth), Ok(Some(false)));
    let mut edited = truth.clone();
    edited[secure_boot].kind = EV_UNUSED;
    assert_eq!(state(&edited, &truth), Ok(Some(false)), "read for what it holds");
    edited[secure_boot].data = b"nothing".to_vec();
    assert_eq!(state(&edited, &truth), Ok(None), "not told any more");
    // A fake in front of the true structure, called a label.
    let fake = [&forged.data[..], b" ", &truth[secure_boot].data].concat();
    edited[secure_boot] = Entry { kind: EV_IPL, data: fake.clone(), ..truth[secure_boot].clone() };
    assert_eq!(state(&edited, &truth), Ok(None));
    edited[secure_boot] = Entry { kind: EV_EFI_VARIABLE_BOOT, ..edited[secure_boot].clone() };
    assert_eq!(state(&edited, &truth), Err(Code::EVENTLOG_VARIABLE));
    // The true separator hidden behind another type, an own one measured after the own variable.
    truth.push(separator(7));
    let mut edited = truth.clone();
    edited[position(|entry| *entry == separator(7))].kind = EV_EFI_ACTION;
    assert_eq!(state(&edited, &truth), Err(Code::EVENTLOG_SEPARATOR_INVALID));
    assert_eq!(shown(&hidden, secure_boot), ("other", true));
}

#[test]
fn f2_an_application_that_is_called_firmware_is_still_not_verified() {
    let at = position(|entry| entry.kind == EV_EFI_BOOT_SERVICES_APPLICATION);
    let mut entries = boot();
    assert_eq!(shown(&entries, at), ("boot-application", false));
    entries[at].kind = EV_EFI_PLATFORM_FIRMWARE_BLOB;
    assert_eq!(shown(&entries, at), ("firmware", false));
}

#[test]
fn f3_data_that_were_changed_under_their_digest_are_not_verified() {
    let mut entries = boot();
    *entries[2].data.last_mut().unwrap() = 0;
    assert_eq!(shown(&entries, 2), ("secure-boot", false));
    let log = log(&[SHA256], &entries);
    assert_eq!(check(&log, &tpm(SHA256, 0, &boot()), &REPLAY).unwrap().secure_boot, None);
}

#[test]
fn f4_a_pcr_whose_events_were_dropped_is_refused() {
    for pcr in REPLAY.into_iter().filter(|pcr| *pcr != 13) {
        let mut entries = boot();
        entries.retain(|entry| entry.pcr != u32::from(pcr));
        assert_eq!(refusal(&entries, &boot()), Some((Code::EVENTLOG_NO_EVENTS, Some(pcr))));
    }
    assert_eq!(refusal(&[], &boot()), Some((Code::EVENTLOG_NO_EVENTS, Some(0))));
}

#[test]
fn f5_events_in_another_order_or_pcr_are_refused() {
    let mut swapped = boot();
    swapped.swap(3, 4);
    assert_eq!(refusal(&swapped, &boot()), Some((Code::EVENTLOG_REPLAY, Some(7))));
    let mut moved = boot();
    let at = position(|entry| entry.pcr == 14);
    moved[at].pcr = 13;
    assert_eq!(refusal(&moved, &boot()), Some((Code::EVENTLOG_NO_EVENTS, Some(14))));
    moved[at].pcr = 9;
    moved.push(whole(14, EV_IPL, *b"instead"));
    assert_eq!(refusal(&moved, &boot()), Some((Code::EVENTLOG_REPLAY, Some(9))));
}

#[test]
fn f5_events_of_different_pcrs_may_be_logged_in_any_order() {
    let mut entries = boot();
    entries.swap(1, 2);
    assert_eq!(refusal(&entries, &boot()), None);
}

#[test]
fn f6_a_measurement_that_is_called_a_remark_is_refused() {
    for at in 0..boot().len() {
        let mut entries = boot();
        entries[at].kind = EV_NO_ACTION;
        assert!(refusal(&entries, &boot()).is_some(), "{:?}", boot()[at]);
    }
}

#[test]
fn f12_a_log_without_the_quoted_bank_is_refused() {
    let pcrs = tpm(SHA256, 0, &boot());
    assert_eq!(check(&old_log(&boot()), &pcrs, &REPLAY).unwrap_err().code, Code::EVENTLOG_BANK);
    assert_eq!(check(&log(&[SHA1, SHA384], &boot()), &pcrs, &REPLAY).unwrap_err().code, Code::EVENTLOG_BANK);
}

#[test]
fn f12_a_log_that_replays_in_another_bank_only_is_refused() {
    let mut bytes = log(&[SHA1, SHA256], &boot());
    let digest = hash(SHA256, b"firmware");
    let at = bytes.windows(32).position(|window| window == digest).unwrap();
    bytes[at] ^= 1;
    let refused = check(&bytes, &tpm(SHA256, 0, &boot()), &REPLAY).unwrap_err();
    assert_eq!((refused.code, refused.pcr), (Code::EVENTLOG_REPLAY, Some(0)));
    assert_eq!(explain(&bytes, SHA1).replayed.get(0).unwrap(), tpm(SHA1, 0, &boot())[0]);
}

#[test]
fn f18_what_was_measured_after_the_log_ends_is_refused() {
    for pcr in [11, 12] {
        let truth = [boot(), vec![whole(pcr, EV_IPL, *b"later")]].concat();
        assert_eq!(refusal(&boot(), &truth), Some((Code::EVENTLOG_REPLAY, Some(pcr as u8))));
    }
    let truth = [boot(), vec![whole(13, EV_IPL, *b"later")]].concat();
    assert_eq!(refusal(&boot(), &truth), Some((Code::EVENTLOG_NO_EVENTS, Some(13))));
}

#[test]
fn f19_a_log_of_runtime_measurement_registers_is_refused() {
    let register = |entry: Entry| Entry { pcr: if entry.pcr < 8 { 1 } else { 2 }, ..entry };
    let entries: Vec<Entry> = boot().into_iter().map(register).collect();
    let mut bytes = log(&[SHA256], &entries);
    bytes[0] = 1;
    let refused = check(&bytes, &tpm(SHA256, 0, &entries), &[1, 2]).unwrap_err();
    assert_eq!((refused.code, refused.event), (Code::EVENTLOG_SPEC_ID_PCR, Some(0)));
    assert_eq!(check(&bytes, &tpm(SHA256, 0, &boot()), &REPLAY).unwrap_err().code, Code::EVENTLOG_NO_EVENTS);
}

#[test]
fn f20_where_a_log_is_demanded_an_empty_one_is_refused() {
    assert_eq!(check(&[], &tpm(SHA256, 0, &[]), &REPLAY).unwrap_err().code, Code::EVENTLOG_EMPTY);
}

#[test]
fn a_refusal_says_where() {
    let place = |entries: &[Entry], truth: &[Entry]| {
        let log = log(&[SHA256], entries);
        let finding = check(&log, &tpm(SHA256, 0, truth), &REPLAY).unwrap_err();
        crate::rejection::Rejection::from(finding).place.as_str().to_owned()
    };
    assert_eq!(place(&[], &boot()), "PCR 0");
    assert_eq!(place(&[boot(), vec![separator(4)]].concat(), &boot()), format!("event {}", boot().len() + 1));
    let empty = check(&[], &[], &REPLAY).unwrap_err();
    assert_eq!(crate::rejection::Rejection::from(empty).place.as_str(), "");
}

#[test]
fn f8_a_digest_missing_in_the_quoted_bank_is_refused_wherever_it_is() {
    let later = whole(12, EV_IPL, *b"later");
    for pcr in [12, 24] {
        let later = Entry { pcr, ..later.clone() };
        let log = [log(&[SHA1, SHA256], &boot()), event(&later, &[SHA1])].concat();
        let finding = check(&log, &tpm(SHA256, 0, &boot()), &[0, 4]).unwrap_err();
        assert_eq!((finding.code, finding.event), (Code::EVENTLOG_DIGEST_MISSING, Some(boot().len() + 1)), "PCR {pcr}");
    }
    let log = [log(&[SHA1, SHA256], &boot()), event(&later, &[SHA256])].concat();
    let truth = tpm(SHA256, 0, &[boot(), vec![later]].concat());
    assert!(check(&log, &truth, &REPLAY).is_ok());
}

#[test]
fn a_pcr_0_without_events_has_zeros_whatever_the_log_says_of_its_start() {
    let entries: Vec<Entry> = boot().into_iter().filter(|entry| entry.pcr != 0).collect();
    let log = log(&[SHA256], &[vec![locality(3)], entries.clone()].concat());
    let zeros = tpm(SHA256, 0, &entries);
    assert_eq!(check(&log, &zeros, &REPLAY).unwrap_err().code, Code::EVENTLOG_SEPARATOR_MISSING);
    let started = tpm(SHA256, 3, &entries);
    assert_eq!(check(&log, &started, &REPLAY).unwrap_err().code, Code::EVENTLOG_NO_EVENTS);
}
