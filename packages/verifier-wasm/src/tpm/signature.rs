//! TPMT_SIGNATURE (TPM 2.0 Part 2 §11.3.4).

use super::reader::Reader;
use crate::{Code, hash::HashAlgorithm, signature::Scheme};

/// A signature of one of the schemes that an attestation key may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) hash: HashAlgorithm,
    pub(crate) value: SignatureValue<'a>,
}

/// What a scheme makes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignatureValue<'a> {
    /// TPMS_SIGNATURE_RSA (Part 2 §11.3.1)
    Rsa(&'a [u8]),
    /// TPMS_SIGNATURE_ECC (Part 2 §11.3.2): r and s.
    Ec(&'a [u8], &'a [u8]),
}

impl<'a> Signature<'a> {
    /// # Errors
    /// `signature.scheme` for schemes and hashes that no accepted key has, `signature.syntax`.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Code> {
        let mut reader = Reader::new(bytes);
        let scheme = reader.u16().ok_or(Code::SIGNATURE_SYNTAX)?;
        let hash = reader.u16().ok_or(Code::SIGNATURE_SYNTAX)?;
        let hash = HashAlgorithm::from_id(hash).ok_or(Code::SIGNATURE_SCHEME)?;
        let scheme = Scheme::from_id(scheme).ok_or(Code::SIGNATURE_SCHEME)?;
        let mut sized = || reader.sized().ok_or(Code::SIGNATURE_SYNTAX);
        let value = match scheme {
            Scheme::Rsassa | Scheme::Rsapss => SignatureValue::Rsa(sized()?),
            Scheme::Ecdsa => SignatureValue::Ec(sized()?, sized()?),
        };
        reader.end().ok_or(Code::SIGNATURE_SYNTAX)?;
        Ok(Self { scheme, hash, value })
    }
}
