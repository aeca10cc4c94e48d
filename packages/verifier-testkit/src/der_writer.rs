//! Writes DER (X.690) for the certificates of tests, in every crate that makes some.

/// Identifier octets (X.690 §8.1.2).
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// OBJECT IDENTIFIER.
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    /// UTF8String.
    pub const UTF8_STRING: u8 = 0x0c;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// SEQUENCE, constructed.
    pub const SEQUENCE: u8 = 0x30;
    /// SET, constructed.
    pub const SET: u8 = 0x31;

    /// `[number] EXPLICIT`, constructed.
    pub const fn explicit(number: u8) -> u8 {
        0xa0 | number
    }
}

/// Up to 65535 bytes of content.
pub fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        long @ 0x80..0x100 => vec![0x81, long as u8],
        longer => [&[0x82], &u16::try_from(longer).unwrap().to_be_bytes()[..]].concat(),
    };
    [&[tag], &length[..], content].concat()
}

/// A SEQUENCE of whole items.
pub fn sequence(members: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, members.concat())
}

/// A Name of one attribute, a common name.
pub fn common_name(value: &str) -> Vec<u8> {
    if value.is_empty() {
        return sequence(&[]);
    }
    let attribute = sequence(&[&tlv(tag::OBJECT_IDENTIFIER, b"\x55\x04\x03"), &tlv(tag::UTF8_STRING, value)]);
    sequence(&[&tlv(tag::SET, attribute)])
}

/// An Extension (RFC 5280 §4.1).
pub fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[tag::BOOLEAN, 1, 0xff] } else { &[] };
    sequence(&[&tlv(tag::OBJECT_IDENTIFIER, id), critical, &tlv(tag::OCTET_STRING, value)])
}
