//! Attestation keys of Google's virtual TPMs (NV indices 0x01C10000 and 0x01C10002).
//!
//! Any Google VM gets such a certificate, so it proves nothing until the instance in it is compared with the policy.

use alloc::string::String;

use super::EK_CERTIFICATE;
use crate::{
    Code,
    x509::{
        certificate::Certificate,
        der::{Element, Reader, tag},
    },
};

/// 1.3.6.1.4.1.11129.2.1.21
const INSTANCE: &[u8] = b"\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x15";
/// tcg-at-tpmManufacturer, 2.23.133.2.1 (TCG EK Credential Profile §3.1.2), and "GOOG"
const TPM_MANUFACTURER: &[u8] = b"\x67\x81\x05\x02\x01";
const GOOGLE: &[u8] = b"id:474F4F47";

/// The virtual machine that the key belongs to, as Google Compute Engine names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) zone: String,
    pub(crate) project_number: u64,
    pub(crate) project_id: String,
    pub(crate) instance_id: u64,
    pub(crate) instance_name: String,
}

/// The hierarchy of "EK/AK CA Root": leaves carry no purpose. One that did would be for another.
pub(super) fn check(leaf: &Certificate<'_>) -> Result<(), Code> {
    if leaf.extensions.ext_key_usage.is_some() {
        return Err(Code::CHAIN_LEAF_PURPOSE);
    }
    Instance::of(leaf).map(drop)
}

/// The hierarchy of "tpm_ek_v1_cloud_host_root": keys of both kinds carry the purpose of an endorsement key; their key usage tells
/// them apart. The subject is empty, the critical subjectAltName describes the TPM.
pub(super) fn check_legacy(leaf: &Certificate<'_>) -> Result<(), Code> {
    if leaf.extensions.ext_key_usage.as_deref() != Some(&[EK_CERTIFICATE]) {
        return Err(Code::CHAIN_LEAF_PURPOSE);
    }
    let described = leaf.extensions.subject_alt_name.as_ref().filter(|name| name.critical);
    let mut manufacturers =
        described.into_iter().flat_map(|name| &name.directory_names).flat_map(|name| name.values(TPM_MANUFACTURER));
    if !leaf.subject.is_empty() || manufacturers.next() != Some(GOOGLE) || manufacturers.next().is_some() {
        return Err(Code::CHAIN_LEAF_NAME);
    }
    Instance::of(leaf).map(drop)
}

impl Instance {
    /// # Errors
    /// `chain.instance` where the leaf names none, or one that is not for production.
    pub(crate) fn of(leaf: &Certificate<'_>) -> Result<Self, Code> {
        leaf.extensions.other(INSTANCE).and_then(Self::decode).ok_or(Code::CHAIN_INSTANCE)
    }

    /// `SEQUENCE { zone, projectNumber, projectId, instanceId, instanceName, [0] securityProperties }`, the texts UTF8String.
    fn decode(value: &Element<'_>) -> Option<Self> {
        let mut members = Some(value).filter(|value| value.tag == tag::SEQUENCE)?.children();
        let (zone, project_number) = (text(&mut members)?, number(&mut members)?);
        let (project_id, instance_id) = (text(&mut members)?, number(&mut members)?);
        let instance_name = text(&mut members)?;
        let production = is_for_production(&members.read(tag::explicit(0))?)?;
        members.end()?;
        production.then_some(Self { zone, project_number, project_id, instance_id, instance_name })
    }
}

fn text(members: &mut Reader<'_>) -> Option<String> {
    let text = core::str::from_utf8(members.read(tag::UTF8_STRING)?.content).ok()?;
    (!text.is_empty()).then(|| text.into())
}

fn number(members: &mut Reader<'_>) -> Option<u64> {
    let digits = members.read_unsigned()?;
    let mut padded = [0; 8];
    padded.get_mut(8_usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
    Some(u64::from_be_bytes(padded))
}

/// `SEQUENCE { [0] securityVersion INTEGER, [1] isProduction BOOLEAN, … }`; Google appends members.
fn is_for_production(properties: &Element<'_>) -> Option<bool> {
    let mut wrapped = properties.children();
    let mut members = wrapped.read(tag::SEQUENCE)?.children();
    wrapped.end()?;
    members.read(tag::explicit(0))?.children().read(tag::INTEGER)?;
    let production = members.read(tag::explicit(1))?;
    Some(production.content == [tag::BOOLEAN, 1, 0xff])
}
