//! Every byte of a log is accounted for.

use super::machine::*;
use crate::{
    Code,
    event_log::{Finding, MAX_EVENTS, MAX_LOG, event_type::*, parse},
};

fn refused(log: &[u8]) -> (Code, Option<usize>) {
    let Finding { code, event, pcr } = parse(log).unwrap_err();
    assert_eq!(pcr, None);
    (code, event)
}

fn agile(spec_id: &[u8]) -> Vec<u8> {
    old_event(0, EV_NO_ACTION, [0; 20], spec_id)
}

#[test]
fn a_crypto_agile_log_is_read_with_all_its_banks() {
    let bytes = log(&[SHA1, SHA256, SHA384], &boot());
    let read = parse(&bytes).unwrap();
    assert_eq!(read.algorithms, [SHA1, SHA256, SHA384]);
    assert_eq!(read.events.len(), boot().len() + 1);
    for (event, entry) in read.events[1..].iter().zip(boot()) {
        assert_eq!((event.pcr, event.kind, event.data), (entry.pcr, entry.kind, &entry.data[..]));
        for algorithm in [SHA1, SHA256, SHA384] {
            assert_eq!(read.digest(event, algorithm).unwrap(), hash(algorithm, &entry.measured));
        }
        assert_eq!(read.digest(event, SM3), None);
    }
    assert_eq!(read.digest(&read.events[0], SHA256), None, "the Spec ID event has no digest of the banks");
}

#[test]
fn a_log_of_the_old_format_has_sha1_alone() {
    let bytes = old_log(&boot());
    let read = parse(&bytes).unwrap();
    assert_eq!((&read.algorithms[..], read.events.len()), (&[SHA1][..], boot().len()));
    assert_eq!(read.digest(&read.events[1], SHA1).unwrap(), hash(SHA1, b"firmware"));
}

#[test]
fn a_log_of_one_remark_is_a_log() {
    assert_eq!(parse(&old_log(&[locality(3)])).unwrap().events.len(), 1);
}

#[test]
fn f14_a_log_cut_short_anywhere_but_between_events_is_refused() {
    let bytes = log(&[SHA1, SHA256], &boot());
    let mut ends = vec![old_event(0, EV_NO_ACTION, [0; 20], &spec_id(&[(SHA1, 20), (SHA256, 32)])).len()];
    ends.extend(boot().iter().map(|entry| event(entry, &[SHA1, SHA256]).len()));
    let ends: Vec<usize> = ends.iter().scan(0, |end, length| (*end += length, Some(*end)).1).collect();
    assert_eq!(ends.last(), Some(&bytes.len()));
    for length in 1..bytes.len() {
        assert_eq!(parse(&bytes[..length]).is_ok(), ends.contains(&length), "{length} bytes");
    }
}

#[test]
fn f14_an_event_that_ends_in_its_header_is_truncated() {
    let last = whole(5, EV_S_CRTM_VERSION, *b"v1");
    let bytes = log(&[SHA256], std::slice::from_ref(&last));
    let start = bytes.len() - event(&last, &[SHA256]).len();
    for length in [4, 8, 12, 13, 20, 49] {
        assert_eq!(refused(&bytes[..start + length]), (Code::EVENTLOG_TRUNCATED, Some(1)), "{length} bytes of it");
    }
    assert_eq!(refused(&old_log(&[separator(0)])[..27]), (Code::EVENTLOG_TRUNCATED, Some(0)));
}

#[test]
fn f14_an_event_that_claims_more_data_than_there_are_is_refused() {
    let mut bytes = log(&[SHA256], &[separator(0)]);
    let size = bytes.len() - 8;
    for claimed in [5, u32::MAX] {
        bytes[size..size + 4].copy_from_slice(&claimed.to_le_bytes());
        assert_eq!(refused(&bytes), (Code::EVENTLOG_EVENT_SIZE, Some(1)));
    }
}

#[test]
fn f14_padding_is_refused_in_both_formats() {
    for filler in [0x00, 0xff] {
        for length in [1, 31, 32, 64, 4096] {
            for bytes in [log(&[SHA256], &boot()), old_log(&boot())] {
                let events = parse(&bytes).unwrap().events.len();
                let padded = [&bytes[..], &vec![filler; length]].concat();
                assert_eq!(refused(&padded), (Code::EVENTLOG_PADDING, Some(events)), "{length} times {filler:#x}");
            }
        }
    }
    assert_eq!(refused(&[0; 32]), (Code::EVENTLOG_PADDING, Some(0)));
}

#[test]
fn data_that_end_in_zeros_are_no_padding() {
    assert!(parse(&old_log(&[whole(0, EV_SEPARATOR, [0; 4096])])).is_ok());
    assert!(parse(&log(&[SHA256], &[whole(0, EV_SEPARATOR, [0xff; 4096])])).is_ok());
}

#[test]
fn f17_a_log_larger_than_a_mebibyte_is_refused_unread() {
    assert_eq!(refused(&vec![1; MAX_LOG + 1]), (Code::EVENTLOG_SIZE, None));
    let filler = MAX_LOG - old_event(0, EV_S_CRTM_VERSION, [1; 20], &[]).len();
    assert!(parse(&old_event(0, EV_S_CRTM_VERSION, [1; 20], &vec![1; filler])).is_ok());
}

#[test]
fn f17_more_events_than_any_machine_has_are_refused() {
    let many = |count| old_event(1, EV_UNUSED, [1; 20], &[]).repeat(count);
    assert_eq!(parse(&many(MAX_EVENTS)).unwrap().events.len(), MAX_EVENTS);
    assert_eq!(refused(&many(MAX_EVENTS + 1)), (Code::EVENTLOG_SIZE, Some(MAX_EVENTS)));
}

#[test]
fn f17_a_log_of_zeros_before_a_one_is_read_in_no_time() {
    let mut bytes = vec![0; MAX_LOG];
    bytes[MAX_LOG - 1] = 1;
    assert_eq!(refused(&bytes).0, Code::EVENTLOG_SIZE);
}

#[test]
fn f7_a_second_spec_id_event_is_refused() {
    let again = whole(0, EV_NO_ACTION, spec_id(&[(SHA256, 32)]));
    let mut entries = boot();
    entries.insert(3, again);
    assert_eq!(refused(&log(&[SHA256], &entries)), (Code::EVENTLOG_SPEC_ID_DUPLICATE, Some(4)));
    let old = whole(0, EV_NO_ACTION, *b"Spec ID Event02\0 and so on");
    assert_eq!(refused(&old_log(&[old.clone(), separator(0), old])), (Code::EVENTLOG_SPEC_ID_DUPLICATE, Some(2)));
}

#[test]
fn f7_a_spec_id_event_that_is_not_the_first_is_refused() {
    let late = [separator(0), whole(0, EV_NO_ACTION, spec_id(&[(SHA256, 32)]))];
    assert_eq!(refused(&old_log(&late)), (Code::EVENTLOG_SPEC_ID_POSITION, Some(1)));
}

#[test]
fn f7_a_list_of_algorithms_must_be_known_and_say_each_once() {
    let lists: [&[(u16, u16)]; 6] =
        [&[], &[(SHA256, 32), (SHA256, 32)], &[(SHA256, 20)], &[(SHA256, 0)], &[(0x7777, 32)], &[(SHA1, 20); 9]];
    for list in lists {
        assert_eq!(refused(&agile(&spec_id(list))), (Code::EVENTLOG_ALGORITHM, Some(0)), "{list:?}");
    }
    let mut many = spec_id(&[(SHA256, 32)]);
    many[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(refused(&agile(&many)), (Code::EVENTLOG_ALGORITHM, Some(0)));
}

#[test]
fn f7_a_spec_id_event_that_lies_about_itself_is_refused() {
    let good = spec_id(&[(SHA1, 20), (SHA256, 32)]);
    assert!(parse(&agile(&good)).is_ok());
    for length in 16..good.len() {
        assert_eq!(refused(&agile(&good[..length])), (Code::EVENTLOG_SPEC_ID, Some(0)), "{length} bytes of it");
    }
    assert_eq!(refused(&agile(&[&good[..], &[0]].concat())), (Code::EVENTLOG_SPEC_ID, Some(0)), "a byte over");
    for (place, value) in [(21, 1), (23, 0), (23, 3)] {
        let mut bad = good.clone();
        bad[place] = value;
        assert_eq!(refused(&agile(&bad)), (Code::EVENTLOG_SPEC_ID, Some(0)), "byte {place} is {value}");
    }
    let digest = old_event(0, EV_NO_ACTION, [1; 20], &good);
    assert_eq!(refused(&digest), (Code::EVENTLOG_SPEC_ID, Some(0)), "a digest where none can be");
}

#[test]
fn vendor_information_of_the_spec_id_event_is_passed_over() {
    let mut data = spec_id(&[(SHA256, 32)]);
    data.pop();
    data.extend([3, 1, 2, 3]);
    assert_eq!(parse(&agile(&data)).unwrap().algorithms, [SHA256]);
}

#[test]
fn f8_an_event_has_at_most_one_digest_of_each_bank_that_was_announced() {
    let head = agile(&spec_id(&[(SHA1, 20), (SHA256, 32)]));
    let with = |algorithms: &[u16]| [&head[..], &event(&separator(0), algorithms)].concat();
    for algorithms in [&[SHA1, SHA256][..], &[SHA256, SHA1], &[SHA1], &[SHA256], &[]] {
        let log = with(algorithms);
        let read = parse(&log).unwrap();
        for bank in [SHA1, SHA256] {
            let digest = algorithms.contains(&bank).then(|| hash(bank, &[0; 4]));
            assert_eq!(read.digest(&read.events[1], bank), digest.as_deref(), "{algorithms:x?}");
        }
    }
    for twice in [&[SHA1, SHA1][..], &[SHA256, SHA1, SHA256], &[SHA1, SHA256, SHA1]] {
        assert_eq!(refused(&with(twice)), (Code::EVENTLOG_DIGEST_COUNT, Some(1)), "{twice:x?}");
    }
    for unknown in [&[SHA384][..], &[SHA1, SHA384], &[SHA1, SHA256, SHA384], &[SHA1, SM3]] {
        assert_eq!(refused(&with(unknown)), (Code::EVENTLOG_DIGEST_ALGORITHM, Some(1)), "{unknown:x?}");
    }
}

#[test]
fn f8_a_count_of_digests_that_lies_is_refused_where_it_ends() {
    let honest = log(&[SHA256], &[separator(0)]);
    let count = honest.len() - event(&separator(0), &[SHA256]).len() + 8;
    for (claimed, code) in [
        (0_u32, Code::EVENTLOG_EVENT_SIZE),
        (2, Code::EVENTLOG_DIGEST_ALGORITHM),
        (u32::MAX, Code::EVENTLOG_DIGEST_ALGORITHM),
    ] {
        let mut bytes = honest.clone();
        bytes[count..count + 4].copy_from_slice(&claimed.to_le_bytes());
        assert_eq!(refused(&bytes), (code, Some(1)), "{claimed} digests");
    }
}

#[test]
fn f20_an_empty_log_is_refused() {
    assert_eq!(refused(&[]), (Code::EVENTLOG_EMPTY, None));
}
