//! The framing of requests: whatever the bytes and however they are cut, it neither panics nor keeps more than a chunk, and the same
//! bytes give the same chunks and the same end.
#![no_main]

use blindllama_gateway::ohttp::framing::Framing;
use blindllama_gateway::ohttp::{CHUNK_PLAINTEXT, TAG};
use blindllama_gateway_fuzz::pieces;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

const ENCAPSULATED_KEY: usize = 32;

/// The lengths of all chunks, the final one last, and the code of the error.
fn cut(pieces: &[Bytes]) -> (Vec<usize>, Option<&'static str>) {
    let mut framing = Framing::default();
    let mut chunks = Vec::new();
    let mut key = false;
    for piece in pieces {
        framing.push(piece);
        key = key || framing.take_encapsulated_key(ENCAPSULATED_KEY).is_some();
        while key {
            match framing.next_chunk() {
                Ok(Some(chunk)) => {
                    assert!(!chunk.last && (TAG + 1..=CHUNK_PLAINTEXT + TAG).contains(&chunk.bytes.len()));
                    chunks.push(chunk.bytes.len());
                }
                Ok(None) => break,
                Err(failure) => return (chunks, Some(failure.code.as_str())),
            }
        }
    }
    match framing.finish() {
        Ok(last) => {
            assert!(last.last && (TAG..=CHUNK_PLAINTEXT + TAG).contains(&last.bytes.len()));
            chunks.push(last.bytes.len());
            (chunks, None)
        }
        Err(failure) => (chunks, Some(failure.code.as_str())),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((message, pieces)) = pieces(input) else { return };
    assert_eq!(cut(&[message]), cut(&pieces));
});
