//! AMD's certificates of a processor: ARK, ASK, and the VCEK that signs its reports ("VCEK Certificate and KDS Interface
//! Specification", AMD 57230, §3).

use p384::NistP384;

use crate::{
    Code,
    rejection::Rejection,
    signature::{PublicKey, ecdsa},
    x509::{
        certificate::Certificate,
        extensions::AMD_HW_ID,
        form::Form,
        path::{self, Conditions},
        revocation::IsRevoked,
    },
};

/// Versions of what a processor trusts. Each counts by itself, upwards, within one line of processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tcb {
    pub(crate) bootloader: u8,
    pub(crate) tee: u8,
    pub(crate) snp: u8,
    pub(crate) microcode: u8,
}

impl Tcb {
    pub(crate) fn is_at_least(&self, least: &Self) -> bool {
        self.bootloader >= least.bootloader
            && self.tee >= least.tee
            && self.snp >= least.snp
            && self.microcode >= least.microcode
    }
}

/// The key by which one processor, at certain versions, signs reports.
#[derive(Clone, Debug)]
pub(crate) struct Vcek<'a> {
    pub(crate) key: ecdsa::PublicKey<NistP384>,
    pub(crate) chip_id: &'a [u8],
    pub(crate) tcb: Tcb,
}

impl<'a> Vcek<'a> {
    /// Validates `chain` (VCEK, ASK, ARK; DER) at a time in milliseconds since 1970, and by what was revoked since.
    ///
    /// # Errors
    /// A code of the layer `chain`, and which certificate it is where that is not the leaf.
    pub(crate) fn validate(
        chain: &[&'a [u8]],
        root_sha256: &[u8; 32],
        at_ms: u64,
        is_revoked: IsRevoked<'_>,
    ) -> Result<Self, Rejection> {
        let mut path = path::validate(chain, &Conditions { root_sha256, at_ms, purpose: None, form: Form::Amd })?;
        path::check_revocation(&path, is_revoked)?;
        let leaf = path.pop().ok_or(Code::CHAIN_LENGTH)?;
        let (chip_id, tcb) = leaf.extensions.octets(AMD_HW_ID).zip(tcb(&leaf)).ok_or(Code::CHAIN_EXTENSION)?;
        match leaf.key {
            PublicKey::EcP384(key) => Ok(Self { key, chip_id, tcb }),
            _ => Err(Code::CHAIN_KEY.into()),
        }
    }
}

fn tcb(leaf: &Certificate<'_>) -> Option<Tcb> {
    // 1.3.6.1.4.1.3704.1.3 and the number of the component
    let version = |component| {
        let mut value = leaf.extensions.value(&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x03, component])?;
        match (value.read_unsigned(), value.end()) {
            (&[version], true) => Some(version),
            _ => None,
        }
    };
    Some(Tcb { bootloader: version(1)?, tee: version(2)?, snp: version(3)?, microcode: version(8)? })
}
