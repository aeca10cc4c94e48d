//! One member of a JSON object that streams by, found without holding more of the object than its spelling of a name.
//!
//! Only the outermost object is looked at, and as strictly as RFC 8259 has it: where a server could find another object in the same
//! bytes, there is no object. What is inside its values is for others to judge.

/// Longest spelling of one character of a name: `\uXXXX`.
const LONGEST_SPELLING: usize = 6;

/// The bytes are no object of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoObject;

/// Where in the object a byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The colon behind the name of the member.
    Colon,
    /// Blanks before that colon, and what is behind it up to the end of the value and the blanks behind that.
    Value,
    /// The last brace.
    End,
    /// Anywhere else.
    Elsewhere,
}

/// The name of the member, and how much of the object has passed.
#[derive(Clone, Debug)]
pub struct JsonScan {
    name: &'static str,
    state: State,
    /// The spelling of the name that is read, without quotes; no longer than one that could be ours.
    spelled: Vec<u8>,
    /// Whether the value that is read is that of the member.
    is_ours: bool,
    /// Whether the object has a member.
    has_members: bool,
    /// Whether a name differed from ours in upper and lower case alone.
    has_other_case: bool,
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

impl JsonScan {
    /// Looks for the member `name`.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            state: State::Start,
            spelled: Vec::new(),
            is_ours: false,
            has_members: false,
            has_other_case: false,
        }
    }

    /// The name that is looked for.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the object has ended.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.state == State::End
    }

    /// Whether the object has had a member.
    #[must_use]
    pub const fn has_members(&self) -> bool {
        self.has_members
    }

    /// Whether a name differed from ours in upper and lower case alone: some servers take it for ours, and others do not.
    #[must_use]
    pub const fn has_other_case(&self) -> bool {
        self.has_other_case
    }

    /// Passes the next byte; returns where it is.
    ///
    /// # Errors
    /// Where no object of JSON has this byte here.
    pub fn step(&mut self, byte: u8) -> Result<Place, NoObject> {
        let is_blank = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let mut place = if self.is_ours { Place::Value } else { Place::Elsewhere };
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
                self.is_ours = self.is_name()?;
                State::Colon
            }
            (State::InName { escaped }, _) => {
                self.spell(byte);
                State::InName { escaped: !escaped && byte == b'\\' }
            }
            (State::Scalar, b'{' | b'[' | b'"' | b':' | b']') => return Err(NoObject),
            (State::Scalar, _) if !is_blank && !matches!(byte, b',' | b'}') => State::Scalar,
            (State::Scalar | State::AfterValue, b',') => {
                self.is_ours = false;
                place = Place::Elsewhere;
                State::Name
            }
            (State::Scalar | State::AfterValue, b'}') => {
                self.is_ours = false;
                place = Place::End;
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
                place = Place::End;
                State::End
            }
            (State::Colon, b':') => {
                if self.is_ours {
                    place = Place::Colon;
                }
                State::Value
            }
            (State::Colon, _) if is_blank => State::Colon,
            (State::Value, b'"') => State::Text { escaped: false, depth: 0 },
            (State::Value, b'{' | b'[') => State::Nested { depth: 1 },
            (State::Value, b',' | b'}' | b']' | b':') => return Err(NoObject),
            (State::Value, _) if !is_blank => State::Scalar,
            (State::Nested { .. }, _) => self.state,
            (State::Text { depth, .. }, _) => State::Text { escaped: false, depth },
            (place, _) if is_blank => place,
            _ => return Err(NoObject),
        };
        Ok(place)
    }

    /// Notes a byte of a name: one more than the longest spelling of ours shows that it is another.
    fn spell(&mut self, byte: u8) {
        if self.spelled.len() <= self.name.len().saturating_mul(LONGEST_SPELLING) {
            self.spelled.push(byte);
        }
    }

    /// Whether the name that was read is ours, however it is spelled.
    fn is_name(&mut self) -> Result<bool, NoObject> {
        if self.spelled.len() > self.name.len().saturating_mul(LONGEST_SPELLING) {
            return Ok(false);
        }
        let name = if self.spelled.contains(&b'\\') {
            let quoted = [b"\"", self.spelled.as_slice(), b"\""].concat();
            serde_json::from_slice::<String>(&quoted).map_err(|_| NoObject)?.into_bytes()
        } else {
            self.spelled.clone()
        };
        let is_ours = name == self.name.as_bytes();
        self.has_other_case |= !is_ours && name.eq_ignore_ascii_case(self.name.as_bytes());
        Ok(is_ours)
    }
}
