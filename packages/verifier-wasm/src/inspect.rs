//! What evidence says, without a judgement: nothing that is shown here is proven. The export for `blindllama inspect`.

use alloc::{string::String, vec::Vec};

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    channel_key::ReadClaims,
    evidence::bundle::{Bundle, Static},
    json::writer::{ITEM, Writer},
    rejection::Rejection,
    tpm::{Attest, PcrSelection, Public},
    verdict::Report,
};

/// Shows what a bundle says, as JSON: an `Inspection`. `staticPart` is the one that the bundle may have left out.
#[wasm_bindgen]
#[must_use]
pub fn inspect(evidence: &[u8], #[wasm_bindgen(js_name = staticPart)] static_part: Option<Vec<u8>>) -> String {
    let mut malformed = Vec::new();
    let bundle = noted(&mut malformed, "bundle", Bundle::decode(evidence).map_err(Rejection::from));
    let encoded = bundle.as_ref().and_then(|bundle| bundle.static_part).or(static_part.as_deref());
    let static_part =
        encoded.and_then(|encoded| noted(&mut malformed, "static", Static::decode(encoded).map_err(Rejection::from)));
    let ak = static_part.as_ref().and_then(|static_part| {
        noted(&mut malformed, "akPublic", Public::decode(static_part.ak_public).map_err(Rejection::from))
    });
    let attest = bundle.as_ref().and_then(|bundle| {
        noted(&mut malformed, "attest", Attest::decode(bundle.quote.attest).map_err(Rejection::from))
    });
    let read = bundle.as_ref().and_then(|bundle| noted(&mut malformed, "claims", ReadClaims::decode(bundle.claims)));

    Writer::value(|json| {
        json.object(ITEM, |json| {
            if let Some(bundle) = &bundle {
                json.object("bundle", |json| self::bundle(json, bundle, evidence.len()));
            }
            let mut report = Report::default();
            ak.iter().for_each(|ak| report.show_ak(ak, true, None));
            report.write(json);
            attest.iter().for_each(|attest| json.object("quote", |json| quote(json, attest)));
            let mut report = Report::default();
            attest.iter().for_each(|attest| report.show_clock(attest));
            read.iter().for_each(|read| report.show_claims(&read.claims));
            report.write(json);
            read.iter().for_each(|read| json.array("keys", |json| keys(json, read)));
            bundle.iter().for_each(|bundle| json.object("values", |json| values(json, bundle)));
            encoded.iter().for_each(|encoded| json.hex("staticHash", &Static::hash(encoded)));
            if let Some(static_part) = &static_part {
                json.array("chain", |json| chain(json, &static_part.ak_chain));
                json.array("moreChains", |json| {
                    static_part.more_chains.iter().for_each(|more| json.array(ITEM, |json| chain(json, more)));
                });
                json.array("eventLogs", |json| static_part.event_logs.iter().for_each(|log| json.hex(ITEM, log.bytes)));
            }
            json.array("malformed", |json| malformed.iter().for_each(|complaint| self::complaint(json, complaint)));
        });
    })
}

fn noted<T>(
    malformed: &mut Vec<(&'static str, Rejection)>,
    part: &'static str,
    read: Result<T, Rejection>,
) -> Option<T> {
    read.map_err(|rejection| malformed.push((part, rejection))).ok()
}

fn complaint(json: &mut Writer, (part, rejection): &(&str, Rejection)) {
    json.object(ITEM, |json| {
        json.text("part", part);
        json.text("code", rejection.code.as_str());
        json.text("place", rejection.place.as_str());
    });
}

fn bundle(json: &mut Writer, bundle: &Bundle<'_>, length: usize) {
    json.integer("bytes", length as u64);
    json.integer("version", bundle.version);
    json.hex("staticHash", bundle.static_hash);
    json.bool("carriesStatic", bundle.static_part.is_some());
    json.integer("index", bundle.nonce_proof.index);
    json.integer("depth", bundle.nonce_proof.path.len() as u64);
}

fn chain(json: &mut Writer, certificates: &[&[u8]]) {
    certificates.iter().for_each(|certificate| json.hex(ITEM, certificate));
}

fn quote(json: &mut Writer, attest: &Attest<'_>) {
    json.hex("qualifiedSigner", attest.qualified_signer);
    json.hex("extraData", attest.extra_data);
    json.array("pcrSelect", |json| attest.pcr_select.iter().for_each(|selected| selection(json, selected)));
    json.hex("pcrDigest", attest.pcr_digest);
}

/// The algorithm of the bank by its number, and the indices whose bit is set.
fn selection(json: &mut Writer, selection: &PcrSelection<'_>) {
    let bits = (0u64..).zip(selection.select.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)));
    json.object(ITEM, |json| {
        json.integer("hash", selection.hash.into());
        json.array("pcrs", |json| {
            bits.filter(|(_, is_set)| *is_set).for_each(|(index, _)| json.integer(ITEM, index));
        });
    });
}

fn keys(json: &mut Writer, read: &ReadClaims<'_>) {
    for (encoded, config) in read.keys() {
        json.object(ITEM, |json| {
            json.integer("keyId", config.key_id.into());
            json.integer("kemId", config.kem_id.into());
            json.hex("keyConfig", encoded);
        });
    }
}

fn values(json: &mut Writer, bundle: &Bundle<'_>) {
    json.text("bank", bundle.pcrs.bank.as_str());
    json.array("pcrs", |json| {
        for (index, value) in &bundle.pcrs.values {
            json.object(ITEM, |json| {
                json.integer("index", (*index).into());
                json.hex("value", value);
            });
        }
    });
}
