//! Key configurations of Oblivious HTTP (RFC 9458 §3) and lists of them, `application/ohttp-keys` (RFC 9458 §3.2).

use alloc::vec::Vec;

/// A key derivation and an encryption function that a key may be used with (RFC 9180 §7.2, §7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymmetricAlgorithms {
    /// HPKE KDF identifier.
    pub kdf_id: u16,
    /// HPKE AEAD identifier.
    pub aead_id: u16,
}

/// One key configuration (RFC 9458 §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyConfig<'a> {
    /// Names the key within a gateway's lists of this and the previous epoch.
    pub key_id: u8,
    /// HPKE KEM identifier (RFC 9180 §7.1).
    pub kem_id: u16,
    /// As the KEM serialises it; `Npk` bytes.
    pub public_key: &'a [u8],
    /// In the gateway's order of preference; at least one.
    pub algorithms: Vec<SymmetricAlgorithms>,
}

/// The KEMs that this crate knows, each with `Npk`, the length of a public key in bytes.
const KEMS: [(u16, u16); 6] = [(0x0010, 65), (0x0011, 97), (0x0012, 133), (0x0020, 32), (0x0021, 56), (0x647a, 1216)];

fn public_key_length(kem_id: u16) -> Option<usize> {
    KEMS.iter().find(|(known, _)| *known == kem_id).map(|(_, length)| usize::from(*length))
}

fn split_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (value, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*value), rest))
}

/// Key and KEM identifier, and what follows them.
fn ids(config: &[u8]) -> Option<(u8, u16, &[u8])> {
    let (&[key_id, high, low], rest) = config.split_first_chunk()?;
    Some((key_id, u16::from_be_bytes([high, low]), rest))
}

impl KeyConfig<'_> {
    /// The configuration without the length that precedes it in a list; None when a part is too long or empty.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        if self.algorithms.is_empty() || Some(self.public_key.len()) != public_key_length(self.kem_id) {
            return None;
        }
        let algorithms_length = u16::try_from(self.algorithms.len().checked_mul(4)?).ok()?;
        let mut out = Vec::new();
        out.push(self.key_id);
        out.extend(self.kem_id.to_be_bytes());
        out.extend(self.public_key);
        out.extend(algorithms_length.to_be_bytes());
        for algorithms in &self.algorithms {
            out.extend(algorithms.kdf_id.to_be_bytes());
            out.extend(algorithms.aead_id.to_be_bytes());
        }
        Some(out)
    }
}

impl<'a> KeyConfig<'a> {
    /// Reads one configuration that takes up all of `bytes`; None where it breaks RFC 9458 §3.1 or names an unknown KEM,
    /// whose public key has no known end.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (key_id, kem_id, rest) = ids(bytes)?;
        let (public_key, rest) = rest.split_at_checked(public_key_length(kem_id)?)?;
        let (length, rest) = split_u16(rest)?;
        let (pairs, odd) = rest.as_chunks::<4>();
        if !odd.is_empty() || pairs.is_empty() || usize::from(length) != rest.len() {
            return None;
        }
        let mut algorithms = Vec::new();
        for &[k, d, a, e] in pairs {
            let (kdf_id, aead_id) = (u16::from_be_bytes([k, d]), u16::from_be_bytes([a, e]));
            algorithms.push(SymmetricAlgorithms { kdf_id, aead_id });
        }
        Some(Self { key_id, kem_id, public_key, algorithms })
    }
}

/// Joins encoded configurations to a list; None when one is too long for its length prefix.
#[must_use]
pub fn encode_list(configs: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for config in configs {
        out.extend(u16::try_from(config.len()).ok()?.to_be_bytes());
        out.extend(config);
    }
    Some(out)
}

/// Reads a whole list. Entries of an unknown KEM are left out, as RFC 9458 §3.2 provides; any error of the encoding and any
/// key id that stands twice discards the list.
///
/// Returns each entry with its encoded form, in the order of the list.
#[must_use]
pub fn decode_list(mut list: &[u8]) -> Option<Vec<(&[u8], KeyConfig<'_>)>> {
    let mut entries = Vec::new();
    let mut seen = [false; 256];
    while !list.is_empty() {
        let (length, rest) = split_u16(list)?;
        let (encoded, rest) = rest.split_at_checked(length.into())?;
        list = rest;
        let (key_id, kem_id, _) = ids(encoded)?;
        if core::mem::replace(seen.get_mut(usize::from(key_id))?, true) {
            return None;
        }
        if public_key_length(kem_id).is_some() {
            entries.push((encoded, KeyConfig::decode(encoded)?));
        }
    }
    Some(entries)
}
