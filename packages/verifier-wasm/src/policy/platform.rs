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
    /// Of firmware that one of `id_key_digests` signed; 0 where there is none.
    pub(crate) min_guest_svn: u64,
    /// Of the same firmware; None: whatever its signer calls it.
    pub(crate) family_id: Option<&'d [u8; 16]>,
    pub(crate) image_id: Option<&'d [u8; 16]>,
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
        let least = item.optional("minGuestSvn").map(|item| item.integer(0, u32::MAX.into()));
        let family_id = item.optional("familyId").map(Item::array);
        let image_id = item.optional("imageId").map(Item::array);
        let measurements = digests(item.optional("measurements"), 64);
        item.end();
        // Some firmware makes every report: one that nobody names could hold any key. Under a signer's name all that it ever signed
        // would do, with every hole that was found since, so that the author says from which version on.
        let is_meant = match least {
            Some(_) => !id_key_digests.is_empty(),
            None => id_key_digests.is_empty() && !measurements.is_empty() && family_id.or(image_id).is_none(),
        };
        item.ensure(is_meant, Flaw::Invalid);
        let min_guest_svn = least.unwrap_or_default();
        Self { processors, id_key_digests, min_guest_svn, family_id, image_id, measurements }
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
