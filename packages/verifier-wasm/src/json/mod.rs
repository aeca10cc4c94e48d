//! The JSON (RFC 8259) that enters as a policy and leaves as a verdict. A reader and a writer for exactly that: a general
//! library would be several times the size of the rest of the verifier's own code.

pub(crate) mod members;
pub(crate) mod reader;
pub(crate) mod writer;
