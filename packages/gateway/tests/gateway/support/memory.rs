//! What is in the memory of a program: read as a debugger would, and searched for secrets.

use std::fs::File;
use std::os::unix::fs::FileExt;

use memchr::memmem;
use rustix::process::Signal;

use super::Gateway;

/// A piece of memory that the program can write.
struct Mapping {
    name: String,
    start: u64,
    bytes: Vec<u8>,
}

/// All that a program could write at one moment.
pub struct Snapshot(Vec<Mapping>);

impl Snapshot {
    /// Stops the program for as long as it takes.
    pub fn of(gateway: &Gateway) -> Self {
        gateway.signal(Signal::STOP);
        let folder = format!("/proc/{}", gateway.pid());
        let maps = std::fs::read_to_string(format!("{folder}/maps")).expect("the maps of the program");
        let memory = File::open(format!("{folder}/mem")).expect("the memory of the program, which root may read");
        let mappings = maps.lines().filter_map(|line| Mapping::read(&memory, line)).collect();
        gateway.signal(Signal::CONT);
        Self(mappings)
    }

    /// Where `text` is, for people.
    pub fn places(&self, text: &[u8]) -> Vec<String> {
        let finder = memmem::Finder::new(text);
        self.0.iter().flat_map(|mapping| finder.find_iter(&mapping.bytes).map(|at| mapping.place(at))).collect()
    }

    /// The bytes before each place of `text`, as many as asked for.
    pub fn before<'a>(&'a self, text: &[u8], length: usize) -> Vec<&'a [u8]> {
        let finder = memmem::Finder::new(text);
        let before = |mapping: &'a Mapping, at: usize| mapping.bytes.get(at.checked_sub(length)?..at);
        self.0
            .iter()
            .flat_map(|mapping| finder.find_iter(&mapping.bytes).filter_map(|at| before(mapping, at)))
            .collect()
    }

    /// Where 32 bytes lie that can be a random number and are one of those wanted.
    pub fn places_of_keys(&self, is_wanted: impl Fn(&[u8; 32]) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        for mapping in &self.0 {
            // Most of the memory is zero.
            for (page, bytes) in
                mapping.bytes.chunks(4096).enumerate().filter(|(_, page)| page.iter().any(|byte| *byte != 0))
            {
                for at in page * 4096..page * 4096 + bytes.len() {
                    let Some(window) = mapping.bytes[at..].first_chunk::<32>() else { break };
                    if may_be_random(window) && is_wanted(window) {
                        found.push(mapping.place(at));
                    }
                }
            }
        }
        found
    }
}

impl Mapping {
    fn read(memory: &File, line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let (from, to) = fields.next()?.split_once('-')?;
        let [start, end] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        fields.next().filter(|rights| rights.starts_with("rw"))?;
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // What belongs to the kernel or a device cannot be read.
        memory.read_exact_at(&mut bytes, start).ok()?;
        Some(Self { name: fields.last()?.into(), start, bytes })
    }

    fn place(&self, at: usize) -> String {
        format!("{:#x} in {}", self.start + at as u64, self.name)
    }
}

/// Whether no byte repeats often and no word is small: so that pointers, texts and counters are left out, and one random number in some
/// ten thousand.
fn may_be_random(window: &[u8; 32]) -> bool {
    if window.chunks_exact(8).any(|word| word[6..] == [0, 0]) {
        return false;
    }
    let mut seen = [0_u64; 4];
    window.iter().for_each(|byte| seen[usize::from(byte >> 6)] |= 1 << (byte & 63));
    seen.iter().map(|bits| bits.count_ones()).sum::<u32>() >= 22
}
