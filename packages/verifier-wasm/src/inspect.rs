//! What evidence says, without a judgement: nothing that is shown here is proven. The export for `blindllama inspect`.

use alloc::{string::String, vec::Vec};

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    channel_key::ReadClaims,
    evidence::bundle::{Bundle, Static},
    json::writer::Out,
    rejection::Rejection,
    tpm::{Attest, PcrSelection, Public},
    verdict::{Report, write},
};

type Members<'a> = Vec<(&'static str, Out<'a>)>;

/// Shows what a bundle says, as JSON: an `Inspection`. `staticPart` is the one that the bundle may have left out.
#[wasm_bindgen]
#[must_use]
pub fn inspect(evidence: &[u8], #[wasm_bindgen(js_name = staticPart)] static_part: Option<Vec<u8>>) -> String {
    let mut malformed = Vec::new();
    let bundle = noted(&mut malformed, "bundle", Bundle::decode(evidence).map_err(Rejection::from));
    let encoded = bundle.as_ref().and_then(|bundle| bundle.static_part).or(static_part.as_deref());
    let fixed =
        encoded.and_then(|encoded| noted(&mut malformed, "static", Static::decode(encoded).map_err(Rejection::from)));
    let ak = fixed
        .as_ref()
        .and_then(|fixed| noted(&mut malformed, "akPublic", Public::decode(fixed.ak_public).map_err(Rejection::from)));
    let attest = bundle.as_ref().and_then(|bundle| {
        noted(&mut malformed, "attest", Attest::decode(bundle.quote.attest).map_err(Rejection::from))
    });
    let read = bundle.as_ref().and_then(|bundle| noted(&mut malformed, "claims", ReadClaims::decode(bundle.claims)));

    let (name, algorithm) = (ak.as_ref().map(Public::name), ak.as_ref().map(|ak| ak.key.algorithm()));
    let mut report = Report::default();
    attest.iter().for_each(|attest| report.show_clock(attest));
    read.iter().for_each(|read| report.show_claims(&read.claims));
    let static_hash = encoded.map(Static::hash);

    let mut members = Members::new();
    members.extend(bundle.as_ref().map(|bundle| ("bundle", self::bundle(bundle, evidence.len()))));
    members.extend(name.as_deref().zip(algorithm.as_deref()).map(|(name, algorithm)| {
        ("ak", Out::Object(Vec::from([("name", Out::Hex(name)), ("algorithm", Out::Text(algorithm))])))
    }));
    members.extend(attest.as_ref().map(|attest| ("quote", quote(attest))));
    members.extend(write::report(&report));
    members.extend(read.as_ref().map(|read| ("keys", keys(read))));
    members.extend(bundle.as_ref().map(|bundle| ("values", values(bundle))));
    members.extend(static_hash.as_ref().map(|hash| ("staticHash", Out::Hex(hash))));
    members.extend(fixed.iter().flat_map(|fixed| {
        let hex = |items: Vec<_>| Out::Array(items.into_iter().map(Out::Hex).collect());
        [
            ("chain", hex(fixed.ak_chain.clone())),
            ("eventLogs", hex(fixed.event_logs.iter().map(|log| log.bytes).collect())),
        ]
    }));
    members.push(("malformed", Out::Array(malformed.iter().map(complaint).collect())));
    Out::Object(members).write()
}

fn noted<T>(
    malformed: &mut Vec<(&'static str, Rejection)>,
    part: &'static str,
    read: Result<T, Rejection>,
) -> Option<T> {
    read.map_err(|rejection| malformed.push((part, rejection))).ok()
}

fn complaint<'a>((part, rejection): &'a (&'static str, Rejection)) -> Out<'a> {
    Out::Object(Vec::from([
        ("part", Out::Text(part)),
        ("code", Out::Text(rejection.code.as_str())),
        ("place", Out::Text(&rejection.place)),
    ]))
}

fn bundle<'a>(bundle: &'a Bundle<'_>, length: usize) -> Out<'a> {
    Out::Object(Vec::from([
        ("bytes", Out::Integer(length as u64)),
        ("version", Out::Integer(bundle.version)),
        ("staticHash", Out::Hex(bundle.static_hash)),
        ("carriesStatic", Out::Bool(bundle.static_part.is_some())),
        ("index", Out::Integer(bundle.nonce_proof.index)),
        ("depth", Out::Integer(bundle.nonce_proof.path.len() as u64)),
    ]))
}

fn quote<'a>(attest: &'a Attest<'_>) -> Out<'a> {
    Out::Object(Vec::from([
        ("qualifiedSigner", Out::Hex(attest.qualified_signer)),
        ("extraData", Out::Hex(attest.extra_data)),
        ("pcrSelect", Out::Array(attest.pcr_select.iter().map(selection).collect())),
        ("pcrDigest", Out::Hex(attest.pcr_digest)),
    ]))
}

/// The algorithm of the bank by its number, and the indices whose bit is set.
fn selection(selection: &PcrSelection<'_>) -> Out<'static> {
    let bits = (0u64..).zip(selection.select.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)));
    let pcrs = bits.filter(|(_, is_set)| *is_set).map(|(index, _)| Out::Integer(index)).collect();
    Out::Object(Vec::from([("hash", Out::Integer(selection.hash.into())), ("pcrs", Out::Array(pcrs))]))
}

fn keys<'a>(read: &'a ReadClaims<'_>) -> Out<'a> {
    let key = |(encoded, config): &'a (&[u8], crate::evidence::key_config::KeyConfig<'_>)| {
        Out::Object(Vec::from([
            ("keyId", Out::Integer(config.key_id.into())),
            ("kemId", Out::Integer(config.kem_id.into())),
            ("keyConfig", Out::Hex(encoded)),
        ]))
    };
    Out::Array(read.keys().iter().map(key).collect())
}

fn values<'a>(bundle: &'a Bundle<'_>) -> Out<'a> {
    let value = |&(index, value): &(u8, &'a [u8])| {
        Out::Object(Vec::from([("index", Out::Integer(index.into())), ("value", Out::Hex(value))]))
    };
    Out::Object(Vec::from([
        ("bank", Out::Text(bundle.pcrs.bank.as_str())),
        ("pcrs", Out::Array(bundle.pcrs.values.iter().map(value).collect())),
    ]))
}
