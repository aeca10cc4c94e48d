//! TPMT_SIGNATURE (TPM 2.0 Part 2 §11.3.4).

use super::{Scheme, reader::Reader};
use crate::{Code, hash::HashAlgorithm};

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
        let mut reader = Reader::new(bytes, Code::SIGNATURE_SYNTAX);
        let (scheme, hash) = (Scheme::from_id(reader.u16()), HashAlgorithm::from_id(reader.u16()));
        let (Some(scheme), Some(hash)) = (scheme, hash) else { return Err(reader.refusal(Code::SIGNATURE_SCHEME)) };
        let value = match scheme {
            Scheme::Rsassa | Scheme::Rsapss => SignatureValue::Rsa(reader.sized()),
            Scheme::Ecdsa => SignatureValue::Ec(reader.sized(), reader.sized()),
        };
        reader.end(Self { scheme, hash, value })
    }
}
