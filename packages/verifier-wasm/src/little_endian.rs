//! Reads structures of little-endian integers and sizes: event logs, platform reports.

/// What is left of a structure. Every method answers None when too few bytes remain.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    // Never inlined, as is `uint`: fifty copies of them would be a fifth of this module.
    #[inline(never)]
    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Of `width` bytes, at most 8.
    #[inline(never)]
    pub(crate) fn uint(&mut self, width: usize) -> Option<u64> {
        Some(self.bytes(width)?.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        Some(self.uint(1)? as u8)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        Some(self.uint(2)? as u16)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(self.uint(4)? as u32)
    }

    /// An integer of `width` bytes that counts something, as far as this machine can count.
    pub(crate) fn size(&mut self, width: usize) -> Option<usize> {
        self.uint(width)?.try_into().ok()
    }

    pub(crate) fn guid(&mut self) -> Option<&'a [u8]> {
        self.bytes(16)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Some when every byte was read.
    pub(crate) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
