//! Values that are put together before they are written.

use alloc::{string::String, vec::Vec};

use super::encoder::Encoder;

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
        let mut out = Encoder::default();
        self.encode_to(&mut out);
        out.finish()
    }

    fn encode_to(&self, out: &mut Encoder) {
        match self {
            Self::Uint(value) => out.uint(*value),
            Self::Bytes(bytes) => out.bytes(bytes),
            Self::Text(text) => out.text(text),
            Self::Array(items) => {
                out.array(items.len());
                items.iter().for_each(|item| item.encode_to(out));
            }
            Self::Map(members) => {
                out.map(members.0.len());
                members.0.iter().for_each(|(key, value)| value.encode_to(out.member(*key)));
            }
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
