//! Proofs of inclusion (RFC 9162 §2.1.3.2).

use crate::evidence::nonce_tree::{Hash, leaf, node};

/// The root of a tree of `size` entries in which `entry` is the one at `index`, counted from 0. None where no tree of that
/// size has such a proof.
pub(super) fn root(entry: &[u8], index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let (mut here, mut last) = (index, size.checked_sub(1)?);
    if here > last {
        return None;
    }
    let mut hash = leaf(entry);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if here & 1 == 1 || here == last {
            hash = node(sibling, &hash);
            // At the right edge a subtree may have no sibling for some levels.
            let levels = here.trailing_zeros();
            here = here.checked_shr(levels)?;
            last = last.checked_shr(levels)?;
        } else {
            hash = node(&hash, sibling);
        }
        here >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}
