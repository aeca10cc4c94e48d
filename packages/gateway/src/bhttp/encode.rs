//! Encodes responses of indeterminate length (RFC 9292 §3.2): the head first, each piece of content behind its length, the end.

use bytes::BufMut;
use http::{HeaderMap, StatusCode};

use crate::varint;

const INDETERMINATE_LENGTH_RESPONSE: usize = 3;

/// End of the content and an empty trailer section.
pub const END: &[u8] = &[0, 0];

/// Framing indicator, status and header section.
#[must_use]
pub fn response_head(status: StatusCode, fields: &HeaderMap) -> Vec<u8> {
    let mut head = Vec::with_capacity(256);
    varint::encode(INDETERMINATE_LENGTH_RESPONSE, &mut head);
    varint::encode(usize::from(status.as_u16()), &mut head);
    for (name, value) in fields {
        for part in [name.as_str().as_bytes(), value.as_bytes()] {
            varint::encode(part.len(), &mut head);
            head.put_slice(part);
        }
    }
    head.push(0);
    head
}
