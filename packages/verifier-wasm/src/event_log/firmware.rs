//! Event data that say where something measured lay or came from. No digest covers them: they are claims.

use alloc::string::String;

use super::{
    reader::Reader,
    text::{counted, hex, join, text, text_or_size},
};

/// Type and subtype of device path nodes (UEFI 2.10 §10.3).
const FILE_PATH: [u8; 2] = [4, 4];
const FIRMWARE_FILE: [u8; 2] = [4, 6];
const END: [u8; 2] = [0x7f, 0xff];
/// Type, subtype, length.
const NODE_HEADER: usize = 4;

/// The names of files on a device path, the hardware before them left out; None where a node's length lies.
pub(super) fn device_path(path: &[u8]) -> Option<String> {
    let mut names = String::new();
    let mut reader = Reader::new(path);
    while !reader.rest().is_empty() {
        let (node, length) = (reader.array()?, reader.u16()?);
        let data = reader.bytes(usize::from(length).checked_sub(NODE_HEADER)?)?;
        match node {
            END => break,
            FILE_PATH => names = join(names, "", &text(data)?),
            FIRMWARE_FILE => names = join(names, " ", &join("firmware file ".into(), "", &hex(data))),
            _ => {}
        }
    }
    Some(names)
}

/// UEFI_IMAGE_LOAD_EVENT (PFP §10.2.3).
pub(super) fn image(data: &[u8]) -> Option<String> {
    let mut reader = Reader::new(data);
    let (_address, length, _link_address) = (reader.u64()?, reader.u64()?, reader.u64()?);
    let path_length = reader.size64()?;
    Some(join(device_path(reader.bytes(path_length)?)?, ", ", &counted(length, "bytes")))
}

/// UEFI_PLATFORM_FIRMWARE_BLOB (PFP §10.2.5).
pub(super) fn blob(data: &[u8]) -> Option<String> {
    let mut reader = Reader::new(data);
    let (_address, length) = (reader.u64()?, reader.u64()?);
    reader.end()?;
    Some(counted(length, "bytes"))
}

/// UEFI_PLATFORM_FIRMWARE_BLOB2 (PFP §10.2.5) and UEFI_HANDOFF_TABLE_POINTERS2 (§10.2.4): a description stands first.
pub(super) fn named(data: &[u8]) -> Option<String> {
    let (size, rest) = data.split_first()?;
    text(rest.get(..usize::from(*size))?)
}

/// TCG_PCClientTaggedEvent (PFP §10.4.2.1): a number and what belongs to it.
pub(super) fn tagged(data: &[u8]) -> Option<String> {
    let mut reader = Reader::new(data);
    let (id, size) = (reader.u32()?, reader.size32()?);
    let content = reader.bytes(size)?;
    reader.end()?;
    Some(join(join("tag ".into(), "", &hex(&id.to_be_bytes())), ": ", &text_or_size(content)))
}

/// UEFI_GPT_DATA (PFP §10.2.6): EFI_PARTITION_TABLE_HEADER, number of partitions, their entries.
pub(super) fn partition_table(data: &[u8]) -> Option<String> {
    let mut reader = Reader::new(data);
    reader.bytes(92)?;
    Some(counted(reader.u64()?, "partitions"))
}
