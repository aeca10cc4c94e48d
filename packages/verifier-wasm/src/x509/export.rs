//! The export for `blindllama chain`: a chain without a bundle around it.

use alloc::{string::String, vec::Vec};

use wasm_bindgen::{prelude::wasm_bindgen, throw_str};

use super::profiles::{ChainAnchor, Profile};
use crate::Code;

/// Checks a certificate chain under PROTOCOL.md §17 at `now`, milliseconds since 1970; the root decides the profile. `ok` or the
/// code of the first failure.
///
/// `chain` are the certificates one after the other, leaf to root, and `lengths` their sizes.
#[wasm_bindgen(js_name = checkChain)]
#[must_use]
pub fn check_chain(
    chain: &[u8],
    lengths: &[u32],
    #[wasm_bindgen(js_name = rootSha256)] root_sha256: &[u8],
    now: f64,
) -> String {
    let Ok(root_sha256) = <[u8; 32]>::try_from(root_sha256) else { throw_str("rootSha256: 32 bytes") };
    let Some(certificates) = certificates_of(chain, lengths) else {
        throw_str("lengths: of each certificate of the chain")
    };
    let anchor = ChainAnchor { root_sha256: &root_sha256, profile: Profile::of_root(&root_sha256) };
    let outcome = anchor.validate(&certificates, now as u64, &|_| false).map_err(|rejection| rejection.code);
    outcome.err().unwrap_or(Code::OK).as_str().into()
}

/// The certificates that stand one after the other in `chain`; None where `lengths` are not theirs.
pub(crate) fn certificates_of<'a>(chain: &'a [u8], lengths: &[u32]) -> Option<Vec<&'a [u8]>> {
    let mut rest = chain;
    let certificates = lengths.iter().map(|&length| {
        let (certificate, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        rest = after;
        Some(certificate)
    });
    certificates.collect::<Option<Vec<_>>>().filter(|_| rest.is_empty())
}
