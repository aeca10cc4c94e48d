//! The splitter of Server-Sent Events: whatever the bytes and however they arrive, the pieces are what arrived, none is empty or longer
//! than allowed, and a comment has its place where a line begins.
#![no_main]

use blindllama_gateway::upstream::events::{EventSplitter, Piece};
use blindllama_gateway_fuzz::pieces;
use libfuzzer_sys::fuzz_target;

/// Small enough for inputs to exceed.
const LONGEST: usize = 64;

fuzz_target!(|input: &[u8]| {
    let Some((message, pieces)) = pieces(input) else { return };
    let mut splitter = EventSplitter::new(LONGEST);
    let mut cut: Vec<Piece> = Vec::new();
    for piece in &pieces {
        splitter.push(piece);
        cut.extend(std::iter::from_fn(|| splitter.next_piece()));
    }
    cut.extend(splitter.rest());
    assert!(splitter.rest().is_none() && splitter.next_piece().is_none());
    let mut before = None;
    for Piece { bytes, gap, .. } in &cut {
        assert!((1..=LONGEST).contains(&bytes.len()));
        if let Some(gap) = *gap {
            let last = if gap == 0 { before } else { bytes.get(gap - 1).copied() };
            let mark = bytes.get(..gap) == Some(b"\xef\xbb\xbf");
            assert!(mark || matches!(last, None | Some(b'\n' | b'\r')), "a line begins at {gap} of {bytes:?}");
            assert!(last != Some(b'\r') || bytes.get(gap) != Some(&b'\n'), "between CR and LF");
        }
        before = bytes.last().copied();
    }
    assert_eq!(cut.iter().flat_map(|piece| &piece.bytes).copied().collect::<Vec<_>>(), message);
});
