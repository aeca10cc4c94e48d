//! Whatever the bytes are, the answer comes, and no change of them makes another machine out of an honest one.

use proptest::prelude::*;

use super::{check::*, machine::*};
use crate::event_log::{Explanation, event_type::*, parse};

/// Everything that a log is good for.
fn use_up(bytes: &[u8]) {
    let Ok(log) = parse(bytes) else { return };
    for &algorithm in &log.algorithms {
        if let Ok(explanation) = Explanation::new(log.clone(), algorithm, None) {
            let json = explanation.to_json();
            assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
        }
    }
    let _ = check(bytes, &tpm(SHA256, 0, &boot()), &REPLAY);
}

#[test]
fn every_truncation_is_answered() {
    for bytes in [log(&[SHA1, SHA256], &boot()), old_log(&boot())] {
        for length in 0..bytes.len() {
            use_up(&bytes[..length]);
        }
    }
}

#[test]
fn every_bit_of_every_byte_may_flip() {
    let bytes = log(&[SHA256], &boot());
    let honest = tpm(SHA256, 0, &boot());
    let digests: Vec<Vec<u8>> = boot().iter().map(|entry| hash(SHA256, &entry.measured)).collect();
    let reference = check(&bytes, &honest, &REPLAY).unwrap().replayed;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            let Ok(explanation) = check(&flipped, &honest, &REPLAY) else { continue };
            assert_eq!(explanation.replayed, reference);
            assert_ne!(explanation.secure_boot, Some(false), "bit {bit} of byte {at}");
            for (event, digest) in explanation.log.events[1..].iter().zip(&digests) {
                assert_eq!(explanation.log.digest(event, SHA256).unwrap(), digest);
            }
        }
    }
}

#[test]
fn sizes_of_every_kind_may_lie() {
    let bytes = log(&[SHA256], &boot());
    for at in 0..bytes.len() - 8 {
        for length in [u64::MAX, 1 << 63, 0, 0x0000_0001_0000_0000, 0x7fff_ffff_7fff_ffff] {
            let mut forged = bytes.clone();
            forged[at..at + 8].copy_from_slice(&length.to_le_bytes());
            use_up(&forged);
        }
    }
}

fn entry() -> impl Strategy<Value = Entry> {
    let kind = prop_oneof![
        0_u32..0x14,
        0x8000_0001_u32..0x8000_0010,
        Just(EV_IPL),
        Just(EV_EFI_VARIABLE_AUTHORITY),
        Just(EV_EFI_VARIABLE_DRIVER_CONFIG),
        any::<u32>(),
    ];
    let data = prop::collection::vec(any::<u8>(), 0..96);
    (0_u32..24, kind, data.clone(), data, any::<bool>()).prop_map(|(pcr, kind, data, other, is_whole)| Entry {
        pcr,
        kind,
        measured: if is_whole { data.clone() } else { other },
        data,
    })
}

/// Real structures with any bytes in them, digests that fit.
fn structured() -> impl Strategy<Value = Entry> {
    (0..boot().len(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(
        |(at, byte, value, is_whole)| {
            let mut entry = boot()[at].clone();
            let byte = byte.index(entry.data.len());
            entry.data[byte] = value;
            if is_whole {
                entry.measured = entry.data.clone();
            }
            entry
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_and_replays(entries in prop::collection::vec(entry(), 0..24)) {
        let bytes = log(&[SHA1, SHA256, SHA384], &entries);
        let read = parse(&bytes).unwrap();
        let back: Vec<(u32, u32, &[u8])> = read.events[1..].iter().map(|event| (event.pcr, event.kind, event.data)).collect();
        let written: Vec<(u32, u32, &[u8])> = entries.iter().map(|entry| (entry.pcr, entry.kind, &entry.data[..])).collect();
        prop_assert_eq!(back, written);
        for algorithm in [SHA1, SHA256, SHA384] {
            let explanation = Explanation::new(read.clone(), algorithm, None).unwrap();
            let is_extended = |pcr: u32| entries.iter().any(|entry| entry.pcr == pcr && entry.kind != EV_NO_ACTION);
            for (pcr, value) in (0_u8..).zip(tpm(algorithm, 0, &entries)) {
                prop_assert_eq!(explanation.replayed.get(pcr), is_extended(pcr.into()).then_some(&value[..]));
            }
        }
        use_up(&bytes);
    }

    #[test]
    fn a_whole_measurement_is_verified_and_no_remark_is(entry in entry()) {
        let bytes = log(&[SHA256], std::slice::from_ref(&entry));
        let explanation = explain(&bytes, SHA256);
        let verified = explanation.explain(&explanation.log.events[1]).verified;
        if entry.kind == EV_NO_ACTION {
            prop_assert!(!verified);
        } else if entry.measured == entry.data {
            prop_assert!(verified);
        }
    }

    #[test]
    fn damaged_structures_are_answered(entries in prop::collection::vec(structured(), 1..8)) {
        use_up(&log(&[SHA256], &entries));
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        use_up(&bytes);
        use_up(&[log(&[SHA256], &boot()), bytes].concat());
    }
}
