//! The disk of documents (PROTOCOL.md §24.7): signed documents that change while the machine runs. A worker of its own reads the disk, which
//! the host writes at any time, and puts the files into a folder that the gateway reads. Nothing here judges them: clients do.

mod archive;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::stdio::stdin;

use self::archive::{BLOCK, Head, MAX_BODY};
use crate::failure::{Doing, Failure};

/// Where the files are.
pub(crate) const FOLDER: &str = "/run/gateway/documents";

/// How often the head of the disk is read.
const PAUSE: Duration = Duration::from_secs(2);

/// No document has this name.
const NEW: &str = ".new";

/// Opens the disk for a worker. Reads pass the machine's cache by, which would show what the disk held before.
///
/// # Errors
/// Where the kernel refuses.
pub(crate) fn open(disk: &Path) -> Result<File, Failure> {
    let flags = i32::try_from(OFlags::DIRECT.bits()).unwrap_or_default();
    File::options().read(true).custom_flags(flags).open(disk).doing("the disk of documents")
}

/// The program of the worker: `read` looks at the disk once, `follow` goes on. Its standard input is the disk.
pub(crate) fn run(verb: &str) -> ExitCode {
    let disk = match stdin().as_fd().try_clone_to_owned() {
        Ok(file) => File::from(file),
        Err(error) => {
            eprintln!("init: the disk of documents: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut reader = Reader::new(disk, FOLDER.into());
    let mut told = None;
    loop {
        // What is wrong with the disk changes nothing, and is told once.
        let wrong = reader.look().err();
        if let Some(reason) = wrong.as_ref().filter(|reason| told.as_ref() != Some(*reason)) {
            eprintln!("init: the disk of documents: {reason}. The documents stay as they were.");
        }
        told = wrong;
        if verb != "follow" {
            return ExitCode::SUCCESS;
        }
        sleep(PAUSE);
    }
}

struct Reader {
    disk: File,
    folder: PathBuf,
    /// The head of the documents in the folder.
    seen: Option<Head>,
    /// Room for a head or a body, from the first multiple of [`BLOCK`] in memory on: without the cache the kernel demands that.
    buffer: Vec<u8>,
}

impl Reader {
    fn new(disk: File, folder: PathBuf) -> Self {
        Self { disk, folder, seen: None, buffer: vec![0; MAX_BODY.saturating_add(BLOCK)] }
    }

    /// Reads the head, and everything else where it has changed. Tells whether the files were replaced.
    fn look(&mut self) -> Result<bool, String> {
        let Some(head) = archive::head(self.read(0, BLOCK)?)? else { return Ok(false) };
        if self.seen.as_ref() == Some(&head) {
            return Ok(false);
        }
        let folder = self.folder.clone();
        let body = self.read(BLOCK, head.length)?;
        if !head.fits(body) {
            return Err("its body is not the one that its head names".into());
        }
        replace(&folder, &archive::files(body)?).map_err(|error| format!("its files cannot be stored: {error}"))?;
        self.seen = Some(head);
        Ok(true)
    }

    /// `length` bytes from `offset` on, of which both the kernel and the disk see whole blocks.
    fn read(&mut self, offset: usize, length: usize) -> Result<&[u8], String> {
        let begin = self.buffer.as_ptr().align_offset(BLOCK);
        let end = begin.saturating_add(length.next_multiple_of(BLOCK));
        let blocks = self.buffer.get_mut(begin..end).ok_or("it is too long")?;
        let at = u64::try_from(offset).map_err(|error| error.to_string())?;
        self.disk.read_exact_at(blocks, at).map_err(|error| format!("it cannot be read, or is too short: {error}"))?;
        Ok(blocks.get(..length).unwrap_or_default())
    }
}

/// Makes `files` the files of the folder. Each is replaced whole; a file with the same content is left alone.
fn replace(folder: &Path, files: &BTreeMap<&str, &[u8]>) -> std::io::Result<()> {
    let new = folder.join(NEW);
    for (name, content) in files {
        let path = folder.join(name);
        if holds(&path, content) {
            continue;
        }
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o640).open(&new)?;
        file.write_all(content)?;
        fs::rename(&new, &path)?;
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(|name| files.contains_key(name)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn holds(path: &Path, content: &[u8]) -> bool {
    let mut found = Vec::new();
    File::open(path).is_ok_and(|mut file| file.read_to_end(&mut found).is_ok() && found == content)
}

#[cfg(test)]
mod tests {
    use super::archive::tests::{body_of, disk_of};
    use super::*;

    /// A disk and a folder, which are gone at the end of the test.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("blindllama-documents-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(path.join("files")).unwrap();
            fs::write(path.join("disk"), []).unwrap();
            Self(path)
        }

        fn reader(&self) -> Reader {
            Reader::new(File::open(self.0.join("disk")).unwrap(), self.0.join("files"))
        }

        /// In place, as a host does: the machine keeps the same file open.
        fn write(&self, disk: &[u8]) {
            fs::write(self.0.join("disk"), disk).unwrap();
        }

        fn files(&self) -> Vec<(String, Vec<u8>)> {
            let entries = fs::read_dir(self.0.join("files")).unwrap().map(|entry| entry.unwrap());
            let mut files: Vec<_> = entries
                .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
                .collect();
            files.sort();
            files
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn named(name: &str, content: &[u8]) -> (String, Vec<u8>) {
        (name.to_owned(), content.to_vec())
    }

    #[test]
    fn files_follow_the_disk_and_what_it_leaves_out_is_removed() {
        let place = Place::new("follow");
        let mut reader = place.reader();
        place.write(&vec![0; 2 * BLOCK]);
        assert_eq!(reader.look(), Ok(false), "nothing yet");
        place.write(&disk_of(1, &body_of(&[("release.cbor", b"one"), ("status.cbor", b"old")])));
        assert_eq!(reader.look(), Ok(true));
        assert_eq!(place.files(), [named("release.cbor", b"one"), named("status.cbor", b"old")]);
        assert_eq!(reader.look(), Ok(false), "the same again");
        place.write(&disk_of(2, &body_of(&[("status.cbor", b"new")])));
        assert_eq!(reader.look(), Ok(true));
        assert_eq!(place.files(), [named("status.cbor", b"new")]);
        place.write(&disk_of(1, &body_of(&[("status.cbor", b"back")])));
        assert_eq!(reader.look(), Ok(true), "any other generation is a change: clients refuse older documents");
    }

    #[test]
    fn a_body_of_the_longest_length_is_read() {
        let place = Place::new("longest");
        let content = vec![b'x'; MAX_BODY - 6];
        place.write(&disk_of(1, &body_of(&[("a", &content)])));
        assert_eq!(place.reader().look(), Ok(true));
        assert_eq!(place.files(), [named("a", &content)]);
    }

    #[test]
    fn garbage_a_cut_disk_and_a_torn_body_change_nothing() {
        let place = Place::new("garbage");
        let mut reader = place.reader();
        let body = body_of(&[("status.cbor", b"good")]);
        place.write(&disk_of(1, &body));
        assert_eq!(reader.look(), Ok(true));
        let mut torn = disk_of(2, &body);
        *torn.get_mut(BLOCK + 19).unwrap() ^= 1;
        let bad = [
            vec![b'#'; 2 * BLOCK],
            vec![],
            disk_of(2, &body).get(..BLOCK).unwrap().to_vec(),
            torn,
            disk_of(2, &body_of(&[("../gateway.toml", b"evil")])),
        ];
        for disk in bad {
            place.write(&disk);
            assert!(reader.look().is_err());
            assert_eq!(place.files(), [named("status.cbor", b"good")]);
        }
        place.write(&disk_of(3, &body_of(&[("status.cbor", b"better")])));
        assert_eq!(reader.look(), Ok(true), "a good disk counts again");
        assert_eq!(place.files(), [named("status.cbor", b"better")]);
    }
}
