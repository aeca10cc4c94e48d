//! Values that are put together before they are written.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

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
    Map(BTreeMap<u64, Self>),
}

impl Value {
    /// A map of the given members; of two with the same key the later one counts.
    pub fn map(members: impl IntoIterator<Item = (u64, Self)>) -> Self {
        Self::Map(members.into_iter().collect())
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
                out.map(members.len());
                members.iter().for_each(|(key, value)| value.encode_to(out.member(*key)));
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
