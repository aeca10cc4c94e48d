//! Keys and signatures: RSA, ECDSA over P-256 and P-384, and Ed25519.

pub(crate) mod ecdsa;
pub(crate) mod ed25519;
mod pss;
mod roca;
pub(crate) mod rsa;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;

use p256::NistP256;
use p384::NistP384;

/// A key of a kind and size that this verifier accepts, whatever it signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey<'a> {
    Rsa(rsa::PublicKey<'a>),
    EcP256(ecdsa::PublicKey<NistP256>),
    EcP384(ecdsa::PublicKey<NistP384>),
}
