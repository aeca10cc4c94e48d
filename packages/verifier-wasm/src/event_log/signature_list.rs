//! EFI_SIGNATURE_LIST (UEFI 2.10 §32.4.1): keys and hashes that Secure Boot goes by.

use alloc::string::String;

use super::text::{counted, join};
use crate::little_endian::Reader;

/// EFI_CERT_X509_GUID
const X509: &[u8] = b"\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72";
/// EFI_CERT_SHA256_GUID
const SHA256: &[u8] = b"\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28";
/// `SignatureType`, `SignatureListSize`, `SignatureHeaderSize`, `SignatureSize`
const HEADER: usize = 28;
/// `SignatureOwner`
const OWNER: usize = 16;

/// How many entries there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    certificates: usize,
    digests: usize,
    others: usize,
}

/// None where a size lies. No type that is in use has a header.
pub(super) fn count(lists: &[u8]) -> Option<Counts> {
    let mut counts = Counts::default();
    let mut reader = Reader::new(lists);
    while !reader.rest().is_empty() {
        let kind = reader.guid();
        let (list_size, header_size, size) = (reader.size(4), reader.u32(), reader.size(4));
        let length = reader.bytes(list_size.checked_sub(HEADER)?).len();
        let is_digest = kind == SHA256;
        if header_size != 0 || size <= OWNER || length.checked_rem(size)? != 0 || is_digest && size != OWNER + 32 {
            return None;
        }
        let counter = match kind {
            X509 => &mut counts.certificates,
            _ if is_digest => &mut counts.digests,
            _ => &mut counts.others,
        };
        *counter = counter.wrapping_add(length.checked_div(size)?);
    }
    reader.read(counts)
}

impl Counts {
    pub(super) fn describe(self) -> String {
        let mut list = String::new();
        let words = [(self.certificates, "certificate"), (self.digests, "SHA-256 digest"), (self.others, "other key")];
        for (count, what) in words {
            if count > 0 {
                list = join(list, ", ", &counted(count as u64, what));
            }
        }
        if list.is_empty() { "empty".into() } else { list }
    }
}
