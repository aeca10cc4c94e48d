//! What a client decides of a chain of certificates (PROTOCOL.md §17), for whoever is about to show one to every client. A client may still
//! refuse it: it pins a root, may pin an instance or a kind of machine, and knows of what was revoked.

use alloc::string::String;

use crate::{
    Code,
    hash::sha256,
    tpm::Public,
    x509::{ChainAnchor, Profile},
};

/// Whether `chain` (DER, leaf to root) vouches for the key with this TPMT_PUBLIC at a time in milliseconds since 1970, for a client that pins
/// its last certificate.
///
/// # Errors
/// A code of the layers `ak` and `chain`, and which certificate it is where that is not the leaf.
pub fn judge_chain(ak_public: &[u8], chain: &[&[u8]], at_ms: u64) -> Result<(), (Code, String)> {
    let ak = Public::decode(ak_public).map_err(|code| (code, String::new()))?;
    let root_sha256 = chain.last().map_or_else(Default::default, |root| sha256(&[root]));
    let anchor = ChainAnchor { root_sha256: &root_sha256, profile: Profile::of_root(&root_sha256) };
    match anchor.vouches_for(&ak.key, chain, at_ms, &|_| false) {
        Ok(_) => Ok(()),
        Err(rejection) => Err((rejection.code, rejection.place.as_str().into())),
    }
}
