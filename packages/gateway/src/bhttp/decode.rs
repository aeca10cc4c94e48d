//! Decodes a request, or the response of another gateway, as its bytes arrive (RFC 9292 §3). What does not end where the format says so is
//! refused; the header section is held until it is complete, content is handed on at once.

use blindllama_verifier::Code;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;

use super::{RequestHead, fields};
use crate::failure::Failure;

mod head;
mod input;

pub use self::head::Head;
use self::input::Input;

/// Most field lines of a message.
const FIELD_LINES: usize = 512;

/// Where in the message the decoder stands. The message may end in the states that say so (RFC 9292 §3.8: only empty
/// content and empty trailers can be left out).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Framing,
    Control,
    HeaderLength,
    Header,
    /// Right behind the header section; may end.
    AnyContent,
    /// Behind a piece of content of an indeterminate-length message.
    MoreContent,
    Content(u64),
    /// Right behind the content; may end.
    AnyTrailer,
    Trailer,
    /// Behind everything; may end.
    Padding,
}

/// What became complete.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<H = RequestHead> {
    /// Everything before the content.
    Head(Box<H>),
    /// Some content, never empty.
    Content(Bytes),
}

/// The state of one message with a head of the kind `H`. After an error it must not be asked again.
pub struct Decoder<H: Head = RequestHead> {
    input: Input,
    state: State,
    known_length: bool,
    content_length: Option<u64>,
    control: H::Control,
    fields: HeaderMap,
    field_lines: usize,
    field_name: Option<Bytes>,
    /// Bytes left of a field section of known length.
    section: u64,
    padding: u64,
}

impl<H: Head> Decoder<H> {
    /// A decoder that takes at most `field_bytes` bytes of control data and fields.
    #[must_use]
    pub fn new(field_bytes: u64) -> Self {
        Self {
            input: Input::new(field_bytes),
            state: State::Framing,
            known_length: false,
            content_length: None,
            control: H::Control::default(),
            fields: HeaderMap::new(),
            field_lines: 0,
            field_name: None,
            section: 0,
            padding: 0,
        }
    }

    /// Adds bytes of the message.
    pub fn push(&mut self, bytes: BytesMut) {
        self.input.push(bytes);
    }

    /// Length of the content in bytes, once the message said it: the indeterminate-length form never does.
    #[must_use]
    pub const fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// How many bytes of padding followed the message so far.
    #[must_use]
    pub const fn padding_bytes(&self) -> u64 {
        self.padding
    }

    /// The next part that is complete, or `None` until more bytes are pushed.
    ///
    /// # Errors
    /// `channel.message` for what is not such a message of Binary HTTP, `request.field` for a malformed field line,
    /// `request.too_large` for a header section beyond its limit.
    pub fn next_part(&mut self) -> Result<Option<Part<H>>, Failure> {
        loop {
            let moved = match self.state {
                State::Framing => self.framing()?,
                State::Control => self.control()?,
                State::HeaderLength | State::AnyTrailer if self.known_length => self.section_length()?,
                State::AnyContent | State::MoreContent => self.content_piece()?,
                State::Padding => self.padding()?,
                State::Content(left) => match self.content(left) {
                    Some(piece) => return Ok(Some(Part::Content(piece))),
                    None => false,
                },
                State::Header => {
                    if !self.field()? {
                        false
                    } else if self.state == State::AnyContent {
                        match self.head()? {
                            Some(head) => return Ok(Some(Part::Head(Box::new(head)))),
                            // An informational response: another head follows (RFC 9292 §3.5.1).
                            None => self.state = State::Control,
                        }
                        true
                    } else {
                        true
                    }
                }
                State::HeaderLength | State::AnyTrailer | State::Trailer => self.field()?,
            };
            if !moved {
                return Ok(None);
            }
        }
    }

    /// Checks that the message may end here.
    ///
    /// # Errors
    /// `channel.message` when it may not.
    pub fn finish(&self) -> Result<(), Failure> {
        match self.state {
            State::AnyContent | State::AnyTrailer | State::Padding if self.input.is_empty() => Ok(()),
            _ => Err(malformed()),
        }
    }

    fn framing(&mut self) -> Result<bool, Failure> {
        let Some(indicator) = self.input.number()? else { return Ok(false) };
        self.known_length = match indicator {
            known if known == H::KNOWN_LENGTH => true,
            indeterminate if indeterminate == H::INDETERMINATE_LENGTH => false,
            _ => return Err(malformed()),
        };
        self.state = State::Control;
        Ok(true)
    }

    fn control(&mut self) -> Result<bool, Failure> {
        match H::control(&mut self.input, &mut self.control)? {
            Some(true) => self.state = if self.known_length { State::HeaderLength } else { State::Header },
            Some(false) => {}
            None => return Ok(false),
        }
        Ok(true)
    }

    fn section_length(&mut self) -> Result<bool, Failure> {
        let Some(length) = self.input.number()? else { return Ok(false) };
        self.section = length;
        self.state = if self.state == State::HeaderLength { State::Header } else { State::Trailer };
        Ok(true)
    }

    /// Reads one name, one value, or the end of the section.
    fn field(&mut self) -> Result<bool, Failure> {
        if self.state == State::AnyTrailer && !self.input.is_empty() {
            self.state = State::Trailer;
        }
        let ended = if self.known_length { self.section == 0 && self.field_name.is_none() } else { false };
        if ended {
            self.end_section();
            return Ok(true);
        }
        let before = self.input.budget();
        let Some(text) = self.input.vector()? else { return Ok(false) };
        if self.known_length {
            let used = before.saturating_sub(self.input.budget());
            self.section = self.section.checked_sub(used).ok_or_else(malformed)?;
        }
        match self.field_name.take() {
            None if text.is_empty() && !self.known_length => self.end_section(),
            None if text.is_empty() => return Err(malformed()),
            None => self.field_name = Some(text),
            Some(name) => self.add_field(&name, &text)?,
        }
        Ok(true)
    }

    fn add_field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Failure> {
        let (name, value) = fields::line(name, value)?;
        self.field_lines = self.field_lines.saturating_add(1);
        if self.field_lines > FIELD_LINES {
            return Err(Failure::new(Code::REQUEST_TOO_LARGE));
        }
        // Trailers are checked and dropped: nothing that decides over a request may come behind it.
        if self.state == State::Header {
            self.fields.append(name, value);
        }
        Ok(())
    }

    fn end_section(&mut self) {
        self.state = if self.state == State::Header { State::AnyContent } else { State::Padding };
    }

    fn head(&mut self) -> Result<Option<H>, Failure> {
        H::of(std::mem::take(&mut self.control), std::mem::take(&mut self.fields))
    }

    /// Reads the length of the content, or of its next piece.
    fn content_piece(&mut self) -> Result<bool, Failure> {
        let Some(length) = self.input.length() else { return Ok(false) };
        if self.known_length {
            self.content_length = Some(length);
        }
        self.state = if length == 0 { State::AnyTrailer } else { State::Content(length) };
        Ok(true)
    }

    fn content(&mut self, left: u64) -> Option<Bytes> {
        let piece = self.input.take(left);
        let left = left.saturating_sub(piece.len() as u64);
        self.state = match (left, self.known_length) {
            (0, true) => State::AnyTrailer,
            (0, false) => State::MoreContent,
            _ => State::Content(left),
        };
        if piece.is_empty() { None } else { Some(piece) }
    }

    fn padding(&mut self) -> Result<bool, Failure> {
        let padding = self.input.take(u64::MAX);
        if padding.iter().any(|byte| *byte != 0) {
            return Err(malformed());
        }
        self.padding = self.padding.saturating_add(padding.len() as u64);
        Ok(false)
    }
}

fn malformed() -> Failure {
    Failure::new(Code::CHANNEL_MESSAGE)
}

#[cfg(test)]
mod tests;
