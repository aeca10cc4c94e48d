//! Writes DER (X.690) for the certificates of tests, in every crate that makes some.

/// Identifier octets (X.690 §8.1.2).
pub(super) mod tag {
    pub(in super::super) const BOOLEAN: u8 = 0x01;
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const BIT_STRING: u8 = 0x03;
    pub(in super::super) const OCTET_STRING: u8 = 0x04;
    pub(in super::super) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(in super::super) const UTF8_STRING: u8 = 0x0c;
    pub(in super::super) const UTC_TIME: u8 = 0x17;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
    pub(in super::super) const SET: u8 = 0x31;

    pub(in super::super) const fn explicit(number: u8) -> u8 {
        0xa0 | number
    }
}

/// Up to 65535 bytes of content.
pub(super) fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        long @ 0x80..0x100 => vec![0x81, long as u8],
        longer => [&[0x82], &u16::try_from(longer).unwrap().to_be_bytes()[..]].concat(),
    };
    [&[tag], &length[..], content].concat()
}

/// A SEQUENCE of whole items.
pub(super) fn sequence(members: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, members.concat())
}

/// A Name of one attribute, a common name.
pub(super) fn common_name(value: &str) -> Vec<u8> {
    if value.is_empty() {
        return sequence(&[]);
    }
    let attribute = sequence(&[&tlv(tag::OBJECT_IDENTIFIER, b"\x55\x04\x03"), &tlv(tag::UTF8_STRING, value)]);
    sequence(&[&tlv(tag::SET, attribute)])
}

/// An Extension (RFC 5280 §4.1).
pub(super) fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[tag::BOOLEAN, 1, 0xff] } else { &[] };
    sequence(&[&tlv(tag::OBJECT_IDENTIFIER, id), critical, &tlv(tag::OCTET_STRING, value)])
}
