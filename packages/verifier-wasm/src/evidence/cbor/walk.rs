//! The encoding by itself: whether bytes are deterministic CBOR of the allowed types, whatever they say.

use super::{ARRAY, BYTES, MAP, TEXT, UINT};

/// Takes a head off `rest`, in the shortest form only (RFC 8949 §3, §4.2.1): major type and argument.
pub(super) fn head(rest: &mut &[u8]) -> Option<(u8, u64)> {
    let (&first, after) = rest.split_first()?;
    *rest = after;
    let (width, smallest) = match first & 0x1f {
        small @ 0..24 => return Some((first >> 5, small.into())),
        24 => (1, 24),
        25 => (2, 0x100),
        26 => (4, 0x1_0000),
        27 => (8, 0x1_0000_0000),
        _ => return None,
    };
    let mut argument = 0;
    for byte in take(rest, width)? {
        argument = argument << 8 | u64::from(*byte);
    }
    (argument >= smallest).then_some((first >> 5, argument))
}

/// Takes `length` bytes off `rest`.
pub(super) fn take<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(taken)
}

/// Takes one item off `rest` in which arrays and maps are nested at most `room` deep; None where it breaks a rule.
pub(super) fn skip(rest: &mut &[u8], room: u8) -> Option<()> {
    let (major, argument) = head(rest)?;
    match major {
        UINT => {}
        BYTES => drop(take(rest, argument)?),
        TEXT => drop(core::str::from_utf8(take(rest, argument)?).ok()?),
        ARRAY | MAP => {
            let room = room.checked_sub(1)?;
            let mut last = None;
            // A count is only claimed: the loop ends where the bytes do.
            for _ in 0..argument {
                if major == MAP {
                    let (UINT, key) = head(rest)? else { return None };
                    if last.is_some_and(|last| key <= last) {
                        return None;
                    }
                    last = Some(key);
                }
                skip(rest, room)?;
            }
        }
        _ => return None,
    }
    Some(())
}
