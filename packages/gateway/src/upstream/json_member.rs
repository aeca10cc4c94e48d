//! Sets one member of a JSON object that streams by, in memory of a bounded size (PROTOCOL.md §11.1). Content that is no object is refused;
//! all bytes but those of the member pass as they are.

use blindllama_verifier::Code;
use bytes::{BufMut, BytesMut};

use super::json_scan::{JsonScan, NoObject, Place};
use crate::failure::Failure;

/// The member, and how much of the object has passed.
#[derive(Clone, Debug)]
pub struct JsonMember {
    scan: JsonScan,
    /// JSON text.
    value: String,
    /// Whether the member stands in the object.
    is_set: bool,
}

impl JsonMember {
    /// The member `name` with `value`, a JSON text, in place of each of that name.
    #[must_use]
    pub const fn new(name: &'static str, value: String) -> Self {
        Self { scan: JsonScan::new(name), value, is_set: false }
    }

    /// Passes on the next `bytes` of the object.
    ///
    /// # Errors
    /// `request.prompt_cache` where they are no object of JSON.
    pub fn pass(&mut self, bytes: &[u8]) -> Result<BytesMut, Failure> {
        let more = self.scan.name().len().saturating_add(self.value.len());
        let mut passed = BytesMut::with_capacity(bytes.len().saturating_add(more));
        for byte in bytes {
            match self.scan.step(*byte).map_err(refused)? {
                Place::Elsewhere => passed.put_u8(*byte),
                Place::Colon => {
                    passed.put_u8(b':');
                    passed.put_slice(self.value.as_bytes());
                    self.is_set = true;
                }
                // It gives way to ours.
                Place::Value => {}
                Place::End => {
                    self.complete(&mut passed);
                    passed.put_u8(*byte);
                }
            }
        }
        Ok(passed)
    }

    /// Checks that the object has ended.
    ///
    /// # Errors
    /// As [`Self::pass`].
    pub fn finish(&self) -> Result<(), Failure> {
        if self.scan.is_whole() { Ok(()) } else { Err(refused(NoObject)) }
    }

    /// Puts the member before the end of the object, unless it stands there.
    fn complete(&mut self, passed: &mut BytesMut) {
        if self.is_set {
            return;
        }
        if self.scan.has_members() {
            passed.put_u8(b',');
        }
        passed.put_slice(format!("\"{}\":{}", self.scan.name(), self.value).as_bytes());
        self.is_set = true;
    }
}

fn refused(_: NoObject) -> Failure {
    Failure::new(Code::REQUEST_PROMPT_CACHE)
}

#[cfg(test)]
mod tests;
