//! Reads the wire format of TPM 2.0 Part 2: big-endian integers and TPM2B, a size of 16 bits before the bytes.

use crate::Code;

/// What is left of a structure. Behind the first fault everything reads as zero or as nothing, so that a decoder asks once, at
/// the end: what it has read is its own only when [`Reader::end`] gives it back.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    is_malformed: bool,
    /// The code for too few bytes, too many, or a value that the format does not have.
    syntax: Code,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], syntax: Code) -> Self {
        Self { rest: bytes, is_malformed: false, syntax }
    }

    /// Notes a value that the format does not have.
    pub(super) fn malformed(&mut self) {
        self.rest = &[];
        self.is_malformed = true;
    }

    pub(super) fn bytes(&mut self, length: usize) -> &'a [u8] {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            self.malformed();
            return &[];
        };
        self.rest = rest;
        taken
    }

    fn integer(&mut self, size: usize) -> u64 {
        self.bytes(size).iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    pub(super) fn u8(&mut self) -> u8 {
        self.integer(1) as u8
    }

    pub(super) fn u16(&mut self) -> u16 {
        self.integer(2) as u16
    }

    pub(super) fn u32(&mut self) -> u32 {
        self.integer(4) as u32
    }

    pub(super) fn u64(&mut self) -> u64 {
        self.integer(8)
    }

    /// The buffer of a TPM2B structure (Part 2 §10.4).
    pub(super) fn sized(&mut self) -> &'a [u8] {
        let size = self.u16();
        self.bytes(size.into())
    }

    /// Why something well-formed is not accepted: `code`, unless there was a fault before.
    pub(super) fn refusal(&self, code: Code) -> Code {
        if self.is_malformed { self.syntax } else { code }
    }

    /// What was read, when that was every byte and there was no fault.
    pub(super) fn end<T>(self, read: T) -> Result<T, Code> {
        if self.rest.is_empty() && !self.is_malformed { Ok(read) } else { Err(self.syntax) }
    }
}
