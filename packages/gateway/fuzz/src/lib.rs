//! What the fuzz targets share.

use bytes::Bytes;

/// Cuts an input into a message and the pieces in which it arrives: a number of lengths (0 to 7), each length less one, the message.
/// The lengths serve over and over; without any the message arrives at once.
pub fn pieces(input: &[u8]) -> Option<(Bytes, Vec<Bytes>)> {
    let (count, rest) = input.split_first()?;
    let (lengths, message) = rest.split_at_checked(usize::from(count & 7))?;
    let message = Bytes::copy_from_slice(message);
    let mut rest = message.clone();
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        pieces.push(rest.split_to(rest.len().min(usize::from(*length) + 1)));
    }
    if lengths.is_empty() {
        pieces.push(rest);
    }
    Some((message, pieces))
}
