//! What Wycheproof has no vectors for: a TPM's salts, broken moduli, and keys of Ed25519 that are not canonical.

use crypto_bigint::U2048;
use proptest::prelude::*;
use rsa::{
    RsaPrivateKey,
    pss::SigningKey,
    signature::{RandomizedSigner, SignatureEncoding},
    traits::PublicKeyParts,
};
use sha2::{Sha256, Sha384, Sha512};

use super::{PublicKey, ecdsa, ed25519, roca, rsa::PublicKey as RsaKey};
use crate::{
    Code,
    hash::HashAlgorithm,
    tpm::{AttestationKey, Scheme, Signature, SignatureValue},
};

const MESSAGE: &[u8] = b"a quote";

fn seeded(seed: u8) -> chacha20::ChaCha8Rng {
    chacha20::rand_core::SeedableRng::from_seed([seed; 32])
}

/// RSASSA-PSS over [`MESSAGE`], by an implementation that is not ours.
fn signed(key: &RsaPrivateKey, hash: HashAlgorithm, salt: usize) -> Vec<u8> {
    let (key, random) = (key.clone(), &mut seeded(salt as u8));
    match hash {
        HashAlgorithm::Sha256 => SigningKey::<Sha256>::new_with_salt_len(key, salt).sign_with_rng(random, MESSAGE),
        HashAlgorithm::Sha384 => SigningKey::<Sha384>::new_with_salt_len(key, salt).sign_with_rng(random, MESSAGE),
        HashAlgorithm::Sha512 => SigningKey::<Sha512>::new_with_salt_len(key, salt).sign_with_rng(random, MESSAGE),
    }
    .to_vec()
}

#[test]
fn an_rsapss_key_of_a_tpm_takes_the_longest_salt_or_one_as_long_as_the_digest_and_no_other() {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    let private = RsaPrivateKey::new(&mut seeded(3), 2048).unwrap();
    let modulus = private.n().to_be_bytes();
    for hash in [Sha256, Sha384, Sha512] {
        let key = PublicKey::Rsa(RsaKey::new(&modulus).unwrap());
        let key = AttestationKey { key, scheme: Scheme::Rsapss, hash };
        let verify = |value: &[u8]| {
            key.verify(MESSAGE, &Signature { scheme: Scheme::Rsapss, hash, value: SignatureValue::Rsa(value) })
        };
        let (digest, largest) = (hash.digest_length(), 256 - hash.digest_length() - 2);
        for salt in [digest, largest] {
            let signature = signed(&private, hash, salt);
            assert_eq!(verify(&signature), Ok(()), "{hash:?} {salt}");
            let mut altered = signature;
            altered[200] ^= 1;
            assert_eq!(verify(&altered), Err(Code::SIGNATURE_INVALID));
        }
        for salt in [0, 1, digest - 1, digest + 1, largest - 1] {
            assert_eq!(verify(&signed(&private, hash, salt)), Err(Code::SIGNATURE_INVALID), "{hash:?} {salt}");
        }
    }
}

#[test]
fn the_scheme_of_a_signature_is_the_one_of_its_key() {
    let private = RsaPrivateKey::new(&mut seeded(3), 2048).unwrap();
    let modulus = private.n().to_be_bytes();
    let (hash, value) = (HashAlgorithm::Sha256, signed(&private, HashAlgorithm::Sha256, 32));
    for (own, said) in [(Scheme::Rsapss, Scheme::Rsassa), (Scheme::Rsassa, Scheme::Rsapss)] {
        let key = AttestationKey { key: PublicKey::Rsa(RsaKey::new(&modulus).unwrap()), scheme: own, hash };
        let verify = |scheme| key.verify(MESSAGE, &Signature { scheme, hash, value: SignatureValue::Rsa(&value) });
        assert_eq!(verify(said), Err(Code::SIGNATURE_SCHEME));
        assert_eq!(verify(own).is_ok(), own == Scheme::Rsapss, "{own:?}");
    }
}

/// M of CVE-2017-15361 for 2048 bits: the product of the primes through 701.
fn primorial() -> U2048 {
    let primes = (2_u32..=701).filter(|number| (2..*number).all(|divisor| number % divisor != 0));
    primes.fold(U2048::ONE, |product, prime| product.wrapping_mul(&U2048::from_u32(prime)))
}

/// `65537^exponent + 2^shift * M`, of 2048 bits.
fn broken_modulus(exponent: u32) -> [u8; 256] {
    let power = (0..exponent).fold(U2048::ONE, |power, _| power.wrapping_mul(&U2048::from_u32(65537)));
    let multiple = primorial().shl(2048 - primorial().bits());
    power.wrapping_add(&multiple).to_be_bytes().into()
}

#[test]
fn b6_a_modulus_with_the_fingerprint_of_roca_is_no_key() {
    for exponent in [0, 1, 7, 50] {
        let modulus = broken_modulus(exponent);
        assert!(roca::has_fingerprint(&modulus) && RsaKey::new(&modulus).is_none());
        // 2 is no power of 65537 modulo 11.
        let mut beside = modulus;
        beside[255] ^= 2;
        assert!(!roca::has_fingerprint(&beside) && RsaKey::new(&beside).is_some());
    }
}

proptest! {
    #[test]
    fn other_moduli_have_no_fingerprint(mut modulus in proptest::collection::vec(any::<u8>(), 256..=512)) {
        modulus[0] |= 0x80;
        *modulus.last_mut().unwrap() |= 1;
        prop_assert!(!roca::has_fingerprint(&modulus) && RsaKey::new(&modulus).is_some());
    }
}

/// p = 2^255 - 19, little-endian.
const FIELD: [u8; 32] = {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xed, 0x7f);
    bytes
};

#[test]
fn ed25519_points_of_small_order_are_no_keys() {
    let order_8 = b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\
        \x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a";
    let identity = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    let order_2 = {
        let mut bytes = FIELD;
        bytes[0] -= 1;
        bytes
    };
    for point in [[0; 32], identity, order_2, *order_8] {
        assert_eq!(ed25519::PublicKey::new(&point), None, "{point:02x?}");
    }
}

#[test]
fn an_ed25519_key_has_one_encoding() {
    // y and y + p are the same number where y < 19; the sign of x = 0 is 0.
    let mut seen = 0;
    for y in 0..19 {
        let (mut canonical, mut beyond) = ([0; 32], FIELD);
        (canonical[0], beyond[0]) = (y, 0xed + y);
        for sign in [0, 0x80] {
            (canonical[31], beyond[31]) = (sign, 0x7f | sign);
            seen += usize::from(ed25519::PublicKey::new(&canonical).is_some());
            assert_eq!(ed25519::PublicKey::new(&beyond), None, "{y}");
        }
    }
    assert!(seen > 0, "no point has a small y");
}

#[test]
fn ecdsa_accepts_what_another_implementation_signs_over_digests_of_every_length_and_nothing_beside_it() {
    use p256::ecdsa::signature::hazmat::PrehashSigner;
    let p256 = p256::ecdsa::SigningKey::from_slice(&[0x21; 32]).unwrap();
    let p384 = p384::ecdsa::SigningKey::from_slice(&[0x42; 48]).unwrap();
    let (point, point384) = (p256.verifying_key().to_sec1_point(false), p384.verifying_key().to_sec1_point(false));
    let key = ecdsa::PublicKey::<p256::NistP256>::new(point.x().unwrap(), point.y().unwrap()).unwrap();
    let key384 = ecdsa::PublicKey::<p384::NistP384>::new(point384.x().unwrap(), point384.y().unwrap()).unwrap();
    for round in 0_u8..16 {
        for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            let (digest, other) = (hash.digest(&[&[round]]), hash.digest(&[&[round], b"other"]));
            let signature: p256::ecdsa::Signature = p256.sign_prehash(&digest).unwrap();
            let (r, s) = signature.split_bytes();
            assert_eq!(key.verify(&digest, &r, &s), Ok(()), "{hash:?} {round}");
            assert_eq!(key.verify(&other, &r, &s), Err(Code::SIGNATURE_INVALID));
            assert_eq!(key.verify(&digest, &s, &r), Err(Code::SIGNATURE_INVALID));
            let signature: p384::ecdsa::Signature = p384.sign_prehash(&digest).unwrap();
            let (r, s) = signature.split_bytes();
            assert_eq!(key384.verify(&digest, &r, &s), Ok(()), "{hash:?} {round}");
            assert_eq!(key384.verify(&other, &r, &s), Err(Code::SIGNATURE_INVALID));
            assert_eq!(key384.verify(&digest, &s, &r), Err(Code::SIGNATURE_INVALID));
        }
    }
}

#[test]
fn ecdsa_refuses_the_point_at_infinity() {
    use p256::{Scalar, elliptic_curve::PrimeField};
    // u G + v Q is infinity where the digest is -r d: every s fits.
    let secret = Scalar::from(7_u64);
    let point = p256::ecdsa::SigningKey::from_slice(&secret.to_bytes()).unwrap().verifying_key().to_sec1_point(false);
    let key = ecdsa::PublicKey::<p256::NistP256>::new(point.x().unwrap(), point.y().unwrap()).unwrap();
    for r in 1_u64..9 {
        let digest = -(Scalar::from(r) * secret);
        for s in 1_u64..9 {
            let (r, s) = (Scalar::from(r).to_repr(), Scalar::from(s).to_repr());
            assert_eq!(key.verify(&digest.to_repr(), &r, &s), Err(Code::SIGNATURE_INVALID));
        }
    }
}
