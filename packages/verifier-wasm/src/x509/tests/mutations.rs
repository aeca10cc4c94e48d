//! A chain that differs anywhere is no longer accepted, and nothing panics on the way.

use proptest::prelude::*;

use super::{assert_accepted, builder::Chain, outcome};
use crate::{
    Code,
    x509::{certificate::Certificate, form::Form},
};

#[test]
fn every_truncation_of_every_certificate_is_refused() {
    let chain = Chain::new(1).signed();
    for index in 0..chain.len() {
        for length in 0..chain[index].len() {
            let mut cut = chain.clone();
            cut[index].truncate(length);
            let rejection = outcome(&cut).expect_err("a shorter chain was accepted");
            assert_eq!(rejection.code, Code::CHAIN_ENCODING, "{index} cut to {length}");
        }
    }
}

#[test]
fn every_flipped_bit_of_every_certificate_is_refused() {
    let chain = Chain::new(1).signed();
    let pinned = crate::hash::sha256(&[&chain[2]]);
    assert_accepted(&chain);
    for index in 0..chain.len() {
        for bit in 0..chain[index].len() * 8 {
            let mut flipped = chain.clone();
            flipped[index][bit / 8] ^= 1 << (bit % 8);
            let slices: Vec<&[u8]> = flipped.iter().map(Vec::as_slice).collect();
            let conditions =
                super::Conditions { root_sha256: &pinned, at_ms: super::NOW_MS, purpose: None, form: Form::Rfc5280 };
            let rejection = super::validate(&slices, &conditions).expect_err("an altered chain was accepted");
            assert!(rejection.code.as_str().starts_with("chain."), "{index}: bit {bit}");
            // The same for whoever pins the altered root.
            assert!(outcome(&flipped).is_err(), "{index}: bit {bit}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Certificate::decode(&bytes, Form::Rfc5280).is_err());
    }

    #[test]
    fn no_splice_into_a_certificate_makes_the_decoder_panic(
        at in 0_usize..300, removed in 0_usize..20, inserted in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut bytes = Chain::new(1).signed().remove(0);
        let at = at.min(bytes.len());
        let end = (at + removed).min(bytes.len());
        bytes.splice(at..end, inserted);
        if let Err(code) = Certificate::decode(&bytes, Form::Rfc5280) {
            prop_assert!(code.as_str().starts_with("chain."));
        }
    }
}
