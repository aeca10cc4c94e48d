//! Ed25519 (RFC 8032 §5.1.7), without its liberties: every key, R and S has one encoding, and none is of small order.
//!
//! RFC 8032 leaves open whether cofactors are cleared and which encodings of a point are read, so that verifiers disagree
//! about signatures that nobody makes in earnest. Here the equation is the one without cofactor and the rest is refused.

use ed25519_dalek::{Signature, VerifyingKey};

/// Whether `signature` (`R || S`) over `message` is one of the key `key`.
pub(crate) fn verifies(key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let (Some(key), Ok(signature)) = (PublicKey::new(key), signature.try_into()) else { return false };
    key.verifies(message, signature)
}

/// A point of the curve, not of small order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey(VerifyingKey);

impl PublicKey {
    /// None unless `bytes` are the one encoding of a point (RFC 8032 §5.1.3) whose order is not small: under such a point
    /// one signature would verify over every message.
    pub(crate) fn new(bytes: &[u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak())?;
        (key.to_edwards().compress().as_bytes() == bytes).then_some(Self(key))
    }

    /// Whether `signature` (`R || S`) over `message` is one of this key.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}
