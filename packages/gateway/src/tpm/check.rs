//! The gateway's own look at a quote before it hands it out: a TPM that answers nonsense is a defect to report here, not a
//! failed verification at every client.

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::structures::{Attest, AttestInfo, Public, Signature};

/// A hash of PROTOCOL.md §6, and the algorithms that sign with it.
struct Hash {
    digest: &'static digest::Algorithm,
    p256: &'static EcdsaVerificationAlgorithm,
    p384: &'static EcdsaVerificationAlgorithm,
    rsassa: &'static RsaParameters,
    rsapss: &'static RsaParameters,
}

const WITH_SHA256: Hash = Hash {
    digest: &SHA256,
    p256: &ECDSA_P256_SHA256_ASN1,
    p384: &ECDSA_P384_SHA256_ASN1,
    rsassa: &RSA_PKCS1_2048_8192_SHA256,
    rsapss: &RSA_PSS_2048_8192_SHA256,
};
const WITH_SHA384: Hash = Hash {
    digest: &SHA384,
    p256: &ECDSA_P256_SHA384_ASN1,
    p384: &ECDSA_P384_SHA384_ASN1,
    rsassa: &RSA_PKCS1_2048_8192_SHA384,
    rsapss: &RSA_PSS_2048_8192_SHA384,
};
const WITH_SHA512: Hash = Hash {
    digest: &SHA512,
    p256: &ECDSA_P256_SHA512_ASN1,
    p384: &ECDSA_P384_SHA512_ASN1,
    rsassa: &RSA_PKCS1_2048_8192_SHA512,
    rsapss: &RSA_PSS_2048_8192_SHA512,
};

/// The hash of a signature's scheme.
fn hash(signature: &Signature) -> Option<Hash> {
    let algorithm = match signature {
        Signature::EcDsa(signature) => signature.hashing_algorithm(),
        Signature::RsaSsa(signature) | Signature::RsaPss(signature) => signature.hashing_algorithm(),
        _ => return None,
    };
    match algorithm {
        HashingAlgorithm::Sha256 => Some(WITH_SHA256),
        HashingAlgorithm::Sha384 => Some(WITH_SHA384),
        HashingAlgorithm::Sha512 => Some(WITH_SHA512),
        _ => None,
    }
}

/// Whether `signature` is one of `public` over the marshalled `attest`.
pub(super) fn signature_holds(public: &Public, attest: &[u8], signature: &Signature) -> bool {
    let Some(hash) = hash(signature) else { return false };
    match (public, signature) {
        (Public::Ecc { parameters, unique, .. }, Signature::EcDsa(signature)) => {
            let (algorithm, length) = match parameters.ecc_curve() {
                EccCurve::NistP384 => (hash.p384, 48),
                _ => (hash.p256, 32),
            };
            let point = [vec![4], padded(unique.x().value(), length), padded(unique.y().value(), length)].concat();
            let numbers = [integer(signature.signature_r().value()), integer(signature.signature_s().value())];
            UnparsedPublicKey::new(algorithm, point).verify(attest, &der(0x30, &numbers.concat())).is_ok()
        }
        (Public::Rsa { unique, .. }, Signature::RsaSsa(signature)) => {
            rsa_holds(hash.rsassa, unique.value(), attest, signature.signature().value())
        }
        (Public::Rsa { unique, .. }, Signature::RsaPss(signature)) => {
            rsa_holds(hash.rsapss, unique.value(), attest, signature.signature().value())
        }
        _ => false,
    }
}

fn rsa_holds(algorithm: &'static RsaParameters, modulus: &[u8], attest: &[u8], signature: &[u8]) -> bool {
    RsaPublicKeyComponents { n: modulus, e: &[1, 0, 1][..] }.verify(algorithm, attest, signature).is_ok()
}

/// Whether the quote's `pcrDigest` is the hash of these values in this order: that of the signature scheme.
pub(super) fn covers(attest: &Attest, pcrs: &[(u8, Vec<u8>)], signature: &Signature) -> bool {
    let (AttestInfo::Quote { info }, Some(hash)) = (attest.attested(), hash(signature)) else { return false };
    let values: Vec<u8> = pcrs.iter().flat_map(|(_, value)| value.iter().copied()).collect();
    info.pcr_digest().value() == digest(hash.digest, &values).as_ref()
}

/// A number of a signature on a curve as INTEGER (X.690 §8.3): as short as it goes, and positive.
fn integer(number: &[u8]) -> Vec<u8> {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let digits = number.get(first..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
    der(0x02, &[sign, digits].concat())
}

/// `content` with its tag and its length, which has one octet: two numbers of P-384 have 102 at most.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    [&[tag, length], content].concat()
}

/// A coordinate in its full length, in bytes: a TPM may leave leading zeros out.
fn padded(number: &[u8], length: usize) -> Vec<u8> {
    let mut padded = vec![0; length];
    for (to, from) in padded.iter_mut().rev().zip(number.iter().rev()) {
        *to = *from;
    }
    padded
}
