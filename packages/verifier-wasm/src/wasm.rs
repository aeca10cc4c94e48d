//! The module that pages load: bytes in, a verdict out. `ts/verify.ts` names the parameters for TypeScript.

use alloc::{string::String, vec::Vec};

use wasm_bindgen::{prelude::wasm_bindgen, throw_str};

use crate::{
    CurrentStatus, Exchange, Input, Receipt, Suite,
    evidence::{VERSION, bundle::Bundle},
};

/// Verifies evidence under a policy and returns a `Verdict` as JSON.
///
/// `staticPart` is the static part that the caller holds from before; `audience` the ASCII origin of the service's base URL;
/// `nonce` 32 bytes; `now` milliseconds since 1970; `versions` those asked for; `suites` what the engine can encrypt with,
/// flat: KEM, KDF and AEAD of each; `state` the last `nextState` of a verdict, whether it passed or failed.
///
/// Throws only for arguments that no caller of this package makes: a nonce of another length, half a suite.
#[wasm_bindgen]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "plain parameters cross to JavaScript without glue")]
pub fn verify(
    evidence: &[u8],
    #[wasm_bindgen(js_name = staticPart)] static_part: Option<Vec<u8>>,
    policy: &[u8],
    audience: &str,
    nonce: &[u8],
    now: f64,
    #[wasm_bindgen(js_name = allowSimulated)] allow_simulated: bool,
    versions: &[u32],
    suites: &[u16],
    state: Option<Vec<u8>>,
) -> String {
    let Ok(nonce) = nonce.try_into() else { throw_str("nonce: 32 bytes") };
    let (suites, []) = suites.as_chunks::<3>() else { throw_str("suites: kem, kdf, aead of each") };
    let suites: Vec<Suite> =
        suites.iter().map(|&[kem_id, kdf_id, aead_id]| Suite { kem_id, kdf_id, aead_id }).collect();
    let versions: Vec<u64> = versions.iter().map(|&version| version.into()).collect();
    judged(&Input {
        evidence,
        static_part: static_part.as_deref(),
        policy,
        audience,
        nonce,
        now_ms: now as u64,
        allow_simulated,
        versions: &versions,
        suites: &suites,
        state: state.as_deref(),
        receipt: None,
    })
}

/// Verifies what a receipt or a verification record holds (PROTOCOL.md §21) and returns a `Verdict` as JSON.
///
/// Parameters as those of `verify`, with `now` the time that the file states. `request` and `response` are 32-byte digests where
/// there is no `salt`; without a `signature` there is no conversation. `currentStatus` is `current-status` of PROTOCOL.md §21, from a
/// source of the verifier's own, and `statusNow` the verifier's clock, in milliseconds since 1970.
///
/// Throws only for arguments that no caller of this package makes: a nonce or a salt of another length.
#[wasm_bindgen(js_name = verifyReceipt)]
#[must_use]
#[expect(clippy::too_many_arguments, reason = "plain parameters cross to JavaScript without glue")]
pub fn verify_receipt(
    evidence: &[u8],
    #[wasm_bindgen(js_name = staticPart)] static_part: Option<Vec<u8>>,
    policy: &[u8],
    audience: &str,
    nonce: &[u8],
    now: f64,
    #[wasm_bindgen(js_name = allowSimulated)] allow_simulated: bool,
    salt: Option<Vec<u8>>,
    request: &[u8],
    response: &[u8],
    #[wasm_bindgen(js_name = modelDigest)] model_digest: &[u8],
    signature: Option<Vec<u8>>,
    #[wasm_bindgen(js_name = currentStatus)] current_status: Option<Vec<u8>>,
    #[wasm_bindgen(js_name = statusNow)] status_now: f64,
) -> String {
    let Ok(nonce) = nonce.try_into() else { throw_str("nonce: 32 bytes") };
    let Ok(salt) = salt.as_deref().map(TryInto::try_into).transpose() else { throw_str("salt: 32 bytes") };
    let exchange = signature.as_deref().map(|signature| Exchange { salt, request, response, model_digest, signature });
    let documents = current_status.as_deref();
    let status = documents.map(|documents| CurrentStatus { documents, now_ms: status_now as u64 });
    judged(&Input {
        evidence,
        static_part: static_part.as_deref(),
        policy,
        audience,
        nonce,
        now_ms: now as u64,
        allow_simulated,
        versions: &[VERSION],
        suites: &Suite::ALL,
        state: None,
        receipt: Some(Receipt { exchange, status }),
    })
}

fn judged(input: &Input<'_>) -> String {
    crate::verify(input).to_json()
}

/// The static part that a bundle carries, to be held for `have` and `staticPart` of later requests; nothing where the bundle
/// carries none or is malformed. It proves nothing: only `verify` does.
#[wasm_bindgen(js_name = staticPart)]
#[must_use]
pub fn static_part(evidence: &[u8]) -> Option<Vec<u8>> {
    Bundle::decode(evidence).ok()?.static_part.map(Vec::from)
}
