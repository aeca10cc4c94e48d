//! NIST's Public Key Interoperability Test Suite: the Go toolchain carries it with its expectations.
//!
//! The suite tests more than this profile has an opinion on, and accepts what this profile refuses. Every difference stands in a
//! table below, with its reason; a difference that no longer exists fails the test as well.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use serde_json::Value;

use super::outcome_at;
use crate::Code;

/// 2020-01-01T00:00:00Z, within the validity of the suite.
const AT_MS: u64 = 1_577_836_800_000;

/// Sections of the suite that test revocation lists, which no page can fetch (PROTOCOL.md §17).
const ON_REVOCATION: [&str; 4] = ["4.4.", "4.5.", "4.14.", "4.15."];

/// Invalid to the suite because a CA may not sign revocation lists, which are not read.
const ON_REVOCATION_BY_KEY_USAGE: [&str; 2] = ["4.7.4 ", "4.7.5 "];

/// Valid to the suite and refused here: prefix of the test's name, the code that it ends in, and why.
const STRICTER: &[(&str, Code, &str)] = &[
    ("4.1.4 ", Code::CHAIN_KEY, "DSA"),
    ("4.1.5 ", Code::CHAIN_KEY, "DSA"),
    (
        "4.2.4 ",
        Code::CHAIN_TIME,
        "GeneralizedTime before 2050, which RFC 5280 forbids to issuers: one form for each instant",
    ),
    ("4.3.3 ", Code::CHAIN_ISSUER, "names that are equal only after folding white space"),
    ("4.3.4 ", Code::CHAIN_ISSUER, "names that are equal only after folding white space"),
    ("4.3.5 ", Code::CHAIN_ISSUER, "names that are equal only after folding case"),
    ("4.3.6 ", Code::CHAIN_SYNTAX, "unique identifiers, which RFC 5280 forbids to issuers"),
    ("4.3.10 ", Code::CHAIN_ISSUER, "names that are equal only across types of strings"),
    ("4.3.11 ", Code::CHAIN_ISSUER, "names that are equal only after folding case"),
    ("4.6.8 ", Code::CHAIN_LEAF_CA, "a leaf that is an authority is no attestation key"),
    ("4.6.14 ", Code::CHAIN_LEAF_CA, "a leaf that is an authority is no attestation key"),
    ("4.8.6 ", Code::CHAIN_POLICY_CONSTRAINTS, "policies are constrained"),
    ("4.8.10 ", Code::CHAIN_POLICY_CONSTRAINTS, "policies are constrained"),
    ("4.8.11 ", Code::CHAIN_POLICY_CONSTRAINTS, "policies are constrained"),
    ("4.9.", Code::CHAIN_POLICY_CONSTRAINTS, "policies are constrained"),
    ("4.10.", Code::CHAIN_POLICY_CONSTRAINTS, "policies are mapped"),
    ("4.11.", Code::CHAIN_POLICY_CONSTRAINTS, "policies are constrained"),
    ("4.12.", Code::CHAIN_POLICY_CONSTRAINTS, "policies are constrained"),
    ("4.13.", Code::CHAIN_NAME_CONSTRAINTS, "names are constrained"),
];

/// The folder of the Go that set-up found or installed.
fn suite() -> PathBuf {
    let missing = "no Go toolchain with crypto/x509/testdata/nist-pkits on the PATH; run: npm run setup";
    let output = Command::new("go").args(["env", "GOROOT"]).output().expect(missing);
    let root = String::from_utf8(output.stdout).expect(missing);
    let folder = PathBuf::from(root.trim()).join("src/crypto/x509/testdata/nist-pkits");
    assert!(folder.join("vectors.json").is_file(), "{missing}: {}", folder.display());
    folder
}

/// Whether the suite asks for path validation with the inputs that this verifier always has (RFC 5280 §6.1.1).
fn has_our_inputs(vector: &Value) -> bool {
    let flags = ["InitialPolicyMappingInhibit", "InitialExplicitPolicy", "InitialAnyPolicyInhibit"];
    vector["InitialPolicySet"] == serde_json::json!(["anyPolicy"]) && flags.iter().all(|flag| vector[flag] == false)
}

#[test]
fn nist_pkits_ends_as_it_says_or_as_the_tables_say() {
    let folder = suite();
    let vectors: Value = serde_json::from_slice(&fs::read(folder.join("vectors.json")).unwrap()).unwrap();
    let (mut differing, mut used) = (Vec::new(), BTreeSet::new());
    let (mut accepted, mut refused) = (0, 0);
    for vector in vectors.as_array().unwrap() {
        let name = vector["Name"].as_str().unwrap();
        let excluded = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        if !has_our_inputs(vector) || excluded(&ON_REVOCATION) || excluded(&ON_REVOCATION_BY_KEY_USAGE) {
            continue;
        }
        let files = vector["CertPath"].as_array().unwrap().iter().rev();
        let chain: Vec<Vec<u8>> =
            files.map(|file| fs::read(folder.join("certs").join(file.as_str().unwrap())).unwrap()).collect();
        let got = outcome_at(&chain, AT_MS).map_or_else(|rejection| rejection.code, |_| Code::OK);
        let valid = vector["ShouldValidate"] == true;
        let stricter = STRICTER.iter().position(|(prefix, ..)| name.starts_with(prefix));
        match (valid, stricter) {
            (true, Some(index)) if got == STRICTER[index].1 => drop(used.insert(index)),
            (true, None) if got == Code::OK => accepted += 1,
            (false, _) if got != Code::OK => refused += 1,
            _ => differing.push(format!("{name}: {}, {}", if valid { "valid" } else { "invalid" }, got.as_str())),
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert_eq!(used.len(), STRICTER.len(), "an exclusion is no longer needed");
    std::println!("PKITS: {accepted} accepted, {refused} refused, {} kinds of stricter refusals", STRICTER.len());
    assert!(accepted > 0 && refused > 0);
}
