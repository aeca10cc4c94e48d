//! The text of a proof: C2SP tlog-proof@v1 around a checkpoint, which is a signed note.

use alloc::vec::Vec;

use super::base64;

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
    pub(super) text: &'a str,
    pub(super) origin: &'a str,
    pub(super) tree: Tree,
    pub(super) signatures: Vec<Line<'a>>,
}

/// What a checkpoint says of the log.
#[derive(Debug)]
pub(super) struct Tree {
    /// Number of entries.
    pub(super) size: u64,
    pub(super) root: [u8; 32],
}

/// A line under a checkpoint.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    /// The id of the key (4 bytes) and what it signed with, at least one byte.
    pub(super) value: Vec<u8>,
}

/// Decimal digits without leading zeros, below 2^63.
fn number(text: &str) -> Option<u64> {
    let is_canonical = text == "0" || !text.starts_with('0');
    let value = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    (is_canonical && value <= i64::MAX as u64).then_some(value)
}

fn hash(text: &str) -> Option<[u8; 32]> {
    base64::decode(text)?.try_into().ok()
}

fn line(text: &str) -> Option<Line<'_>> {
    let (name, value) = text.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let value = base64::decode(value).filter(|value| value.len() > 4)?;
    (!name.is_empty() && !name.contains('+')).then_some(Line { name, value })
}

impl<'a> Proof<'a> {
    /// None unless `proof` is exactly such a text.
    pub(super) fn parse(proof: &'a [u8]) -> Option<Self> {
        let is_text = |byte: &u8| *byte == b'\n' || *byte >= b' ';
        let proof = core::str::from_utf8(proof).ok().filter(|_| proof.iter().all(is_text))?;

        let mut rest = proof.strip_prefix("c2sp.org/tlog-proof@v1\n")?;
        if let Some((extra, after)) = rest.strip_prefix("extra ").and_then(|rest| rest.split_once('\n')) {
            base64::decode(extra)?;
            rest = after;
        }
        let (index, mut rest) = rest.strip_prefix("index ")?.split_once('\n')?;
        let mut path = Vec::new();
        let checkpoint = loop {
            match rest.split_once('\n')? {
                ("", checkpoint) => break checkpoint,
                (sibling, after) if path.len() < MAX_PATH => {
                    path.push(hash(sibling)?);
                    rest = after;
                }
                _ => return None,
            }
        };

        let (body, signatures) = checkpoint.split_once("\n\n")?;
        let mut lines = body.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty())?;
        let tree = Tree { size: number(lines.next()?)?, root: hash(lines.next()?)? };
        let signatures: Vec<_> = signatures.strip_suffix('\n')?.split('\n').map(line).collect::<Option<_>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return None;
        }
        let text = checkpoint.get(..=body.len())?;
        Some(Self { index: number(index)?, path, text, origin, tree, signatures })
    }
}
