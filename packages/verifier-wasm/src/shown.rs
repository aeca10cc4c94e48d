//! Text for people that somebody else wrote: names in documents, members, certificates and logs.

use alloc::string::String;

use crate::digits::push_hex;

/// What takes the place of the rest of a text that is too long.
const CUT: &str = "...";

/// Appends `text` as a screen may show it: ASCII from space to `~` as it is, every other UTF-16 unit as `\uXXXX`, and no more
/// than `most` characters before [`CUT`]. Control characters and those that turn the direction of a line thus have no effect,
/// and no letter can pass for another. A text that was shown once is shown the same again.
#[inline(never)]
pub(crate) fn push_shown(out: &mut String, text: &str, most: usize) {
    let end = out.len().saturating_add(most);
    for unit in text.encode_utf16() {
        if out.len() >= end {
            out.push_str(CUT);
            return;
        }
        match unit.to_be_bytes() {
            [0, byte @ b' '..=b'~'] => out.push(byte.into()),
            bytes => {
                out.push_str("\\u");
                push_hex(out, &bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_shown;

    fn shown(text: &str, most: usize) -> String {
        let mut out = String::new();
        push_shown(&mut out, text, most);
        out
    }

    #[test]
    fn text_is_printable_ascii_whatever_it_was() {
        assert_eq!(shown("chat 2026.11 \\ \"~", 128), "chat 2026.11 \\ \"~");
        assert_eq!(shown("\0\n\u{7f}\u{1b}[2J", 128), "\\u0000\\u000a\\u007f\\u001b[2J");
        assert_eq!(shown("\u{202e}\u{2066}ü\u{1f600}", 128), "\\u202e\\u2066\\u00fc\\ud83d\\ude00");
        for character in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let text = shown(character.encode_utf8(&mut [0; 4]), 128);
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{character:?}");
            assert_eq!(shown(&text, 128), text);
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(shown("abcd", 4), "abcd");
        assert_eq!(shown("abcde", 4), "abcd...");
        // An escape is never cut in two.
        assert_eq!(shown("abc\u{202e}e", 4), "abc\\u202e...");
        assert!(shown(&"\u{1f600}".repeat(100_000), 128).len() <= 128 + 11 + 3);
    }
}
