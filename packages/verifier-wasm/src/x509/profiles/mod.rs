//! What a leaf must be, beyond RFC 5280, to be the certificate of an attestation key of one issuer.

mod azure;
mod custom;
mod gcp;

pub(crate) use azure::{VmKind, vm_kind};
pub(crate) use gcp::Instance;

use super::{Path, certificate::Certificate, extensions::KeyUsage};
use crate::Code;

/// tcg-kp-EKCertificate, 2.23.133.8.1 (TCG EK Credential Profile §3.2.16)
const EK_CERTIFICATE: &[u8] = b"\x67\x81\x05\x08\x01";
/// tcg-kp-AIKCertificate, 2.23.133.8.3 (TCG EK Credential Profile §3.2.16)
const AIK_CERTIFICATE: &[u8] = b"\x67\x81\x05\x08\x03";
/// anyExtendedKeyUsage (RFC 5280 §4.2.1.12)
const ANY_PURPOSE: &[u8] = b"\x55\x1d\x25\x00";

/// A cloud or a CA whose certificates have rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Azure,
    /// Leaves without purpose, whose subject names the instance.
    Gcp,
    /// Leaves of the first hierarchy: EK purpose, empty subject, TPM model as critical subjectAltName.
    GcpLegacy,
    Custom,
}

/// Roots by the SHA-256 of their DER.
const ROOTS: [([u8; 32], Profile); 3] = [
    // CN=Azure Virtual TPM Root Certificate Authority 2023
    (*b"\xe6\xc5\x96\xb1\x7f\x8f\xfe\xfb\xa5\xc3\x00\xf7\x14\xcf\xb1\x26\x0c\x60\x28\x70\x4e\xcf\x7b\xec\xc4\xab\x50\x18\xef\xb0\x0e\x95", Profile::Azure),
    // CN=EK/AK CA Root
    (*b"\x59\x47\x59\x59\x4b\x9b\x61\x52\x4f\x6c\x8e\xf6\x68\xf7\x17\x7f\x7b\x90\x66\xbc\x06\x74\xf2\xf4\x9f\xe9\xe0\x52\xbe\x78\xbe\xb2", Profile::Gcp),
    // CN=tpm_ek_v1_cloud_host_root…
    (*b"\x9b\xd5\x28\x5f\x8f\xb1\x85\x02\xa7\x94\x7e\x62\x1f\xfd\x47\x02\x66\xf4\x9f\xcd\x3b\x73\xe1\x9a\x19\x0f\x69\x0a\xd3\x2a\x7c\xaf", Profile::GcpLegacy),
];

impl Profile {
    /// Every root that is not a cloud's is somebody's own.
    pub(crate) fn of_root(sha256: &[u8; 32]) -> Self {
        ROOTS.iter().find(|(root, _)| root == sha256).map_or(Self::Custom, |(_, profile)| *profile)
    }

    /// # Errors
    /// `chain.leaf_key_usage`, `chain.leaf_purpose`, `chain.ca_purpose`, `chain.leaf_name`, `chain.instance`.
    pub(crate) fn check(self, path: &Path<'_>) -> Result<(), Code> {
        signs_only(&path.leaf)?;
        match self {
            Self::Azure => azure::check(path),
            Self::Gcp => gcp::check(&path.leaf),
            Self::GcpLegacy => gcp::check_legacy(&path.leaf),
            Self::Custom => custom::check(path),
        }
    }
}

/// An attestation key signs and does nothing else: the certificates of endorsement keys name encipherment or agreement.
fn signs_only(leaf: &Certificate<'_>) -> Result<(), Code> {
    let (signs, commits) = (KeyUsage::DIGITAL_SIGNATURE, KeyUsage::CONTENT_COMMITMENT);
    let signs_only = leaf.extensions.key_usage.is_some_and(|usage| usage.has(signs) && usage.is_within(signs, commits));
    if signs_only { Ok(()) } else { Err(Code::CHAIN_LEAF_KEY_USAGE) }
}

/// The leaf is for an attestation key and for no endorsement key, by name; and no CA above it is limited to other purposes
/// (RFC 5280 §4.2.1.12 limits the certificate that has the extension, verifiers take it to limit what that CA issues).
fn is_for_attestation(path: &Path<'_>) -> Result<(), Code> {
    let purposes = path.leaf.extensions.ext_key_usage.as_deref().unwrap_or_default();
    if !purposes.contains(&AIK_CERTIFICATE) || purposes.contains(&EK_CERTIFICATE) {
        return Err(Code::CHAIN_LEAF_PURPOSE);
    }
    let limited = path.authorities.iter().filter_map(|authority| authority.extensions.ext_key_usage.as_ref());
    let allows = |purposes: &[&[u8]]| purposes.contains(&AIK_CERTIFICATE) || purposes.contains(&ANY_PURPOSE);
    if limited.into_iter().all(|purposes| allows(purposes)) { Ok(()) } else { Err(Code::CHAIN_CA_PURPOSE) }
}
