//! Reads structures of little-endian integers and sizes: event logs, platform reports.

/// What is left of a structure. Where too few bytes remain it goes on with zeros and with nothing, and lets no value out any more:
/// every structure that is read ends with [`Self::read`] or [`Self::end`].
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    is_short: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, is_short: false }
    }

    // Never inlined, as is `uint`: fifty copies of them would be a fifth of this module.
    #[inline(never)]
    pub(crate) fn bytes(&mut self, length: usize) -> &'a [u8] {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            (self.rest, self.is_short) = (&[], true);
            return &[];
        };
        self.rest = rest;
        taken
    }

    /// Of `width` bytes, at most 8.
    #[inline(never)]
    pub(crate) fn uint(&mut self, width: usize) -> u64 {
        self.bytes(width).iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    pub(crate) fn u16(&mut self) -> u16 {
        self.uint(2) as u16
    }

    pub(crate) fn u32(&mut self) -> u32 {
        self.uint(4) as u32
    }

    /// An integer of `width` bytes that counts something: more than this machine can count is more than there is.
    pub(crate) fn size(&mut self, width: usize) -> usize {
        self.uint(width).try_into().unwrap_or(usize::MAX)
    }

    pub(crate) fn guid(&mut self) -> &'a [u8] {
        self.bytes(16)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_short(&self) -> bool {
        self.is_short
    }

    /// The value, where nothing was missing so far.
    pub(crate) fn read<T>(&self, value: T) -> Option<T> {
        if self.is_short { None } else { Some(value) }
    }

    /// The value, where every byte was read and none was missing.
    pub(crate) fn end<T>(&self, value: T) -> Option<T> {
        if self.rest.is_empty() { self.read(value) } else { None }
    }
}
