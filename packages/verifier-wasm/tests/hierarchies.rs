//! The attestation keys of clouds are endorsement primaries, so that anchors for them can demand it: computed from quotes of theirs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::arithmetic_side_effects, missing_docs)]

mod skips;

use std::{fs, path::Path};

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// TPM_ALG_SHA256, which is the nameAlg of all of them.
const SHA256: [u8; 2] = [0x00, 0x0b];
const ENDORSEMENT: [u8; 4] = [0x40, 0x00, 0x00, 0x0b];

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn name(bytes: &[u8]) -> Vec<u8> {
    [&SHA256[..], &Sha256::digest(bytes)].concat()
}

/// TPMT_PUBLIC of Azure's template around the modulus in a SubjectPublicKeyInfo of RSA-2048: noDA and userWithAuth beside what every
/// attestation key has, RSASSA with SHA-256.
fn azure(spki: &[u8]) -> Vec<u8> {
    let modulus = &spki[spki.len() - 261..spki.len() - 5];
    let head = unhex("0001000b00050472000000100014000b0800000000000100");
    [head.as_slice(), modulus].concat()
}

#[test]
fn quotes_of_azure_and_google_name_an_endorsement_primary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/evidence/quotes");
    if !folder.exists() {
        return skips::skip("hierarchies::quotes_of_azure_and_google_name_an_endorsement_primary", &folder);
    }
    for file in ["azure-cvm", "azure-snp-v0", "azure-snp-v2", "azure-tdx-v0", "gce-cos-85-sha256"] {
        let text = fs::read_to_string(folder.join(file).with_extension("json")).unwrap();
        let quote: Json = serde_json::from_str(&text).unwrap();
        let public = quote["akPublic"].as_str().map_or_else(|| azure(&unhex(quote["akSpki"].as_str().unwrap())), unhex);
        let attest = unhex(quote["attest"].as_str().unwrap());
        // Behind magic and type of TPMS_ATTEST: qualifiedSigner.
        let signer = &attest[8..8 + 34];
        assert_eq!(signer, name(&[&ENDORSEMENT[..], &name(&public)].concat()), "{file}");
    }
}
