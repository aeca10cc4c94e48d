//! What a leaf must be, beyond RFC 5280, to be the certificate of an attestation key of one issuer (PROTOCOL.md §17).

mod amd;
mod azure;
#[cfg(any(test, feature = "inspect"))]
mod endorsement;
mod gcp;

pub(crate) use amd::{Tcb, Vcek};
pub(crate) use azure::{VmKind, vm_kind};
#[cfg(any(test, feature = "inspect"))]
pub(crate) use endorsement::Endorsement;
pub(crate) use gcp::{Instance, InstancePins};

use super::{
    certificate::Certificate,
    extensions::KeyUsage,
    form::Form,
    path::{self, Conditions},
    revocation::IsRevoked,
};
use crate::{Code, hash::sha256, rejection::Rejection, tpm::AttestationKey};

/// tcg-kp-EKCertificate, 2.23.133.8.1 (TCG EK Credential Profile, extended key usage)
const EK_CERTIFICATE: &[u8] = b"\x67\x81\x05\x08\x01";
/// tcg-kp-AIKCertificate, 2.23.133.8.3
const AIK_CERTIFICATE: &[u8] = b"\x67\x81\x05\x08\x03";

/// CN=Azure Virtual TPM Root Certificate Authority 2023
const AZURE_ROOT: &[u8; 32] = b"\xe6\xc5\x96\xb1\x7f\x8f\xfe\xfb\xa5\xc3\x00\xf7\x14\xcf\xb1\x26\
    \x0c\x60\x28\x70\x4e\xcf\x7b\xec\xc4\xab\x50\x18\xef\xb0\x0e\x95";
/// CN=EK/AK CA Root
const GCP_ROOT: &[u8; 32] = b"\x59\x47\x59\x59\x4b\x9b\x61\x52\x4f\x6c\x8e\xf6\x68\xf7\x17\x7f\
    \x7b\x90\x66\xbc\x06\x74\xf2\xf4\x9f\xe9\xe0\x52\xbe\x78\xbe\xb2";
/// CN=tpm_ek_v1_cloud_host_root…, the first hierarchy
const GCP_LEGACY_ROOT: &[u8; 32] = b"\x9b\xd5\x28\x5f\x8f\xb1\x85\x02\xa7\x94\x7e\x62\x1f\xfd\x47\x02\
    \x66\xf4\x9f\xcd\x3b\x73\xe1\x9a\x19\x0f\x69\x0a\xd3\x2a\x7c\xaf";

/// A root that the policy pins, and whose rules hold under it.
#[derive(Clone, Debug)]
pub(crate) struct ChainAnchor<'p> {
    pub(crate) root_sha256: &'p [u8; 32],
    pub(crate) profile: Profile<'p>,
}

/// The rules of an issuer, and what the policy pins beyond them.
#[derive(Clone, Debug)]
pub(crate) enum Profile<'p> {
    /// `None`: either kind of machine.
    Azure(Option<VmKind>),
    Gcp(InstancePins<'p>),
    /// Google's first hierarchy.
    GcpLegacy(InstancePins<'p>),
    CustomCa,
}

impl<'p> Profile<'p> {
    /// Google's, by the generation of the root.
    pub(crate) fn gcp(root_sha256: &[u8; 32], pins: InstancePins<'p>) -> Self {
        if root_sha256 == GCP_LEGACY_ROOT { Self::GcpLegacy(pins) } else { Self::Gcp(pins) }
    }

    /// Whether the root is not one whose own rules are others.
    pub(crate) fn suits(&self, root_sha256: &[u8; 32]) -> bool {
        match self {
            Self::Azure(_) => !is_gcp(root_sha256),
            Self::Gcp(_) | Self::GcpLegacy(_) => root_sha256 != AZURE_ROOT,
            Self::CustomCa => !is_gcp(root_sha256) && root_sha256 != AZURE_ROOT,
        }
    }

    /// The profile of a root of which this verifier knows whose it is, without pins; every other root is somebody's own.
    #[cfg(any(feature = "inspect", not(target_family = "wasm")))]
    pub(crate) fn of_root(sha256: &[u8; 32]) -> Self {
        if sha256 == AZURE_ROOT {
            Self::Azure(None)
        } else if is_gcp(sha256) {
            Self::gcp(sha256, InstancePins::default())
        } else {
            Self::CustomCa
        }
    }
}

fn is_gcp(root_sha256: &[u8; 32]) -> bool {
    root_sha256 == GCP_ROOT || root_sha256 == GCP_LEGACY_ROOT
}

impl ChainAnchor<'_> {
    /// Whether this is the root that the chain says it ends in.
    pub(crate) fn is_root_of(&self, chain: &[&[u8]]) -> bool {
        chain.last().is_some_and(|root| sha256(&[root]) == *self.root_sha256)
    }

    /// The leaf of `chain` (leaf to root, DER), validated at a time in milliseconds since 1970, by RFC 5280, by what was revoked since,
    /// and by the rules of the profile.
    ///
    /// # Errors
    /// A code of the layer `chain`, and which certificate it is where that is not the leaf.
    pub(crate) fn validate<'a>(
        &self,
        chain: &[&'a [u8]],
        at_ms: u64,
        is_revoked: IsRevoked<'_>,
    ) -> Result<Certificate<'a>, Rejection> {
        let ChainAnchor { root_sha256, profile } = self;
        let purpose = match profile {
            Profile::Azure(_) | Profile::CustomCa => Some(AIK_CERTIFICATE),
            // No certificate under Google's roots names the purpose that it has.
            Profile::Gcp(_) | Profile::GcpLegacy(_) => None,
        };
        let mut path = path::validate(chain, &Conditions { root_sha256, at_ms, purpose, form: Form::Rfc5280 })?;
        path::check_revocation(&path, is_revoked)?;
        let leaf = path.pop().ok_or(Code::CHAIN_LENGTH)?;
        // An attestation key signs and does nothing else; certificates of endorsement keys name encipherment or agreement.
        if leaf.extensions.key_usage.without(KeyUsage::CONTENT_COMMITMENT) != KeyUsage::DIGITAL_SIGNATURE {
            return Err(Code::CHAIN_LEAF_KEY_USAGE.into());
        }
        match profile {
            Profile::Azure(vm) => is_for_attestation(&leaf).and_then(|()| azure::check(&leaf, *vm)),
            Profile::Gcp(pins) => gcp::check(&leaf, pins),
            Profile::GcpLegacy(pins) => gcp::check_legacy(&leaf, pins),
            Profile::CustomCa => is_for_attestation(&leaf),
        }?;
        Ok(leaf)
    }

    /// The leaf of `chain`, where that ends in this root and certifies this very key.
    ///
    /// # Errors
    /// As [`Self::validate`]; `chain.key_mismatch`.
    pub(crate) fn vouches_for<'a>(
        &self,
        key: &AttestationKey<'_>,
        chain: &[&'a [u8]],
        at_ms: u64,
        is_revoked: IsRevoked<'_>,
    ) -> Result<Certificate<'a>, Rejection> {
        let leaf = self.validate(chain, at_ms, is_revoked)?;
        // The certificate fixes neither scheme nor hash; the public area does.
        if leaf.key == key.key { Ok(leaf) } else { Err(Code::CHAIN_KEY_MISMATCH.into()) }
    }
}

/// For an attestation key, by name, and for no endorsement key.
fn is_for_attestation(leaf: &Certificate<'_>) -> Result<(), Code> {
    let purposes = leaf.extensions.ext_key_usage.as_ref();
    if purposes.is_some_and(|purposes| purposes.has(AIK_CERTIFICATE) && !purposes.has(EK_CERTIFICATE)) {
        Ok(())
    } else {
        Err(Code::CHAIN_LEAF_PURPOSE)
    }
}
