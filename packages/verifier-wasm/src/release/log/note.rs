//! The text of a proof: C2SP tlog-proof@v1 around a checkpoint, which is a signed note.

use alloc::vec::Vec;

use super::base64;
use crate::decimal::decimal;

/// Longest path in a tree whose size is below 2^63.
const MAX_PATH: usize = 63;
/// Most signatures under a checkpoint.
const MAX_SIGNATURES: usize = 64;

/// A proof: nothing of it is verified yet.
#[derive(Debug)]
pub(super) struct Proof<'a> {
    pub(super) index: u64,
    /// From the entry's sibling upwards.
    pub(super) path: Vec<[u8; 32]>,
    /// What the log signed, up to its last newline.
    pub(super) text: &'a [u8],
    pub(super) origin: &'a [u8],
    /// Number of entries of the log.
    pub(super) size: u64,
    pub(super) root: [u8; 32],
    pub(super) signatures: Vec<Line<'a>>,
}

/// A line under a checkpoint.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) name: &'a [u8],
    /// The id of the key (4 bytes) and what it signed with, at least one byte.
    pub(super) value: Vec<u8>,
}

/// Decimal digits without leading zeros, below 2^63.
fn number(digits: &[u8]) -> Option<u64> {
    decimal(digits).filter(|value| *value <= i64::MAX as u64)
}

fn hash(text: &[u8]) -> Option<[u8; 32]> {
    base64::decode(text)?.try_into().ok()
}

/// What stands before and after the first `separator`.
fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let position = text.iter().position(|byte| *byte == separator)?;
    let (before, after) = text.split_at_checked(position)?;
    Some((before, after.get(1..)?))
}

fn line(text: &[u8]) -> Option<Line<'_>> {
    let (name, value) = split_once(text.strip_prefix("\u{2014} ".as_bytes())?, b' ')?;
    let value = base64::decode(value).filter(|value| value.len() > 4)?;
    (!name.is_empty() && !name.contains(&b'+')).then_some(Line { name, value })
}

/// What is left of a proof: a byte reader, since the searches of `str` would weigh more than everything that is read with it.
struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    /// The next line, without the newline that ends it.
    fn next(&mut self) -> Option<&'a [u8]> {
        let (line, rest) = split_once(self.0, b'\n')?;
        self.0 = rest;
        Some(line)
    }
}

impl<'a> Proof<'a> {
    /// None unless `proof` is exactly such a text.
    pub(super) fn parse(proof: &'a [u8]) -> Option<Self> {
        let is_text = |byte: &u8| *byte == b'\n' || *byte >= b' ';
        if core::str::from_utf8(proof).is_err() || !proof.iter().all(is_text) {
            return None;
        }
        let mut lines = Lines(proof);
        if lines.next()? != b"c2sp.org/tlog-proof@v1" {
            return None;
        }
        let mut line = lines.next()?;
        if let Some(extra) = line.strip_prefix(b"extra ") {
            base64::decode(extra)?;
            line = lines.next()?;
        }
        let index = number(line.strip_prefix(b"index ")?)?;
        let mut path = Vec::new();
        loop {
            let sibling = lines.next()?;
            if sibling.is_empty() {
                break;
            }
            if path.len() == MAX_PATH {
                return None;
            }
            path.push(hash(sibling)?);
        }

        let checkpoint = lines.0;
        let origin = lines.next().filter(|origin| !origin.is_empty())?;
        let (size, root) = (number(lines.next()?)?, hash(lines.next()?)?);
        // Lines of extensions are signed, and say nothing here.
        while !lines.next()?.is_empty() {}
        let text = checkpoint.strip_suffix(lines.0)?.strip_suffix(b"\n")?;

        let mut signatures = Vec::new();
        loop {
            if signatures.len() == MAX_SIGNATURES {
                return None;
            }
            signatures.push(self::line(lines.next()?)?);
            if lines.0.is_empty() {
                return Some(Self { index, path, text, origin, size, root, signatures });
            }
        }
    }
}
