//! Sets one member of a JSON object that streams by, in memory of a bounded size (PROTOCOL.md §11.1).
//!
//! Only the outermost object is looked at, and as strictly as RFC 8259 has it: where a server could find another object in the same
//! bytes, the content is refused. What is inside its values is passed on as it is, for the server to judge.

use blindllama_verifier::Code;
use bytes::{BufMut, BytesMut};

use crate::failure::Failure;

/// Longest spelling of one character of a name: `\uXXXX`.
const LONGEST_SPELLING: usize = 6;

/// The member, and how much of the object has passed.
#[derive(Clone, Debug)]
pub struct JsonMember {
    name: &'static str,
    /// JSON text.
    value: String,
    state: State,
    /// The spelling of the name that is read, without quotes; no longer than one that could be ours.
    spelled: Vec<u8>,
    /// Whether the value that is read gives way to ours.
    replaced: bool,
    /// Whether ours stands in the object.
    is_set: bool,
    /// Whether the object has a member.
    has_members: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the object.
    Start,
    /// Where a name may begin, or the object may end if it has no member.
    Name,
    /// In a name; `escaped`: behind a backslash.
    InName { escaped: bool },
    /// Behind a name.
    Colon,
    /// Before a value.
    Value,
    /// In a text, `depth` arrays and objects deep.
    Text { escaped: bool, depth: u64 },
    /// In arrays and objects.
    Nested { depth: u64 },
    /// In a number, `true`, `false` or `null`.
    Scalar,
    /// Behind a value.
    AfterValue,
    /// Behind the object.
    End,
}

impl JsonMember {
    /// The member `name` with `value`, a JSON text, in place of each of that name.
    #[must_use]
    pub const fn new(name: &'static str, value: String) -> Self {
        Self {
            name,
            value,
            state: State::Start,
            spelled: Vec::new(),
            replaced: false,
            is_set: false,
            has_members: false,
        }
    }

    /// Passes on the next `bytes` of the object.
    ///
    /// # Errors
    /// `request.prompt_cache` where they are no object of JSON.
    pub fn pass(&mut self, bytes: &[u8]) -> Result<BytesMut, Failure> {
        let mut passed =
            BytesMut::with_capacity(bytes.len().saturating_add(self.name.len()).saturating_add(self.value.len()));
        for byte in bytes {
            self.step(*byte, &mut passed)?;
        }
        Ok(passed)
    }

    /// Checks that the object has ended.
    ///
    /// # Errors
    /// As [`Self::pass`].
    pub fn finish(&self) -> Result<(), Failure> {
        if self.state == State::End { Ok(()) } else { refuse() }
    }

    fn step(&mut self, byte: u8, passed: &mut BytesMut) -> Result<(), Failure> {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        // A value that is replaced gives way from its first byte on.
        let mut is_passed = !self.replaced;
        self.state = match (self.state, byte) {
            (State::Text { escaped: true, depth }, _) => State::Text { escaped: false, depth },
            (State::Text { depth, .. }, b'\\') => State::Text { escaped: true, depth },
            (State::Text { depth: 0, .. }, b'"') => State::AfterValue,
            (State::Text { depth, .. }, b'"') => State::Nested { depth },
            (State::Nested { depth }, b'"') => State::Text { escaped: false, depth },
            (State::Nested { depth }, b'{' | b'[') => State::Nested { depth: depth.saturating_add(1) },
            (State::Nested { depth: 1 }, b'}' | b']') => State::AfterValue,
            (State::Nested { depth }, b'}' | b']') => State::Nested { depth: depth.saturating_sub(1) },
            (State::InName { escaped: false }, b'"') => {
                self.replaced = self.is_ours()?;
                State::Colon
            }
            (State::InName { escaped }, _) => {
                self.spell(byte);
                State::InName { escaped: !escaped && byte == b'\\' }
            }
            (State::Scalar, b'{' | b'[' | b'"' | b':' | b']') => return refuse(),
            (State::Scalar, _) if !is_blank && !matches!(byte, b',' | b'}') => State::Scalar,
            (State::Scalar | State::AfterValue, b',') => {
                self.replaced = false;
                is_passed = true;
                State::Name
            }
            (State::Scalar | State::AfterValue, b'}') => {
                self.replaced = false;
                is_passed = true;
                self.complete(passed);
                State::End
            }
            (State::Scalar, _) => State::AfterValue,
            (State::Start, b'{') => State::Name,
            (State::Name, b'"') => {
                self.has_members = true;
                self.spelled.clear();
                State::InName { escaped: false }
            }
            (State::Name, b'}') if !self.has_members => {
                self.complete(passed);
                State::End
            }
            (State::Colon, b':') => {
                if self.replaced {
                    passed.put_slice(b":");
                    passed.put_slice(self.value.as_bytes());
                    self.is_set = true;
                }
                State::Value
            }
            (State::Colon, _) if is_blank => State::Colon,
            (State::Value, b'"') => State::Text { escaped: false, depth: 0 },
            (State::Value, b'{' | b'[') => State::Nested { depth: 1 },
            (State::Value, b',' | b'}' | b']' | b':') => return refuse(),
            (State::Value, _) if !is_blank => State::Scalar,
            (State::Nested { .. }, _) => self.state,
            (State::Text { depth, .. }, _) => State::Text { escaped: false, depth },
            (place, _) if is_blank => place,
            _ => return refuse(),
        };
        if is_passed {
            passed.put_u8(byte);
        }
        Ok(())
    }

    /// Notes a byte of a name: one more than the longest spelling of ours shows that it is another.
    fn spell(&mut self, byte: u8) {
        if self.spelled.len() <= self.name.len().saturating_mul(LONGEST_SPELLING) {
            self.spelled.push(byte);
        }
    }

    /// Whether the name that was read is ours, however it is spelled.
    fn is_ours(&self) -> Result<bool, Failure> {
        if !self.spelled.contains(&b'\\') {
            return Ok(self.spelled == self.name.as_bytes());
        }
        if self.spelled.len() > self.name.len().saturating_mul(LONGEST_SPELLING) {
            return Ok(false);
        }
        let quoted = [b"\"", self.spelled.as_slice(), b"\""].concat();
        match serde_json::from_slice::<String>(&quoted) {
            Ok(name) => Ok(name == self.name),
            Err(_) => refuse(),
        }
    }

    /// Puts the member before the end of the object, unless it stands there.
    fn complete(&mut self, passed: &mut BytesMut) {
        if self.is_set {
            return;
        }
        if self.has_members {
            passed.put_u8(b',');
        }
        passed.put_slice(format!("\"{}\":{}", self.name, self.value).as_bytes());
        self.is_set = true;
    }
}

fn refuse<T>() -> Result<T, Failure> {
    Err(Failure::new(Code::REQUEST_PROMPT_CACHE))
}

#[cfg(test)]
mod tests;
