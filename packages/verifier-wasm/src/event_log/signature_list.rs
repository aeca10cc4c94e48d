//! EFI_SIGNATURE_LIST (UEFI 2.10 §32.4.1): keys and hashes that Secure Boot goes by.

use alloc::string::String;

use super::{
    reader::Reader,
    text::{counted, join},
};

/// EFI_CERT_X509_GUID
const X509: [u8; 16] = *b"\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72";
/// EFI_CERT_SHA256_GUID
const SHA256: [u8; 16] = *b"\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28";
/// `SignatureType`, `SignatureListSize`, `SignatureHeaderSize`, `SignatureSize`
const HEADER: usize = 28;
/// `SignatureOwner`
const OWNER: usize = 16;

/// How many entries of each type stand in the lists; None where a size lies. No type that is in use has a header.
pub(super) fn describe(lists: &[u8]) -> Option<String> {
    let (mut certificates, mut hashes, mut others) = (0_u64, 0_u64, 0_u64);
    let mut reader = Reader::new(lists);
    while !reader.rest().is_empty() {
        let kind: [u8; 16] = reader.array()?;
        let (list_size, header_size, size) = (reader.size32()?, reader.size32()?, reader.size32()?);
        let entries = reader.bytes(list_size.checked_sub(HEADER)?)?.len();
        if header_size != 0 || size <= OWNER || entries.checked_rem(size)? != 0 {
            return None;
        }
        let counter = match kind {
            X509 => &mut certificates,
            SHA256 if size == OWNER + 32 => &mut hashes,
            SHA256 => return None,
            _ => &mut others,
        };
        *counter = counter.checked_add(entries.checked_div(size)? as u64)?;
    }
    let counts = [(certificates, "certificates"), (hashes, "hashes"), (others, "others")];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let list = counts.fold(String::new(), |list, (count, what)| join(list, ", ", &counted(count, what)));
    Some(if list.is_empty() { "empty".into() } else { list })
}
