//! The configuration disk: the text of one TOML file, padded with zero bytes to whole sectors. It is read once.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::failure::{Doing, Failure};

/// The longest disk that is read, in bytes.
const LIMIT: u64 = 256 * 1024;

/// Reads the text of the disk.
///
/// # Errors
/// Where it is longer than the limit, empty, no UTF-8, or has anything but zeros behind the text.
pub(crate) fn read(disk: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(disk).doing("the configuration disk")?;
    file.take(LIMIT.saturating_add(1)).read_to_end(&mut bytes).doing("the configuration disk")?;
    text(bytes)
}

fn text(mut bytes: Vec<u8>) -> Result<String, Failure> {
    let refused = |reason: &str| Failure::new("the configuration disk", reason);
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LIMIT {
        return Err(refused("it is longer than 256 KiB"));
    }
    let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    if bytes.iter().skip(length).any(|byte| *byte != 0) {
        return Err(refused("bytes follow the text and its padding"));
    }
    bytes.truncate(length);
    if bytes.is_empty() {
        return Err(refused("it is empty"));
    }
    String::from_utf8(bytes).map_err(|_| refused("it is no UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> String {
        text(bytes.to_vec()).unwrap_or_else(|failure| failure.to_string())
    }

    #[test]
    fn the_text_ends_where_its_padding_begins() {
        assert_eq!(said(b"a = 1\n"), "a = 1\n");
        assert_eq!(said(b"a = 1\n\0\0\0"), "a = 1\n");
    }

    #[test]
    fn anything_else_on_the_disk_is_refused() {
        assert!(said(b"").contains("it is empty"));
        assert!(said(b"\0\0").contains("it is empty"));
        assert!(said(b"a = 1\n\0\0b").contains("bytes follow the text"));
        assert!(said(b"a = \xff").contains("it is no UTF-8"));
        assert!(said(&vec![b'#'; 256 * 1024 + 1]).contains("longer than 256 KiB"));
        assert_eq!(said(&vec![b'#'; 256 * 1024]).len(), 256 * 1024);
    }
}
