//! Nothing that the TPM covers, and nothing that vouches for it, may change by a single bit.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, missing_docs)]

mod vectors;

use blindllama_verifier::{
    Code, Verdict,
    evidence::bundle::{Bundle, Static},
    verify,
};
use vectors::Vector;

/// A part of the evidence that a mutation changes.
#[derive(Clone, Copy, Debug)]
enum Part {
    AkPublic,
    Attest,
    Signature,
    Claims,
    Pcr(usize),
    Sibling(usize),
    Index,
}

/// The evidence with one bit of `part` flipped and everything around it, the hash of the static part included, made to fit.
fn flipped(original: &Bundle<'_>, part: Part, bit: usize) -> Vec<u8> {
    let flip = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    let static_part = Static::decode(original.static_part.unwrap()).unwrap();
    let ak_public =
        if let Part::AkPublic = part { flip(static_part.ak_public) } else { static_part.ak_public.to_vec() };
    let attest = if let Part::Attest = part { flip(original.quote.attest) } else { original.quote.attest.to_vec() };
    let signature =
        if let Part::Signature = part { flip(original.quote.signature) } else { original.quote.signature.to_vec() };
    let claims = if let Part::Claims = part { flip(original.claims) } else { original.claims.to_vec() };
    let static_part = Static { ak_public: &ak_public, ..static_part }.encode();
    let mut bundle = original.clone();
    let (value, sibling);
    match part {
        Part::Pcr(i) => {
            value = flip(bundle.pcrs.values[i].1);
            bundle.pcrs.values[i].1 = &value;
        }
        Part::Sibling(i) => {
            sibling = flip(bundle.nonce_proof.path[i]).try_into().unwrap();
            bundle.nonce_proof.path[i] = &sibling;
        }
        Part::Index => bundle.nonce_proof.index ^= 1 << bit,
        _ => {}
    }
    bundle.quote.attest = &attest;
    bundle.quote.signature = &signature;
    bundle.claims = &claims;
    let static_hash = Static::hash(&static_part);
    bundle.static_hash = &static_hash;
    bundle.static_part = Some(&static_part);
    bundle.encode()
}

fn refused_in_every_bit(vector: &Vector, part: Part, length: usize) {
    let bundle = Bundle::decode(&vector.evidence).unwrap();
    assert!(matches!(verify(&vector.input()), Verdict::Passed { .. }));
    for bit in 0..length * 8 {
        let mutated = Vector { evidence: flipped(&bundle, part, bit), ..vector.clone() };
        let verdict = verify(&mutated.input());
        assert!(matches!(verdict, Verdict::Failed { .. }), "{}: bit {bit} of {part:?} was accepted", vector.name);
    }
}

fn refused_in_every_bit_of_every_part(name: &str) {
    let vector = vectors::named(name);
    let bundle = Bundle::decode(&vector.evidence).unwrap();
    let static_part = Static::decode(bundle.static_part.unwrap()).unwrap();
    refused_in_every_bit(&vector, Part::AkPublic, static_part.ak_public.len());
    refused_in_every_bit(&vector, Part::Attest, bundle.quote.attest.len());
    refused_in_every_bit(&vector, Part::Signature, bundle.quote.signature.len());
    refused_in_every_bit(&vector, Part::Claims, bundle.claims.len());
    refused_in_every_bit(&vector, Part::Index, 8);
    for i in 0..bundle.pcrs.values.len() {
        refused_in_every_bit(&vector, Part::Pcr(i), 32);
    }
    for i in 0..bundle.nonce_proof.path.len() {
        refused_in_every_bit(&vector, Part::Sibling(i), 32);
    }
}

#[test]
fn every_bit_of_ecc_evidence_counts() {
    refused_in_every_bit_of_every_part("ok-ecc-depth-3");
}

#[test]
fn every_bit_of_rsa_evidence_counts() {
    refused_in_every_bit_of_every_part("ok-rsa-depth-3");
}

#[test]
fn every_bit_of_the_nonce_counts() {
    let vector = vectors::named("ok-ecc-depth-3");
    for bit in 0..256 {
        let mut mutated = vector.clone();
        mutated.nonce[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify(&mutated.input()).failure(), Some(Code::BINDING_EXTRA_DATA));
    }
}

#[test]
fn no_truncation_and_no_extension_of_the_evidence_is_accepted() {
    let vector = vectors::named("ok-ecc-depth-3");
    for length in 0..vector.evidence.len() {
        let mutated = Vector { evidence: vector.evidence[..length].to_vec(), ..vector.clone() };
        assert_eq!(verify(&mutated.input()).failure(), Some(Code::BUNDLE_ENCODING), "{length} bytes");
    }
}

/// Bytes of the bundle that prove nothing may change, as long as the verdict does not: the values outside the selection
/// and what may be ignored. Here there are none, so whatever changes must be refused.
#[test]
fn every_bit_of_the_bundle_counts() {
    let vector = vectors::named("ok-ecc");
    for bit in 0..vector.evidence.len() * 8 {
        let mut mutated = vector.clone();
        mutated.evidence[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&mutated.input()).failure().is_some(), "bit {bit} was accepted");
    }
}
