//! HPKE suites by the names that policies use (PROTOCOL.md §7).

/// KEM, KDF and AEAD of HPKE (RFC 9180 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// RFC 9180 §7.1
    pub kem_id: u16,
    /// RFC 9180 §7.2
    pub kdf_id: u16,
    /// RFC 9180 §7.3
    pub aead_id: u16,
}

impl Suite {
    /// Every suite that a policy can name, for where nothing is going to be encrypted.
    #[cfg(feature = "wasm")]
    pub(crate) const ALL: [Self; 6] = [
        Self::of(0x0020, 0x0001),
        Self::of(0x0020, 0x0002),
        Self::of(0x0020, 0x0003),
        Self::of(0x647a, 0x0001),
        Self::of(0x647a, 0x0002),
        Self::of(0x647a, 0x0003),
    ];

    #[cfg(feature = "wasm")]
    const fn of(kem_id: u16, aead_id: u16) -> Self {
        Self { kem_id, kdf_id: 0x0001, aead_id }
    }

    /// By its name, `kem-kdf-aead`; None for one that this version does not know.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let (kem_id, aead) = if let Some(aead) = name.strip_prefix("x25519-sha256-") {
            (0x0020, aead)
        } else {
            (0x647a, name.strip_prefix("mlkem768x25519-sha256-")?)
        };
        let aead_id = match aead {
            "aes128gcm" => 0x0001,
            "aes256gcm" => 0x0002,
            "chacha20poly1305" => 0x0003,
            _ => return None,
        };
        Some(Self { kem_id, kdf_id: 0x0001, aead_id })
    }
}
