//! The gateway's own look at a quote before it hands it out: a TPM that answers nonsense is a defect to report here, not a
//! failed verification at every client.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use tss_esapi::structures::{Attest, AttestInfo, Public, Signature};

use crate::digest::sha256;

/// Whether `signature` is one of `public` over the marshalled `attest`.
pub(super) fn signature_holds(public: &Public, attest: &[u8], signature: &Signature) -> bool {
    match (public, signature) {
        (Public::Ecc { unique, .. }, Signature::EcDsa(signature)) => {
            let point = [&[4], padded(unique.x().value()).as_slice(), &padded(unique.y().value())].concat();
            let fixed = [padded(signature.signature_r().value()), padded(signature.signature_s().value())].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(attest, &fixed).is_ok()
        }
        (Public::Rsa { unique, .. }, Signature::RsaSsa(signature)) => {
            let key = RsaPublicKeyComponents { n: unique.value(), e: &[1, 0, 1][..] };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, attest, signature.signature().value()).is_ok()
        }
        _ => false,
    }
}

/// Whether the quote's `pcrDigest` is the hash (SHA-256, the signature scheme's) of these values in this order.
pub(super) fn covers(attest: &Attest, pcrs: &[(u8, Vec<u8>)]) -> bool {
    let AttestInfo::Quote { info } = attest.attested() else { return false };
    let values: Vec<u8> = pcrs.iter().flat_map(|(_, value)| value.iter().copied()).collect();
    info.pcr_digest().value() == sha256(&values)
}

/// A coordinate or number of P-256 in its full 32 bytes: a TPM may leave leading zeros out.
fn padded(number: &[u8]) -> [u8; 32] {
    let mut padded = [0; 32];
    for (to, from) in padded.iter_mut().rev().zip(number.iter().rev()) {
        *to = *from;
    }
    padded
}
