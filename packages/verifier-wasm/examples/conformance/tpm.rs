//! Writes the structures of TPM 2.0 Part 2 as a TPM would, and as it never would.

use sha2::{Digest, Sha256, Sha384, Sha512};

pub(crate) const SHA1: u16 = 0x0004;
pub(crate) const SHA256: u16 = 0x000b;
pub(crate) const SHA384: u16 = 0x000c;
pub(crate) const SHA512: u16 = 0x000d;

pub(crate) const NULL: u16 = 0x0010;
pub(crate) const RSASSA: u16 = 0x0014;
pub(crate) const RSAPSS: u16 = 0x0016;
pub(crate) const ECDSA: u16 = 0x0018;

/// fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, restricted, sign
pub(crate) const ATTRIBUTES: u32 = 0x0005_0072;

pub(crate) fn hash(algorithm: u16, parts: &[&[u8]]) -> Vec<u8> {
    let bytes = parts.concat();
    match algorithm {
        SHA256 => Sha256::digest(bytes).to_vec(),
        SHA384 => Sha384::digest(bytes).to_vec(),
        SHA512 => Sha512::digest(bytes).to_vec(),
        _ => panic!("no such hash: {algorithm:#06x}"),
    }
}

/// TPM2B: a size of 16 bits before the bytes.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

/// Fields of TPMT_PUBLIC that are not the key itself.
#[derive(Clone)]
pub(crate) struct PublicArea {
    pub(crate) kind: u16,
    pub(crate) name_algorithm: u16,
    pub(crate) attributes: u32,
    pub(crate) policy: Vec<u8>,
    pub(crate) symmetric: u16,
    pub(crate) scheme: u16,
    pub(crate) hash: u16,
    /// keyBits and exponent, or curveID and kdf.
    pub(crate) parameters: Vec<u8>,
    /// TPM2B_PUBLIC_KEY_RSA or TPMS_ECC_POINT.
    pub(crate) unique: Vec<u8>,
}

impl PublicArea {
    pub(crate) fn encode(&self) -> Vec<u8> {
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
pub(crate) fn name(algorithm: u16, parts: &[&[u8]]) -> Vec<u8> {
    [&algorithm.to_be_bytes()[..], &hash(algorithm, parts)].concat()
}

/// Fields of TPMS_ATTEST of a quote.
#[derive(Clone)]
pub(crate) struct AttestArea {
    pub(crate) magic: u32,
    pub(crate) kind: u16,
    pub(crate) clock: u64,
    pub(crate) reset_count: u32,
    pub(crate) restart_count: u32,
    pub(crate) safe: u8,
    pub(crate) firmware_version: u64,
}

impl AttestArea {
    pub(crate) fn encode(
        &self,
        qualified_signer: &[u8],
        extra_data: &[u8],
        selections: &[u8],
        digest: &[u8],
    ) -> Vec<u8> {
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
pub(crate) fn selections(list: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut out = (list.len() as u32).to_be_bytes().to_vec();
    for (bank, select) in list {
        out.extend(bank.to_be_bytes());
        out.push(select.len() as u8);
        out.extend(select);
    }
    out
}

/// `pcrSelect` of 24 PCRs.
pub(crate) fn select(indices: &[u8]) -> Vec<u8> {
    let mut bits = vec![0; 3];
    for index in indices {
        bits[usize::from(index / 8)] |= 1 << (index % 8);
    }
    bits
}
