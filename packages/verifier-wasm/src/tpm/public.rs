//! TPMT_PUBLIC of an attestation key (TPM 2.0 Part 2 §12.2.4).

use alloc::vec::Vec;

use super::{AttestationKey, Scheme, reader::Reader};
use crate::{
    Code,
    hash::HashAlgorithm,
    signature::{PublicKey, ecdsa, rsa},
};

const TPM_ALG_RSA: u16 = 0x0001;
const TPM_ALG_NULL: u16 = 0x0010;
const TPM_ALG_ECC: u16 = 0x0023;

/// TPM_ECC_CURVE (TCG Algorithm Registry).
const TPM_ECC_NIST_P256: u16 = 0x0003;
const TPM_ECC_NIST_P384: u16 = 0x0004;

/// TPM_RH_ENDORSEMENT (Part 2 §7.4): the handle that qualifies the Name of an endorsement primary.
const TPM_RH_ENDORSEMENT: [u8; 4] = [0x40, 0x00, 0x00, 0x0b];

/// TPMA_OBJECT (Part 2 §8.3): fixedTPM, fixedParent, sensitiveDataOrigin, restricted, sign.
const REQUIRED_ATTRIBUTES: u32 = 0x0005_0032;

/// userWithAuth, adminWithPolicy and noDA say who may use the key, stClear how long a saved context of it can be loaded: none
/// says what the key signs.
const OPTIONAL_ATTRIBUTES: u32 = 0x0000_04c4;

/// The public area of an attestation key. It travels unsigned: an anchor of the policy must vouch for it.
#[derive(Clone, Debug)]
pub(crate) struct Public<'a> {
    bytes: &'a [u8],
    name_algorithm: HashAlgorithm,
    attributes: u32,
    pub(crate) key: AttestationKey<'a>,
}

impl<'a> Public<'a> {
    /// # Errors
    /// `ak.syntax`; `ak.algorithm` for what is well-formed but not accepted; `ak.modulus`, `ak.point`.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Code> {
        let mut reader = Reader::new(bytes, Code::AK_SYNTAX);
        let kind = reader.u16();
        let name_algorithm = accepted_hash(&mut reader)?;
        let attributes = reader.u32();
        let policy = reader.sized();
        if !policy.is_empty() && policy.len() != name_algorithm.digest_length() {
            return Err(Code::AK_SYNTAX);
        }
        let key = match kind {
            TPM_ALG_RSA => rsa_key(&mut reader)?,
            TPM_ALG_ECC => ecc_key(&mut reader)?,
            _ => return Err(reader.refusal(Code::AK_ALGORITHM)),
        };
        reader.end(Self { bytes, name_algorithm, attributes, key })
    }

    /// Whether the key can only sign what its TPM generated, and never leave it (PROTOCOL.md §6).
    pub(crate) fn is_restricted_signer(&self) -> bool {
        self.attributes & !OPTIONAL_ATTRIBUTES == REQUIRED_ATTRIBUTES
    }

    /// Name (Part 1 §16): `nameAlg || H_nameAlg(TPMT_PUBLIC)`.
    pub(crate) fn name(&self) -> Vec<u8> {
        self.named(&[self.bytes])
    }

    /// Qualified Name of a primary of the endorsement hierarchy (Part 1 §16): `nameAlg || H_nameAlg(handle || Name)`.
    pub(crate) fn endorsement_qualified_name(&self) -> Vec<u8> {
        self.named(&[&TPM_RH_ENDORSEMENT, &self.name()])
    }

    fn named(&self, parts: &[&[u8]]) -> Vec<u8> {
        let digest = self.name_algorithm.digest(parts);
        [&self.name_algorithm.id().to_be_bytes()[..], &digest].concat()
    }
}

fn accepted_hash(reader: &mut Reader<'_>) -> Result<HashAlgorithm, Code> {
    HashAlgorithm::from_id(reader.u16()).ok_or_else(|| reader.refusal(Code::AK_ALGORITHM))
}

fn expect(reader: &mut Reader<'_>, expected: u16) -> Result<(), Code> {
    if reader.u16() == expected { Ok(()) } else { Err(reader.refusal(Code::AK_ALGORITHM)) }
}

/// TPMT_RSA_SCHEME and TPMT_ECC_SCHEME (Part 2 §11.2.4.2, §11.2.5.6), one of `allowed`, and its hash; before it, that the key
/// wraps nothing.
fn signing_scheme(reader: &mut Reader<'_>, allowed: &[Scheme]) -> Result<(Scheme, HashAlgorithm), Code> {
    expect(reader, TPM_ALG_NULL)?;
    match Scheme::from_id(reader.u16()) {
        Some(scheme) if allowed.contains(&scheme) => Ok((scheme, accepted_hash(reader)?)),
        _ => Err(reader.refusal(Code::AK_ALGORITHM)),
    }
}

/// TPMS_RSA_PARMS (Part 2 §12.2.3.5) and TPM2B_PUBLIC_KEY_RSA.
fn rsa_key<'a>(reader: &mut Reader<'a>) -> Result<AttestationKey<'a>, Code> {
    let (scheme, hash) = signing_scheme(reader, &[Scheme::Rsassa, Scheme::Rsapss])?;
    let key_bits = reader.u16();
    // Zero stands for 65537; no other exponent is accepted, so no signature can be forged for a small one.
    if reader.u32() != 0 {
        return Err(Code::AK_ALGORITHM);
    }
    let modulus = reader.sized();
    if modulus.len().checked_mul(8) != Some(key_bits.into()) {
        return Err(Code::AK_SYNTAX);
    }
    let key = rsa::PublicKey::new(modulus).ok_or_else(|| reader.refusal(Code::AK_MODULUS))?;
    Ok(AttestationKey { key: PublicKey::Rsa(key), scheme, hash })
}

/// TPMS_ECC_PARMS (Part 2 §12.2.3.6) and TPMS_ECC_POINT.
fn ecc_key<'a>(reader: &mut Reader<'a>) -> Result<AttestationKey<'a>, Code> {
    let (scheme, hash) = signing_scheme(reader, &[Scheme::Ecdsa])?;
    let curve = reader.u16();
    if !matches!(curve, TPM_ECC_NIST_P256 | TPM_ECC_NIST_P384) {
        return Err(reader.refusal(Code::AK_ALGORITHM));
    }
    expect(reader, TPM_ALG_NULL)?;
    let point = (reader.sized(), reader.sized());
    let key = if curve == TPM_ECC_NIST_P256 {
        PublicKey::EcP256(ec_point(point)?)
    } else {
        PublicKey::EcP384(ec_point(point)?)
    };
    Ok(AttestationKey { key, scheme, hash })
}

/// Coordinates are padded to the size of the curve (Part 1 §C.8).
fn ec_point<C: ecdsa::Curve>((x, y): (&[u8], &[u8])) -> Result<ecdsa::PublicKey<C>, Code> {
    let (Ok(x), Ok(y)) = (x.try_into(), y.try_into()) else { return Err(Code::AK_SYNTAX) };
    ecdsa::PublicKey::new(x, y).ok_or(Code::AK_POINT)
}
