//! TPMI_ALG_SIG_SCHEME (TPM 2.0 Part 2 §9.31), as far as attestation keys have it.

/// A signing scheme of a TPM (TPM 2.0 Part 2 §11.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Rsassa,
    Rsapss,
    Ecdsa,
}

impl Scheme {
    /// By its TPM_ALG_ID (TPM 2.0 Part 2 §6.3).
    pub(crate) const fn from_id(id: u16) -> Option<Self> {
        match id {
            0x0014 => Some(Self::Rsassa),
            0x0016 => Some(Self::Rsapss),
            0x0018 => Some(Self::Ecdsa),
            _ => None,
        }
    }
}
