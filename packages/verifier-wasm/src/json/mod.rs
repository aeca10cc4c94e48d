//! The JSON (RFC 8259) that enters as a policy and leaves as a verdict. A reader and a writer for exactly that: a general
//! library would be several times the size of the rest of the verifier's own code.
//!
//! | module | holds |
//! | --- | --- |
//! | `documents` | the one way to read a document: its text, then what it means, then its first fault |
//! | `item` | typed access to a value, which notes a fault and goes on |
//! | `reader` | the grammar |
//! | `writer` | what leaves |

pub(crate) mod documents;
pub(crate) mod item;
pub(crate) mod reader;
#[cfg(test)]
mod tests;
pub(crate) mod writer;
