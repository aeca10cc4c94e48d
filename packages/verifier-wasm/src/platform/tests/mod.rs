//! The step against real evidence; what it refuses is in the vectors (`examples/conformance/cases/platform.rs`).

mod hostile;
mod real;
