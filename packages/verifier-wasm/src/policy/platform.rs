//! What the policy demands of the machine that holds the attestation key (PROTOCOL.md §18.1).

use alloc::vec::Vec;

use crate::{
    json::{
        documents::Flaw,
        item::{Item, are_distinct},
    },
    x509::profiles::Tcb,
};

/// Digests of firmware and of who signed it, as processors report them.
type Digest384 = [u8; 48];

/// A confidential machine on AMD SEV-SNP.
#[derive(Clone, Debug)]
pub(crate) struct Platform<'d> {
    pub(crate) processors: Vec<Processor<'d>>,
    pub(crate) id_key_digests: Vec<&'d Digest384>,
    pub(crate) measurements: Vec<&'d Digest384>,
}

/// A line of processors, by AMD's root for it.
#[derive(Clone, Debug)]
pub(crate) struct Processor<'d> {
    pub(crate) ark_sha256: &'d [u8; 32],
    pub(crate) min_tcb: Tcb,
}

impl<'d> Platform<'d> {
    pub(super) fn read(item: &'d Item<'d>) -> Self {
        let kind = item.required("kind");
        let is_known = matches!(kind.text(), "azure-tdx" | "nitro");
        kind.ensure(!is_known, Flaw::Unsupported);
        kind.ensure(kind.text() == "azure-snp", Flaw::Syntax);
        let listed = item.required("processors");
        let items = listed.each(1, 8);
        let mut processors = Vec::new();
        for item in items {
            processors.push(Processor::read(item));
        }
        listed.ensure(are_distinct(items, "arkSha256"), Flaw::Invalid);
        let id_key_digests = digests(item.optional("idKeyDigests"), 16);
        let measurements = digests(item.optional("measurements"), 64);
        item.end();
        // Some firmware makes every report: one that nobody names could hold any key.
        item.ensure(!id_key_digests.is_empty() || !measurements.is_empty(), Flaw::Invalid);
        Self { processors, id_key_digests, measurements }
    }

    /// Whether it is this firmware or of this signer.
    pub(crate) fn names_firmware(&self, measurement: &[u8], id_key_digest: &[u8]) -> bool {
        self.measurements.iter().any(|named| *named == measurement)
            || self.id_key_digests.iter().any(|named| *named == id_key_digest)
    }
}

impl<'d> Processor<'d> {
    fn read(item: &'d Item<'d>) -> Self {
        let ark_sha256 = item.required("arkSha256").digest();
        let least = item.required("minTcb");
        item.end();
        let version = |name| least.required(name).integer(0, u8::MAX.into()) as u8;
        let min_tcb = Tcb {
            bootloader: version("bootloader"),
            tee: version("tee"),
            snp: version("snp"),
            microcode: version("microcode"),
        };
        least.end();
        Self { ark_sha256, min_tcb }
    }
}

/// All zeros stand where a machine was started without a signature.
fn digests<'d>(list: Option<&'d Item<'d>>, most: usize) -> Vec<&'d Digest384> {
    let mut digests = Vec::new();
    for item in list.map_or(&[][..], |list| list.each(1, most)) {
        let digest: &Digest384 = item.array();
        item.ensure(*digest != [0; 48], Flaw::Invalid);
        digests.push(digest);
    }
    digests
}
