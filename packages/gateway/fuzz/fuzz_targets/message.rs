//! The decoder of Binary HTTP: whatever the bytes and however they are cut, it does not panic, and the same bytes give the same head,
//! the same content and the same end.
#![no_main]

use blindllama_gateway::bhttp::RequestHead;
use blindllama_gateway::bhttp::decode::{Decoder, Part};
use blindllama_gateway_fuzz::pieces;
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;

/// Small enough for inputs to exceed.
const FIELD_BYTES: u64 = 1024;

#[derive(Debug, Default, PartialEq)]
struct Decoded {
    head: Option<RequestHead>,
    content: Vec<u8>,
    padding: u64,
    error: Option<&'static str>,
}

fn decode(pieces: &[Bytes]) -> Decoded {
    let mut decoder = Decoder::<RequestHead>::new(FIELD_BYTES);
    let mut decoded = Decoded::default();
    for piece in pieces {
        decoder.push(BytesMut::from(piece.as_ref()));
        loop {
            match decoder.next_part() {
                Ok(Some(Part::Head(head))) => assert!(decoded.head.replace(*head).is_none(), "one head"),
                Ok(Some(Part::Content(bytes))) => {
                    assert!(decoded.head.is_some() && !bytes.is_empty());
                    decoded.content.extend_from_slice(&bytes);
                }
                Ok(None) => break,
                Err(failure) => return Decoded { error: Some(failure.code.as_str()), ..decoded },
            }
        }
    }
    decoded.padding = decoder.padding_bytes();
    decoded.error = decoder.finish().err().map(|failure| failure.code.as_str());
    decoded
}

fuzz_target!(|input: &[u8]| {
    let Some((message, pieces)) = pieces(input) else { return };
    assert_eq!(decode(&[message]), decode(&pieces));
});
