//! Keys and their signatures: RSA beside the ECDSA of the other tests.

use chacha20::{ChaCha8Rng, rand_core::SeedableRng};
use p256::ecdsa::{Signature, signature::hazmat::PrehashSigner};
use rsa::{BoxedUint, RsaPrivateKey, hazmat::rsa_decrypt, traits::PublicKeyParts};

use super::{
    assert_accepted, assert_refused,
    builder::{Chain, Draft, integer, key, sequence, sign, tlv},
};
use crate::{
    Code,
    hash::HashAlgorithm,
    x509::{certificate::Certificate, der::tag, form::Form},
};

const RSA_ENCRYPTION: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

fn rsa_key_info(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = sequence(&[&integer(modulus), &integer(exponent)]);
    sequence(&[RSA_ENCRYPTION, &tlv(tag::BIT_STRING, [&[0], &key[..]].concat())])
}

/// PKCS#1 v1.5 with the prefix of DigestInfo (RFC 8017 §9.2), and the identifier of the algorithm.
fn schemes() -> [(HashAlgorithm, &'static [u8], &'static [u8]); 3] {
    [
        (
            HashAlgorithm::Sha256,
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
            b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00",
        ),
        (
            HashAlgorithm::Sha384,
            b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
            b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00",
        ),
        (
            HashAlgorithm::Sha512,
            b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
            b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00",
        ),
    ]
}

fn rsa_sign(key: &RsaPrivateKey, hash: HashAlgorithm, info: &[u8], message: &[u8]) -> Vec<u8> {
    let info = [info, &hash.digest(&[message])].concat();
    let encoded = [&[0, 1], &vec![0xff; key.size() - 3 - info.len()][..], &[0], &info].concat();
    let encoded = BoxedUint::from_be_slice(&encoded, key.n().bits_precision()).unwrap();
    rsa_decrypt::<ChaCha8Rng>(None, key, &encoded).unwrap().to_be_bytes().to_vec()
}

#[test]
fn rsa_signs_with_sha_256_sha_384_and_sha_512() {
    let rsa = RsaPrivateKey::new(&mut ChaCha8Rng::from_seed([7; 32]), 2048).unwrap();
    for (hash, info, identifier) in schemes() {
        let mut chain = Chain::new(1);
        chain.0[1].key_info = rsa_key_info(&rsa.n().to_be_bytes(), &[1, 0, 1]);
        chain.0[0].algorithm = identifier.to_vec();
        let mut signed = chain.signed();
        let leaf = &chain.0[0];
        let signature = rsa_sign(&rsa, hash, info, &leaf.to_be_signed());
        signed[0] = leaf.sealed(&signature);
        assert_accepted(&signed);
        signed[0] = leaf.sealed(&rsa_sign(&rsa, hash, info, b"another message"));
        assert_refused(&signed, Code::CHAIN_SIGNATURE, 0);
        signed[0] = leaf.sealed(&signature[1..]);
        assert_refused(&signed, Code::CHAIN_SIGNATURE, 0);
        // An ECDSA signature for an RSA key.
        let ecdsa = Draft { algorithm: super::builder::ECDSA_SHA256.to_vec(), ..leaf.clone() };
        signed[0] = ecdsa.signed_by(&key(2));
        assert_refused(&signed, Code::CHAIN_SIGNATURE, 0);
    }
}

#[test]
fn rsa_has_2048_to_4096_bits_and_the_exponent_65537() {
    let leaf = |info: Vec<u8>| Chain::with(0, |leaf| leaf.key_info = info).signed();
    let modulus = |bytes: usize| [&[0x80][..], &vec![0; bytes - 2], &[1]].concat();
    for bytes in [256, 384, 512] {
        assert_accepted(&leaf(rsa_key_info(&modulus(bytes), &[1, 0, 1])));
    }
    for bytes in [128, 255, 513] {
        assert_refused(&leaf(rsa_key_info(&modulus(bytes), &[1, 0, 1])), Code::CHAIN_KEY, 0);
    }
    for exponent in [&[3][..], &[1, 0, 0, 1], &[0]] {
        assert_refused(&leaf(rsa_key_info(&modulus(256), exponent)), Code::CHAIN_KEY, 0);
    }
    let even = [&modulus(256)[..255], &[2]].concat();
    assert_refused(&leaf(rsa_key_info(&even, &[1, 0, 1])), Code::CHAIN_KEY, 0);
}

#[test]
fn an_rsa_key_is_der_in_whole_octets_with_the_parameter_null() {
    let leaf = |info: Vec<u8>| Chain::with(0, |leaf| leaf.key_info = info).signed();
    let modulus = [&[0x80][..], &[0; 254], &[1]].concat();
    let members = [integer(&modulus), integer(&[1, 0, 1])].concat();
    let info = |algorithm: &[u8], unused: u8, key: &[u8]| {
        sequence(&[algorithm, &tlv(tag::BIT_STRING, [&[unused], key].concat())])
    };
    let whole = tlv(tag::SEQUENCE, &members);
    assert_accepted(&leaf(info(RSA_ENCRYPTION, 0, &whole)));
    let more = tlv(tag::SEQUENCE, [&members[..], &[5, 0]].concat());
    let trailing = [&whole[..], &[0]].concat();
    let set = tlv(tag::SET, [integer(&[1, 0, 1]), integer(&modulus)].concat());
    for key in [&more, &trailing, &set] {
        assert_refused(&leaf(info(RSA_ENCRYPTION, 0, key)), Code::CHAIN_KEY, 0);
    }
    let absent = &b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"[..];
    assert_refused(&leaf(info(absent, 0, &whole)), Code::CHAIN_KEY, 0);
    assert_refused(&leaf(sequence(&[RSA_ENCRYPTION, &tlv(tag::BIT_STRING, [7, 0x80])])), Code::CHAIN_SYNTAX, 0);
    assert_refused(&leaf(sequence(&[RSA_ENCRYPTION, &tlv(tag::BIT_STRING, [0]), &[5, 0]])), Code::CHAIN_SYNTAX, 0);
}

#[test]
fn an_ecdsa_signature_is_two_numbers_in_der() {
    let chain = Chain::new(1);
    let (leaf, mut signed) = (&chain.0[0], chain.signed());
    let valid = sign(&key(2), &leaf.to_be_signed());
    let (r, s) = {
        let digest = HashAlgorithm::Sha256.digest(&[&leaf.to_be_signed()]);
        let signature: Signature = key(2).sign_prehash(&digest).unwrap();
        let (r, s) = signature.split_bytes();
        (integer(&r), integer(&s))
    };
    assert_eq!(valid, sequence(&[&r, &s]));
    let zero = integer(&[0]);
    let long = integer(&[1; 33]);
    for signature in [
        sequence(&[&r]),
        sequence(&[&r, &s, &s]),
        sequence(&[&r, &zero]),
        sequence(&[&zero, &s]),
        sequence(&[&long, &s]),
        sequence(&[&s, &r]),
        [&valid[..], &[0]].concat(),
        tlv(tag::SET, [&r[..], &s].concat()),
        [&r[2..], &s[2..]].concat(),
        vec![],
    ] {
        signed[0] = leaf.sealed(&signature);
        assert_refused(&signed, Code::CHAIN_SIGNATURE, 0);
    }
}

#[test]
fn p_384_signs_with_each_hash() {
    let signer = p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap();
    let point = signer.verifying_key().to_sec1_point(false);
    let curve = b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";
    for (last, hash) in [(2, HashAlgorithm::Sha256), (3, HashAlgorithm::Sha384), (4, HashAlgorithm::Sha512)] {
        let mut chain = Chain::new(1);
        chain.0[1].key_info = sequence(&[curve, &tlv(tag::BIT_STRING, [&[0], point.as_bytes()].concat())]);
        *chain.0[0].algorithm.last_mut().unwrap() = last;
        let (leaf, mut signed) = (&chain.0[0], chain.signed());
        let signature: p384::ecdsa::Signature = signer.sign_prehash(&hash.digest(&[&leaf.to_be_signed()])).unwrap();
        let (r, s) = signature.split_bytes();
        signed[0] = leaf.sealed(&sequence(&[&integer(&r), &integer(&s)]));
        assert_accepted(&signed);
        signed[0] = leaf.sealed(&sequence(&[&integer(&s), &integer(&r)]));
        assert_refused(&signed, Code::CHAIN_SIGNATURE, 0);
        // A point of P-256 under the name of P-384.
        chain.0[1].key_info = sequence(&[curve, &super::builder::key_info(&key(2))[23..]]);
        assert_refused(&chain.signed(), Code::CHAIN_KEY, 1);
    }
}

#[test]
fn a_key_is_that_of_the_public_area_that_has_it_and_no_other() {
    use crate::signature::{PublicKey, ecdsa, rsa};
    let ecc = |seed| {
        let point = key(seed).verifying_key().to_sec1_point(false);
        PublicKey::EcP256(ecdsa::PublicKey::new(point.x().unwrap(), point.y().unwrap()).unwrap())
    };
    let modulus = |last: u8| [&[0x80][..], &[0; 254], &[last]].concat();
    let (own, other) = (modulus(1), modulus(3));
    let rsa = |modulus| PublicKey::Rsa(rsa::PublicKey::new(modulus).unwrap());
    let of_ecc = Chain::new(1).signed().remove(0);
    let of_rsa = Chain::with(0, |leaf| leaf.key_info = rsa_key_info(&own, &[1, 0, 1])).signed().remove(0);
    let of_ecc = Certificate::decode(&of_ecc, Form::Rfc5280).unwrap().key;
    let of_rsa = Certificate::decode(&of_rsa, Form::Rfc5280).unwrap().key;
    assert!(of_ecc == ecc(1) && of_rsa == rsa(&own));
    assert!(of_ecc != ecc(2) && of_rsa != rsa(&other));
    assert!(of_ecc != rsa(&own) && of_rsa != ecc(1));
}
