//! Input that nobody signed.

use proptest::prelude::*;

use super::super::{hcl, runtime_data, snp};

/// A report without content, of the right form.
fn hcl_report(runtime_data: &[u8]) -> Vec<u8> {
    let size = runtime_data.len() as u32;
    let fields = [size + 20, 1, 2, 1, size].map(u32::to_le_bytes).concat();
    [&b"HCLA\x02\x00\x00\x00"[..], &[7; 24], &[9; 1184], &fields, runtime_data, &[0; 100]].concat()
}

#[test]
fn a_report_says_how_long_its_data_are() {
    let report = hcl_report(b"{}");
    let decoded = hcl::Report::decode(&report).unwrap();
    assert_eq!((decoded.hardware_report, decoded.runtime_data), (&[9; 1184][..], &b"{}"[..]));
    for length in 0..report.len() - 100 {
        assert!(hcl::Report::decode(&report[..length]).is_none(), "{length} bytes");
    }
}

#[test]
fn base64url_is_that_of_rfc_4648() {
    let cases: [(&[u8], &str); 6] = [
        (b"", ""),
        (b"f", "Zg"),
        (b"fo", "Zm8"),
        (b"foo", "Zm9v"),
        (b"\xfb\xff", "-_8"),
        (b"\x00\x10\x83\xff", "ABCD_w"),
    ];
    for (bytes, text) in cases {
        assert_eq!(runtime_data::base64url(bytes), text);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoders_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let _ = hcl::Report::decode(&bytes);
        let _ = snp::Report::decode(&bytes);
        let _ = runtime_data::attestation_key(&bytes);
    }

    #[test]
    fn no_flipped_field_of_a_report_makes_its_data_overrun(at in 1216_usize..1236, bit in 0_u8..8) {
        let mut report = hcl_report(b"{}");
        report[at] ^= 1 << bit;
        prop_assert!(hcl::Report::decode(&report).is_none());
    }
}
