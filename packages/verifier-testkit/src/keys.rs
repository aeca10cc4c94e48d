//! Attestation keys in software. They are derived from public seeds: whoever trusts one trusts everybody.

use chacha20::{ChaCha8Rng, rand_core::SeedableRng};
use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use rsa::{BoxedUint, RsaPrivateKey, hazmat::rsa_decrypt, traits::PublicKeyParts};

use crate::tpm::{self, ATTRIBUTES, ECDSA, NULL, PublicArea, RSAPSS, RSASSA, SHA256, hash, sized};

/// A private key.
pub enum Key {
    /// On P-256.
    Ecc(SigningKey),
    /// On P-384.
    P384(p384::ecdsa::SigningKey),
    /// RSA with exponent 65537.
    Rsa(Box<RsaPrivateKey>),
}

/// The keys, made once: finding primes takes a while.
pub struct Keys {
    /// On P-256.
    pub ecc: Key,
    /// On P-384.
    pub p384: Key,
    /// RSA of 2048 bits.
    pub rsa: Key,
    /// RSA of 3072 bits.
    pub rsa_3072: Key,
    /// RSA of 4096 bits.
    pub rsa_4096: Key,
    /// Of a processor, which signs reports.
    pub vcek: Key,
}

impl Keys {
    /// Always the same keys: each seed is the SHA-256 of a name.
    pub fn derive() -> Self {
        let seed =
            |name: &str| <[u8; 32]>::try_from(hash(SHA256, &[b"blindllama conformance ", name.as_bytes()])).unwrap();
        let rsa = |name: &str, bits| {
            Key::Rsa(Box::new(RsaPrivateKey::new(&mut ChaCha8Rng::from_seed(seed(name)), bits).unwrap()))
        };
        let p384 =
            |name: &str| Key::P384(p384::ecdsa::SigningKey::from_slice(&[seed(name), [0; 32]].concat()[..48]).unwrap());
        Self {
            ecc: Key::Ecc(SigningKey::from_slice(&seed("ECC")).unwrap()),
            p384: p384("P-384"),
            rsa: rsa("RSA", 2048),
            rsa_3072: rsa("RSA-3072", 3072),
            rsa_4096: rsa("RSA-4096", 4096),
            vcek: p384("VCEK"),
        }
    }
}

impl Key {
    /// TPMT_PUBLIC of an attestation key.
    pub fn public_area(&self) -> PublicArea {
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
            Self::P384(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let unique = [sized(point.x().unwrap()), sized(point.y().unwrap())].concat();
                area(0x0023, ECDSA, [4_u16.to_be_bytes(), NULL.to_be_bytes()].concat(), unique)
            }
            Self::Rsa(key) => {
                let parameters = [&(key.size() as u16 * 8).to_be_bytes()[..], &0_u32.to_be_bytes()].concat();
                area(0x0001, RSASSA, parameters, sized(&key.n().to_be_bytes()))
            }
        }
    }

    /// The vector that is accepted with this key.
    pub fn accepted(&self) -> &'static str {
        match self {
            Self::Ecc(_) => "ok-ecc",
            Self::P384(_) => "ok-p384-sha384",
            Self::Rsa(_) => "ok-rsa",
        }
    }

    /// TPMT_SIGNATURE over `message`, with the hash of this TPM_ALG_ID.
    pub fn sign(&self, algorithm: u16, message: &[u8]) -> Vec<u8> {
        let digest = hash(algorithm, &[message]);
        match self {
            Self::Ecc(key) => {
                let signature: Signature = key.sign_prehash(&digest).unwrap();
                let (r, s) = signature.split_bytes();
                ecdsa_signature(algorithm, &r, &s)
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign_prehash(&digest).unwrap();
                let (r, s) = signature.split_bytes();
                ecdsa_signature(algorithm, &r, &s)
            }
            Self::Rsa(key) => {
                let info = [digest_info(algorithm), &digest].concat();
                let padding = vec![0xff; key.size() - 3 - info.len()];
                self.sign_encoded(RSASSA, algorithm, &[&[0, 1], &padding[..], &[0], &info].concat())
            }
        }
    }

    /// TPMT_SIGNATURE of RSAPSS over `message`, with a salt of so many bytes.
    pub fn sign_pss(&self, algorithm: u16, message: &[u8], salt: usize) -> Vec<u8> {
        let encoded = pss_encode(algorithm, message, self.modulus().len(), salt);
        self.sign_encoded(RSAPSS, algorithm, &encoded)
    }

    /// TPMT_SIGNATURE whose RSA signature recovers to `encoded`, whatever that is.
    pub fn sign_encoded(&self, scheme: u16, algorithm: u16, encoded: &[u8]) -> Vec<u8> {
        let Self::Rsa(key) = self else { panic!("not an RSA key") };
        let message = BoxedUint::from_be_slice(encoded, key.n().bits_precision()).unwrap();
        let signature = rsa_decrypt::<ChaCha8Rng>(None, key.as_ref(), &message).unwrap();
        rsa_signature(scheme, algorithm, &signature.to_be_bytes())
    }

    /// The same signature with n - s in place of s: as valid as the first.
    pub fn malleate(signature: &[u8]) -> Vec<u8> {
        let (r, s) = (&signature[6..38], &signature[40..72]);
        let parsed = Signature::from_slice(&[r, s].concat()).unwrap();
        let (r, s) = Signature::from_scalars(*parsed.r(), -*parsed.s()).unwrap().split_bytes();
        ecdsa_signature(SHA256, &r, &s)
    }

    /// The modulus of an RSA key, big endian.
    ///
    /// # Panics
    ///
    /// For a key on a curve.
    pub fn modulus(&self) -> Vec<u8> {
        let Self::Rsa(key) = self else { panic!("not an RSA key") };
        key.n().to_be_bytes().to_vec()
    }
}

/// TPMT_SIGNATURE of ECDSA.
pub fn ecdsa_signature(algorithm: u16, r: &[u8], s: &[u8]) -> Vec<u8> {
    [&ECDSA.to_be_bytes()[..], &algorithm.to_be_bytes(), &sized(r), &sized(s)].concat()
}

/// TPMT_SIGNATURE of RSASSA or RSAPSS.
pub fn rsa_signature(scheme: u16, algorithm: u16, signature: &[u8]) -> Vec<u8> {
    [&scheme.to_be_bytes()[..], &algorithm.to_be_bytes(), &sized(signature)].concat()
}

/// DER of DigestInfo up to the digest (RFC 8017 §9.2).
pub fn digest_info(algorithm: u16) -> &'static [u8] {
    match algorithm {
        SHA256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        tpm::SHA384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        _ => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    }
}

/// EMSA-PSS-ENCODE (RFC 8017 §9.1.1) of `length` bytes, its salt all of one byte.
pub fn pss_encode(algorithm: u16, message: &[u8], length: usize, salt: usize) -> Vec<u8> {
    let salt = vec![0xa5; salt];
    let hashed = hash(algorithm, &[&[0; 8], &hash(algorithm, &[message]), &salt]);
    let zeros = vec![0; length - hashed.len() - salt.len() - 2];
    pss_mask(algorithm, &[&zeros[..], &[1], &salt].concat(), &hashed)
}

/// Steps 9 to 12 of the encoding, of whatever data block.
pub fn pss_mask(algorithm: u16, block: &[u8], hashed: &[u8]) -> Vec<u8> {
    let mask = (0_u32..).flat_map(|counter| hash(algorithm, &[hashed, &counter.to_be_bytes()]));
    let mut masked: Vec<u8> = block.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
    masked[0] &= 0x7f;
    [&masked, hashed, &[0xbc]].concat()
}
