//! What the policy demands of the machine that holds the attestation key (PROTOCOL.md §18.1).

use alloc::vec::Vec;

use crate::{json::members::Item, rejection::Rejection, x509::profiles::Tcb};

/// Digests of firmware and of who signed it, as processors report them.
type Digest384 = [u8; 48];

/// A confidential machine on AMD SEV-SNP.
#[derive(Clone, Debug)]
pub(crate) struct Platform {
    pub(crate) processors: Vec<Processor>,
    pub(crate) id_key_digests: Vec<Digest384>,
    pub(crate) measurements: Vec<Digest384>,
}

/// A line of processors, by AMD's root for it.
#[derive(Clone, Debug)]
pub(crate) struct Processor {
    pub(crate) ark_sha256: [u8; 32],
    pub(crate) min_tcb: Tcb,
}

impl Platform {
    pub(super) fn read(item: &Item<'_>) -> Result<Self, Rejection> {
        let members = item.object()?;
        let kind = members.required("kind")?;
        match kind.text()? {
            "azure-snp" => {}
            "azure-tdx" | "nitro" => return Err(kind.unsupported()),
            _ => return Err(kind.syntax()),
        }
        let listed = members.required("processors")?;
        let processors = listed.each(1..=8, processor)?;
        if processors.iter().enumerate().any(|(i, a)| processors.iter().take(i).any(|b| a.ark_sha256 == b.ark_sha256)) {
            return Err(listed.invalid());
        }
        let digests = |name, most| members.optional(name).map_or(Ok(Vec::new()), |item| item.each(1..=most, digest));
        let (id_key_digests, measurements) = (digests("idKeyDigests", 16)?, digests("measurements", 64)?);
        members.end(&[])?;
        // Some firmware makes every report: one that nobody names could hold any key.
        if id_key_digests.is_empty() && measurements.is_empty() {
            return Err(item.invalid());
        }
        Ok(Self { processors, id_key_digests, measurements })
    }

    /// Whether it is this firmware or of this signer.
    pub(crate) fn names_firmware(&self, measurement: &[u8], id_key_digest: &[u8]) -> bool {
        self.measurements.iter().any(|named| named == measurement)
            || self.id_key_digests.iter().any(|named| named == id_key_digest)
    }
}

fn processor(item: &Item<'_>) -> Result<Processor, Rejection> {
    let members = item.object()?;
    let root = members.required("arkSha256")?;
    let ark_sha256 = root.hex()?.try_into().map_err(|_| root.syntax())?;
    let least = members.required("minTcb")?;
    members.end(&[])?;
    let least = least.object()?;
    let version = |name| -> Result<u8, Rejection> { Ok(least.required(name)?.integer(0..=u8::MAX.into())? as u8) };
    let min_tcb = Tcb {
        bootloader: version("bootloader")?,
        tee: version("tee")?,
        snp: version("snp")?,
        microcode: version("microcode")?,
    };
    least.end(&[])?;
    Ok(Processor { ark_sha256, min_tcb })
}

/// All zeros stand where a machine was started without a signature.
fn digest(item: &Item<'_>) -> Result<Digest384, Rejection> {
    let digest: Digest384 = item.hex()?.try_into().map_err(|_| item.syntax())?;
    if digest == [0; 48] { Err(item.invalid()) } else { Ok(digest) }
}
