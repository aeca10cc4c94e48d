//! Cipher suites by the names of PROTOCOL.md §7, `kem-kdf-aead`.

use super::hpke::{AeadId, HKDF_SHA256, KemId};

/// A suite that the gateway can offer: a KEM, HKDF-SHA256 and an AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// What agrees on the secret.
    pub kem: KemId,
    /// What seals and opens.
    pub aead: AeadId,
}

const fn suite(kem: KemId, aead: AeadId) -> Suite {
    Suite { kem, aead }
}

impl Suite {
    /// Every suite in the order of the default: what is recorded today should stay closed to the quantum computers of later.
    pub const ALL: [Self; 6] = [
        suite(KemId::MlKem768X25519, AeadId::Aes128Gcm),
        suite(KemId::MlKem768X25519, AeadId::ChaCha20Poly1305),
        suite(KemId::MlKem768X25519, AeadId::Aes256Gcm),
        suite(KemId::X25519, AeadId::Aes128Gcm),
        suite(KemId::X25519, AeadId::ChaCha20Poly1305),
        suite(KemId::X25519, AeadId::Aes256Gcm),
    ];

    /// Its name in policies and configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match (self.kem, self.aead) {
            (KemId::X25519, AeadId::Aes128Gcm) => "x25519-sha256-aes128gcm",
            (KemId::X25519, AeadId::Aes256Gcm) => "x25519-sha256-aes256gcm",
            (KemId::X25519, AeadId::ChaCha20Poly1305) => "x25519-sha256-chacha20poly1305",
            (KemId::MlKem768X25519, AeadId::Aes128Gcm) => "mlkem768x25519-sha256-aes128gcm",
            (KemId::MlKem768X25519, AeadId::Aes256Gcm) => "mlkem768x25519-sha256-aes256gcm",
            (KemId::MlKem768X25519, AeadId::ChaCha20Poly1305) => "mlkem768x25519-sha256-chacha20poly1305",
        }
    }

    /// Its numbers (RFC 9180 §7): KEM, KDF, AEAD.
    #[must_use]
    pub const fn numbers(self) -> [u16; 3] {
        [self.kem.number(), HKDF_SHA256, self.aead.number()]
    }
}
