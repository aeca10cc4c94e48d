//! Typed access to the JSON of a document, in which each member is asked for once; what is left over is unknown.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::cell::Cell;

use super::documents::{Documents, Flaw};

/// A value of a document.
///
/// What is asked of it is answered whatever it is: one that is something else notes a fault, with which the document as a whole
/// is refused ([`Kind::read`](super::documents::Kind::read)), and answers with a harmless value. So none of the many members
/// of a policy needs a way out of its own.
pub(crate) struct Item<'d> {
    /// Of a member; empty elsewhere.
    pub(super) key: String,
    pub(super) value: Value<'d>,
    pub(super) documents: &'d Documents<'d>,
    /// Somebody asked for this member.
    pub(super) taken: Cell<bool>,
}

pub(super) enum Value<'d> {
    Null,
    Bool(bool),
    Integer(u64),
    Text(Box<Text>),
    Array(Vec<Item<'d>>),
    /// Keys are distinct.
    Object(Vec<Item<'d>>),
}

/// A string, and the bytes whose lower-case hex it is.
pub(super) struct Text {
    pub(super) text: String,
    pub(super) bytes: Option<Vec<u8>>,
}

impl<'d> Item<'d> {
    /// Notes the flaw unless `passed`.
    pub(crate) fn ensure(&'d self, passed: bool, flaw: Flaw) {
        if !passed {
            self.documents.note(flaw, self, "");
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.value, Value::Text(_))
    }

    /// Whether it is this text.
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(&self.value, Value::Text(own) if own.text == text)
    }

    pub(crate) fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    /// The name of a member.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn text(&'d self) -> &'d str {
        if let Value::Text(text) = &self.value {
            return &text.text;
        }
        self.ensure(false, Flaw::Syntax);
        ""
    }

    /// A text of 1 to 255 bytes.
    pub(crate) fn name(&'d self) -> &'d str {
        let text = self.text();
        self.ensure(matches!(text.len(), 1..=255), Flaw::Syntax);
        text
    }

    pub(crate) fn bool(&'d self) -> bool {
        if let Value::Bool(value) = self.value {
            return value;
        }
        self.ensure(false, Flaw::Syntax);
        false
    }

    pub(crate) fn integer(&'d self, least: u64, most: u64) -> u64 {
        match self.value {
            Value::Integer(value) if value >= least && value <= most => value,
            _ => {
                self.ensure(false, Flaw::Syntax);
                least
            }
        }
    }

    /// Bytes in lower-case hex.
    pub(crate) fn hex(&'d self) -> &'d [u8] {
        if let Value::Text(text) = &self.value
            && let Some(bytes) = &text.bytes
        {
            return bytes;
        }
        self.ensure(false, Flaw::Syntax);
        &[]
    }

    /// So many bytes in lower-case hex.
    pub(crate) fn array<const N: usize>(&'d self) -> &'d [u8; N] {
        if let Ok(bytes) = self.hex().try_into() {
            return bytes;
        }
        self.ensure(false, Flaw::Syntax);
        const { &[0; N] }
    }

    /// 32 bytes in lower-case hex.
    pub(crate) fn digest(&'d self) -> &'d [u8; 32] {
        self.array()
    }

    /// An array of an allowed number of digests.
    pub(crate) fn digests(&'d self, least: usize, most: usize) -> Vec<&'d [u8; 32]> {
        let mut digests = Vec::new();
        for item in self.each(least, most) {
            digests.push(item.digest());
        }
        digests
    }

    /// The one of `all` values that has this name; None where none has, which is noted.
    pub(crate) fn one_of<T: Copy>(&'d self, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let text = self.text();
        for value in all {
            if name(*value) == text {
                return Some(*value);
            }
        }
        self.ensure(false, Flaw::Syntax);
        None
    }

    /// What an array or an object holds.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::Array(items) | Value::Object(items) => items,
            _ => &[],
        }
    }

    /// The items of an array that has an allowed number of them; else none.
    pub(crate) fn each(&'d self, least: usize, most: usize) -> &'d [Self] {
        match &self.value {
            Value::Array(items) if items.len() >= least && items.len() <= most => items,
            _ => {
                self.ensure(false, Flaw::Syntax);
                &[]
            }
        }
    }

    /// The members of an object whose keys are free and of which it has an allowed number; else none.
    pub(crate) fn entries(&'d self, least: usize, most: usize) -> &'d [Self] {
        let entries = self.members();
        self.ensure(entries.len() >= least && entries.len() <= most, Flaw::Syntax);
        entries
    }

    fn members(&'d self) -> &'d [Self] {
        if let Value::Object(members) = &self.value {
            return members;
        }
        self.ensure(false, Flaw::Syntax);
        &[]
    }

    pub(crate) fn optional(&'d self, name: &str) -> Option<&'d Self> {
        let member = self.members().iter().find(|member| member.key == name)?;
        member.taken.set(true);
        Some(member)
    }

    /// An object that lacks the member is at fault, and stands for it: nothing that is read from here on counts.
    pub(crate) fn required(&'d self, name: &'static str) -> &'d Self {
        self.optional(name).unwrap_or_else(|| {
            self.documents.note(Flaw::Syntax, self, name);
            self
        })
    }

    /// Refuses members that nobody asked for.
    pub(crate) fn end(&'d self) {
        for member in self.members() {
            member.ensure(member.taken.get(), Flaw::Syntax);
        }
    }
}

/// Whether no two of the objects have the same text in a member.
pub(crate) fn are_distinct<'d>(objects: &'d [Item<'d>], member: &'static str) -> bool {
    let text = |object: &'d Item<'d>| object.required(member).text();
    (1..).zip(objects).all(|(next, object)| objects.iter().skip(next).all(|other| text(object) != text(other)))
}
