//! Whom the author of a policy trusts to know an attestation key (PROTOCOL.md §7, §17.4).

use alloc::string::String;

use super::Assurance;
use crate::{
    Code,
    hash::HashAlgorithm,
    json::{documents::Flaw, item::Item},
    rejection::Rejection,
    tpm::Public,
    x509::{Certificate, ChainAnchor, InstancePins, IsRevoked, Profile, VmKind},
};

/// An entry of the policy that vouches for attestation keys.
#[derive(Clone, Debug)]
pub(crate) struct Anchor<'d> {
    pub(crate) kind: &'static str,
    trust: Trust<'d>,
    pub(crate) assurance: Assurance,
    /// The key must be a primary of the endorsement hierarchy.
    pub(crate) endorsement: bool,
    pub(crate) min_firmware_version: Option<u64>,
}

#[derive(Clone, Debug)]
enum Trust<'d> {
    /// In this very key, by its Name.
    Name(&'d [u8]),
    /// In keys that are certified under a root.
    Chain(ChainAnchor<'d>),
}

/// The entry that matched, and the certificate by which it did.
pub(crate) struct Matched<'p, 'a> {
    pub(crate) anchor: &'p Anchor<'p>,
    pub(crate) leaf: Option<Certificate<'a>>,
}

/// The first of `anchors` that vouches for the key.
///
/// # Errors
/// Where none does, the code of the first chain anchor in whose root the chain says that it ends; else `chain.root` for a chain,
/// and `ak.untrusted` where names alone could have matched.
pub(super) fn find<'p, 'a>(
    anchors: &'p [Anchor<'p>],
    ak: &Public<'_>,
    chain: &[&'a [u8]],
    now_ms: u64,
    is_revoked: IsRevoked<'_>,
) -> Result<Matched<'p, 'a>, Rejection> {
    let ak_name = ak.name();
    let mut refusal = Rejection::from(Code::AK_UNTRUSTED);
    for anchor in anchors {
        match &anchor.trust {
            Trust::Name(name) if *name == ak_name => return Ok(Matched { anchor, leaf: None }),
            Trust::Chain(root) if root.is_root_of(chain) => {
                match root.vouches_for(&ak.key, chain, now_ms, is_revoked) {
                    Ok(leaf) => return Ok(Matched { anchor, leaf: Some(leaf) }),
                    Err(rejection) if matches!(refusal.code, Code::AK_UNTRUSTED | Code::CHAIN_ROOT) => {
                        refusal = rejection
                    }
                    Err(_) => {}
                }
            }
            Trust::Chain(_) if !chain.is_empty() && refusal.code == Code::AK_UNTRUSTED => {
                refusal = Code::CHAIN_ROOT.into()
            }
            Trust::Name(_) | Trust::Chain(_) => {}
        }
    }
    Err(refusal)
}

impl<'d> Anchor<'d> {
    /// What the anchor is worth, for a key that is bound to a machine or not.
    pub(crate) fn assurance(&self, is_bound: bool) -> Assurance {
        if is_bound { self.assurance.bound_to_machine() } else { self.assurance }
    }

    pub(super) fn read(item: &'d Item<'d>) -> Self {
        let kind = item.required("kind");
        let (kind, trust, assurance) = match kind.text() {
            "ak-name" => ("ak-name", name(item), stated_assurance(item)),
            "simulated" => ("simulated", name(item), Assurance::Simulated),
            "azure" => ("azure", chain(item, azure), Assurance::CloudVtpm),
            "gcp" => ("gcp", chain(item, gcp), Assurance::CloudVtpm),
            other => {
                kind.ensure(other == "custom-ca", Flaw::Syntax);
                ("custom-ca", chain(item, |_, _| Profile::CustomCa), Assurance::OperatorCa)
            }
        };
        let hierarchy = item.optional("hierarchy");
        if let Some(item) = hierarchy {
            item.ensure(item.text() == "endorsement", Flaw::Syntax);
        }
        let endorsement = hierarchy.is_some();
        // As verdicts show it: eight bytes, big-endian.
        let min_firmware_version = item.optional("minFirmwareVersion").map(|item| {
            let version = u64::from_be_bytes(*item.array());
            item.ensure(endorsement, Flaw::Invalid);
            version
        });
        item.end();
        Self { kind, trust, assurance, endorsement, min_firmware_version }
    }
}

/// Who could still lie, in sentences for a person. Nothing in Azure's certificates tells customers apart.
pub(crate) fn caveat(kind: &str, assurance: Assurance) -> String {
    let mut caveat = String::from(assurance.caveat());
    if kind == "azure" {
        caveat.push_str(" The machine may be anybody's at Azure that measured this release.");
    }
    caveat
}

fn stated_assurance<'d>(anchor: &'d Item<'d>) -> Assurance {
    let stated = anchor.required("assurance");
    let assurance = stated.one_of(&Assurance::ALL, Assurance::as_str).unwrap_or(Assurance::Simulated);
    // The one needs an anchor of that kind, the other a proof that a name alone is not.
    stated.ensure(!matches!(assurance, Assurance::Simulated | Assurance::CvmBound), Flaw::Invalid);
    assurance
}

/// A Name (TPM 2.0 Part 1 §16): `nameAlg || digest`.
fn name<'d>(anchor: &'d Item<'d>) -> Trust<'d> {
    let item = anchor.required("name");
    let name = item.hex();
    let algorithm = name.first_chunk().and_then(|id| HashAlgorithm::from_id(u16::from_be_bytes(*id)));
    item.ensure(
        algorithm.is_some_and(|algorithm| algorithm.digest_length().saturating_add(2) == name.len()),
        Flaw::Syntax,
    );
    Trust::Name(name)
}

/// A root, under which the rules of its issuer hold: a known one cannot be declared to be somebody else's.
fn chain<'d>(anchor: &'d Item<'d>, profile: fn(&'d Item<'d>, &[u8; 32]) -> Profile<'d>) -> Trust<'d> {
    let root = anchor.required("rootSha256");
    let root_sha256 = root.digest();
    let profile = profile(anchor, root_sha256);
    root.ensure(profile.suits(root_sha256), Flaw::Invalid);
    if let Profile::Gcp(pins) | Profile::GcpLegacy(pins) = &profile {
        anchor.ensure(pins.name_a_project(), Flaw::Invalid);
    }
    Trust::Chain(ChainAnchor { root_sha256, profile })
}

fn azure<'d>(anchor: &'d Item<'d>, _root: &[u8; 32]) -> Profile<'d> {
    Profile::Azure(anchor.optional("vm").and_then(|item| item.one_of(&VmKind::ALL, VmKind::as_str)))
}

fn gcp<'d>(anchor: &'d Item<'d>, root: &[u8; 32]) -> Profile<'d> {
    let pins = InstancePins {
        zone: anchor.optional("zone").map(Item::name),
        project_number: anchor.optional("projectNumber").map(decimal),
        project_id: anchor.optional("projectId").map(Item::name),
        instance_id: anchor.optional("instanceId").map(decimal),
        instance_name: anchor.optional("instanceName").map(Item::name),
    };
    Profile::gcp(root, pins)
}

/// A text, since JSON's own numbers lose digits in a browser.
fn decimal<'d>(item: &'d Item<'d>) -> u64 {
    let number = crate::decimal::decimal(item.text().as_bytes());
    item.ensure(number.is_some(), Flaw::Syntax);
    number.unwrap_or_default()
}
