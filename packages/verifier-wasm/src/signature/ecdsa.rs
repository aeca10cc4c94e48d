//! ECDSA (FIPS 186-5 §6.4.2) on P-256 and P-384.

use ::ecdsa::{
    EcdsaCurve, Signature,
    elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytes, point::AffineCoordinates},
    hazmat::verify_prehashed,
};
use p256::NistP256;
use p384::NistP384;

use crate::Code;

/// A curve that this verifier knows, with what its arithmetic needs.
pub(crate) trait Curve: EcdsaCurve + CurveArithmetic {}

impl Curve for NistP256 {}
impl Curve for NistP384 {}

/// A point of a curve, checked to lie on it; both curves are of prime order, so it generates all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey<C: Curve = NistP256>(AffinePoint<C>);

impl<C: Curve> PublicKey<C> {
    /// None when the point does not lie on the curve.
    pub(crate) fn new(x: &FieldBytes<C>, y: &FieldBytes<C>) -> Option<Self> {
        // Never the point at infinity, which has no coordinates.
        Option::from(AffinePoint::<C>::from_coordinates(x, y)).map(Self)
    }

    /// x and y, as long as the field.
    #[cfg(any(test, feature = "inspect"))]
    pub(crate) fn coordinates(&self) -> [FieldBytes<C>; 2] {
        [self.0.x(), self.0.y()]
    }

    /// Verifies (r, s) over a digest. (r, n - s) is as valid as (r, s): TPMs give either, so nothing may be keyed on the
    /// bytes of a signature.
    ///
    /// # Errors
    /// `signature.value` when r or s is no number from 1 to n - 1 of the form that a TPM writes, else `signature.invalid`.
    pub(crate) fn verify(&self, digest: &[u8], r: &[u8], s: &[u8]) -> Result<(), Code> {
        // TPMs pad r and s to the size of the curve (TPM 2.0 Part 1 §C.8), so no other length is read.
        let scalar = |bytes| FieldBytes::<C>::try_from(bytes).map_err(|_| Code::SIGNATURE_VALUE);
        let signature = Signature::<C>::from_scalars(scalar(r)?, scalar(s)?).map_err(|_| Code::SIGNATURE_VALUE)?;
        verify_prehashed(&self.0.into(), digest, &signature).map_err(|_| Code::SIGNATURE_INVALID)
    }
}
