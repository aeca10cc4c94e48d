//! ATTESTATION_REPORT of AMD SEV-SNP (AMD 56860, "SEV Secure Nested Paging Firmware ABI Specification", table 23).

use p384::NistP384;

use crate::{hash::HashAlgorithm, little_endian::Reader, signature::ecdsa, x509::profiles::Tcb};

/// Bytes that are signed: all before the signature.
const SIGNED: usize = 0x2a0;
/// Bytes of r, and of s.
const SCALAR: usize = 72;

/// MIGRATE_MA and DEBUG of the guest policy (table 9).
const OPEN: u64 = 1 << 18 | 1 << 19;
/// MASK_CHIP_KEY and SIGNING_KEY: any other key than the VCEK.
const OTHER_KEY: u32 = 0x1e;

/// What a processor says of a guest.
pub(super) struct Report<'a> {
    signed: &'a [u8],
    policy: u64,
    /// The privilege level of who asked; 0 is the firmware.
    pub(super) vmpl: u32,
    /// What who asked gave.
    pub(super) report_data: &'a [u8],
    pub(super) measurement: &'a [u8],
    pub(super) id_key_digest: &'a [u8],
    /// REPORTED_TCB
    pub(super) tcb: Tcb,
    pub(super) chip_id: &'a [u8],
    /// r, s and what follows them.
    signature: [&'a [u8]; 3],
}

impl<'a> Report<'a> {
    /// None unless `bytes` are a report that a VCEK is said to have signed.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let version = reader.u32()?;
        let _guest_svn = reader.u32()?;
        let policy = reader.uint(8)?;
        let _family_and_image = reader.bytes(32)?;
        let (vmpl, algorithm) = (reader.u32()?, reader.u32()?);
        let _current_tcb_and_platform = reader.bytes(16)?;
        let (flags, _reserved) = (reader.u32()?, reader.u32()?);
        let (report_data, measurement) = (reader.bytes(64)?, reader.bytes(48)?);
        let _host_data = reader.bytes(32)?;
        let id_key_digest = reader.bytes(48)?;
        let _author_key_and_report_ids = reader.bytes(112)?;
        let &[bootloader, tee, _, _, _, _, snp, microcode] = reader.bytes(8)? else { return None };
        let _processor = reader.bytes(24)?;
        let chip_id = reader.bytes(64)?;
        let _other_tcbs = reader.bytes(192)?;
        let signature = [reader.bytes(SCALAR)?, reader.bytes(SCALAR)?, reader.rest()];
        let well_formed = matches!(version, 2..=5) && algorithm == 1 && flags & OTHER_KEY == 0;
        well_formed.then_some(Self {
            signed: bytes.get(..SIGNED)?,
            policy,
            vmpl,
            report_data,
            measurement,
            id_key_digest,
            tcb: Tcb { bootloader, tee, snp, microcode },
            chip_id,
            signature,
        })
    }

    /// Whether somebody else may read the guest's memory, or move it.
    pub(super) fn is_open(&self) -> bool {
        self.policy & OPEN != 0
    }

    /// ECDSA on P-384 with SHA-384 (tables 139 and 140).
    pub(super) fn is_signed_by(&self, key: &ecdsa::PublicKey<NistP384>) -> bool {
        let [r, s, rest] = self.signature;
        let digest = HashAlgorithm::Sha384.digest(&[self.signed]);
        let valid = scalar(r).zip(scalar(s)).is_some_and(|(r, s)| key.verify(&digest, &r, &s).is_ok());
        valid && rest.iter().all(|byte| *byte == 0)
    }
}

/// Big-endian, of the size of the curve; None for a larger number.
fn scalar(little_endian: &[u8]) -> Option<[u8; 48]> {
    let (digits, beyond) = little_endian.split_first_chunk::<48>()?;
    let mut scalar = *digits;
    scalar.reverse();
    beyond.iter().all(|byte| *byte == 0).then_some(scalar)
}
