//! ECDSA on P-256 (FIPS 186-5 §6.4.2).

use p256::{
    AffinePoint, FieldBytes,
    ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier},
    elliptic_curve::point::AffineCoordinates,
};

use crate::Code;

/// A point of P-256, checked to lie on the curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey(VerifyingKey);

impl PublicKey {
    /// None when the point does not lie on the curve.
    pub(crate) fn new(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let point: Option<AffinePoint> = AffinePoint::from_coordinates(&(*x).into(), &(*y).into()).into();
        VerifyingKey::from_affine(point?).ok().map(Self)
    }

    /// Verifies (r, s) over a digest. (r, n - s) is as valid as (r, s): TPMs give either, so nothing may be keyed on the
    /// bytes of a signature.
    ///
    /// # Errors
    /// `signature.value` when r or s is no number from 1 to n - 1 of the form that a TPM writes, else `signature.invalid`.
    pub(crate) fn verify(&self, digest: &[u8], r: &[u8], s: &[u8]) -> Result<(), Code> {
        let scalar = |bytes| scalar(bytes).ok_or(Code::SIGNATURE_VALUE);
        let signature = Signature::from_scalars(scalar(r)?, scalar(s)?).map_err(|_| Code::SIGNATURE_VALUE)?;
        self.0.verify_prehash(digest, &signature).map_err(|_| Code::SIGNATURE_INVALID)
    }
}

/// TPMs pad r and s to the size of the curve (TPM 2.0 Part 1 §C.8), so no other length is read.
fn scalar(bytes: &[u8]) -> Option<FieldBytes> {
    let bytes: [u8; 32] = bytes.try_into().ok()?;
    Some(bytes.into())
}
