//! Cipher suites by the names of PROTOCOL.md §7, `kem-kdf-aead`.

use super::hpke::{AeadId, HKDF_SHA256, X25519};

/// A suite that the gateway can offer: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and one AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// What seals and opens.
    pub aead: AeadId,
}

impl Suite {
    /// Every suite, the mandatory one first.
    pub const ALL: [Self; 3] =
        [Self { aead: AeadId::Aes128Gcm }, Self { aead: AeadId::ChaCha20Poly1305 }, Self { aead: AeadId::Aes256Gcm }];

    /// Its name in policies and configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.aead {
            AeadId::Aes128Gcm => "x25519-sha256-aes128gcm",
            AeadId::Aes256Gcm => "x25519-sha256-aes256gcm",
            AeadId::ChaCha20Poly1305 => "x25519-sha256-chacha20poly1305",
        }
    }

    /// Its numbers (RFC 9180 §7): KEM, KDF, AEAD.
    #[must_use]
    pub const fn numbers(self) -> [u16; 3] {
        [X25519, HKDF_SHA256, self.aead.number()]
    }
}
