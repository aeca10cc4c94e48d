//! TPMT_SIGNATURE (TPM 2.0 Part 2 §11.3.4).

use super::reader::Reader;
use crate::{Code, hash::HashAlgorithm};

/// A signature of one of the schemes that an attestation key may have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signature<'a> {
    /// TPMS_SIGNATURE_RSASSA (Part 2 §11.2.1)
    Rsassa { hash: HashAlgorithm, sig: &'a [u8] },
    /// TPMS_SIGNATURE_ECDSA (Part 2 §11.2.2)
    Ecdsa { hash: HashAlgorithm, r: &'a [u8], s: &'a [u8] },
}

impl<'a> Signature<'a> {
    /// # Errors
    /// `signature.scheme` for schemes and hashes that no accepted key has, `signature.syntax`.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Code> {
        let mut reader = Reader::new(bytes);
        let scheme = reader.u16().ok_or(Code::SIGNATURE_SYNTAX)?;
        let hash = reader.u16().ok_or(Code::SIGNATURE_SYNTAX)?;
        let hash = HashAlgorithm::from_id(hash).ok_or(Code::SIGNATURE_SCHEME)?;
        let mut sized = || reader.sized().ok_or(Code::SIGNATURE_SYNTAX);
        let signature = match scheme {
            0x0014 => Self::Rsassa { hash, sig: sized()? },
            0x0018 => Self::Ecdsa { hash, r: sized()?, s: sized()? },
            _ => return Err(Code::SIGNATURE_SCHEME),
        };
        reader.end().ok_or(Code::SIGNATURE_SYNTAX)?;
        Ok(signature)
    }
}
