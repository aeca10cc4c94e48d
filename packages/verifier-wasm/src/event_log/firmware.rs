//! Event data that say where something measured lay or came from. No digest covers them: they are claims.

use alloc::string::String;

use super::text::{counted, hex, join, text, text_or_bytes};
use crate::little_endian::Reader;

/// Subtype and type of device path nodes (UEFI 2.10 §10.3), as a little-endian number.
const FILE_PATH: u16 = 0x0404;
const FIRMWARE_FILE: u16 = 0x0604;
const END: u16 = 0xff7f;
/// Type, subtype, length.
const NODE_HEADER: usize = 4;

/// The names of files on a device path, the hardware before them left out; None where a node's length lies.
#[inline(never)]
pub(super) fn device_path(path: &[u8]) -> Option<String> {
    let mut names = String::new();
    let mut reader = Reader::new(path);
    while !reader.rest().is_empty() {
        let (node, length) = (reader.u16(), reader.size(2));
        let data = reader.bytes(length.checked_sub(NODE_HEADER)?);
        match node {
            END => break,
            FILE_PATH => names.push_str(&text(data)?),
            FIRMWARE_FILE => names.push_str(&hex(data)),
            _ => {}
        }
    }
    reader.read(names)
}

/// UEFI_IMAGE_LOAD_EVENT (PFP §10.2.3).
pub(super) fn image(data: &[u8]) -> Option<String> {
    let mut reader = Reader::new(data);
    let (_address, length, _link_address) = (reader.uint(8), reader.uint(8), reader.uint(8));
    let path_length = reader.size(8);
    let path = reader.bytes(path_length);
    Some(join(device_path(reader.read(path)?)?, ", ", &counted(length, "byte")))
}

/// TCG_PCClientTaggedEvent (PFP §10.4.2.1): a number and what belongs to it.
pub(super) fn tagged(data: &[u8]) -> Option<String> {
    let mut reader = Reader::new(data);
    let (id, size) = (reader.u32(), reader.size(4));
    let content = reader.bytes(size);
    let content = reader.end(content)?;
    Some(join(hex(&id.to_be_bytes()), ": ", &text_or_bytes(content)))
}
