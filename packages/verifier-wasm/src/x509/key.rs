//! SubjectPublicKeyInfo and the signatures that its key makes (RFC 3279, RFC 4055, RFC 5480, RFC 5758).

use alloc::vec::Vec;

use super::{
    der::{Reader, tag},
    form::Form,
};
use crate::{
    Code,
    hash::HashAlgorithm,
    signature::{PublicKey, ecdsa, rsa},
};

/// How an issuer signed, its parameters included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureAlgorithm {
    Rsassa(HashAlgorithm),
    /// With SHA-384, for MGF1 as well, and a salt of as many bytes.
    Rsapss,
    Ecdsa(HashAlgorithm),
}

/// id-RSASSA-PSS with the parameters of AMD's certificates (RFC 4055 §3.1), which write out a default that DER leaves out.
const AMD_RSAPSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x39\
    \xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa2\x03\x02\x01\x30\xa3\x03\x02\x01\x01";

impl SignatureAlgorithm {
    /// By the content of its AlgorithmIdentifier: RSA with the parameter NULL (RFC 4055 §5), ECDSA without any (RFC 5758 §3.2).
    /// No SHA-1. AMD's certificates have an algorithm of their own.
    pub(super) fn from_identifier(identifier: &[u8], form: Form) -> Option<Self> {
        if form == Form::Amd {
            return (identifier == AMD_RSAPSS).then_some(Self::Rsapss);
        }
        let rsassa = identifier.strip_prefix(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01");
        let ecdsa = identifier.strip_prefix(b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03");
        match (rsassa, ecdsa) {
            (Some([11, 5, 0]), _) => Some(Self::Rsassa(HashAlgorithm::Sha256)),
            (Some([12, 5, 0]), _) => Some(Self::Rsassa(HashAlgorithm::Sha384)),
            (Some([13, 5, 0]), _) => Some(Self::Rsassa(HashAlgorithm::Sha512)),
            (_, Some([2])) => Some(Self::Ecdsa(HashAlgorithm::Sha256)),
            (_, Some([3])) => Some(Self::Ecdsa(HashAlgorithm::Sha384)),
            (_, Some([4])) => Some(Self::Ecdsa(HashAlgorithm::Sha512)),
            _ => None,
        }
    }
}

/// Content of AlgorithmIdentifiers: rsaEncryption with NULL (RFC 3279 §2.3.1), id-ecPublicKey with a named curve (RFC 5480 §2.1.1).
const RSA_ENCRYPTION: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const EC_P256: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const EC_P384: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";

/// The key that the members of a SubjectPublicKeyInfo describe (RFC 5280 §4.1.2.7).
///
/// # Errors
/// `chain.syntax`, or `chain.key` for what is well-formed but not accepted.
pub(super) fn decode(mut info: Reader<'_>) -> Result<PublicKey<'_>, Code> {
    let algorithm = info.read(tag::SEQUENCE);
    let bits = info.read_octets();
    if !info.end() {
        return Err(Code::CHAIN_SYNTAX);
    }
    // Not by `match`, which would compare byte after byte in code of its own.
    let key = if algorithm == RSA_ENCRYPTION {
        rsa_key(bits).map(PublicKey::Rsa)
    } else if algorithm == EC_P256 {
        ec_key(bits).map(PublicKey::EcP256)
    } else if algorithm == EC_P384 {
        ec_key(bits).map(PublicKey::EcP384)
    } else {
        None
    };
    key.ok_or(Code::CHAIN_KEY)
}

/// Whether a signature over `message` is one of `key`.
pub(super) fn verifies(key: &PublicKey<'_>, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
    let hash = match algorithm {
        SignatureAlgorithm::Rsassa(hash) | SignatureAlgorithm::Ecdsa(hash) => hash,
        SignatureAlgorithm::Rsapss => HashAlgorithm::Sha384,
    };
    let digest = hash.digest(&[message]);
    let verified = match (key, algorithm) {
        (PublicKey::Rsa(key), SignatureAlgorithm::Rsassa(_)) => key.verify(hash, &digest, signature),
        (PublicKey::Rsa(key), SignatureAlgorithm::Rsapss) => {
            key.verify_pss(hash, &digest, signature, &[hash.digest_length()])
        }
        (PublicKey::EcP256(key), SignatureAlgorithm::Ecdsa(_)) => {
            ecdsa_value(signature, 32).and_then(|[r, s]| key.verify(&digest, &r, &s))
        }
        (PublicKey::EcP384(key), SignatureAlgorithm::Ecdsa(_)) => {
            ecdsa_value(signature, 48).and_then(|[r, s]| key.verify(&digest, &r, &s))
        }
        _ => return false,
    };
    verified.is_ok()
}

/// RSAPublicKey (RFC 8017 §A.1.1) with the exponent 65537.
fn rsa_key(bits: &[u8]) -> Option<rsa::PublicKey<'_>> {
    let mut members = Reader::decode(bits)?.enter(tag::SEQUENCE);
    let (modulus, exponent) = (members.read_unsigned(), members.read_unsigned());
    if members.end() && exponent == [1, 0, 1] { rsa::PublicKey::new(modulus) } else { None }
}

/// ECPoint, uncompressed (RFC 5480 §2.2).
fn ec_key<C: ecdsa::Curve>(bits: &[u8]) -> Option<ecdsa::PublicKey<C>> {
    let coordinates = bits.strip_prefix(&[4])?;
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    ecdsa::PublicKey::new(x.try_into().ok()?, y.try_into().ok()?)
}

/// Ecdsa-Sig-Value (RFC 3279 §2.2.3): r and s of `length` bytes each, big-endian.
///
/// # Errors
/// `signature.value`
fn ecdsa_value(signature: &[u8], length: usize) -> Result<[Vec<u8>; 2], Code> {
    let mut members = Reader::decode(signature).ok_or(Code::SIGNATURE_VALUE)?.enter(tag::SEQUENCE);
    let [r, s] = [members.read_unsigned(), members.read_unsigned()];
    if !members.end() || r.len().max(s.len()) > length {
        return Err(Code::SIGNATURE_VALUE);
    }
    let padded = |digits: &[u8]| {
        let mut scalar = alloc::vec![0; length.saturating_sub(digits.len())];
        scalar.extend_from_slice(digits);
        scalar
    };
    Ok([padded(r), padded(s)])
}
