//! What a quote proves on its own: who made it, and over which measurements. One function a check of PROTOCOL.md §8.

use alloc::vec::Vec;

use crate::{
    Code,
    evidence::{
        bundle::{Bank, NonceProof, Pcrs, Quote},
        nonce_tree,
    },
    hash::HashAlgorithm,
    rejection::Rejection,
    rejection::ensure,
    signature::AttestationKey,
    tpm::{Attest, PCR_COUNT, PcrSelection, Public, Signature},
};

/// Bytes of `pcrSelect` for 24 PCRs (TCG PC Client Platform TPM Profile §4.6).
const SELECT_SIZE: usize = PCR_COUNT as usize / 8;

/// PROTOCOL.md §6.
pub(crate) fn attributes(ak: &Public<'_>) -> Result<(), Rejection> {
    ensure(ak.is_restricted_signer(), Code::AK_ATTRIBUTES)
}

/// `qualifiedSigner` is inside the signed bytes: it ties the unsigned public area to the key that signed.
pub(crate) fn qualified_name<'a>(ak: &Public<'_>, attest: &Attest<'a>) -> Result<&'a [u8], Rejection> {
    ensure(attest.qualified_signer == ak.endorsement_qualified_name(), Code::AK_QUALIFIED_NAME)?;
    Ok(attest.qualified_signer)
}

/// Over TPMS_ATTEST as it was received.
pub(crate) fn signature(key: &AttestationKey<'_>, quote: &Quote<'_>) -> Result<(), Rejection> {
    let signature = Signature::decode(quote.signature)?;
    Ok(key.verify(quote.attest, &signature)?)
}

pub(crate) fn firmware(attest: &Attest<'_>, least: u64) -> Result<(), Rejection> {
    ensure(attest.firmware_version >= least, Code::ATTEST_FIRMWARE_VERSION)
}

/// What a person should know of the TPM's clock.
pub(crate) fn clock(attest: &Attest<'_>) -> Option<Code> {
    if attest.clock_info.safe { None } else { Some(Code::ATTEST_CLOCK_UNSAFE) }
}

/// The root of the tree in which the gateway says the nonce stands.
pub(crate) fn nonce_root(nonce: &[u8; 32], proof: &NonceProof) -> Result<[u8; 32], Code> {
    nonce_tree::root_from_path(nonce, proof.index, &proof.path).ok_or(Code::BINDING_NONCE)
}

pub(crate) fn extra_data(attest: &Attest<'_>, expected: &[u8]) -> Result<(), Rejection> {
    ensure(attest.extra_data == expected, Code::BINDING_EXTRA_DATA)
}

/// Exactly one selection, of `bank` and of exactly `indices`. A TPM lets a caller name a bank several times in any order, so
/// whoever only hashes the claimed values could be shown one PCR as another.
pub(crate) fn selection(attest: &Attest<'_>, bank: Bank, indices: impl Iterator<Item = u8>) -> Result<(), Rejection> {
    let mut select = [0_u8; SELECT_SIZE];
    for index in indices {
        if let Some(byte) = select.get_mut(usize::from(index / 8)) {
            *byte |= 1 << (index % 8);
        }
    }
    let demanded = PcrSelection { hash: bank.algorithm_id(), select: &select };
    ensure(attest.pcr_select == [demanded], Code::PCR_SELECTION)
}

/// The claimed values of `indices`, in their order, where the quote covers them; values outside of them are dropped here.
pub(crate) fn values<'a>(
    attest: &Attest<'_>,
    hash: HashAlgorithm,
    pcrs: &Pcrs<'a>,
    bank: Bank,
    indices: impl Iterator<Item = u8>,
) -> Result<Vec<&'a [u8]>, Rejection> {
    ensure(pcrs.bank == bank, Code::PCR_VALUES)?;
    let mut values = Vec::new();
    for index in indices {
        let claimed = pcrs.values.iter().find(|(other, _)| *other == index);
        let (_, value) = claimed.ok_or(Code::PCR_VALUES)?;
        values.push(*value);
    }
    digest(attest, hash, &values)?;
    Ok(values)
}

/// `pcrDigest` is made with the hash of the signing scheme, whatever the bank (TPM 2.0 Part 3 §18.4).
pub(crate) fn digest(attest: &Attest<'_>, hash: HashAlgorithm, values: &[&[u8]]) -> Result<(), Rejection> {
    ensure(attest.pcr_digest == hash.digest(values), Code::PCR_DIGEST)
}
