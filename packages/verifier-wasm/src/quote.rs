//! What a quote proves on its own: who made it, and over which measurements. One function a check of PROTOCOL.md §8.

use alloc::vec::Vec;

use crate::{
    Code,
    evidence::{
        bundle::{Bank, NonceProof, Pcrs, Quote},
        nonce_tree,
    },
    hash::HashAlgorithm,
    rejection::{Rejection, ensure},
    tpm::{Attest, AttestationKey, PcrSelection, Public, Signature},
};

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

/// Exactly one selection, of `bank` and of exactly the `demanded` PCRs, which are a bit for each. A TPM lets a caller name a bank
/// several times in any order, so whoever only hashes the claimed values could be shown one PCR as another.
pub(crate) fn selection(attest: &Attest<'_>, bank: Bank, demanded: u32) -> Result<(), Rejection> {
    // `pcrSelect` has three bytes for 24 PCRs (TCG PC Client Platform TPM Profile §4.6), the lowest PCRs first.
    let [low, middle, high, _] = demanded.to_le_bytes();
    let demanded = PcrSelection { hash: bank.algorithm_id(), select: &[low, middle, high] };
    ensure(attest.pcr_select == [demanded], Code::PCR_SELECTION)
}

/// The claimed values of the `demanded` PCRs, ascending, where the quote covers them; values outside of them are dropped here.
pub(crate) fn values<'a>(
    attest: &Attest<'_>,
    hash: HashAlgorithm,
    pcrs: &Pcrs<'a>,
    bank: Bank,
    demanded: u32,
) -> Result<Vec<&'a [u8]>, Rejection> {
    let mut values = Vec::new();
    for (index, value) in &pcrs.values {
        if demanded >> index & 1 == 1 {
            values.push(*value);
        }
    }
    ensure(pcrs.bank == bank && values.len() == demanded.count_ones() as usize, Code::PCR_VALUES)?;
    digest(attest, hash, &values)?;
    Ok(values)
}

/// `pcrDigest` is made with the hash of the signing scheme, whatever the bank (TPM 2.0 Part 3 §18.4).
pub(crate) fn digest(attest: &Attest<'_>, hash: HashAlgorithm, values: &[&[u8]]) -> Result<(), Rejection> {
    ensure(attest.pcr_digest == hash.digest(values), Code::PCR_DIGEST)
}
