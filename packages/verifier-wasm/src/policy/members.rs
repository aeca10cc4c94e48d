//! Typed access to the members of a JSON object, each taken once; what is left over is unknown.

use alloc::{string::String, vec::Vec};
use core::ops::RangeInclusive;

use crate::{
    Code,
    json::{reader::Json, writer::push_decimal},
    rejection::Rejection,
};

/// An object of the policy that is being read, and where it stands.
pub(super) struct Members {
    path: String,
    members: Vec<(String, Json)>,
}

/// A value of the policy that is being read, and where it stands.
pub(super) struct Item {
    pub(super) path: String,
    value: Json,
}

impl Item {
    pub(super) fn root(value: Json) -> Self {
        Self { path: String::new(), value }
    }

    pub(super) fn syntax(&self) -> Rejection {
        Rejection::at(Code::POLICY_SYNTAX, self.path.as_str())
    }

    pub(super) fn invalid(&self) -> Rejection {
        Rejection::at(Code::POLICY_INVALID, self.path.as_str())
    }

    pub(super) fn unsupported(&self) -> Rejection {
        Rejection::at(Code::POLICY_UNSUPPORTED, self.path.as_str())
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.value, Json::Object(_))
    }

    pub(super) fn text(&self) -> Result<&str, Rejection> {
        if let Json::String(text) = &self.value { Ok(text) } else { Err(self.syntax()) }
    }

    /// A text of 1 to 255 bytes.
    pub(super) fn name(&self) -> Result<String, Rejection> {
        let text = self.text()?;
        if matches!(text.len(), 1..=255) { Ok(text.into()) } else { Err(self.syntax()) }
    }

    pub(super) fn bool(&self) -> Result<bool, Rejection> {
        if let Json::Bool(value) = self.value { Ok(value) } else { Err(self.syntax()) }
    }

    pub(super) fn integer(&self, range: RangeInclusive<u64>) -> Result<u64, Rejection> {
        match self.value {
            Json::Integer(value) if range.contains(&value) => Ok(value),
            _ => Err(self.syntax()),
        }
    }

    /// Bytes in lower-case hex.
    pub(super) fn hex(&self) -> Result<Vec<u8>, Rejection> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte & 0x0f),
            b'a'..=b'f' => (byte & 0x0f).checked_add(9),
            _ => None,
        };
        let (pairs, odd) = self.text()?.as_bytes().as_chunks::<2>();
        let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect::<Option<Vec<_>>>();
        bytes.filter(|_| odd.is_empty()).ok_or_else(|| self.syntax())
    }

    pub(super) fn list(self, allowed: RangeInclusive<usize>) -> Result<Vec<Self>, Rejection> {
        let path = self.path;
        match self.value {
            Json::Array(values) if allowed.contains(&values.len()) => Ok(values
                .into_iter()
                .enumerate()
                .map(|(i, value)| {
                    let mut path = path.clone();
                    path.push('[');
                    push_decimal(&mut path, i as u64);
                    path.push(']');
                    Self { path, value }
                })
                .collect()),
            _ => Err(Rejection::at(Code::POLICY_SYNTAX, path)),
        }
    }

    /// The members of an object in their order.
    pub(super) fn entries(self) -> Result<Vec<(String, Self)>, Rejection> {
        let mut object = self.object()?;
        let members = core::mem::take(&mut object.members);
        Ok(members
            .into_iter()
            .map(|(key, value)| {
                let item = Self { path: object.member_path(&key), value };
                (key, item)
            })
            .collect())
    }

    pub(super) fn object(self) -> Result<Members, Rejection> {
        match self.value {
            Json::Object(members) => Ok(Members { path: self.path, members }),
            _ => Err(Rejection::at(Code::POLICY_SYNTAX, self.path)),
        }
    }
}

impl Members {
    fn member_path(&self, name: &str) -> String {
        let mut path = self.path.clone();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        path
    }

    pub(super) fn optional(&mut self, name: &str) -> Option<Item> {
        let position = self.members.iter().position(|(key, _)| key == name)?;
        let (_, value) = self.members.swap_remove(position);
        Some(Item { path: self.member_path(name), value })
    }

    pub(super) fn required(&mut self, name: &str) -> Result<Item, Rejection> {
        self.optional(name).ok_or_else(|| Rejection::at(Code::POLICY_SYNTAX, self.member_path(name)))
    }

    /// Refuses what was not asked for: with `policy.unsupported` if it is one of `reserved` names of the format.
    pub(super) fn end(mut self, reserved: &[&str]) -> Result<(), Rejection> {
        for name in reserved {
            if let Some(item) = self.optional(name) {
                return Err(item.unsupported());
            }
        }
        match self.members.first() {
            Some((name, _)) => Err(Rejection::at(Code::POLICY_SYNTAX, self.member_path(name))),
            None => Ok(()),
        }
    }
}
