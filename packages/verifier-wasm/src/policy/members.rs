//! Typed access to the JSON of a policy, in which each member is asked for once; what is left over is unknown.

use alloc::{string::String, vec::Vec};
use core::{cell::Cell, ops::RangeInclusive};

use crate::{
    Code,
    json::{
        reader::{Json, MAX_MEMBERS},
        writer::push_decimal,
    },
    rejection::Rejection,
};

/// Where a value stands, from the outermost inwards.
#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Member(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl Path<'_> {
    fn write_to(&self, out: &mut String) {
        match self {
            Self::Root => {}
            Self::Member(outer, name) => {
                outer.write_to(out);
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(name);
            }
            Self::Item(outer, index) => {
                outer.write_to(out);
                out.push('[');
                push_decimal(out, *index as u64);
                out.push(']');
            }
        }
    }

    #[cold]
    fn rejection(&self, code: Code) -> Rejection {
        let mut place = String::new();
        self.write_to(&mut place);
        Rejection { code, place }
    }
}

/// A value of the policy that is being read, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    path: Path<'a>,
    value: &'a Json,
}

/// An object of the policy that is being read, and which of its members were asked for.
pub(super) struct Members<'a> {
    path: Path<'a>,
    members: &'a [(String, Json)],
    taken: Cell<u64>,
}

/// `taken` has a bit for every member.
const _: () = assert!(MAX_MEMBERS <= 64);

impl<'a> Item<'a> {
    pub(super) fn root(value: &'a Json) -> Self {
        Self { path: Path::Root, value }
    }

    pub(super) fn syntax(&self) -> Rejection {
        self.path.rejection(Code::POLICY_SYNTAX)
    }

    pub(super) fn invalid(&self) -> Rejection {
        self.path.rejection(Code::POLICY_INVALID)
    }

    pub(super) fn unsupported(&self) -> Rejection {
        self.path.rejection(Code::POLICY_UNSUPPORTED)
    }

    pub(super) fn is_object(&self) -> bool {
        matches!(self.value, Json::Object(_))
    }

    pub(super) fn text(&self) -> Result<&'a str, Rejection> {
        if let Json::String(text) = self.value { Ok(text) } else { Err(self.syntax()) }
    }

    /// A text of 1 to 255 bytes.
    pub(super) fn name(&self) -> Result<String, Rejection> {
        let text = self.text()?;
        if matches!(text.len(), 1..=255) { Ok(text.into()) } else { Err(self.syntax()) }
    }

    pub(super) fn bool(&self) -> Result<bool, Rejection> {
        if let Json::Bool(value) = self.value { Ok(*value) } else { Err(self.syntax()) }
    }

    pub(super) fn integer(&self, range: RangeInclusive<u64>) -> Result<u64, Rejection> {
        match self.value {
            Json::Integer(value) if range.contains(value) => Ok(*value),
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

    /// An array of an allowed number of items, each by `read`.
    pub(super) fn each<T>(
        &self,
        allowed: RangeInclusive<usize>,
        read: impl Fn(&Item<'_>) -> Result<T, Rejection>,
    ) -> Result<Vec<T>, Rejection> {
        let Json::Array(values) = self.value else { return Err(self.syntax()) };
        if !allowed.contains(&values.len()) {
            return Err(self.syntax());
        }
        let mut items = Vec::new();
        for (index, value) in values.iter().enumerate() {
            items.push(read(&Item { path: Path::Item(&self.path, index), value })?);
        }
        Ok(items)
    }

    pub(super) fn object(&self) -> Result<Members<'a>, Rejection> {
        match self.value {
            Json::Object(members) => Ok(Members { path: self.path, members, taken: Cell::new(0) }),
            _ => Err(self.syntax()),
        }
    }
}

impl Members<'_> {
    pub(super) fn optional<'a>(&'a self, name: &'a str) -> Option<Item<'a>> {
        let position = self.members.iter().position(|(key, _)| key == name)?;
        self.taken.set(self.taken.get() | 1 << position);
        self.members.get(position).map(|(_, value)| Item { path: Path::Member(&self.path, name), value })
    }

    pub(super) fn required<'a>(&'a self, name: &'a str) -> Result<Item<'a>, Rejection> {
        self.optional(name).ok_or_else(|| Path::Member(&self.path, name).rejection(Code::POLICY_SYNTAX))
    }

    /// Refuses what was not asked for: with `policy.unsupported` if it is one of `reserved` names of the format.
    pub(super) fn end(&self, reserved: &[&str]) -> Result<(), Rejection> {
        if let Some(item) = reserved.iter().find_map(|name| self.optional(name)) {
            return Err(item.unsupported());
        }
        let untaken = self.members.get(self.taken.get().trailing_ones() as usize);
        untaken.map_or(Ok(()), |(name, _)| Err(Path::Member(&self.path, name).rejection(Code::POLICY_SYNTAX)))
    }
}
