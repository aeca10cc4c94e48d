//! Typed access to the JSON of a document, in which each member is asked for once; what is left over is unknown.

use alloc::{string::String, vec::Vec};
use core::{cell::Cell, ops::RangeInclusive};

use super::{
    reader::{Json, MAX_MEMBERS, parse},
    writer::push_decimal,
};
use crate::{Code, rejection::Rejection};

/// A kind of document: what its faults are called.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Where a fault stands, before the path inside the document; empty for a policy.
    pub(crate) name: &'static str,
    pub(crate) syntax: Code,
    pub(crate) invalid: Code,
}

impl Kind {
    /// Reads the text strictly and gives its top to `read`.
    ///
    /// # Errors
    /// The code for syntax, and those of `read`.
    pub(crate) fn read<T>(
        &self,
        text: &[u8],
        read: impl FnOnce(&Item<'_>) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        let json = parse(text).map_err(|unreadable| {
            let mut place = String::new();
            Path::Root(self).write_to(&mut place);
            separate(&mut place, " ");
            place.push_str("byte ");
            push_decimal(&mut place, unreadable.offset as u64);
            Rejection::at(self.syntax, place)
        })?;
        read(&Item { path: Path::Root(self), value: &json })
    }
}

fn separate(place: &mut String, separator: &str) {
    if !place.is_empty() {
        place.push_str(separator);
    }
}

/// Where a value stands, from the outermost inwards.
#[derive(Clone, Copy)]
enum Path<'a> {
    Root(&'a Kind),
    Member(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl Path<'_> {
    fn kind(&self) -> &Kind {
        match self {
            Self::Root(kind) => kind,
            Self::Member(outer, _) | Self::Item(outer, _) => outer.kind(),
        }
    }

    fn write_to(&self, out: &mut String) {
        match self {
            Self::Root(kind) => out.push_str(kind.name),
            Self::Member(outer, name) => {
                outer.write_to(out);
                separate(out, if matches!(outer, Self::Root(_)) { " " } else { "." });
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
        Rejection::at(code, place)
    }
}

/// Bytes in lower-case hex.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte & 0x0f),
        b'a'..=b'f' => (byte & 0x0f).checked_add(9),
        _ => None,
    };
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect::<Option<Vec<_>>>();
    bytes.filter(|_| odd.is_empty())
}

/// A value of the document that is being read, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    path: Path<'a>,
    value: &'a Json,
}

/// An object of the document that is being read, and which of its members were asked for.
pub(crate) struct Members<'a> {
    path: Path<'a>,
    members: &'a [(String, Json)],
    taken: Cell<u64>,
}

/// `taken` has a bit for every member.
const _: () = assert!(MAX_MEMBERS <= 64);

impl<'a> Item<'a> {
    pub(crate) fn syntax(&self) -> Rejection {
        self.path.rejection(self.path.kind().syntax)
    }

    pub(crate) fn invalid(&self) -> Rejection {
        self.path.rejection(self.path.kind().invalid)
    }

    pub(crate) fn unsupported(&self) -> Rejection {
        self.path.rejection(Code::POLICY_UNSUPPORTED)
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value, Json::String(_))
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self.value, Json::Object(_))
    }

    pub(crate) fn text(&self) -> Result<&'a str, Rejection> {
        if let Json::String(text) = self.value { Ok(text) } else { Err(self.syntax()) }
    }

    /// A text of 1 to 255 bytes.
    pub(crate) fn name(&self) -> Result<String, Rejection> {
        let text = self.text()?;
        if matches!(text.len(), 1..=255) { Ok(text.into()) } else { Err(self.syntax()) }
    }

    pub(crate) fn bool(&self) -> Result<bool, Rejection> {
        if let Json::Bool(value) = self.value { Ok(*value) } else { Err(self.syntax()) }
    }

    pub(crate) fn integer(&self, range: RangeInclusive<u64>) -> Result<u64, Rejection> {
        match self.value {
            Json::Integer(value) if range.contains(value) => Ok(*value),
            _ => Err(self.syntax()),
        }
    }

    /// Bytes in lower-case hex.
    pub(crate) fn hex(&self) -> Result<Vec<u8>, Rejection> {
        unhex(self.text()?).ok_or_else(|| self.syntax())
    }

    /// 32 bytes in lower-case hex.
    pub(crate) fn digest(&self) -> Result<[u8; 32], Rejection> {
        self.hex()?.try_into().map_err(|_| self.syntax())
    }

    /// An array of an allowed number of digests.
    pub(crate) fn digests(&self, allowed: RangeInclusive<usize>) -> Result<Vec<[u8; 32]>, Rejection> {
        self.each(allowed, |item| item.digest())
    }

    /// The one of `all` values that has this name.
    pub(crate) fn one_of<T: Copy>(&self, all: &[T], name: fn(T) -> &'static str) -> Result<T, Rejection> {
        let text = self.text()?;
        all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| self.syntax())
    }

    /// An array of an allowed number of items, each by `read`.
    pub(crate) fn each<T>(
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

    pub(crate) fn object(&self) -> Result<Members<'a>, Rejection> {
        match self.value {
            Json::Object(members) => Ok(Members { path: self.path, members, taken: Cell::new(0) }),
            _ => Err(self.syntax()),
        }
    }
}

impl Members<'_> {
    /// Every member of an object whose keys are free, an allowed number of them, each by `read`.
    pub(crate) fn entries<T>(
        &self,
        allowed: RangeInclusive<usize>,
        read: impl Fn(&str, &Item<'_>) -> Result<T, Rejection>,
    ) -> Result<Vec<T>, Rejection> {
        if !allowed.contains(&self.members.len()) {
            return Err(self.path.rejection(self.path.kind().syntax));
        }
        let entry = |(name, value): &(String, Json)| read(name, &Item { path: Path::Member(&self.path, name), value });
        self.members.iter().map(entry).collect()
    }

    pub(crate) fn optional<'a>(&'a self, name: &'a str) -> Option<Item<'a>> {
        let position = self.members.iter().position(|(key, _)| key == name)?;
        self.taken.set(self.taken.get() | 1 << position);
        self.members.get(position).map(|(_, value)| Item { path: Path::Member(&self.path, name), value })
    }

    pub(crate) fn required<'a>(&'a self, name: &'a str) -> Result<Item<'a>, Rejection> {
        self.optional(name).ok_or_else(|| self.syntax(name))
    }

    /// Refuses what was not asked for: with `policy.unsupported` if it is one of `reserved` names of the format.
    pub(crate) fn end(&self, reserved: &[&str]) -> Result<(), Rejection> {
        if let Some(item) = reserved.iter().find_map(|name| self.optional(name)) {
            return Err(item.unsupported());
        }
        let untaken = self.members.get(self.taken.get().trailing_ones() as usize);
        untaken.map_or(Ok(()), |(name, _)| Err(self.syntax(name)))
    }

    fn syntax(&self, name: &str) -> Rejection {
        Path::Member(&self.path, name).rejection(self.path.kind().syntax)
    }
}
