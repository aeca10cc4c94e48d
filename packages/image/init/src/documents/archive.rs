//! What the disk of documents holds (PROTOCOL.md §24.7): a head of one block, and a body with the files. The host writes both: every length
//! is checked before it is used.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// Length of a block, in bytes: the head has one, and the body begins with the next.
pub(super) const BLOCK: usize = 4096;

/// The longest body, in bytes.
pub(super) const MAX_BODY: usize = 1 << 20;

const MAGIC: &[u8] = b"blindllama/docs1";
const MAX_FILES: usize = 16;
const MAX_NAME: usize = 64;

/// The head: any difference to the one before is a change of the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    generation: u64,
    /// Of the body, in bytes; at most [`MAX_BODY`].
    pub(super) length: usize,
    sha256: [u8; 32],
}

/// Takes fields from the front of bytes.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    /// The next `N` bytes.
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

/// Reads the head; None for a disk of zeros, which holds no documents.
///
/// # Errors
/// Where it is no head.
pub(super) fn head(block: &[u8]) -> Result<Option<Head>, &'static str> {
    let is_zero = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    if is_zero(block) {
        return Ok(None);
    }
    let mut fields = Fields(block);
    let read = |fields: &mut Fields<'_>| {
        let is_ours = fields.take(MAGIC.len())? == MAGIC;
        let head = Head {
            generation: u64::from_be_bytes(fields.array()?),
            length: usize::try_from(u32::from_be_bytes(fields.array()?)).ok()?,
            sha256: fields.array()?,
        };
        (is_ours && is_zero(fields.0)).then_some(head)
    };
    let head = read(&mut fields).ok_or("it does not begin with the head of documents")?;
    if head.length > MAX_BODY {
        return Err("its head names more than 1 MiB");
    }
    Ok(Some(head))
}

impl Head {
    /// Whether `body` is the one that this head names: while the host writes, it is not.
    pub(super) fn fits(&self, body: &[u8]) -> bool {
        body.len() == self.length && Sha256::digest(body).as_slice() == self.sha256
    }
}

/// The files of a body, by their names.
///
/// # Errors
/// Where the body is no list of files.
pub(super) fn files(body: &[u8]) -> Result<BTreeMap<&str, &[u8]>, &'static str> {
    let mut fields = Fields(body);
    let mut files = BTreeMap::new();
    while !fields.0.is_empty() {
        let (name, content) = file(&mut fields).ok_or("a file in it has no valid name, or ends too early")?;
        if files.insert(name, content).is_some() {
            return Err("two files in it have one name");
        }
        if files.len() > MAX_FILES {
            return Err("it has more than 16 files");
        }
    }
    Ok(files)
}

fn file<'a>(fields: &mut Fields<'a>) -> Option<(&'a str, &'a [u8])> {
    let [length] = fields.array()?;
    let name = fields.take(length.into())?;
    let length = usize::try_from(u32::from_be_bytes(fields.array()?)).ok()?;
    Some((valid_name(name)?, fields.take(length)?))
}

/// Lower-case letters, digits, `-` and `.`, the last not first: no path, and no hidden file.
fn valid_name(name: &[u8]) -> Option<&str> {
    let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let is_valid = name.len() <= MAX_NAME && !matches!(name.first(), None | Some(b'.')) && name.iter().all(is_plain);
    std::str::from_utf8(name).ok().filter(|_| is_valid)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A body with these files.
    pub(in crate::documents) fn body_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, content) in files {
            body.push(u8::try_from(name.len()).unwrap());
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(&u32::try_from(content.len()).unwrap().to_be_bytes());
            body.extend_from_slice(content);
        }
        body
    }

    /// A disk with this body.
    pub(in crate::documents) fn disk_of(generation: u64, body: &[u8]) -> Vec<u8> {
        let mut disk = MAGIC.to_vec();
        disk.extend_from_slice(&generation.to_be_bytes());
        disk.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
        disk.extend_from_slice(&Sha256::digest(body));
        disk.resize(BLOCK, 0);
        disk.extend_from_slice(body);
        disk.resize(disk.len().next_multiple_of(BLOCK), 0);
        disk
    }

    #[test]
    fn a_disk_of_zeros_has_no_documents_and_anything_else_needs_a_whole_head() {
        assert_eq!(head(&[0; BLOCK]), Ok(None));
        let disk = disk_of(7, b"");
        let block = disk.get(..BLOCK).unwrap();
        assert_eq!(head(block).unwrap().unwrap().generation, 7);
        assert!(head(&[b'#'; BLOCK]).is_err(), "garbage");
        assert!(head(b"blindllama/docs1").is_err(), "cut");
        let mut later = block.to_vec();
        *later.last_mut().unwrap() = 1;
        assert!(head(&later).is_err(), "bytes behind the head");
    }

    #[test]
    fn a_body_longer_than_the_limit_is_refused_by_its_head() {
        let named = |length: u32| {
            let mut block = disk_of(1, b"");
            block.splice(24..28, length.to_be_bytes());
            head(block.get(..BLOCK).unwrap()).map(|head| head.unwrap().length)
        };
        assert_eq!(named(1 << 20), Ok(MAX_BODY));
        assert_eq!(named((1 << 20) + 1), Err("its head names more than 1 MiB"));
        assert!(named(u32::MAX).is_err());
    }

    #[test]
    fn a_body_that_is_being_written_does_not_fit() {
        let disk = disk_of(1, b"abc");
        let head = head(disk.get(..BLOCK).unwrap()).unwrap().unwrap();
        assert!(head.fits(b"abc") && !head.fits(b"abd") && !head.fits(b"ab"));
    }

    #[test]
    fn files_are_told_apart_by_plain_names() {
        let body = body_of(&[("release.cbor", b"one"), ("status.cbor", b""), ("ak-0.der", b"three")]);
        let found = files(&body).unwrap();
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), ["ak-0.der", "release.cbor", "status.cbor"]);
        assert_eq!(found.get("release.cbor").copied(), Some(&b"one"[..]));
        assert!(files(b"").unwrap().is_empty());
        for name in ["", ".", "..", ".new", "a/b", "../a", "A", "a b", "a\0", "ä", &"a".repeat(65)] {
            assert!(files(&body_of(&[(name, b"")])).is_err(), "{name:?}");
        }
        assert!(files(&body_of(&[(&"a".repeat(64), b"")])).is_ok());
    }

    #[test]
    fn a_body_with_a_wrong_length_a_name_twice_or_too_many_files_is_refused() {
        let body = body_of(&[("a", b"12345")]);
        for length in 1..body.len() {
            assert!(files(body.get(..length).unwrap()).is_err(), "the first {length} bytes");
        }
        assert!(files(&body_of(&[("a", b""), ("a", b"")])).is_err());
        let names: Vec<String> = (0..17).map(|number| format!("f{number}")).collect();
        let list: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert!(files(&body_of(&list)).is_err());
        assert!(files(&body_of(list.get(..16).unwrap())).is_ok());
    }
}
