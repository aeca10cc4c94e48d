//! What the Firmware Profile demands of the order of events.

use super::{check::*, machine::*};
use crate::{Code, event_log::event_type::*};

fn position(of: impl Fn(&Entry) -> bool) -> usize {
    boot().iter().position(of).unwrap()
}

/// In a log the Spec ID event comes first.
fn logged(position: usize) -> Option<usize> {
    Some(position + 1)
}

#[test]
fn an_orderly_boot_breaks_no_rule() {
    assert_eq!(findings(&boot()), []);
}

#[test]
fn f9_the_locality_may_be_said_once_first_and_only_with_0_3_or_4() {
    let broken = |entries: Vec<Entry>, event| {
        assert_eq!(
            findings(&entries),
            [(Code::EVENTLOG_STARTUP_LOCALITY, logged(event), None)],
            "{:?}",
            entries[event]
        );
        let truth = tpm(SHA256, 0, &boot());
        assert_eq!(
            check(&log(&[SHA256], &entries), &truth, &REPLAY).unwrap_err().code,
            Code::EVENTLOG_STARTUP_LOCALITY
        );
    };
    for value in [1, 2, 5, 0xff] {
        broken([vec![locality(value)], boot()].concat(), 0);
    }
    broken([vec![locality(0), locality(0)], boot()].concat(), 1);
    broken([boot(), vec![locality(3)]].concat(), boot().len());
    broken([vec![Entry { pcr: 1, ..locality(3) }], boot()].concat(), 0);
    broken([vec![Entry { data: [&locality(3).data[..], &[0]].concat(), ..locality(3) }], boot()].concat(), 0);
    broken([vec![Entry { data: b"StartupLocality\0".to_vec(), ..locality(3) }], boot()].concat(), 0);
    for value in [0, 3, 4] {
        assert_eq!(findings(&[vec![locality(value)], boot()].concat()), []);
    }
}

#[test]
fn f9_an_h_crtm_event_contradicts_every_locality_but_4() {
    for (value, event) in [(0, Some(2)), (3, Some(2)), (4, None)] {
        let entries = [vec![locality(value), h_crtm()], boot()].concat();
        let found = event.map(|event| (Code::EVENTLOG_STARTUP_LOCALITY, Some(event), None));
        assert_eq!(findings(&entries), Vec::from_iter(found), "locality {value}");
        let truth = tpm(SHA256, 4, &entries);
        let log = log(&[SHA256], &entries);
        assert_eq!(explain(&log, SHA256).replayed.get(0).unwrap(), truth[0], "locality {value}");
        let refused = check(&log, &truth, &REPLAY).err().map(|finding| finding.code);
        assert_eq!(refused, event.map(|_| Code::EVENTLOG_STARTUP_LOCALITY), "locality {value}");
    }
    let late = [vec![h_crtm(), locality(4)], boot()].concat();
    assert_eq!(findings(&late), [(Code::EVENTLOG_STARTUP_LOCALITY, logged(1), None)]);
}

#[test]
fn a_wrong_locality_changes_no_value() {
    let entries = [vec![locality(0), locality(4)], boot()].concat();
    let log = log(&[SHA256], &entries);
    assert_eq!(explain(&log, SHA256).replayed.get(0).unwrap(), tpm(SHA256, 0, &boot())[0]);
}

#[test]
fn f10_each_of_pcrs_0_to_7_ends_with_a_separator() {
    for pcr in 0..8 {
        let mut entries = boot();
        entries.retain(|entry| *entry != separator(pcr));
        assert!(findings(&entries).contains(&(Code::EVENTLOG_SEPARATOR_MISSING, None, Some(pcr as u8))));
        assert_eq!(refusal(&entries, &entries), Some((Code::EVENTLOG_SEPARATOR_MISSING, Some(pcr as u8))));
    }
}

#[test]
fn f10_a_second_separator_is_refused() {
    for pcr in 0..8 {
        let entries = [boot(), vec![separator(pcr)]].concat();
        let code = (Code::EVENTLOG_SEPARATOR_DUPLICATE, logged(boot().len()), Some(pcr as u8));
        assert_eq!(findings(&entries), [code]);
        assert_eq!(refusal(&entries, &entries), Some((code.0, code.2)));
    }
}

#[test]
fn f10_a_separator_of_an_error_or_of_other_data_is_refused() {
    let at = position(|entry| *entry == separator(3));
    let separators = [
        whole(3, EV_SEPARATOR, [1, 0, 0, 0]),
        whole(3, EV_SEPARATOR, [0; 3]),
        whole(3, EV_SEPARATOR, *b"WBCL"),
        about(3, EV_SEPARATOR, &[0; 4], [0xff; 4]),
        about(3, EV_SEPARATOR, &[0; 4], []),
        about(3, EV_SEPARATOR, b"something", [0; 4]),
    ];
    for separator in separators {
        let mut entries = boot();
        entries[at] = separator;
        let code = (Code::EVENTLOG_SEPARATOR_INVALID, logged(at), Some(3));
        assert_eq!(findings(&entries), [code]);
        assert_eq!(refusal(&entries, &entries), Some((code.0, code.2)));
    }
    let mut entries = boot();
    entries[at] = whole(3, EV_SEPARATOR, [0xff; 4]);
    assert_eq!(refusal(&entries, &entries), None, "ones are as good as zeros");
}

#[test]
fn f10_extends_after_the_separator_are_a_finding_where_nobody_has_a_reason_to() {
    for pcr in 0..8 {
        let entries = [boot(), vec![whole(pcr, EV_UNUSED, *b"late"), whole(pcr, EV_UNUSED, *b"later")]].concat();
        let code = (Code::EVENTLOG_AFTER_SEPARATOR, logged(boot().len()), Some(pcr as u8));
        let expected = if matches!(pcr, 4 | 5 | 7) { vec![] } else { vec![code] };
        assert_eq!(findings(&entries), expected, "PCR {pcr}");
        assert_eq!(refusal(&entries, &entries), None);
    }
}

#[test]
fn separators_of_other_pcrs_mean_nothing() {
    let entries = [boot(), vec![separator(12), whole(12, EV_SEPARATOR, *b"WBCL")]].concat();
    assert_eq!(findings(&entries), []);
}

#[test]
fn an_order_of_boot_options_is_no_separator_of_an_error() {
    let order = about(1, EV_EFI_VARIABLE_BOOT, &[1, 0, 0, 0], variable(GLOBAL, "BootOrder", &[1, 0, 0, 0]));
    assert_eq!(findings(&[vec![order], boot()].concat()), []);
}

#[test]
fn f11_the_operating_system_takes_over_after_the_separator() {
    let is_exit = |entry: &Entry| entry.data == b"Exit Boot Services Invocation";
    let code = (Code::EVENTLOG_EXIT_BOOT_SERVICES, None, Some(5));
    let mut missing = boot();
    missing.retain(|entry| !is_exit(entry));
    let mut early = missing.clone();
    early.insert(0, boot()[position(is_exit)].clone());
    let mut elsewhere = boot();
    elsewhere[position(is_exit)].pcr = 4;
    let mut unmeasured = boot();
    unmeasured[position(is_exit)].measured = b"something else".into();
    for entries in [missing, early, elsewhere, unmeasured] {
        assert_eq!(findings(&entries), [code]);
        assert_eq!(refusal(&entries, &entries), Some((code.0, code.2)));
        let log = log(&[SHA256], &entries);
        assert!(check(&log, &tpm(SHA256, 0, &entries), &[0, 4, 7]).is_ok(), "only PCR 5 tells of it");
    }
}

#[test]
fn f11_firmware_starts_the_boot_application_before_the_separator() {
    let is_call = |entry: &Entry| entry.data == b"Calling EFI Application from Boot Option";
    let code = (Code::EVENTLOG_CALLING_APPLICATION, None, Some(4));
    let call = boot()[position(is_call)].clone();
    let mut missing = boot();
    missing.retain(|entry| !is_call(entry));
    let late = [missing.clone(), vec![call.clone()]].concat();
    for entries in [missing.clone(), late] {
        assert_eq!(findings(&entries), [code]);
        assert_eq!(refusal(&entries, &entries), Some((code.0, code.2)));
        let log = log(&[SHA256], &entries);
        assert!(check(&log, &tpm(SHA256, 0, &entries), &[0, 5, 7]).is_ok(), "only PCR 4 tells of it");
    }
    let in_pcr_5 = [vec![Entry { pcr: 5, ..call.clone() }], missing].concat();
    assert_eq!(findings(&in_pcr_5), [], "some firmware measures it there");
    assert_eq!(findings(&[boot(), vec![call]].concat()), [], "a second attempt, after the first failed");
}

#[test]
fn f13_an_event_of_a_pcr_that_no_tpm_has_is_refused_unless_it_is_a_remark() {
    for pcr in [24, 255, 256, u32::MAX] {
        let extend = [boot(), vec![whole(pcr, EV_UNUSED, *b"x")]].concat();
        assert_eq!(findings(&extend), [(Code::EVENTLOG_PCR_INDEX, logged(boot().len()), None)]);
        assert_eq!(refusal(&extend, &boot()), Some((Code::EVENTLOG_PCR_INDEX, None)));
        let remark = [boot(), vec![whole(pcr, EV_NO_ACTION, *b"x")]].concat();
        assert_eq!(findings(&remark), [(Code::EVENTLOG_NO_ACTION_INDEX, logged(boot().len()), None)]);
        assert_eq!(refusal(&remark, &boot()), None);
    }
}
