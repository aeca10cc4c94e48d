//! The step against real evidence; what it refuses is in the vectors (`packages/verifier-testkit/src/bin/vectors/cases/platform.rs`).

mod hostile;
mod real;
