//! Attestation keys in software. They are derived from public seeds: whoever trusts one trusts everybody.

use chacha20::{ChaCha8Rng, rand_core::SeedableRng};
use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use rsa::{BoxedUint, RsaPrivateKey, hazmat::rsa_decrypt, traits::PublicKeyParts};

use crate::tpm::{self, ATTRIBUTES, ECDSA, NULL, PublicArea, RSASSA, SHA256, hash, sized};

pub(crate) enum Key {
    Ecc(SigningKey),
    Rsa(Box<RsaPrivateKey>),
}

/// Both keys, made once: finding primes takes a while.
pub(crate) struct Keys {
    pub(crate) ecc: Key,
    pub(crate) rsa: Key,
}

impl Keys {
    pub(crate) fn derive() -> Self {
        let seed =
            |name: &str| <[u8; 32]>::try_from(hash(SHA256, &[b"blindllama conformance ", name.as_bytes()])).unwrap();
        let rsa = RsaPrivateKey::new(&mut ChaCha8Rng::from_seed(seed("RSA")), 2048).unwrap();
        Self { ecc: Key::Ecc(SigningKey::from_slice(&seed("ECC")).unwrap()), rsa: Key::Rsa(Box::new(rsa)) }
    }
}

impl Key {
    pub(crate) fn public_area(&self) -> PublicArea {
        let area = |kind, scheme, parameters, unique| PublicArea {
            kind,
            name_algorithm: SHA256,
            attributes: ATTRIBUTES,
            policy: vec![],
            symmetric: NULL,
            scheme,
            hash: SHA256,
            parameters,
            unique,
        };
        match self {
            Self::Ecc(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let unique = [sized(point.x().unwrap()), sized(point.y().unwrap())].concat();
                area(0x0023, ECDSA, [3_u16.to_be_bytes(), NULL.to_be_bytes()].concat(), unique)
            }
            Self::Rsa(key) => {
                let parameters = [&2048_u16.to_be_bytes()[..], &0_u32.to_be_bytes()].concat();
                area(0x0001, RSASSA, parameters, sized(&key.n().to_be_bytes()))
            }
        }
    }

    /// TPMT_SIGNATURE over `message`, with the hash of this TPM_ALG_ID.
    pub(crate) fn sign(&self, algorithm: u16, message: &[u8]) -> Vec<u8> {
        let digest = hash(algorithm, &[message]);
        match self {
            Self::Ecc(key) => {
                let signature: Signature = key.sign_prehash(&digest).unwrap();
                let (r, s) = signature.split_bytes();
                ecdsa_signature(algorithm, &r, &s)
            }
            Self::Rsa(_) => {
                let info = [digest_info(algorithm), &digest].concat();
                let padding = vec![0xff; 256 - 3 - info.len()];
                self.sign_encoded(algorithm, &[&[0, 1], &padding[..], &[0], &info].concat())
            }
        }
    }

    /// TPMT_SIGNATURE whose RSA signature recovers to `encoded`, whatever that is.
    pub(crate) fn sign_encoded(&self, algorithm: u16, encoded: &[u8]) -> Vec<u8> {
        let Self::Rsa(key) = self else { panic!("not an RSA key") };
        let message = BoxedUint::from_be_slice(encoded, 2048).unwrap();
        let signature = rsa_decrypt::<ChaCha8Rng>(None, key.as_ref(), &message).unwrap();
        rsa_signature(algorithm, &signature.to_be_bytes())
    }

    /// The same signature with n - s in place of s: as valid as the first.
    pub(crate) fn malleate(signature: &[u8]) -> Vec<u8> {
        let (r, s) = (&signature[6..38], &signature[40..72]);
        let parsed = Signature::from_slice(&[r, s].concat()).unwrap();
        let (r, s) = Signature::from_scalars(*parsed.r(), -*parsed.s()).unwrap().split_bytes();
        ecdsa_signature(SHA256, &r, &s)
    }

    pub(crate) fn modulus(&self) -> Vec<u8> {
        let Self::Rsa(key) = self else { panic!("not an RSA key") };
        key.n().to_be_bytes().to_vec()
    }
}

pub(crate) fn ecdsa_signature(algorithm: u16, r: &[u8], s: &[u8]) -> Vec<u8> {
    [&ECDSA.to_be_bytes()[..], &algorithm.to_be_bytes(), &sized(r), &sized(s)].concat()
}

pub(crate) fn rsa_signature(algorithm: u16, signature: &[u8]) -> Vec<u8> {
    [&RSASSA.to_be_bytes()[..], &algorithm.to_be_bytes(), &sized(signature)].concat()
}

/// DER of DigestInfo up to the digest (RFC 8017 §9.2).
pub(crate) fn digest_info(algorithm: u16) -> &'static [u8] {
    match algorithm {
        SHA256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        tpm::SHA384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        _ => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    }
}
