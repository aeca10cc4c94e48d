//! Reads the wire format of the Firmware Profile: little-endian integers, sizes before the bytes.

/// What is left of a structure. Every method answers None when too few bytes remain.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A size of 32 bits.
    pub(super) fn size32(&mut self) -> Option<usize> {
        self.u32()?.try_into().ok()
    }

    /// A size of 64 bits, as far as this machine can count.
    pub(super) fn size64(&mut self) -> Option<usize> {
        self.u64()?.try_into().ok()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Some when every byte was read.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
