//! Whom the author of a policy trusts to know an attestation key (PROTOCOL.md §7, §17.4).

use alloc::{string::String, vec::Vec};

use super::{
    Assurance,
    assurance::{ALONE, AS_WELL, FIRMWARE_CAVEAT},
};
use crate::{
    Code,
    hash::HashAlgorithm,
    json::{documents::Flaw, item::Item},
    rejection::{Place, Rejection},
    tpm::Public,
    x509::{Certificate, ChainAnchor, InstancePins, IsRevoked, Profile, VmKind},
};

/// Most members of an `allOf`.
const MAX_MEMBERS: usize = 4;
/// Most Names of one anchor.
const MAX_NAMES: usize = 256;

/// An entry of the policy that vouches for attestation keys: one voucher, or several that have to vouch together.
#[derive(Clone, Debug)]
pub(crate) struct Anchor<'d> {
    /// At least one.
    pub(crate) vouchers: Vec<Voucher<'d>>,
    /// The entry is an `allOf`.
    pub(crate) is_joint: bool,
    /// The highest of its vouchers.
    best: Assurance,
    /// The key must be a primary of the endorsement hierarchy.
    pub(crate) endorsement: bool,
    pub(crate) min_firmware_version: Option<u64>,
}

/// Whoever knows a key, by one kind of evidence.
#[derive(Clone, Debug)]
pub(crate) struct Voucher<'d> {
    pub(crate) kind: &'static str,
    trust: Trust<'d>,
    assurance: Assurance,
}

#[derive(Clone, Debug)]
enum Trust<'d> {
    /// In these very keys, by their Names, and the SHA-256 of the enrolment of each (PROTOCOL.md §22.5). No enrolments: what holds the
    /// keys is the operator's word.
    Names(Vec<&'d [u8]>, Vec<&'d [u8; 32]>),
    /// In keys that are certified under a root.
    Chain(ChainAnchor<'d>),
}

/// The entry that matched, and for each of its vouchers the certificate by which it did.
pub(crate) struct AnchorMatch<'p, 'a> {
    pub(crate) anchor: &'p Anchor<'p>,
    pub(crate) leaves: Vec<Option<Certificate<'a>>>,
}

/// What evidence brings to vouch for a key.
pub(crate) struct Evidence<'e, 'a> {
    pub(crate) ak: &'e Public<'a>,
    pub(crate) ak_name: &'e [u8],
    /// Certificate chains, each leaf to root.
    pub(crate) chains: &'e [&'e [&'a [u8]]],
    /// In milliseconds since 1970.
    pub(crate) now_ms: u64,
    pub(crate) is_revoked: IsRevoked<'e>,
}

/// The first of `anchors` that vouches for the key.
///
/// # Errors
/// Where none does, the code of the first chain anchor in whose root a chain says that it ends, or `ak.all_of` of an entry of which
/// a part vouches; else `chain.root` for a chain, and `ak.untrusted` where names alone could have matched.
pub(super) fn find<'p, 'a>(
    anchors: &'p [Anchor<'p>],
    evidence: &Evidence<'_, 'a>,
) -> Result<AnchorMatch<'p, 'a>, Rejection> {
    let mut refusal = Rejection::from(Code::AK_UNTRUSTED);
    for anchor in anchors {
        let (mut leaves, mut first, mut told) = (Vec::new(), None, Rejection::from(Code::AK_UNTRUSTED));
        for (index, voucher) in anchor.vouchers.iter().enumerate() {
            match voucher.vouches_for(evidence) {
                Ok(leaf) => leaves.push(leaf),
                Err(fault) => {
                    first.get_or_insert_with(|| in_part(index, &fault));
                    told = closer(told, fault);
                }
            }
        }
        match first {
            None => return Ok(AnchorMatch { anchor, leaves }),
            Some(in_part) if !leaves.is_empty() => told = in_part,
            Some(_) => {}
        }
        refusal = closer(refusal, told);
    }
    Err(refusal)
}

/// The refusal that tells more; the first of those that tell as much.
fn closer(known: Rejection, other: Rejection) -> Rejection {
    let closeness = |code| match code {
        Code::AK_UNTRUSTED => 0,
        Code::CHAIN_ROOT => 1,
        _ => 2,
    };
    if closeness(other.code) > closeness(known.code) { other } else { known }
}

/// Some of an `allOf` vouch, and the member at `index` does not.
#[cold]
fn in_part(index: usize, fault: &Rejection) -> Rejection {
    let mut place = Place::from("member ");
    place.number(index as u64).own(": ");
    fault.within(Code::AK_ALL_OF, place)
}

impl AnchorMatch<'_, '_> {
    /// Whether the policy itself names the key, and with it the whole of its public area.
    pub(crate) fn names_the_key(&self) -> bool {
        self.anchor.vouchers.iter().any(|voucher| matches!(voucher.trust, Trust::Names(..)))
    }
}

impl Voucher<'_> {
    /// The leaf of the chain by which it does, where it is one.
    fn vouches_for<'a>(&self, evidence: &Evidence<'_, 'a>) -> Result<Option<Certificate<'a>>, Rejection> {
        match &self.trust {
            Trust::Names(names, _) if names.contains(&evidence.ak_name) => Ok(None),
            Trust::Chain(root) if !evidence.chains.is_empty() => {
                let chain = evidence.chains.iter().find(|chain| root.is_root_of(chain)).ok_or(Code::CHAIN_ROOT)?;
                root.vouches_for(&evidence.ak.key, chain, evidence.now_ms, evidence.is_revoked).map(Some)
            }
            _ => Err(Code::AK_UNTRUSTED.into()),
        }
    }

    /// The enrolment of the key with this Name, where the policy names one.
    pub(crate) fn enrolment(&self, ak_name: &[u8]) -> Option<&[u8; 32]> {
        let Trust::Names(names, enrolments) = &self.trust else { return None };
        names.iter().zip(enrolments).find(|(name, _)| **name == ak_name).map(|(_, record)| *record)
    }

    /// What it is worth, for a key that is bound to a machine or not.
    pub(crate) fn assurance(&self, is_bound: bool) -> Assurance {
        if is_bound { self.assurance.bound_to_machine() } else { self.assurance }
    }
}

impl<'d> Anchor<'d> {
    /// What the entry is worth, for a key that is bound to a machine or not. All vouchers of an `allOf` would have to lie, so it is
    /// worth as much as the best of them.
    pub(crate) fn assurance(&self, is_bound: bool) -> Assurance {
        if is_bound { self.best.bound_to_machine() } else { self.best }
    }

    pub(super) fn read(item: &'d Item<'d>) -> Self {
        let mut anchor = Self {
            vouchers: Vec::new(),
            is_joint: false,
            best: Assurance::Simulated,
            endorsement: false,
            min_firmware_version: None,
        };
        if let Some(list) = item.optional("allOf") {
            anchor.is_joint = true;
            for member in list.each(2, MAX_MEMBERS) {
                anchor.add(member);
            }
            item.end();
        } else {
            anchor.add(item);
        }
        anchor
    }

    /// Adds the voucher that an object describes.
    fn add(&mut self, item: &'d Item<'d>) {
        let kind = item.required("kind");
        let (kind, trust, assurance) = match kind.text() {
            "ak-name" => ("ak-name", names(item), stated_assurance(item)),
            "simulated" => {
                ("simulated", Trust::Names([name(item.required("name"))].into(), Vec::new()), Assurance::Simulated)
            }
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
        // The clouds make their keys primaries of this hierarchy, so that the quote itself names the public area.
        let endorsement = hierarchy.is_some() || assurance == Assurance::CloudVtpm && matches!(trust, Trust::Chain(_));
        // As verdicts show it: eight bytes, big-endian.
        let least = item.optional("minFirmwareVersion").map(|item| {
            let version = u64::from_be_bytes(*item.array());
            item.ensure(endorsement, Flaw::Invalid);
            version
        });
        item.end();
        // A software TPM proves nothing beside others either, and one chain is one voucher.
        let is_another = |other: &Voucher<'d>| root(&other.trust).is_none() || root(&other.trust) != root(&trust);
        let is_worth_more = assurance != Assurance::Simulated && self.vouchers.iter().all(is_another);
        item.ensure(!self.is_joint || is_worth_more, Flaw::Invalid);
        self.best = self.best.max(assurance);
        self.endorsement |= endorsement;
        self.min_firmware_version = self.min_firmware_version.max(least);
        self.vouchers.push(Voucher { kind, trust, assurance });
    }
}

fn root<'d>(trust: &Trust<'d>) -> Option<&'d [u8; 32]> {
    if let Trust::Chain(chain) = trust { Some(chain.root_sha256) } else { None }
}

/// Who could still lie, in sentences for a person. Nothing in Azure's certificates tells customers apart, so that another voucher
/// has to. A Name says nothing of what holds the key.
pub(crate) fn caveat(anchor: &Anchor<'_>, is_bound: bool) -> String {
    let mut caveat = String::new();
    if anchor.is_joint {
        caveat.push_str("Only together, by a false key:");
    }
    for voucher in &anchor.vouchers {
        if anchor.is_joint {
            caveat.push(' ');
        }
        caveat.push_str(voucher.assurance(is_bound).caveat());
        if voucher.kind == "azure" && !anchor.is_joint {
            caveat.push_str(" The machine may be anybody's at Azure that measured this release.");
        }
        if let Trust::Names(_, enrolments) = &voucher.trust
            && enrolments.is_empty()
            && voucher.assurance == Assurance::HardwareTpm
        {
            caveat.push_str(" That it is one is the operator's word.");
        }
    }
    if anchor.best != Assurance::Simulated {
        caveat.push_str(if anchor.is_joint { ALONE } else { AS_WELL });
        caveat.push_str(FIRMWARE_CAVEAT);
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

/// One Name, or a list of them; and one enrolment of each, or none.
fn names<'d>(anchor: &'d Item<'d>) -> Trust<'d> {
    let mut names = Vec::new();
    if let Some(list) = anchor.optional("names") {
        for item in list.each(1, MAX_NAMES) {
            names.push(name(item));
        }
    } else {
        names.push(name(anchor.required("name")));
    }
    let mut enrolments = Vec::new();
    if let Some(list) = anchor.optional("enrolment") {
        enrolments = list.digests(1, MAX_NAMES);
        list.ensure(enrolments.len() == names.len(), Flaw::Invalid);
    }
    Trust::Names(names, enrolments)
}

/// A Name (TPM 2.0 Part 1 §16): `nameAlg || digest`.
fn name<'d>(item: &'d Item<'d>) -> &'d [u8] {
    let name = item.hex();
    let algorithm = name.first_chunk().and_then(|id| HashAlgorithm::from_id(u16::from_be_bytes(*id)));
    item.ensure(
        algorithm.is_some_and(|algorithm| algorithm.digest_length().saturating_add(2) == name.len()),
        Flaw::Syntax,
    );
    name
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
