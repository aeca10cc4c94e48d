//! What the relying side decides of an attestation key before it makes a credential (PROTOCOL.md §22.2, steps 1 to 3). The export for
//! `blindllama enrol`; pages have no use for it.

use alloc::{string::String, vec::Vec};

use crate::{
    Code,
    event_log::text_or_bytes,
    hash::sha256,
    json::writer::{ITEM, Writer},
    rejection::Rejection,
    signature::PublicKey,
    tpm::Public,
    x509::profiles::Endorsement,
};

/// The Name of an attestation key that holds PROTOCOL.md §6, and the endorsement key of the template that `chain` certifies. Without a
/// root the chain is one certificate, which nobody vouches for.
///
/// # Errors
/// A code of the layers `ak` and `chain`.
fn check<'a>(
    ak_public: &[u8],
    template: &str,
    chain: &[&'a [u8]],
    root_sha256: Option<&[u8; 32]>,
    now_ms: u64,
) -> Result<(Vec<u8>, Endorsement<'a>), Rejection> {
    let ak = Public::decode(ak_public)?;
    if !ak.is_restricted_signer() {
        return Err(Code::AK_ATTRIBUTES.into());
    }
    let endorsement = match (root_sha256, chain) {
        (Some(root), chain) => Endorsement::validate(chain, root, now_ms)?,
        (None, [leaf]) => Endorsement::claimed(leaf)?,
        (None, _) => return Err(Code::CHAIN_LENGTH.into()),
    };
    let is_of_template = match &endorsement.key {
        PublicKey::Rsa(key) => template == "rsa-2048" && key.bits() == 2048,
        PublicKey::EcP256(_) => template == "ecc-p256",
        PublicKey::EcP384(_) => template == "ecc-p384",
    };
    if is_of_template { Ok((ak.name(), endorsement)) } else { Err(Code::CHAIN_KEY.into()) }
}

/// The JSON of [`check`]: `code`, and where that is `ok` all that a credential and a record need.
pub(crate) fn report(
    ak_public: &[u8],
    template: &str,
    chain: &[&[u8]],
    root_sha256: Option<&[u8; 32]>,
    now_ms: u64,
) -> String {
    let checked = check(ak_public, template, chain, root_sha256, now_ms);
    Writer::value(|json| {
        json.object(ITEM, |json| match &checked {
            Ok((name, endorsement)) => {
                json.text("code", Code::OK.as_str());
                json.hex("akName", name);
                json.hex("akPublicSha256", &sha256(&[ak_public]));
                json.hex("ekCertificateSha256", &sha256(&[endorsement.der]));
                json.text("manufacturer", &text_or_bytes(endorsement.manufacturer));
                json.text("model", &text_or_bytes(endorsement.model));
                json.text("firmware", &text_or_bytes(endorsement.version));
                json.array("key", |json| match &endorsement.key {
                    PublicKey::Rsa(key) => json.hex(ITEM, key.modulus()),
                    PublicKey::EcP256(key) => key.coordinates().iter().for_each(|number| json.hex(ITEM, number)),
                    PublicKey::EcP384(key) => key.coordinates().iter().for_each(|number| json.hex(ITEM, number)),
                });
            }
            Err(rejection) => {
                json.text("code", rejection.code.as_str());
                json.text("place", rejection.place.as_str());
            }
        });
    })
}

#[cfg(feature = "inspect")]
mod export {
    #![expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]

    use alloc::{string::String, vec::Vec};

    use wasm_bindgen::{prelude::wasm_bindgen, throw_str};

    /// Checks an attestation key and the certificate of an endorsement key (PROTOCOL.md §22.2): an `EndorsementReport` as JSON.
    ///
    /// `chain` are the certificates one after the other, leaf to root, and `lengths` their sizes. Without `rootSha256` the leaf alone
    /// is read, and nothing vouches for it.
    #[wasm_bindgen(js_name = checkEndorsement)]
    #[must_use]
    pub fn check_endorsement(
        #[wasm_bindgen(js_name = akPublic)] ak_public: &[u8],
        template: &str,
        chain: &[u8],
        lengths: &[u32],
        #[wasm_bindgen(js_name = rootSha256)] root_sha256: Option<Vec<u8>>,
        now: f64,
    ) -> String {
        let root_sha256 = root_sha256.map(<[u8; 32]>::try_from).transpose();
        let Ok(root_sha256) = root_sha256 else { throw_str("rootSha256: 32 bytes") };
        let Some(certificates) = crate::x509::certificates_of(chain, lengths) else {
            throw_str("lengths: of each certificate of the chain")
        };
        super::report(ak_public, template, &certificates, root_sha256.as_ref(), now as u64)
    }
}
