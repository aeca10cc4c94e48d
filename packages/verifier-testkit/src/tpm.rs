//! Writes the structures of TPM 2.0 Part 2 as a TPM would, and as it never would.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// TPM_ALG_SHA1.
pub const SHA1: u16 = 0x0004;
/// TPM_ALG_SHA256.
pub const SHA256: u16 = 0x000b;
/// TPM_ALG_SHA384.
pub const SHA384: u16 = 0x000c;
/// TPM_ALG_SHA512.
pub const SHA512: u16 = 0x000d;

/// TPM_ALG_NULL.
pub const NULL: u16 = 0x0010;
/// TPM_ALG_RSASSA.
pub const RSASSA: u16 = 0x0014;
/// TPM_ALG_RSAPSS.
pub const RSAPSS: u16 = 0x0016;
/// TPM_ALG_ECDSA.
pub const ECDSA: u16 = 0x0018;

/// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign
pub const ATTRIBUTES: u32 = 0x0005_0072;

/// Digest of the parts, one after the other.
///
/// # Panics
///
/// For an algorithm that no quote of the tests uses.
pub fn hash(algorithm: u16, parts: &[&[u8]]) -> Vec<u8> {
    let bytes = parts.concat();
    match algorithm {
        SHA1 => Sha1::digest(bytes).to_vec(),
        SHA256 => Sha256::digest(bytes).to_vec(),
        SHA384 => Sha384::digest(bytes).to_vec(),
        SHA512 => Sha512::digest(bytes).to_vec(),
        _ => panic!("no such hash: {algorithm:#06x}"),
    }
}

/// TPM2B: a size of 16 bits before the bytes.
pub fn sized(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

/// Fields of TPMT_PUBLIC that are not the key itself.
#[derive(Clone)]
pub struct PublicArea {
    /// type: TPM_ALG_RSA or TPM_ALG_ECC.
    pub kind: u16,
    /// nameAlg.
    pub name_algorithm: u16,
    /// objectAttributes.
    pub attributes: u32,
    /// authPolicy.
    pub policy: Vec<u8>,
    /// TPM_ALG_ID of TPMT_SYM_DEF_OBJECT.
    pub symmetric: u16,
    /// TPM_ALG_ID of the scheme.
    pub scheme: u16,
    /// Hash of the scheme.
    pub hash: u16,
    /// keyBits and exponent, or curveID and kdf.
    pub parameters: Vec<u8>,
    /// TPM2B_PUBLIC_KEY_RSA or TPMS_ECC_POINT.
    pub unique: Vec<u8>,
}

impl PublicArea {
    /// TPMT_PUBLIC.
    pub fn encode(&self) -> Vec<u8> {
        [
            &self.kind.to_be_bytes()[..],
            &self.name_algorithm.to_be_bytes(),
            &self.attributes.to_be_bytes(),
            &sized(&self.policy),
            &self.symmetric.to_be_bytes(),
            &self.scheme.to_be_bytes(),
            &self.hash.to_be_bytes(),
            &self.parameters,
            &self.unique,
        ]
        .concat()
    }
}

/// Name of a public area, or qualified Name of a primary: `algorithm || H(parts)`.
pub fn name(algorithm: u16, parts: &[&[u8]]) -> Vec<u8> {
    [&algorithm.to_be_bytes()[..], &hash(algorithm, parts)].concat()
}

/// Fields of TPMS_ATTEST of a quote.
#[derive(Clone)]
pub struct AttestArea {
    /// TPM_GENERATED_VALUE, or another value.
    pub magic: u32,
    /// TPMI_ST_ATTEST.
    pub kind: u16,
    /// TPMS_CLOCK_INFO.clock, in ms.
    pub clock: u64,
    /// TPMS_CLOCK_INFO.resetCount.
    pub reset_count: u32,
    /// TPMS_CLOCK_INFO.restartCount.
    pub restart_count: u32,
    /// TPMS_CLOCK_INFO.safe, which may be neither YES nor NO here.
    pub safe: u8,
    /// firmwareVersion.
    pub firmware_version: u64,
}

impl AttestArea {
    /// TPMS_ATTEST, with what the fields do not hold.
    pub fn encode(&self, qualified_signer: &[u8], extra_data: &[u8], selections: &[u8], digest: &[u8]) -> Vec<u8> {
        [
            &self.magic.to_be_bytes()[..],
            &self.kind.to_be_bytes(),
            &sized(qualified_signer),
            &sized(extra_data),
            &self.clock.to_be_bytes(),
            &self.reset_count.to_be_bytes(),
            &self.restart_count.to_be_bytes(),
            &[self.safe],
            &self.firmware_version.to_be_bytes(),
            selections,
            &sized(digest),
        ]
        .concat()
    }
}

/// TPML_PCR_SELECTION.
pub fn selections(list: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = (list.len() as u32).to_be_bytes().to_vec();
    for (bank, select) in list {
        out.extend(bank.to_be_bytes());
        out.push(select.len() as u8);
        out.extend(select);
    }
    out
}

/// `pcrSelect` of 24 PCRs.
pub fn select(indices: &[u8]) -> Vec<u8> {
    let mut bits = vec![0; 3];
    for index in indices {
        bits[usize::from(index / 8)] |= 1 << (index % 8);
    }
    bits
}
