//! A machine that the conformance vectors make: every byte that its processor signed counts, through the whole verifier.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

mod vectors;

use blindllama_verifier::{
    Code,
    evidence::bundle::{Bundle, PlatformReport, Static},
    verify,
};
use vectors::Vector;

/// Where the report of the processor lies in that of the firmware, and its length (PROTOCOL.md §18.2).
const SNP: std::ops::Range<usize> = 32..1216;
/// Bytes of the report that the processor signs (AMD 56860, table 23).
const SIGNED: usize = 0x2a0;

/// What the step ends in, after `change` of the report that the firmware left, the hash of the static part made to fit.
fn code(vector: &Vector, change: impl FnOnce(&mut Vec<u8>)) -> Code {
    let bundle = Bundle::decode(&vector.evidence).unwrap();
    let static_part = Static::decode(bundle.static_part.unwrap()).unwrap();
    let mut report = static_part.platform_reports[0].report.to_vec();
    change(&mut report);
    let reports = vec![PlatformReport { report: &report, ..static_part.platform_reports[0].clone() }];
    let static_part = Static { platform_reports: reports, ..static_part.clone() }.encode();
    let static_hash = Static::hash(&static_part);
    let evidence = Bundle { static_hash: &static_hash, static_part: Some(&static_part), ..bundle.clone() }.encode();
    verify(&Vector { evidence, ..vector.clone() }.input()).failure().unwrap_or(Code::OK)
}

#[test]
fn every_byte_that_a_processor_signed_counts_and_so_does_its_signature() {
    let vector = vectors::named("ok-platform-id-key");
    assert_eq!(code(&vector, |_| ()), Code::OK);
    for at in SNP {
        let code = code(&vector, |report| report[at] ^= 1 << (at % 8));
        let is_header = matches!(code, Code::PLATFORM_REPORT | Code::PLATFORM_CHIP) && at < SNP.start + SIGNED;
        assert!(is_header || code == Code::PLATFORM_SIGNATURE, "byte {at}: {}", code.as_str());
    }
}

#[test]
fn every_byte_that_the_firmware_says_of_its_keys_is_bound() {
    let vector = vectors::named("ok-platform-id-key");
    let bundle = Bundle::decode(&vector.evidence).unwrap();
    let static_part = Static::decode(bundle.static_part.unwrap()).unwrap();
    let report = static_part.platform_reports[0].report;
    let length = u32::from_le_bytes(report[1232..1236].try_into().unwrap()) as usize;
    for at in 1236..1236 + length {
        let code = code(&vector, |report| report[at] ^= 1 << (at % 8));
        assert_eq!(code, Code::PLATFORM_BINDING, "byte {at}");
    }
}
