//! The tree of nonces: one quote serves every client that waited for it (PROTOCOL.md §5).
//!
//! Leaves and nodes are hashed with different prefixes, as in RFC 9162 §2.1.1, so that no node can pass for a nonce.

use alloc::{vec, vec::Vec};

use crate::hash::sha256;

/// Deepest tree that evidence may come from: about a million clients in one quote.
pub const MAX_DEPTH: usize = 20;

/// Fewest leaves of a tree: a path of no siblings would tell that nobody else asked.
pub const MIN_LEAVES: usize = 2;

/// A nonce, a node or a root: 32 bytes.
pub type Hash = [u8; 32];

/// RFC 9162 §2.1.1: the hash of a leaf.
pub(crate) fn leaf(entry: &[u8]) -> Hash {
    sha256(&[&[0], entry])
}

/// RFC 9162 §2.1.1: the hash of a node.
pub(crate) fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The tree that the gateway builds over the nonces that wait for one quote.
#[derive(Clone, Debug)]
pub struct NonceTree {
    /// From the leaves, a power of two of them, to the root.
    levels: Vec<Vec<Hash>>,
}

impl NonceTree {
    /// Builds the tree over `nonces` in their order; None unless they are a power of two, from [`MIN_LEAVES`] to 2^20 of them.
    ///
    /// Whoever has fewer clients fills up with fresh random nonces, and puts each client's at a random place: a filler that could be
    /// guessed and a place that follows an order would tell how many clients waited.
    #[must_use]
    pub fn new(nonces: &[Hash]) -> Option<Self> {
        if !nonces.len().is_power_of_two() || !(MIN_LEAVES..=1 << MAX_DEPTH).contains(&nonces.len()) {
            return None;
        }
        let leaves: Vec<Hash> = nonces.iter().map(|nonce| leaf(nonce)).collect();
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below.as_chunks::<2>().0.iter().map(|[left, right]| node(left, right)).collect();
            levels.push(above);
        }
        Some(Self { levels })
    }

    /// What the quote covers.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_default()
    }

    /// The siblings of leaf `index` from the leaf upwards; None when there is no such leaf.
    #[must_use]
    pub fn path(&self, index: usize) -> Option<Vec<Hash>> {
        let (_root, below) = self.levels.split_last()?;
        if index >= self.levels.first()?.len() {
            return None;
        }
        below.iter().enumerate().map(|(height, level)| level.get((index >> height) ^ 1).copied()).collect()
    }
}

/// The root that `nonce` at leaf `index` leads to by way of `path`, its siblings from the leaf upwards.
///
/// None when the path is empty, deeper than [`MAX_DEPTH`], or has no leaf of that index.
#[must_use]
pub fn root_from_path(nonce: &Hash, mut index: u64, path: &[&Hash]) -> Option<Hash> {
    if !(1..=MAX_DEPTH).contains(&path.len()) {
        return None;
    }
    let mut below = leaf(nonce);
    for sibling in path {
        let (left, right) = if index & 1 == 1 { (*sibling, &below) } else { (&below, *sibling) };
        below = node(left, right);
        index >>= 1;
    }
    (index == 0).then_some(below)
}
