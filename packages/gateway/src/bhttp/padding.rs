//! How much padding hides the length of a message (RFC 9292 §3.8).

/// The length that a message of `length` bytes is padded to: at least 512, then Padmé (Nikitin et al., "Reducing Metadata Leakage
/// from Encrypted Files and Communication with PURBs", §4), which leaks O(log log) bits of it and adds at most 12 %.
#[must_use]
pub fn padme(length: u64) -> u64 {
    let length = length.max(512);
    let exponent = length.ilog2();
    let kept = exponent.ilog2().saturating_add(1);
    length.checked_next_multiple_of(1 << exponent.saturating_sub(kept)).unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's figure 6, and where the client of this repository pads a request to.
    #[test]
    fn whole_messages_grow_by_at_most_an_eighth() {
        for (length, padded) in [(0, 512), (512, 512), (513, 544), (1000, 1024), (9000, 9216), (1 << 20, 1 << 20)] {
            assert_eq!(padme(length), padded, "{length}");
        }
        for length in 513..100_000 {
            let padded = padme(length);
            assert!(padded >= length && (padded - length) * 100 <= length * 12, "{length}: {padded}");
            assert_eq!(padme(padded), padded);
        }
        assert_eq!(padme(u64::MAX), u64::MAX, "what no message is long enough for");
    }
}
