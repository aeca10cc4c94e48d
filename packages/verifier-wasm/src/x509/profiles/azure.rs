//! Attestation keys of Azure's virtual TPMs (NV index 0x01C101D0).
//!
//! Any Azure VM gets such a certificate, and nothing in it tells customers apart: the rest is for the policy's measurements.

use crate::{Code, x509::certificate::Certificate};

/// What the common name ends in after the kind of machine: today's, and that of certificates of 2023 and 2024.
const DOMAINS: [&[u8]; 2] = [b".Azure.windows.net", b".Azure.Microsoft"];

/// 1.3.6.1.4.1.311.108.200.1 and .2, Azure's policies for confidential VMs
const CONFIDENTIAL_POLICIES: [&[u8]; 2] =
    [b"\x2b\x06\x01\x04\x01\x82\x37\x6c\x81\x48\x01", b"\x2b\x06\x01\x04\x01\x82\x37\x6c\x81\x48\x02"];

/// What kind of machine Azure says that a virtual TPM belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VmKind {
    Trusted,
    Confidential,
}

impl VmKind {
    pub(crate) const ALL: [Self; 2] = [Self::Trusted, Self::Confidential];

    /// The name in policies and verdicts.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Confidential => "confidential",
        }
    }
}

/// # Errors
/// `chain.vm_kind` unless the machine is of the demanded kind.
pub(super) fn check(leaf: &Certificate<'_>, demanded: Option<VmKind>) -> Result<(), Code> {
    if demanded.is_none() || demanded == vm_kind(leaf) { Ok(()) } else { Err(Code::CHAIN_VM_KIND) }
}

/// By the common name, and by the policy of confidential VMs, which must agree. It is Azure's word alone: a report of the
/// processor that names this very key is another check.
pub(crate) fn vm_kind(leaf: &Certificate<'_>) -> Option<VmKind> {
    let name = leaf.common_name()?;
    let confidential = leaf.extensions.has_policy(&CONFIDENTIAL_POLICIES);
    let (kind, label): (_, &[u8]) =
        if confidential { (VmKind::Confidential, b".ConfidentialVM") } else { (VmKind::Trusted, b".TrustedVM") };
    let is_of = |domain| name.strip_suffix(domain).is_some_and(|machine| machine.ends_with(label));
    DOMAINS.into_iter().any(is_of).then_some(kind)
}
