//! How much filler makes the lengths of events tell little (PROTOCOL.md §10).

use crate::ohttp::CHUNK_PLAINTEXT;
use crate::upstream::events::LineEnd;
use crate::varint;

/// A comment of an event stream, `:` to the end of its line (HTML §9.2.6); a shorter one is one too, without its last byte.
static COMMENT: [u8; CHUNK_PLAINTEXT] = {
    let mut comment = [b' '; CHUNK_PLAINTEXT];
    comment[0] = b':';
    comment
};

/// The longest of the shortest comments, with CR LF and a blank line.
const SHORTEST_COMMENT: usize = 5;

/// Longest content of a chunk that has a length in front of it and room for a comment, whatever its bucket and its ends of lines.
pub(super) const LONGEST_EVENT: usize = CHUNK_PLAINTEXT - 2 - SHORTEST_COMMENT;

/// The comment with a blank line behind it, in parts, by which a chunk of `content` bytes, with its length in front, grows to the next
/// multiple of `bucket` from `least` bytes on, or to a full chunk where that comes first. Empty where the chunk is such a multiple already,
/// or cannot grow to one.
///
/// The blank line makes it a block of its own: readers that cut a stream at blank lines take what stands in a block for an event.
pub(super) fn comment(content: usize, least: usize, bucket: usize, line_end: LineEnd) -> [&'static [u8]; 2] {
    let end = line_end.twice();
    let length = comment_length(content, least, bucket, end.len().saturating_add(1));
    match length.and_then(|length| COMMENT.get(..length.checked_sub(end.len())?)) {
        Some(comment) => [comment, end],
        None => [b"", b""],
    }
}

fn comment_length(content: usize, least: usize, bucket: usize, shortest: usize) -> Option<usize> {
    let mut chunk = varint::length(content).checked_add(content)?.max(least).checked_next_multiple_of(bucket)?;
    while chunk <= CHUNK_PLAINTEXT.checked_next_multiple_of(bucket)? {
        let full = chunk.min(CHUNK_PLAINTEXT);
        // The content that fills the chunk, where its length has a shortest form that does.
        let filled = (1..=2).find_map(|length| full.checked_sub(length).filter(|rest| varint::length(*rest) == length));
        match filled.and_then(|filled| filled.checked_sub(content)) {
            Some(0) => return None,
            Some(length) if length >= shortest => return Some(length),
            _ => chunk = chunk.checked_add(bucket)?,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: [LineEnd; 3] = [LineEnd::Feed, LineEnd::Both, LineEnd::Return];

    fn grown(content: usize, bucket: usize, line_end: LineEnd) -> usize {
        let content = content + comment(content, 0, bucket, line_end).iter().map(|part| part.len()).sum::<usize>();
        varint::length(content) + content
    }

    #[test]
    fn every_event_fills_a_bucket_and_never_more_than_a_chunk() {
        for bucket in [64, 65, 100, 512, 5000, 8192, CHUNK_PLAINTEXT] {
            for (content, line_end) in (1..=LONGEST_EVENT).flat_map(|content| ENDS.map(|line_end| (content, line_end)))
            {
                let chunk = grown(content, bucket, line_end);
                assert!(chunk.is_multiple_of(bucket) || chunk == CHUNK_PLAINTEXT, "{content} in {bucket}: {chunk}");
                assert!(chunk <= CHUNK_PLAINTEXT && chunk > content);
                // The next multiple, or the one behind it where a comment shorter than the shortest would be needed.
                assert!(chunk < content + 7 + 2 * bucket, "{content} in {bucket}: {chunk}");
            }
        }
    }

    #[test]
    fn a_gap_too_small_for_a_comment_goes_to_the_bucket_behind() {
        assert_eq!(grown(510, 512, LineEnd::Feed), 512);
        assert_eq!(grown(508, 512, LineEnd::Return), 1024);
        assert_eq!(grown(507, 512, LineEnd::Feed), 512);
        assert_eq!(grown(507, 512, LineEnd::Both), 1024);
        assert_eq!(grown(505, 512, LineEnd::Both), 512);
        // No content of a shortest length makes 65.
        assert_eq!(grown(20, 65, LineEnd::Feed), 130);
    }

    #[test]
    fn filler_is_one_comment_with_a_blank_line() {
        for (content, line_end) in [1, 100, 500, 16_377].into_iter().flat_map(|content| ENDS.map(|end| (content, end)))
        {
            let filler = comment(content, 0, 512, line_end).concat();
            let line = filler.strip_suffix(line_end.twice()).unwrap();
            assert!(line.starts_with(b":") && line[1..].iter().all(|byte| *byte == b' '), "{content}");
        }
    }
}
