//! Attestation keys of Azure's virtual TPMs (NV index 0x01C101D0), under "Azure Virtual TPM Root Certificate Authority 2023".

use super::is_for_attestation;
use crate::{
    Code,
    x509::{Path, certificate::Certificate},
};

/// id-at-commonName
const COMMON_NAME: &[u8] = b"\x55\x04\x03";
/// 1.3.6.1.4.1.311.108, and below it 200.1 and 200.2 for confidential VMs
const VTPM_POLICIES: &[u8] = b"\x2b\x06\x01\x04\x01\x82\x37\x6c";

/// What kind of machine Azure says that the virtual TPM belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VmKind {
    Trusted,
    Confidential,
}

pub(super) fn check(path: &Path<'_>) -> Result<(), Code> {
    is_for_attestation(path)
}

/// By the common name, and for a confidential VM by the certificate's policy as well. None where they do not agree or are new.
///
/// Azure's word alone: a report of the processor that names this very key is another check.
pub(crate) fn vm_kind(leaf: &Certificate<'_>) -> Option<VmKind> {
    let mut names = leaf.subject.values(COMMON_NAME);
    let (name, None) = (names.next()?, names.next()) else { return None };
    let mut policies = leaf.extensions.certificate_policies.iter().filter_map(|id| id.strip_prefix(VTPM_POLICIES));
    let confidential = policies.any(|rest| matches!(rest, [0x81, 0x48, 1 | 2]));
    if name.ends_with(b".ConfidentialVM.Azure.windows.net") && confidential {
        Some(VmKind::Confidential)
    } else if name.ends_with(b".TrustedVM.Azure.windows.net") && !confidential {
        Some(VmKind::Trusted)
    } else {
        None
    }
}
