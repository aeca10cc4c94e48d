//! A log with witnesses: the tree of RFC 6962 §2.1 as it is defined there, and the texts of C2SP around it.

use ed25519_dalek::Signer;
use serde_json::{Value as Json, json};

use crate::{
    releases::{key, public},
    tpm::{SHA256, hash},
};

type Hash = [u8; 32];
type Patch = Box<dyn Fn(String) -> String>;

pub(crate) const ORIGIN: &str = "log.example/chat";

fn digest(parts: &[&[u8]]) -> Hash {
    hash(SHA256, parts).try_into().unwrap()
}

/// The largest power of two below `n`.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// MTH(D[n]).
fn root(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => digest(&[]),
        [entry] => digest(&[&[0], entry]),
        _ => {
            let (left, right) = entries.split_at(split(entries.len()));
            digest(&[&[1], &root(left), &root(right)])
        }
    }
}

/// PATH(m, D[n]).
fn path(index: usize, entries: &[Vec<u8>]) -> Vec<Hash> {
    if entries.len() < 2 {
        return vec![];
    }
    let (left, right) = entries.split_at(split(entries.len()));
    let (mut path, sibling) = if index < left.len() {
        (path(index, left), root(right))
    } else {
        (path(index - left.len(), right), root(left))
    };
    path.push(sibling);
    path
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let mut padded = [0; 4];
        padded[1..=chunk.len()].copy_from_slice(chunk);
        let value = u32::from_be_bytes(padded) as usize;
        let digit = |i: usize| if i <= chunk.len() { ALPHABET[value >> (18 - 6 * i) & 63] as char } else { '=' };
        (0..4).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// A line under a note by the key of `name`; a witness states a time.
pub(crate) fn line(name: &str, text: &str, time: Option<u64>) -> String {
    line_by(name, name, text, time)
}

/// The same by the key of somebody.
fn line_by(signer: &str, name: &str, text: &str, time: Option<u64>) -> String {
    let key = key(signer);
    let kind = if time.is_some() { 4 } else { 1 };
    let id = digest(&[name.as_bytes(), &[b'\n', kind], key.verifying_key().as_bytes()]);
    let message = time.map_or_else(|| text.to_owned(), |time| format!("cosignature/v1\ntime {time}\n{text}"));
    let time = time.map(u64::to_be_bytes);
    let time = time.as_ref().map_or(&[][..], |time| time);
    let value = [&id[..4], time, &key.sign(message.as_bytes()).to_bytes()].concat();
    format!("\u{2014} {name} {}\n", base64(&value))
}

/// A log in which a document stands, and what the policy demands of it.
pub(crate) struct Logged {
    pub(crate) demand: Json,
    pub(crate) origin: &'static str,
    /// Whose key signs for the log, where that is not its own.
    pub(crate) signer: Option<&'static str>,
    /// Number of entries, and which of them is the document.
    pub(crate) size: usize,
    pub(crate) index: usize,
    /// What stands there in its place.
    pub(crate) entry: Option<Vec<u8>>,
    /// Number and hash that the checkpoint states in place of the tree's own.
    pub(crate) claimed_size: Option<u64>,
    pub(crate) claimed_root: Option<Hash>,
    pub(crate) extension: &'static str,
    pub(crate) path: fn(&mut Vec<Hash>),
    pub(crate) witnesses: Vec<&'static str>,
    pub(crate) time: u64,
    /// Of the text that log and witnesses sign.
    pub(crate) patch_text: fn(String) -> String,
    pub(crate) patch: Option<Patch>,
    pub(crate) deliver: bool,
}

impl Logged {
    pub(crate) fn new() -> Self {
        let witness = |name: &str| json!({ "name": name, "key": public(name) });
        Self {
            demand: json!({
                "origin": ORIGIN,
                "key": public(ORIGIN),
                "witnesses": [witness("witness.example/a"), witness("witness.example/b"), witness("witness.example/c")],
                "threshold": 2,
            }),
            origin: ORIGIN,
            signer: None,
            size: 6,
            index: 4,
            entry: None,
            claimed_size: None,
            claimed_root: None,
            extension: "",
            path: |_| {},
            witnesses: vec!["witness.example/a", "witness.example/b"],
            time: 1_799_999_999,
            patch_text: |text| text,
            patch: None,
            deliver: true,
        }
    }

    /// The proof that `entry` stands in the log.
    pub(crate) fn proof(&self, entry: &[u8]) -> Option<String> {
        let mut entries: Vec<Vec<u8>> = (0..self.size).map(|i| format!("entry {i}").into_bytes()).collect();
        entries[self.index] = self.entry.clone().unwrap_or_else(|| entry.to_vec());
        let mut path = path(self.index, &entries);
        (self.path)(&mut path);
        let size = self.claimed_size.unwrap_or(self.size as u64);
        let root = self.claimed_root.unwrap_or_else(|| root(&entries));
        let text = format!("{}\n{size}\n{}\n{}", self.origin, base64(&root), self.extension);
        let text = (self.patch_text)(text);
        let mut proof = format!("c2sp.org/tlog-proof@v1\nindex {}\n", self.index);
        path.iter().for_each(|hash| proof += &format!("{}\n", base64(hash)));
        let signer = self.signer.unwrap_or(self.origin);
        proof += &format!("\n{text}\n{}", line_by(signer, self.origin, &text, None));
        self.witnesses.iter().for_each(|witness| proof += &line(witness, &text, Some(self.time)));
        let proof = match &self.patch {
            Some(patch) => patch(proof),
            None => proof,
        };
        self.deliver.then_some(proof)
    }
}
