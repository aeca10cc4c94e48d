//! The bytes that the implementations are asked about.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    string::String,
    vec::Vec,
};

use super::{Structure, ours};
use crate::{
    Code,
    evidence::bundle::{Bundle, Static},
    json::reader::unhex,
};

/// What one vector carries.
pub(super) struct Carried {
    pub(super) attest: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) ak_public: Option<Vec<u8>>,
}

/// Of every conformance vector whose bundle can be read.
pub(super) fn bundles() -> Vec<Carried> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/vectors/bundles"));
    let files: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    assert!(files.len() > 300, "the vectors are missing");
    files.iter().filter_map(|text| carried(text)).collect()
}

fn carried(text: &str) -> Option<Carried> {
    let vector: serde_json::Value = serde_json::from_str(text).unwrap();
    let evidence = unhex(vector["evidence"].as_str().unwrap().as_bytes())?;
    let bundle = Bundle::decode(&evidence).ok()?;
    let static_part = bundle.static_part.and_then(|bytes| Static::decode(bytes).ok());
    Some(Carried {
        attest: bundle.quote.attest.into(),
        signature: bundle.quote.signature.into(),
        ak_public: static_part.map(|static_part| static_part.ak_public.into()),
    })
}

/// The structures to damage: of those that are accepted, one of each length.
pub(super) fn seeds(carried: &BTreeSet<(Structure, Vec<u8>)>) -> Vec<(Structure, Vec<u8>)> {
    let accepted = carried.iter().filter(|(structure, bytes)| ours(*structure, bytes) == Code::OK);
    let by_length: BTreeMap<_, _> =
        accepted.map(|(structure, bytes)| ((*structure, bytes.len()), bytes.clone())).collect();
    assert!(by_length.len() >= 6, "RSA and ECC of each structure");
    by_length.into_iter().map(|((structure, _), bytes)| (structure, bytes)).collect()
}

/// Every byte with each of its bits turned, as 00 and as ff; every length; one byte too many; every byte twice.
pub(super) fn of(seed: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (position, byte) in seed.iter().enumerate() {
        let others = (0..8).map(|bit| byte ^ 1 << bit).chain([0x00, 0xff]);
        all.extend(others.filter(|other| other != byte).map(|other| {
            let mut bytes = seed.to_vec();
            bytes[position] = other;
            bytes
        }));
        all.push(seed[..position].to_vec());
        let mut longer = seed.to_vec();
        longer.insert(position, *byte);
        all.push(longer);
    }
    all.extend([0x00, 0xff].map(|tail| [seed, &[tail]].concat()));
    all
}
