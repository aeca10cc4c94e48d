//! How many tokens an answer cost, as far as the server says it, and else an estimate (PROTOCOL.md §11.2). Reads the answer as it passes, in
//! memory of a bounded size; an answer that it does not understand is estimated, and never held up.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::Deserialize;

use super::json_scan::{JsonScan, Place};

/// Bytes that are taken for one token where nobody counted.
pub const BYTES: u64 = 4;

/// Bytes of an event that carry one token: what is longer is taken for text.
const EVENT: u64 = 512;

/// What ends the streams of OpenAI's interfaces, and is no token.
const DONE: &[u8] = b"[DONE]";

/// Longest `usage` that is read, in bytes.
const LONGEST: usize = 8192;

/// Counts the tokens of one answer.
pub struct TokenMeter {
    form: Form,
    /// The most that the server said.
    stated: Option<u64>,
    /// Of the whole answer.
    estimated: u64,
    /// Of the lines behind the last statement: it is of what was before.
    since: u64,
}

enum Form {
    /// Server-sent events.
    Events(Line),
    /// One JSON object.
    Object(Box<Object>),
    /// Anything else.
    Bytes,
}

/// A line of an event stream.
struct Line {
    /// Its length so far.
    length: u64,
    /// Whether it has begun like `data:`.
    is_data: bool,
    /// How much of [`DONE`] its value has been so far; None where it is something else.
    done: Option<usize>,
    /// Tokens that it is taken for.
    tokens: u64,
    /// Its value.
    object: Box<Object>,
}

/// Looks for `usage` in an object, and in the object of its member `response`.
struct Object {
    usage: Value,
    response: JsonScan,
    usage_in_response: Value,
    /// No `usage` will be found any more.
    is_none: [bool; 2],
}

/// The value of a member `usage`.
struct Value {
    scan: JsonScan,
    text: Vec<u8>,
}

/// `usage` as OpenAI's interfaces have it; other members pass by.
#[derive(Deserialize)]
struct Usage {
    total_tokens: Option<u64>,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl Usage {
    fn total(&self) -> Option<u64> {
        let parts = [self.prompt_tokens.or(self.input_tokens), self.completion_tokens.or(self.output_tokens)];
        let sum = parts.iter().flatten().fold(0_u64, |sum, part| sum.saturating_add(*part));
        // A total that says less than its parts is not believed. No answer costs nothing: servers put zeros where they have not counted yet.
        Some(self.total_tokens.unwrap_or(0).max(sum)).filter(|total| *total > 0)
    }
}

impl TokenMeter {
    /// For an answer with these fields.
    #[must_use]
    pub fn of(fields: &HeaderMap) -> Self {
        let media_type = fields.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let form = match essence.as_str() {
            // What is still coded is neither.
            _ if fields.contains_key(CONTENT_ENCODING) => Form::Bytes,
            "text/event-stream" => Form::Events(Line::default()),
            "application/json" => Form::Object(Box::default()),
            _ => Form::Bytes,
        };
        Self { form, stated: None, estimated: 0, since: 0 }
    }

    /// Reads the next bytes of the content.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.form {
            Form::Events(line) => {
                for byte in bytes {
                    match byte {
                        b'\n' | b'\r' => {
                            let found = line.object.found();
                            self.stated = self.stated.max(found);
                            self.since = if found.is_some() { 0 } else { self.since.saturating_add(line.text()) };
                            line.end();
                        }
                        byte => self.estimated = self.estimated.saturating_add(line.push(*byte)),
                    }
                }
            }
            Form::Object(object) => {
                bytes.iter().for_each(|byte| object.push(*byte));
                self.stated = object.found().or(self.stated);
                self.estimated = self.estimated.saturating_add(bytes.len() as u64);
            }
            Form::Bytes => self.estimated = self.estimated.saturating_add(bytes.len() as u64),
        }
    }

    /// Tokens of request and answer, where the server said how many: of an event stream with an estimate of what came since.
    #[must_use]
    pub fn stated(&self) -> Option<u64> {
        let line = match &self.form {
            Form::Events(line) => line.text(),
            _ => 0,
        };
        self.stated.map(|stated| stated.saturating_add(self.since).saturating_add(line))
    }

    /// Tokens of the answer so far, where it did not.
    #[must_use]
    pub const fn estimated(&self) -> u64 {
        match self.form {
            Form::Events(_) => self.estimated,
            _ => self.estimated.div_ceil(BYTES),
        }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self { length: 0, is_data: false, done: Some(0), tokens: 0, object: Box::default() }
    }
}

impl Line {
    /// Reads a byte of the line; returns the tokens that it begins.
    fn push(&mut self, byte: u8) -> u64 {
        const DATA: &[u8] = b"data:";
        let at = usize::try_from(self.length).ok().and_then(|at| DATA.get(at));
        self.length = self.length.saturating_add(1);
        let begun = match at {
            Some(expected) => {
                self.is_data = (self.length == 1 || self.is_data) && *expected == byte;
                u64::from(self.is_data && self.length == DATA.len() as u64)
            }
            None if self.is_data => {
                self.object.push(byte);
                self.done = self.done.and_then(|at| match (byte, DONE.get(at)) {
                    (b' ', _) => Some(at),
                    (byte, Some(expected)) if byte == *expected => at.checked_add(1),
                    _ => None,
                });
                u64::from(self.length > EVENT && self.length.is_multiple_of(BYTES))
            }
            None => 0,
        };
        self.tokens = self.tokens.saturating_add(begun);
        begun
    }

    /// Tokens that it is taken for, unless it ends the stream, as far as it goes.
    const fn text(&self) -> u64 {
        if self.done.is_some() { 0 } else { self.tokens }
    }

    fn end(&mut self) {
        if self.length > 0 {
            (self.length, self.is_data, self.done, self.tokens) = (0, false, Some(0), 0);
            self.object.reset();
        }
    }
}

impl Default for Object {
    fn default() -> Self {
        Self {
            usage: Value::default(),
            response: JsonScan::new("response"),
            usage_in_response: Value::default(),
            is_none: [false; 2],
        }
    }
}

impl Object {
    fn reset(&mut self) {
        *self = Self::default();
    }

    fn push(&mut self, byte: u8) {
        let [is_none, is_none_inside] = &mut self.is_none;
        if !*is_none {
            *is_none = !self.usage.push(byte);
        }
        if !*is_none_inside {
            *is_none_inside = match self.response.step(byte) {
                Ok(Place::Value) => !self.usage_in_response.push(byte),
                Ok(_) => false,
                Err(_) => true,
            };
        }
    }

    /// The tokens of the last `usage` that is whole.
    fn found(&self) -> Option<u64> {
        self.usage.tokens().or_else(|| self.usage_in_response.tokens())
    }
}

impl Default for Value {
    fn default() -> Self {
        Self { scan: JsonScan::new("usage"), text: Vec::new() }
    }
}

impl Value {
    /// Reads a byte of the object; returns whether there can be a value.
    fn push(&mut self, byte: u8) -> bool {
        match self.scan.step(byte) {
            Ok(Place::Colon) => self.text.clear(),
            Ok(Place::Value) if self.text.len() < LONGEST => self.text.push(byte),
            Ok(Place::Value) | Err(_) => {
                self.text.clear();
                return false;
            }
            Ok(Place::End | Place::Elsewhere) => {}
        }
        true
    }

    fn tokens(&self) -> Option<u64> {
        if self.text.is_empty() {
            return None;
        }
        serde_json::from_slice::<Usage>(&self.text).ok()?.total()
    }
}

#[cfg(test)]
mod tests;
