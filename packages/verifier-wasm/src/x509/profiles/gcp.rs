//! Attestation keys of Google's virtual TPMs (NV indices 0x01C10000 and 0x01C10002).
//!
//! Any Google VM gets such a certificate: it proves nothing until the instance in it is compared with the policy's.

use alloc::string::String;

use super::EK_CERTIFICATE;
use crate::{
    Code,
    digits::push_decimal,
    event_log::text_or_bytes,
    x509::{
        certificate::Certificate,
        der::{Reader, tag},
    },
};

/// 1.3.6.1.4.1.11129.2.1.21
const INSTANCE: &[u8] = b"\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x15";
/// tcg-at-tpmManufacturer, 2.23.133.2.1 (TCG EK Credential Profile, subjectAltName), and "GOOG"
const TPM_MANUFACTURER: &[u8] = b"\x67\x81\x05\x02\x01";
const GOOGLE: &[u8] = b"id:474F4F47";

/// The virtual machine that a key belongs to, as Compute Engine names it. Numbers are big-endian without leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instance<'a> {
    pub(crate) zone: &'a [u8],
    pub(crate) project_number: &'a [u8],
    pub(crate) project_id: &'a [u8],
    pub(crate) instance_id: &'a [u8],
    pub(crate) instance_name: &'a [u8],
}

/// What the policy demands of the instance. `None` demands nothing of a member; without a project nothing is demanded at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct InstancePins<'p> {
    pub(crate) zone: Option<&'p str>,
    pub(crate) project_number: Option<u64>,
    pub(crate) project_id: Option<&'p str>,
    pub(crate) instance_id: Option<u64>,
    pub(crate) instance_name: Option<&'p str>,
}

/// The hierarchy of "EK/AK CA Root": leaves carry no purpose, so one that did would be for something else.
///
/// # Errors
/// `chain.leaf_purpose`, `chain.instance`, `chain.instance_mismatch`.
pub(super) fn check(leaf: &Certificate<'_>, pins: &InstancePins<'_>) -> Result<(), Code> {
    if leaf.extensions.ext_key_usage.is_some() {
        return Err(Code::CHAIN_LEAF_PURPOSE);
    }
    pins.check(leaf)
}

/// The hierarchy of "tpm_ek_v1_cloud_host_root": keys of both kinds carry the purpose of an endorsement key, and their key usage
/// tells them apart. The subject is empty, the critical subjectAltName describes the TPM.
///
/// # Errors
/// As [`check`], and `chain.leaf_name`.
pub(super) fn check_legacy(leaf: &Certificate<'_>, pins: &InstancePins<'_>) -> Result<(), Code> {
    let extensions = &leaf.extensions;
    if !extensions.ext_key_usage.as_ref().is_some_and(|purposes| purposes.has(EK_CERTIFICATE)) {
        return Err(Code::CHAIN_LEAF_PURPOSE);
    }
    if !leaf.subject.is_empty() || extensions.alt_name_attribute(TPM_MANUFACTURER) != Some(GOOGLE) {
        return Err(Code::CHAIN_LEAF_NAME);
    }
    pins.check(leaf)
}

impl InstancePins<'_> {
    /// Any customer of Google gets a valid certificate: without a project, nothing is demanded.
    pub(crate) fn name_a_project(&self) -> bool {
        self.project_number.is_some() || self.project_id.is_some()
    }

    fn check(&self, leaf: &Certificate<'_>) -> Result<(), Code> {
        let instance = Instance::of(leaf).ok_or(Code::CHAIN_INSTANCE)?;
        let text = |pin: Option<&str>, value| pin.is_none_or(|pin| pin.as_bytes() == value);
        let number = |pin: Option<u64>, value| pin.is_none_or(|pin| number(value) == Some(pin));
        let pinned = text(self.zone, instance.zone)
            && number(self.project_number, instance.project_number)
            && text(self.project_id, instance.project_id)
            && number(self.instance_id, instance.instance_id)
            && text(self.instance_name, instance.instance_name);
        if pinned { Ok(()) } else { Err(Code::CHAIN_INSTANCE_MISMATCH) }
    }
}

/// None for a number above those that a policy can pin.
fn number(digits: &[u8]) -> Option<u64> {
    (digits.len() <= 8).then(|| digits.iter().fold(0, |number, digit| number << 8 | u64::from(*digit)))
}

impl<'a> Instance<'a> {
    /// `SEQUENCE { zone, projectNumber, projectId, instanceId, instanceName, [0] securityProperties }`, the texts UTF8String. None
    /// where the certificate names no instance, or one that is not for production.
    pub(crate) fn of(leaf: &Certificate<'a>) -> Option<Self> {
        let mut members = leaf.extensions.value(INSTANCE)?.enter(tag::SEQUENCE);
        let instance = Self {
            zone: members.read(tag::UTF8_STRING),
            project_number: members.read_unsigned(),
            project_id: members.read(tag::UTF8_STRING),
            instance_id: members.read_unsigned(),
            instance_name: members.read(tag::UTF8_STRING),
        };
        let is_for_production = is_for_production(members.enter(tag::explicit(0)));
        (is_for_production && members.end()).then_some(instance)
    }

    /// Name and value of each, for a person.
    pub(crate) fn members(&self) -> [(&'static str, String); 5] {
        [
            ("zone", text_or_bytes(self.zone)),
            ("projectNumber", decimal(self.project_number)),
            ("projectId", text_or_bytes(self.project_id)),
            ("instanceId", decimal(self.instance_id)),
            ("instanceName", text_or_bytes(self.instance_name)),
        ]
    }
}

/// A number above those that a policy can pin is shown in hex.
fn decimal(digits: &[u8]) -> String {
    let Some(number) = number(digits) else { return text_or_bytes(digits) };
    let mut text = String::new();
    push_decimal(&mut text, number);
    text
}

/// `SEQUENCE { [0] securityVersion INTEGER, [1] isProduction BOOLEAN, … }`; Google appends members.
fn is_for_production(mut properties: Reader<'_>) -> bool {
    let mut members = properties.enter(tag::SEQUENCE);
    let version = members.enter(tag::explicit(0)).optional(tag::INTEGER);
    let production = members.read(tag::explicit(1));
    properties.end() && version.is_some() && production == [tag::BOOLEAN, 1, 0xff]
}
