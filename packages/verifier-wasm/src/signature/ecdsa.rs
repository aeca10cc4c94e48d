//! ECDSA (FIPS 186-5 §6.4.2) on P-256 and P-384: the equation, over scalars and points of the crates of the curves.
//!
//! Verification handles public values only, so nothing here needs constant time.

use p256::{
    NistP256,
    elliptic_curve::{
        AffinePoint, CurveArithmetic, CurveGroup, Field, FieldBytes, ProjectivePoint, Scalar,
        ff::PrimeField,
        ops::{MulByGeneratorVartime, Reduce},
        point::AffineCoordinates,
    },
};
use p384::NistP384;

use crate::Code;

/// A curve that this verifier knows. Its order is prime, and as long as the numbers of its field.
pub(crate) trait Curve: CurveArithmetic {}

impl Curve for NistP256 {}
impl Curve for NistP384 {}

/// A point of a curve, checked to lie on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey<C: Curve = NistP256>(AffinePoint<C>);

impl<C: Curve> PublicKey<C> {
    /// None when the point does not lie on the curve.
    pub(crate) fn new(x: &FieldBytes<C>, y: &FieldBytes<C>) -> Option<Self> {
        // Never the point at infinity, which has no coordinates.
        Option::from(AffinePoint::<C>::from_coordinates(x, y)).map(Self)
    }

    /// Verifies (r, s) over a digest. (r, n - s) is as valid as (r, s): TPMs give either, so nothing may be keyed on the
    /// bytes of a signature.
    ///
    /// # Errors
    /// `signature.value` when r or s is no number from 1 to n - 1 of the form that a TPM writes, else `signature.invalid`.
    pub(crate) fn verify(&self, digest: &[u8], r: &[u8], s: &[u8]) -> Result<(), Code> {
        let r = scalar::<C>(r).ok_or(Code::SIGNATURE_VALUE)?;
        let inverse: Option<Scalar<C>> = scalar::<C>(s).and_then(|s| s.invert().into());
        let inverse = inverse.ok_or(Code::SIGNATURE_VALUE)?;
        let (u, v) = (truncated::<C>(digest) * inverse, r * inverse);
        let point = ProjectivePoint::<C>::mul_by_generator_and_mul_add_vartime(&u, &v, &self.0.into());
        // The point at infinity has the x 0 here, which no r is.
        let x = Scalar::<C>::reduce(&point.to_affine().x());
        if x == r { Ok(()) } else { Err(Code::SIGNATURE_INVALID) }
    }
}

/// A number from 1 to n - 1. TPMs pad it to the size of the curve (TPM 2.0 Part 1 §C.8), so no other length is read.
fn scalar<C: Curve>(bytes: &[u8]) -> Option<Scalar<C>> {
    let scalar: Option<Scalar<C>> = Scalar::<C>::from_repr(bytes.try_into().ok()?).into();
    scalar.filter(|scalar| !bool::from(scalar.is_zero()))
}

/// The leftmost bits of a digest, as many as the order has, as a number.
fn truncated<C: Curve>(digest: &[u8]) -> Scalar<C> {
    let mut bytes = FieldBytes::<C>::default();
    let padding = bytes.len().saturating_sub(digest.len());
    for (byte, digit) in bytes.iter_mut().skip(padding).zip(digest) {
        *byte = *digit;
    }
    Scalar::<C>::reduce(&bytes)
}
