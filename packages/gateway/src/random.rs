//! The system's random numbers. Private keys alone come from AWS-LC's generator, which makes them where it keeps them and is seeded from
//! the system's.

use blindllama_verifier::Code;

use crate::failure::Failure;

/// Fills `bytes` from the system's generator.
///
/// # Errors
/// `gateway.internal` when it has none to give.
pub fn fill(bytes: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(bytes).map_err(|error| Failure::with(Code::GATEWAY_INTERNAL, format!("random numbers: {error}")))
}

/// An array of random bytes.
///
/// # Errors
/// As [`fill`].
pub fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}
