//! ATTESTATION_REPORT of AMD SEV-SNP (AMD 56860, "SEV Secure Nested Paging Firmware ABI Specification", table 23).

use p384::NistP384;

use crate::{hash::HashAlgorithm, signature::ecdsa, x509::profiles::Tcb};

/// Bytes of a report.
const SIZE: usize = 0x4a0;
/// Bytes that are signed: all before the signature.
const SIGNED: usize = 0x2a0;
/// Bytes of r, and of s.
const SCALAR: usize = 72;

/// MIGRATE_MA and DEBUG of the guest policy (table 9).
const OPEN: u32 = 1 << 18 | 1 << 19;
/// The first bit of the guest policy that no version up to 5 defines.
const POLICY_RESERVED: u32 = 26;
/// AUTHOR_KEY_EN, the one flag that may be set: with MASK_CHIP_KEY or a SIGNING_KEY another key than the VCEK signs.
const AUTHOR_KEY: u32 = 1;

/// Where table 23 has what says which firmware a guest is.
pub(super) const FAMILY_ID: usize = 0x10;
pub(super) const IMAGE_ID: usize = 0x20;
pub(super) const MEASUREMENT: usize = 0x90;
pub(super) const ID_KEY_DIGEST: usize = 0xe0;

/// What a processor says of a guest. Fields are read where table 23 has them.
pub(super) struct Report<'a>(&'a [u8; SIZE]);

impl<'a> Report<'a> {
    /// None unless `bytes` are a report that a VCEK is said to have signed, of a guest whose policy has no unknown bit.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let report = Self(bytes.try_into().ok()?);
        let [version, algorithm, flags] = [report.number::<0x00>(), report.number::<0x34>(), report.number::<0x48>()];
        let reserved = report.number::<0x08>() >> POLICY_RESERVED | report.number::<0x0c>() | flags & !AUTHOR_KEY;
        (matches!(version, 2..=5) && algorithm == 1 && reserved == 0).then_some(report)
    }

    /// The version that who signed the firmware gave to it.
    pub(super) fn guest_svn(&self) -> u32 {
        self.number::<0x04>()
    }

    /// Whether `value` stands at this offset.
    pub(super) fn holds(&self, at: usize, value: &[u8]) -> bool {
        self.0.get(at..).is_some_and(|rest| rest.starts_with(value))
    }

    /// Whether somebody else may read the guest's memory, or move it.
    pub(super) fn is_open(&self) -> bool {
        self.number::<0x08>() & OPEN != 0
    }

    /// The privilege level of who asked; 0 is the firmware.
    pub(super) fn vmpl(&self) -> u32 {
        self.number::<0x30>()
    }

    /// What who asked gave.
    pub(super) fn report_data(&self) -> &'a [u8; 64] {
        self.field::<0x50, _>()
    }

    /// REPORTED_TCB: the versions that the signing key stands for; then CURRENT_TCB, COMMITTED_TCB and LAUNCH_TCB.
    pub(super) fn tcbs(&self) -> [Tcb; 4] {
        [self.field::<0x180, _>(), self.field::<0x38, _>(), self.field::<0x1e0, _>(), self.field::<0x1f0, _>()]
            .map(|&[bootloader, tee, _, _, _, _, snp, microcode]| Tcb { bootloader, tee, snp, microcode })
    }

    /// Whether firmware runs that the host has not committed: CURRENT_ against COMMITTED_ of version and TCB. Microcode, the last byte
    /// of a TCB, is not compared: a host loads it without a commit, as those of Azure do.
    pub(super) fn is_provisional(&self) -> bool {
        self.number::<0x1e8>() != self.number::<0x1ec>() || self.field::<0x38, 7>() != self.field::<0x1e0, 7>()
    }

    pub(super) fn chip_id(&self) -> &'a [u8; 64] {
        self.field::<0x1a0, _>()
    }

    /// ECDSA on P-384 with SHA-384 (tables 139 and 140).
    pub(super) fn is_signed_by(&self, key: &ecdsa::PublicKey<NistP384>) -> bool {
        let (signed, signature) = self.0.split_at(SIGNED);
        let (r, signature) = signature.split_at(SCALAR);
        let (s, rest) = signature.split_at(SCALAR);
        let digest = HashAlgorithm::Sha384.digest(&[signed]);
        let valid = scalar(r).zip(scalar(s)).is_some_and(|(r, s)| key.verify(&digest, &r, &s).is_ok());
        valid && rest.iter().all(|byte| *byte == 0)
    }

    fn number<const AT: usize>(&self) -> u32 {
        u32::from_le_bytes(*self.field::<AT, 4>())
    }

    /// That it lies within the report is checked when this is compiled.
    fn field<const AT: usize, const LENGTH: usize>(&self) -> &'a [u8; LENGTH] {
        const { assert!(LENGTH <= SIZE && AT <= SIZE.wrapping_sub(LENGTH)) };
        self.0.split_at(AT).1.first_chunk().unwrap_or(const { &[0xff; LENGTH] })
    }
}

/// Big-endian, of the size of the curve; None for a larger number.
fn scalar(little_endian: &[u8]) -> Option<[u8; 48]> {
    let (digits, beyond) = little_endian.split_first_chunk::<48>()?;
    let mut scalar = *digits;
    scalar.reverse();
    beyond.iter().all(|byte| *byte == 0).then_some(scalar)
}
