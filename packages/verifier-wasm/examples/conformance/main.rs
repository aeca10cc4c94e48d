//! Writes the conformance vectors: whole bundles from a TPM in software that also does what no TPM would.
//!
//! ```text
//! cargo run --release --example conformance               writes conformance/bundles/*.json
//! cargo run --release --example conformance -- --check    fails when they are not what this program writes
//! ```
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod cases;
mod keys;
mod scenario;
mod tpm;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use keys::Keys;
use scenario::Cases;

fn written() -> BTreeMap<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/bundles");
    let keys = Keys::derive();
    let mut cases = Cases { keys: &keys, done: vec![] };
    cases::all(&mut cases);
    let count = cases.done.len();
    let file = |vector: serde_json::Value| {
        let name = vector["name"].as_str().unwrap().to_owned();
        (folder.join(name + ".json"), serde_json::to_string_pretty(&vector).unwrap() + "\n")
    };
    let files: BTreeMap<PathBuf, String> = cases.done.into_iter().map(file).collect();
    assert_eq!(files.len(), count, "two cases have the same name");
    files
}

fn main() -> ExitCode {
    let files = written();
    let folder = files.keys().next().and_then(|path| path.parent()).unwrap();
    let there: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let left_over = there.iter().filter(|path| !files.contains_key(*path));
    if std::env::args().any(|argument| argument == "--check") {
        let stale = files
            .iter()
            .filter(|(path, text)| fs::read_to_string(path).ok().as_ref() != Some(text))
            .map(|(path, _)| path);
        let wrong: Vec<&PathBuf> = stale.chain(left_over).collect();
        wrong.iter().for_each(|path| eprintln!("stale: {}", path.display()));
        return if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    left_over.for_each(|path| fs::remove_file(path).unwrap());
    files.iter().for_each(|(path, text)| fs::write(path, text).unwrap());
    println!("{} vectors", files.len());
    ExitCode::SUCCESS
}
