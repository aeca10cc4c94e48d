//! Decodes a request as its bytes arrive (RFC 9292 §3). What does not end where the format says so is refused; the header
//! section is held until it is complete, content is handed on at once.

use blindllama_verifier::Code;
use bytes::{Buf, Bytes, BytesMut};
use http::HeaderMap;

use super::{RequestHead, fields};
use crate::failure::Failure;
use crate::varint;

const KNOWN_LENGTH_REQUEST: u64 = 0;
const INDETERMINATE_LENGTH_REQUEST: u64 = 2;

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
pub enum Part {
    /// Everything before the content.
    Head(Box<RequestHead>),
    /// Some content, never empty.
    Content(Bytes),
}

/// The state of one message. After an error it must not be asked again.
pub struct Decoder {
    buffer: BytesMut,
    state: State,
    known_length: bool,
    content_length: Option<u64>,
    control: Vec<String>,
    fields: HeaderMap,
    field_lines: usize,
    field_name: Option<Bytes>,
    /// Bytes left of a field section of known length.
    section: u64,
    /// Bytes left for framing, control data and fields.
    budget: u64,
    padding: u64,
}

impl Decoder {
    /// A decoder that takes at most `field_bytes` bytes of control data and fields.
    #[must_use]
    pub fn new(field_bytes: u64) -> Self {
        Self {
            buffer: BytesMut::new(),
            state: State::Framing,
            known_length: false,
            content_length: None,
            control: Vec::new(),
            fields: HeaderMap::new(),
            field_lines: 0,
            field_name: None,
            section: 0,
            budget: field_bytes,
            padding: 0,
        }
    }

    /// Adds bytes of the message.
    pub fn push(&mut self, bytes: BytesMut) {
        if self.buffer.is_empty() {
            self.buffer = bytes;
        } else {
            self.buffer.extend_from_slice(&bytes);
        }
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
    /// `channel.message` for what is not a Binary HTTP request, `request.field` for a malformed field line,
    /// `request.too_large` for a header section beyond its limit.
    pub fn next_part(&mut self) -> Result<Option<Part>, Failure> {
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
                        return self.head().map(Some);
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
            State::AnyContent | State::AnyTrailer | State::Padding if self.buffer.is_empty() => Ok(()),
            _ => Err(malformed()),
        }
    }

    fn framing(&mut self) -> Result<bool, Failure> {
        let Some(indicator) = self.number()? else { return Ok(false) };
        self.known_length = match indicator {
            KNOWN_LENGTH_REQUEST => true,
            INDETERMINATE_LENGTH_REQUEST => false,
            _ => return Err(malformed()),
        };
        self.state = State::Control;
        Ok(true)
    }

    fn control(&mut self) -> Result<bool, Failure> {
        let Some(text) = self.vector()? else { return Ok(false) };
        self.control.push(String::from_utf8(text.into()).map_err(|_| malformed())?);
        if self.control.len() == 4 {
            self.state = if self.known_length { State::HeaderLength } else { State::Header };
        }
        Ok(true)
    }

    fn section_length(&mut self) -> Result<bool, Failure> {
        let Some(length) = self.number()? else { return Ok(false) };
        self.section = length;
        self.state = if self.state == State::HeaderLength { State::Header } else { State::Trailer };
        Ok(true)
    }

    /// Reads one name, one value, or the end of the section.
    fn field(&mut self) -> Result<bool, Failure> {
        if self.state == State::AnyTrailer && !self.buffer.is_empty() {
            self.state = State::Trailer;
        }
        let ended = if self.known_length { self.section == 0 && self.field_name.is_none() } else { false };
        if ended {
            self.end_section();
            return Ok(true);
        }
        let before = self.budget;
        let Some(text) = self.vector()? else { return Ok(false) };
        if self.known_length {
            let used = before.saturating_sub(self.budget);
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

    fn head(&mut self) -> Result<Part, Failure> {
        let control = std::mem::take(&mut self.control);
        let [method, scheme, authority, path] = <[String; 4]>::try_from(control).map_err(|_| malformed())?;
        let fields = std::mem::take(&mut self.fields);
        Ok(Part::Head(Box::new(RequestHead { method, scheme, authority, path, fields })))
    }

    /// Reads the length of the content, or of its next piece.
    fn content_piece(&mut self) -> Result<bool, Failure> {
        let Some((length, size)) = varint::peek(&self.buffer) else { return Ok(false) };
        self.buffer.advance(size);
        if self.known_length {
            self.content_length = Some(length);
        }
        self.state = if length == 0 { State::AnyTrailer } else { State::Content(length) };
        Ok(true)
    }

    fn content(&mut self, left: u64) -> Option<Bytes> {
        let available = self.buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left.saturating_sub(available as u64);
        self.state = match (left, self.known_length) {
            (0, true) => State::AnyTrailer,
            (0, false) => State::MoreContent,
            _ => State::Content(left),
        };
        let piece = self.buffer.split_to(available).freeze();
        if piece.is_empty() { None } else { Some(piece) }
    }

    fn padding(&mut self) -> Result<bool, Failure> {
        if self.buffer.iter().any(|byte| *byte != 0) {
            return Err(malformed());
        }
        self.padding = self.padding.saturating_add(self.buffer.len() as u64);
        self.buffer.clear();
        Ok(false)
    }

    /// An integer of the header part.
    fn number(&mut self) -> Result<Option<u64>, Failure> {
        let Some((value, size)) = varint::peek(&self.buffer) else { return Ok(None) };
        self.spend(size as u64)?;
        self.buffer.advance(size);
        Ok(Some(value))
    }

    /// A length-prefixed text of the header part; one beyond the budget is refused before it is buffered.
    fn vector(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some((length, size)) = varint::peek(&self.buffer) else { return Ok(None) };
        if length > self.budget {
            return Err(Failure::new(Code::REQUEST_TOO_LARGE));
        }
        let length = usize::try_from(length).map_err(|_| malformed())?;
        let total = size.saturating_add(length);
        if self.buffer.len() < total {
            return Ok(None);
        }
        self.spend(total as u64)?;
        self.buffer.advance(size);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    fn spend(&mut self, bytes: u64) -> Result<(), Failure> {
        self.budget = self.budget.checked_sub(bytes).ok_or(Failure::new(Code::REQUEST_TOO_LARGE))?;
        Ok(())
    }
}

fn malformed() -> Failure {
    Failure::new(Code::CHANNEL_MESSAGE)
}

#[cfg(test)]
mod tests;
