//! What the gateway makes of bytes, for tests that hold another decoder to the same: each line of standard input is a kind and bytes in
//! hexadecimal, each line of standard output JSON.
//!
//! ```text
//! framing BYTES    {"chunks": [length …], "error": CODE or null}, behind a header and an encapsulated key of 32 bytes
//! message BYTES    {"fields": [[name, HEX] …], "content": HEX, "error": CODE or null}, of a Binary HTTP request
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::io::{Write, stdin, stdout};

use blindllama_gateway::bhttp::RequestHead;
use blindllama_gateway::bhttp::decode::{Decoder, Part};
use blindllama_gateway::failure::Failure;
use blindllama_gateway::hex::hex;
use blindllama_gateway::ohttp::framing::Framing;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

const ENCAPSULATED_KEY: usize = 32;
const FIELD_BYTES: u64 = 128 * 1024;

fn main() {
    let mut output = stdout().lock();
    for line in stdin().lines().map(Result::unwrap) {
        let (kind, text) = line.split_once(' ').expect("a kind and bytes");
        let bytes =
            (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2).unwrap(), 16).unwrap());
        let bytes: Vec<u8> = bytes.collect();
        let answer = match kind {
            "framing" => framing(bytes),
            "message" => message(&bytes),
            _ => panic!("framing or message"),
        };
        writeln!(output, "{answer}").unwrap();
        output.flush().unwrap();
    }
}

fn framing(bytes: Vec<u8>) -> Value {
    let mut framing = Framing::default();
    framing.push(&Bytes::from(bytes));
    let mut chunks = Vec::new();
    let mut read = || -> Result<(), Failure> {
        if framing.take_encapsulated_key(ENCAPSULATED_KEY).is_some() {
            while let Some(chunk) = framing.next_chunk()? {
                chunks.push(chunk.bytes.len());
            }
        }
        chunks.push(framing.finish()?.bytes.len());
        Ok(())
    };
    let error = read().err().map(|failure| failure.code.as_str());
    json!({ "chunks": chunks, "error": error })
}

fn message(bytes: &[u8]) -> Value {
    let mut decoder = Decoder::<RequestHead>::new(FIELD_BYTES);
    decoder.push(BytesMut::from(bytes));
    let (mut fields, mut content) = (Vec::new(), Vec::new());
    let mut read = || -> Result<(), Failure> {
        while let Some(part) = decoder.next_part()? {
            match part {
                Part::Head(head) => {
                    fields =
                        head.fields.iter().map(|(name, value)| json!([name.as_str(), hex(value.as_bytes())])).collect();
                }
                Part::Content(bytes) => content.extend_from_slice(&bytes),
            }
        }
        decoder.finish()
    };
    let error = read().err().map(|failure| failure.code.as_str());
    json!({ "fields": fields, "content": hex(&content), "error": error })
}
