//! The gateway's own look at a quote before it hands it out: a TPM that answers nonsense is a defect to report here, not a
//! failed verification at every client.

use aws_lc_rs::digest::{SHA256, SHA384, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::structures::{Attest, AttestInfo, Public, Signature};

/// Whether `signature` is one of `public` over the marshalled `attest`.
pub(super) fn signature_holds(public: &Public, attest: &[u8], signature: &Signature) -> bool {
    match (public, signature) {
        (Public::Ecc { parameters, unique, .. }, Signature::EcDsa(signature)) => {
            let (algorithm, length) = match parameters.ecc_curve() {
                EccCurve::NistP384 => (&ECDSA_P384_SHA384_FIXED, 48),
                _ => (&ECDSA_P256_SHA256_FIXED, 32),
            };
            let padded = |number: &[u8]| padded(number, length);
            let point = [vec![4], padded(unique.x().value()), padded(unique.y().value())].concat();
            let fixed = [padded(signature.signature_r().value()), padded(signature.signature_s().value())].concat();
            UnparsedPublicKey::new(algorithm, point).verify(attest, &fixed).is_ok()
        }
        (Public::Rsa { unique, .. }, Signature::RsaSsa(signature)) => {
            rsa_holds(&RSA_PKCS1_2048_8192_SHA256, unique.value(), attest, signature.signature().value())
        }
        (Public::Rsa { unique, .. }, Signature::RsaPss(signature)) => {
            rsa_holds(&RSA_PSS_2048_8192_SHA256, unique.value(), attest, signature.signature().value())
        }
        _ => false,
    }
}

fn rsa_holds(algorithm: &'static RsaParameters, modulus: &[u8], attest: &[u8], signature: &[u8]) -> bool {
    RsaPublicKeyComponents { n: modulus, e: &[1, 0, 1][..] }.verify(algorithm, attest, signature).is_ok()
}

/// Whether the quote's `pcrDigest` is the hash of these values in this order: that of the signature scheme.
pub(super) fn covers(attest: &Attest, pcrs: &[(u8, Vec<u8>)], signature: &Signature) -> bool {
    let AttestInfo::Quote { info } = attest.attested() else { return false };
    let values: Vec<u8> = pcrs.iter().flat_map(|(_, value)| value.iter().copied()).collect();
    let hash = match signature {
        Signature::EcDsa(signature) if signature.hashing_algorithm() == HashingAlgorithm::Sha384 => &SHA384,
        _ => &SHA256,
    };
    info.pcr_digest().value() == digest(hash, &values).as_ref()
}

/// A coordinate or number of a curve in its full length, in bytes: a TPM may leave leading zeros out.
fn padded(number: &[u8], length: usize) -> Vec<u8> {
    let mut padded = vec![0; length];
    for (to, from) in padded.iter_mut().rev().zip(number.iter().rev()) {
        *to = *from;
    }
    padded
}
