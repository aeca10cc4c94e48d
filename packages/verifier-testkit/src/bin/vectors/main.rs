//! Writes the conformance vectors: whole bundles from a TPM in software that also does what no TPM would.
//!
//! ```text
//! cargo run --release -p blindllama-testkit    writes spec/vectors/bundles/*.json
//! ```
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod cases;
mod confidential;
mod index;
mod log;
mod releases;
mod scenario;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use blindllama_testkit::{certificates, cvm, der_writer, keys, machine, text, tpm};
use blindllama_verifier::event_log::event_type;
use keys::Keys;
use scenario::Cases;

fn written() -> BTreeMap<PathBuf, String> {
    let keys = Keys::derive();
    let mut cases = Cases { keys: &keys, done: vec![] };
    cases::all(&mut cases);
    let count = cases.done.len();
    index::check(cases.done.iter().map(|vector| vector["name"].as_str().unwrap()));
    let file = |vector: serde_json::Value| {
        let name = vector["name"].as_str().unwrap().to_owned();
        (folder().join(name + ".json"), serde_json::to_string_pretty(&vector).unwrap() + "\n")
    };
    let files: BTreeMap<PathBuf, String> = cases.done.into_iter().map(file).collect();
    assert_eq!(files.len(), count, "two cases have the same name");
    files
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/bundles")
}

fn there() -> Vec<PathBuf> {
    fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn main() {
    let files = written();
    there().iter().filter(|path| !files.contains_key(*path)).for_each(|path| fs::remove_file(path).unwrap());
    files.iter().for_each(|(path, text)| fs::write(path, text).unwrap());
    println!("{} vectors", files.len());
}

#[test]
fn the_vectors_are_those_that_this_program_writes() {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    };
    assert_eq!(there().into_iter().map(read).collect::<BTreeMap<_, _>>(), written());
}
