//! The decoders of this folder beside those of two other implementations, on what the conformance vectors carry and on every
//! damage of a few bytes to it. What they disagree about is listed in `explained`, each with its reason: anything else fails.

mod damage;
mod explained;
mod others;

use std::{
    collections::{BTreeMap, BTreeSet},
    string::{String, ToString},
    vec::Vec,
};

use self::{
    explained::{EXPLAINED, Explained},
    others::Other,
};
use super::{Attest, Public, Signature};
use crate::Code;

/// The structures that all three decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Structure {
    Attest,
    Public,
    Signature,
}

/// How this verifier ends: `ok`, or the code of what it refuses, in the decoder or in the step whatever the policy.
fn ours(structure: Structure, bytes: &[u8]) -> Code {
    let outcome = match structure {
        Structure::Attest => Attest::decode(bytes).and_then(|attest| possible(&attest)),
        Structure::Public => Public::decode(bytes).map(drop),
        Structure::Signature => Signature::decode(bytes).map(drop),
    };
    outcome.err().unwrap_or(Code::OK)
}

/// What no policy and no nonce can make right.
fn possible(attest: &Attest<'_>) -> Result<(), Code> {
    if attest.extra_data.len() != 32 {
        return Err(Code::BINDING_EXTRA_DATA);
    }
    match attest.pcr_select.as_slice() {
        [one] if matches!(one.hash, 0x000b | 0x000c) && one.select.len() == 3 => Ok(()),
        _ => Err(Code::PCR_SELECTION),
    }
}

/// What the vectors carry, each byte string once.
fn carried() -> BTreeSet<(Structure, Vec<u8>)> {
    let mut all = BTreeSet::new();
    for bundle in damage::bundles() {
        all.extend([(Structure::Attest, bundle.attest), (Structure::Signature, bundle.signature)]);
        all.extend(bundle.ak_public.map(|public| (Structure::Public, public)));
    }
    all
}

#[test]
fn two_other_implementations_disagree_only_where_it_is_explained() {
    let carried = carried();
    let (mut compared, mut differing) = (0_u32, BTreeMap::<_, (u32, Vec<u8>)>::new());
    let damaged = damage::seeds(&carried)
        .into_iter()
        .flat_map(|(structure, seed)| damage::of(&seed).into_iter().map(move |bytes| (structure, bytes)));
    for (structure, bytes) in carried.iter().cloned().chain(damaged) {
        let code = ours(structure, &bytes);
        for other in Other::ALL {
            compared += 1;
            let accepts = other.accepts(structure, &bytes);
            if accepts != (code == Code::OK) {
                let difference = (structure, other, code.as_str());
                let (count, _) = differing.entry(difference).or_insert_with(|| (0, bytes.clone()));
                *count += 1;
            }
        }
    }
    assert!(compared > 10_000, "{compared} comparisons");
    let mut unexplained = Vec::new();
    for ((structure, other, code), (count, example)) in &differing {
        let known = |explained: &&Explained| explained.is_about(*structure, *other, code);
        match EXPLAINED.iter().find(known) {
            Some(explained) => std::println!("{structure:?} {other:?} {code}: {count} times: {}", explained.why),
            None => {
                unexplained.push(std::format!("{structure:?} {other:?} {code}: {count} times, as {}", hex(example)))
            }
        }
    }
    let stale: Vec<String> = EXPLAINED
        .iter()
        .filter(|explained| {
            !differing.keys().any(|(structure, other, code)| explained.is_about(*structure, *other, code))
        })
        .map(|explained| explained.why.to_string())
        .collect();
    std::println!("{compared} comparisons, {} kinds of differences", differing.len());
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert!(stale.is_empty(), "explained, but not met: {stale:#?}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| std::format!("{byte:02x}")).collect()
}
