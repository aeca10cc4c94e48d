//! Encodes messages of indeterminate length (RFC 9292 §3.2): the head first, each piece of content behind its length, the end.

use bytes::BufMut;
use http::{HeaderMap, StatusCode};

use super::RequestHead;
use crate::varint;

const INDETERMINATE_LENGTH_REQUEST: usize = 2;
const INDETERMINATE_LENGTH_RESPONSE: usize = 3;

/// Stands behind the last piece of content.
pub const END_OF_CONTENT: &[u8] = &[0];

/// Framing indicator, control data and header section.
#[must_use]
pub fn request_head(RequestHead { method, scheme, authority, path, fields }: &RequestHead) -> Vec<u8> {
    let mut head = Vec::with_capacity(256);
    varint::encode(INDETERMINATE_LENGTH_REQUEST, &mut head);
    for text in [method, scheme, authority, path] {
        varint::encode(text.len(), &mut head);
        head.put_slice(text.as_bytes());
    }
    put_fields(fields, &mut head);
    head
}

/// Framing indicator, status and header section.
#[must_use]
pub fn response_head(status: StatusCode, fields: &HeaderMap) -> Vec<u8> {
    let mut head = Vec::with_capacity(256);
    varint::encode(INDETERMINATE_LENGTH_RESPONSE, &mut head);
    varint::encode(usize::from(status.as_u16()), &mut head);
    put_fields(fields, &mut head);
    head
}

/// End of the content and trailer section.
#[must_use]
pub fn message_end(trailers: &HeaderMap) -> Vec<u8> {
    let mut end = END_OF_CONTENT.to_vec();
    put_fields(trailers, &mut end);
    end
}

fn put_fields(fields: &HeaderMap, out: &mut Vec<u8>) {
    for (name, value) in fields {
        for part in [name.as_str().as_bytes(), value.as_bytes()] {
            varint::encode(part.len(), out);
            out.put_slice(part);
        }
    }
    out.push(0);
}
