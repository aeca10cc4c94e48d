//! SubjectPublicKeyInfo and the signatures that its key makes (RFC 3279, RFC 4055, RFC 5480, RFC 5758).

use p256::elliptic_curve::FieldBytes;

use super::{
    certificate::Form,
    der::{Element, Reader, tag},
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
const AMD_RSAPSS: &[u8] = b"\x30\x46\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x39\
    \xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa2\x03\x02\x01\x30\xa3\x03\x02\x01\x01";

impl SignatureAlgorithm {
    /// By the whole of its AlgorithmIdentifier: RSA with the parameter NULL (RFC 4055 §5), ECDSA without any (RFC 5758 §3.2).
    /// No SHA-1. AMD's certificates have an algorithm of their own.
    pub(super) fn from_identifier(whole: &[u8], form: Form) -> Option<Self> {
        if form == Form::Amd {
            return (whole == AMD_RSAPSS).then_some(Self::Rsapss);
        }
        let rsassa = |last: &[u8]| match last {
            [11, 5, 0] => Some(HashAlgorithm::Sha256),
            [12, 5, 0] => Some(HashAlgorithm::Sha384),
            [13, 5, 0] => Some(HashAlgorithm::Sha512),
            _ => None,
        };
        let ecdsa = |last: &[u8]| match last {
            [2] => Some(HashAlgorithm::Sha256),
            [3] => Some(HashAlgorithm::Sha384),
            [4] => Some(HashAlgorithm::Sha512),
            _ => None,
        };
        if let Some(last) = whole.strip_prefix(b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01") {
            rsassa(last).map(Self::Rsassa)
        } else {
            whole.strip_prefix(b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03").and_then(ecdsa).map(Self::Ecdsa)
        }
    }
}

/// AlgorithmIdentifiers: rsaEncryption with NULL (RFC 3279 §2.3.1), id-ecPublicKey with a named curve (RFC 5480 §2.1.1).
const RSA_ENCRYPTION: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const EC_P256: &[u8] = b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
const EC_P384: &[u8] = b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22";

/// # Errors
/// `chain.syntax`, or `chain.key` for what is well-formed but not accepted.
pub(super) fn decode(info: Reader<'_>) -> Result<PublicKey<'_>, Code> {
    let (algorithm, bits) = key_info(info).ok_or(Code::CHAIN_SYNTAX)?;
    let key = match algorithm {
        RSA_ENCRYPTION => rsa_key(bits).map(PublicKey::Rsa),
        EC_P256 => ec_key(bits).map(PublicKey::EcP256),
        EC_P384 => ec_key(bits).map(PublicKey::EcP384),
        _ => None,
    };
    key.ok_or(Code::CHAIN_KEY)
}

/// Whether a signature over `message` is one of `key`.
pub(super) fn verifies(key: &PublicKey<'_>, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
    let digest = |hash: HashAlgorithm| hash.digest([message]);
    match (key, algorithm) {
        (PublicKey::Rsa(key), SignatureAlgorithm::Rsassa(hash)) => key.verify(hash, &digest(hash), signature).is_ok(),
        (PublicKey::Rsa(key), SignatureAlgorithm::Rsapss) => {
            let hash = HashAlgorithm::Sha384;
            key.verify_pss(hash, &digest(hash), signature, &[hash.digest_length()]).is_ok()
        }
        (PublicKey::EcP256(key), SignatureAlgorithm::Ecdsa(hash)) => verifies_ecdsa(key, &digest(hash), signature),
        (PublicKey::EcP384(key), SignatureAlgorithm::Ecdsa(hash)) => verifies_ecdsa(key, &digest(hash), signature),
        _ => false,
    }
}

/// The whole AlgorithmIdentifier and the octets of the key (RFC 5280 §4.1.2.7).
fn key_info(mut info: Reader<'_>) -> Option<(&[u8], &[u8])> {
    let algorithm = info.read(tag::SEQUENCE)?.whole;
    let bits = octets(&info.read(tag::BIT_STRING)?)?;
    info.end()?;
    Some((algorithm, bits))
}

/// The content of a BIT STRING of whole octets.
pub(super) fn octets<'a>(bits: &Element<'a>) -> Option<&'a [u8]> {
    bits.content.strip_prefix(&[0])
}

/// RSAPublicKey (RFC 8017 §A.1.1) with the exponent 65537.
fn rsa_key(bits: &[u8]) -> Option<rsa::PublicKey<'_>> {
    let mut members = Element::decode(bits)?.sequence()?;
    let (modulus, exponent) = (members.read_unsigned()?, members.read_unsigned()?);
    members.end()?;
    if exponent == [1, 0, 1] { rsa::PublicKey::new(modulus) } else { None }
}

/// ECPoint, uncompressed (RFC 5480 §2.2).
fn ec_key<C: ecdsa::Curve>(bits: &[u8]) -> Option<ecdsa::PublicKey<C>> {
    let coordinates = bits.strip_prefix(&[4])?;
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    ecdsa::PublicKey::new(x.try_into().ok()?, y.try_into().ok()?)
}

/// Ecdsa-Sig-Value (RFC 3279 §2.2.3).
fn verifies_ecdsa<C: ecdsa::Curve>(key: &ecdsa::PublicKey<C>, digest: &[u8], signature: &[u8]) -> bool {
    let scalar = |members: &mut Reader<'_>| {
        let digits = members.read_unsigned()?;
        let mut padded = FieldBytes::<C>::default();
        let start = padded.len().checked_sub(digits.len())?;
        padded.get_mut(start..)?.copy_from_slice(digits);
        Some(padded)
    };
    let value = Element::decode(signature).and_then(|value| value.sequence()).and_then(|mut members| {
        let value = (scalar(&mut members)?, scalar(&mut members)?);
        members.end().map(|()| value)
    });
    value.is_some_and(|(r, s)| key.verify(digest, &r, &s).is_ok())
}
