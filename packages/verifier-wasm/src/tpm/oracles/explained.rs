//! Where others read a structure in another way, and why.

use super::{Structure, others::Other};

/// A kind of difference.
pub(super) struct Explained {
    structure: Structure,
    other: Other,
    /// What this verifier says of the bytes: `ok` where the other one refuses them.
    code: &'static str,
    pub(super) why: &'static str,
}

impl Explained {
    pub(super) fn is_about(&self, structure: Structure, other: Other, code: &str) -> bool {
        (self.structure, self.other, self.code) == (structure, other, code)
    }
}

pub(super) const EXPLAINED: &[Explained] = &[
    Explained {
        structure: Structure::Attest,
        other: Other::TssEsapi,
        code: "pcr.selection",
        why: "a TPM may list several banks, other hashes, and 1 to 4 bytes of bits; a policy has one bank of 24 PCRs",
    },
    Explained {
        structure: Structure::Attest,
        other: Other::Tpm2Protocol,
        code: "pcr.selection",
        why: "a TPM may list several banks, other hashes, and up to 4 bytes of bits; a policy has one bank of 24 PCRs",
    },
    Explained {
        structure: Structure::Attest,
        other: Other::TssEsapi,
        code: "binding.extra_data",
        why: "qualifying data may be of any length up to 64 bytes; a binding has 32",
    },
    Explained {
        structure: Structure::Attest,
        other: Other::Tpm2Protocol,
        code: "binding.extra_data",
        why: "qualifying data may be of other lengths; a binding has 32 bytes",
    },
    Explained {
        structure: Structure::Public,
        other: Other::TssEsapi,
        code: "ak.algorithm",
        why: "reads every key that a TPM may have: other exponents, schemes, hashes and curves, and keys that decrypt",
    },
    Explained {
        structure: Structure::Public,
        other: Other::Tpm2Protocol,
        code: "ak.algorithm",
        why: "reads every key that a TPM may have: other exponents, schemes, hashes and curves, and keys that decrypt",
    },
    Explained {
        structure: Structure::Public,
        other: Other::TssEsapi,
        code: "ak.syntax",
        why: "compares neither keyBits with the modulus nor the policy with nameAlg",
    },
    Explained {
        structure: Structure::Public,
        other: Other::Tpm2Protocol,
        code: "ak.syntax",
        why: "compares neither keyBits with the modulus, nor the policy with nameAlg, nor coordinates with the curve",
    },
    Explained {
        structure: Structure::Public,
        other: Other::TssEsapi,
        code: "ak.modulus",
        why: "takes a modulus for bytes: even, with a first bit of 0, of 1024 bits, or with the fingerprint of ROCA",
    },
    Explained {
        structure: Structure::Public,
        other: Other::Tpm2Protocol,
        code: "ak.modulus",
        why: "takes a modulus for bytes: even, with a first bit of 0, of 1024 bits, or with the fingerprint of ROCA",
    },
    Explained {
        structure: Structure::Public,
        other: Other::TssEsapi,
        code: "ak.point",
        why: "takes coordinates for bytes, on the curve or not",
    },
    Explained {
        structure: Structure::Public,
        other: Other::Tpm2Protocol,
        code: "ak.point",
        why: "takes coordinates for bytes, on the curve or not",
    },
    Explained {
        structure: Structure::Signature,
        other: Other::TssEsapi,
        code: "signature.scheme",
        why: "reads every scheme and hash that a TPM may have, SHA-1 among them",
    },
    Explained {
        structure: Structure::Signature,
        other: Other::Tpm2Protocol,
        code: "signature.scheme",
        why: "reads every scheme and hash that a TPM may have, SHA-1 among them",
    },
];
