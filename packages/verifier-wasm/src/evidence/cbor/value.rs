//! Writes deterministic CBOR.

use alloc::{string::String, vec::Vec};

use super::{ARRAY, BYTES, MAP, TEXT, UINT};

/// An item to encode. Maps sort their keys, so every value has its one deterministic encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Major type 0.
    Uint(u64),
    /// Major type 2.
    Bytes(Vec<u8>),
    /// Major type 3.
    Text(String),
    /// Major type 4.
    Array(Vec<Self>),
    /// Major type 5, by ascending keys.
    Map(Members),
}

/// Members of a map: distinct keys, ascending. A tree would weigh more in the module than everything that is put into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Vec<(u64, Value)>);

impl Members {
    /// Adds a member; one that has its key is replaced.
    pub fn insert(&mut self, key: u64, value: Value) {
        let position = self.0.partition_point(|(other, _)| *other < key);
        if let Some((_, held)) = self.0.get_mut(position).filter(|(other, _)| *other == key) {
            *held = value;
        } else {
            self.0.insert(position, (key, value));
        }
    }
}

impl Value {
    /// A map of the given members; of two with the same key the later one counts.
    pub fn map(members: impl IntoIterator<Item = (u64, Self)>) -> Self {
        let mut map = Members::default();
        members.into_iter().for_each(|(key, value)| map.insert(key, value));
        Self::Map(map)
    }

    /// An array of the given items.
    pub fn array(items: impl IntoIterator<Item = impl Into<Self>>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }

    /// The deterministic encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_to(&mut out);
        out
    }

    fn encode_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Uint(value) => push_head(out, UINT, *value),
            Self::Bytes(bytes) => {
                push_head(out, BYTES, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
            Self::Text(text) => {
                push_head(out, TEXT, text.len() as u64);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Array(items) => {
                push_head(out, ARRAY, items.len() as u64);
                items.iter().for_each(|item| item.encode_to(out));
            }
            Self::Map(members) => {
                push_head(out, MAP, members.0.len() as u64);
                for (key, value) in &members.0 {
                    push_head(out, UINT, *key);
                    value.encode_to(out);
                }
            }
        }
    }
}

fn push_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match argument {
        0..24 => out.push(major | argument as u8),
        24..0x100 => out.extend([major | 24, argument as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend((argument as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend((argument as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend(argument.to_be_bytes());
        }
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Uint(value)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}
