//! Certificates of endorsement keys (TCG EK Credential Profile for TPM Family 2.0, §3): for enrolment alone (PROTOCOL.md §22.2). No
//! evidence is judged by them.

use super::EK_CERTIFICATE;
use crate::{
    Code,
    rejection::Rejection,
    signature::PublicKey,
    x509::{
        certificate::Certificate,
        extensions::KeyUsage,
        form::Form,
        path::{self, Conditions, without_padding},
    },
};

/// tcg-at-tpmManufacturer, tcg-at-tpmModel and tcg-at-tpmVersion, 2.23.133.2.1 to .3
const MANUFACTURER: &[u8] = b"\x67\x81\x05\x02\x01";
const MODEL: &[u8] = b"\x67\x81\x05\x02\x02";
const VERSION: &[u8] = b"\x67\x81\x05\x02\x03";

/// An endorsement key, and what its certificate says of the TPM.
#[derive(Clone, Debug)]
pub(crate) struct Endorsement<'a> {
    /// Without the zeros that may follow it in NVRAM.
    pub(crate) der: &'a [u8],
    pub(crate) key: PublicKey<'a>,
    pub(crate) manufacturer: &'a [u8],
    pub(crate) model: &'a [u8],
    pub(crate) version: &'a [u8],
}

impl<'a> Endorsement<'a> {
    /// Validates `chain` (DER, leaf to root) at a time in milliseconds since 1970.
    ///
    /// # Errors
    /// A code of the layer `chain`, and which certificate it is where that is not the leaf.
    pub(crate) fn validate(chain: &[&'a [u8]], root_sha256: &[u8; 32], at_ms: u64) -> Result<Self, Rejection> {
        let conditions = Conditions { root_sha256, at_ms, purpose: Some(EK_CERTIFICATE), form: Form::Rfc5280 };
        let leaf = path::validate(chain, &conditions)?.pop().ok_or(Code::CHAIN_LENGTH)?;
        Ok(Self::of(&leaf)?)
    }

    /// What a certificate says that nothing vouches for.
    ///
    /// # Errors
    /// As [`Self::validate`].
    pub(crate) fn claimed(leaf: &'a [u8]) -> Result<Self, Code> {
        Self::of(&Certificate::decode(without_padding(leaf)?, Form::Rfc5280)?)
    }

    fn of(leaf: &Certificate<'a>) -> Result<Self, Code> {
        let usage = leaf.extensions.key_usage;
        let decrypts = match leaf.key {
            PublicKey::Rsa(_) => KeyUsage::KEY_ENCIPHERMENT,
            _ => KeyUsage::KEY_AGREEMENT,
        };
        // What signs is an attestation key, which proves nothing by decrypting.
        if leaf.extensions.basic_constraints.ca || !usage.has(decrypts) || usage.has(KeyUsage::DIGITAL_SIGNATURE) {
            return Err(Code::CHAIN_LEAF_KEY_USAGE);
        }
        if !leaf.extensions.ext_key_usage.as_ref().is_some_and(|purposes| purposes.has(EK_CERTIFICATE)) {
            return Err(Code::CHAIN_LEAF_PURPOSE);
        }
        let attribute = |kind| leaf.extensions.alt_name_attribute(kind).ok_or(Code::CHAIN_LEAF_NAME);
        Ok(Self {
            der: leaf.der,
            key: leaf.key.clone(),
            manufacturer: attribute(MANUFACTURER)?,
            model: attribute(MODEL)?,
            version: attribute(VERSION)?,
        })
    }
}
