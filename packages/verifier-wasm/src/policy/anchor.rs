//! Whom the author of a policy trusts to know an attestation key (PROTOCOL.md §7, §17.4).

use alloc::{string::String, vec::Vec};

use super::Assurance;
use crate::{
    Code,
    hash::HashAlgorithm,
    json::members::{Item, Members},
    rejection::Rejection,
    tpm::Public,
    x509::{Certificate, ChainAnchor, InstancePins, IsRevoked, Profile, VmKind},
};

/// An entry of the policy that vouches for attestation keys.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) kind: &'static str,
    trust: Trust,
    pub(crate) assurance: Assurance,
    /// The key must be a primary of the endorsement hierarchy.
    pub(crate) endorsement: bool,
    pub(crate) min_firmware_version: Option<u64>,
}

#[derive(Clone, Debug)]
enum Trust {
    /// In this very key, by its Name.
    Name(Vec<u8>),
    /// In keys that are certified under a root.
    Chain(ChainAnchor),
}

/// The entry that matched, and the certificate by which it did.
pub(crate) struct Matched<'p, 'a> {
    pub(crate) anchor: &'p Anchor,
    pub(crate) leaf: Option<Certificate<'a>>,
}

/// The first of `anchors` that vouches for the key.
///
/// # Errors
/// Where none does, the code of the first chain anchor in whose root the chain says that it ends; else `chain.root` for a chain,
/// and `ak.untrusted` where names alone could have matched.
pub(super) fn find<'p, 'a>(
    anchors: &'p [Anchor],
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

impl Anchor {
    /// What the anchor is worth, for a key that is bound to a machine or not.
    pub(crate) fn assurance(&self, is_bound: bool) -> Assurance {
        if is_bound { self.assurance.bound_to_machine() } else { self.assurance }
    }

    pub(super) fn decode(item: &Item<'_>) -> Result<Self, Rejection> {
        let members = item.object()?;
        let kind = members.required("kind")?;
        let (kind, trust, assurance) = match kind.text()? {
            "ak-name" => ("ak-name", name(&members)?, stated_assurance(&members)?),
            "simulated" => ("simulated", name(&members)?, Assurance::Simulated),
            "azure" => ("azure", chain(item, &members, azure)?, Assurance::CloudVtpm),
            "gcp" => ("gcp", chain(item, &members, gcp)?, Assurance::CloudVtpm),
            "custom-ca" => ("custom-ca", chain(item, &members, |_, _| Ok(Profile::CustomCa))?, Assurance::OperatorCa),
            _ => return Err(kind.syntax()),
        };
        let endorsement = match members.optional("hierarchy") {
            Some(item) if item.text()? != "endorsement" => return Err(item.syntax()),
            hierarchy => hierarchy.is_some(),
        };
        let min_firmware_version = members.optional("minFirmwareVersion");
        let min_firmware_version = min_firmware_version.map(|item| firmware_version(&item, endorsement)).transpose()?;
        members.end(&[])?;
        Ok(Self { kind, trust, assurance, endorsement, min_firmware_version })
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

fn stated_assurance(members: &Members<'_>) -> Result<Assurance, Rejection> {
    let stated = members.required("assurance")?;
    match stated.one_of(&Assurance::ALL, Assurance::as_str)? {
        // The one needs an anchor of that kind, the other a proof that a name alone is not.
        Assurance::Simulated | Assurance::CvmBound => Err(stated.invalid()),
        assurance => Ok(assurance),
    }
}

/// As verdicts show it: eight bytes, big-endian.
fn firmware_version(item: &Item<'_>, endorsement: bool) -> Result<u64, Rejection> {
    let version = item.hex()?.try_into().map(u64::from_be_bytes).map_err(|_| item.syntax())?;
    if endorsement { Ok(version) } else { Err(item.invalid()) }
}

/// A Name (TPM 2.0 Part 1 §16): `nameAlg || digest`.
fn name(members: &Members<'_>) -> Result<Trust, Rejection> {
    let item = members.required("name")?;
    let name = item.hex()?;
    let algorithm = name.split_first_chunk().and_then(|(id, digest)| {
        HashAlgorithm::from_id(u16::from_be_bytes(*id)).filter(|algorithm| algorithm.digest_length() == digest.len())
    });
    if algorithm.is_some() { Ok(Trust::Name(name)) } else { Err(item.syntax()) }
}

/// A root, under which the rules of its issuer hold: a known one cannot be declared to be somebody else's.
fn chain(
    anchor: &Item<'_>,
    members: &Members<'_>,
    profile: fn(&Members<'_>, &[u8; 32]) -> Result<Profile, Rejection>,
) -> Result<Trust, Rejection> {
    let root = members.required("rootSha256")?;
    let root_sha256 = root.digest()?;
    let profile = profile(members, &root_sha256)?;
    if !profile.suits(&root_sha256) {
        return Err(root.invalid());
    }
    if let Profile::Gcp(pins) | Profile::GcpLegacy(pins) = &profile
        && !pins.name_a_project()
    {
        return Err(anchor.invalid());
    }
    Ok(Trust::Chain(ChainAnchor { root_sha256, profile }))
}

fn azure(members: &Members<'_>, _root: &[u8; 32]) -> Result<Profile, Rejection> {
    let vm = members.optional("vm").map(|item| item.one_of(&VmKind::ALL, VmKind::as_str)).transpose()?;
    Ok(Profile::Azure(vm))
}

fn gcp(members: &Members<'_>, root: &[u8; 32]) -> Result<Profile, Rejection> {
    let text = |name| members.optional(name).map(|item| item.name()).transpose();
    let number = |name| members.optional(name).map(|item| decimal(&item)).transpose();
    let pins = InstancePins {
        zone: text("zone")?,
        project_number: number("projectNumber")?,
        project_id: text("projectId")?,
        instance_id: number("instanceId")?,
        instance_name: text("instanceName")?,
    };
    Ok(Profile::gcp(root, pins))
}

/// A text, since JSON's own numbers lose digits in a browser.
fn decimal(item: &Item<'_>) -> Result<u64, Rejection> {
    crate::decimal::decimal(item.text()?.as_bytes()).ok_or_else(|| item.syntax())
}
