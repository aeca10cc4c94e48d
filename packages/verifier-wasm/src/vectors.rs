//! Quotes without a bundle around them, for vectors that come from elsewhere. Never part of the module that pages load.

use alloc::{string::String, vec::Vec};

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    Code,
    evidence::bundle::{Bank, Quote},
    hash::HashAlgorithm,
    quote,
    rejection::Rejection,
    signature::{PublicKey, rsa},
    tpm::{Attest, AttestationKey, Public, Scheme},
};

/// SubjectPublicKeyInfo (RFC 8017 §A.1) up to a modulus of 2048 bits, and what follows it.
const SPKI_BEFORE: &[u8] = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\
    \x03\x82\x01\x0f\x00\x30\x82\x01\x0a\x02\x82\x01\x01\x00";
const SPKI_AFTER: &[u8] = b"\x02\x03\x01\x00\x01";

/// Checks one quote in the order of PROTOCOL.md §8, the key taken as trusted; `ok` or the code of the first failure.
///
/// `ak` is a TPMT_PUBLIC, or, where `akIsSpki`, the SubjectPublicKeyInfo of an RSA-2048 key that signs RSASSA with SHA-256.
/// `values` are the claimed values of `indices` (ascending) one after the other.
#[wasm_bindgen(js_name = checkQuote)]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "plain parameters cross to JavaScript without glue")]
pub fn check_quote(
    ak: &[u8],
    #[wasm_bindgen(js_name = akIsSpki)] ak_is_spki: bool,
    endorsement: bool,
    attest: &[u8],
    signature: &[u8],
    #[wasm_bindgen(js_name = extraData)] extra_data: &[u8],
    bank: &str,
    indices: &[u8],
    values: &[u8],
) -> String {
    let quote = Quote { attest, signature };
    let outcome = check(ak, ak_is_spki, endorsement, quote, extra_data, bank, indices, values);
    outcome.map_or_else(|rejection| rejection.code.as_str(), |()| Code::OK.as_str()).into()
}

#[expect(clippy::too_many_arguments, reason = "as its caller")]
fn check(
    ak: &[u8],
    ak_is_spki: bool,
    endorsement: bool,
    quote: Quote<'_>,
    extra_data: &[u8],
    bank: &str,
    indices: &[u8],
    values: &[u8],
) -> Result<(), Rejection> {
    let known = [Bank::Sha256, Bank::Sha384].into_iter().find(|known| known.as_str() == bank);
    let bank = known.ok_or(Code::POLICY_UNSUPPORTED)?;
    let public = if ak_is_spki { None } else { Some(Public::decode(ak)?) };
    let key = match &public {
        Some(public) => public.key.clone(),
        None => spki(ak)?,
    };
    public.as_ref().map_or(Ok(()), quote::attributes)?;
    let statement = Attest::decode(quote.attest)?;
    if let Some(public) = public.as_ref().filter(|_| endorsement) {
        quote::qualified_name(public, &statement)?;
    }
    quote::signature(&key, &quote)?;
    quote::extra_data(&statement, extra_data)?;
    let bit = |index: &u8| 1_u32.checked_shl((*index).into()).unwrap_or_default();
    quote::selection(&statement, bank, indices.iter().fold(0, |demanded, index| demanded | bit(index)))?;
    let values: Vec<&[u8]> = values.chunks(bank.digest_length()).collect();
    if values.len() != indices.len() {
        return Err(Code::PCR_VALUES.into());
    }
    quote::digest(&statement, key.hash(), &values)
}

fn spki(der: &[u8]) -> Result<AttestationKey<'_>, Code> {
    let modulus =
        der.strip_prefix(SPKI_BEFORE).and_then(|rest| rest.strip_suffix(SPKI_AFTER)).ok_or(Code::AK_SYNTAX)?;
    let key = PublicKey::Rsa(rsa::PublicKey::new(modulus).ok_or(Code::AK_MODULUS)?);
    Ok(AttestationKey { key, scheme: Scheme::Rsassa, hash: HashAlgorithm::Sha256 })
}
