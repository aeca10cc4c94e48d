//! What a cloud leaves in the virtual TPM of a machine: an attestation key, or the template of one, its certificate, and the report of a
//! confidential machine (PROTOCOL.md §17.3, §18.2). No request is made.

use blindllama_verifier::Code;
use blindllama_verifier::attester::{check_chain, check_key, leaf_in};
use tss_esapi::handles::{KeyHandle, PersistentTpmHandle, TpmHandle};
use tss_esapi::interface_types::dynamic_handles::Persistent;
use tss_esapi::interface_types::resource_handles::{Hierarchy, Provision};
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::Public;
use tss_esapi::traits::{Marshall, UnMarshall};
use tss_esapi::{Context, Error};

use super::retry::retry;
use super::{KeySource, TpmSettings};
use super::{ak, leftover, nv, reach};
use crate::failure::Failure;
use crate::hex::hex;

/// Whose virtual TPM it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// The key is under a persistent handle.
    Azure,
    /// The key follows from a template in NVRAM.
    Gcp,
}

/// NV indices of a certificate, and of the TPMT_PUBLIC from which its key is made.
struct Place {
    certificate: u32,
    template: Option<u32>,
}

const AZURE: [Place; 1] = [Place { certificate: 0x01c1_01d0, template: None }];

/// ECC first: it signs sooner than RSA.
const GCP: [Place; 2] = [
    Place { certificate: 0x01c1_0002, template: Some(0x01c1_0003) },
    Place { certificate: 0x01c1_0000, template: Some(0x01c1_0001) },
];

/// The report of Azure's firmware, on machines that are confidential.
const REPORT: u32 = 0x0140_0001;

impl Cloud {
    const fn places(self) -> &'static [Place] {
        match self {
            Self::Azure => &AZURE,
            Self::Gcp => &GCP,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The persistent handle of the attestation key.
    pub handle: u32,
    /// Whether the key was put there just now.
    pub is_new: bool,
    /// Name (Part 1 §16) of the key.
    pub name: Vec<u8>,
    /// The certificate of the key, DER.
    pub leaf: Vec<u8>,
    /// The content of NVRAM index 0x01400001, where there is one.
    pub report: Option<Vec<u8>>,
}

/// Reads the certificate of the attestation key under the configured handle. Where that handle is free, a key of Google's template is put
/// there, if the certificate is of this very key.
///
/// # Errors
/// `config.invalid` without a handle; `tpm.unreachable`, `tpm.key`; `enrol.certificate` where no certificate is of the key: nothing was
/// changed then.
pub fn collect(settings: &TpmSettings, cloud: Cloud) -> Result<Found, Failure> {
    let KeySource::Persistent(handle) = settings.key else {
        let detail =
            "tpm.handle: the persistent handle of the cloud's key is needed, such as 0x81000003, which is Azure's";
        return Err(Failure::with(Code::CONFIG_INVALID, detail));
    };
    let mut context = reach::open(&settings.tcti)?;
    let failed = |error: Error| Failure::with(Code::TPM_KEY, format!("{handle:#x}: {error}"));
    let persistent = PersistentTpmHandle::new(handle).map_err(failed)?;
    let is_there = nv::is_defined(&mut context, TpmHandle::Persistent(persistent)).map_err(failed)?;
    let mut faults = Vec::new();
    for place in cloud.places() {
        let found = if is_there {
            under_handle(&mut context, handle, place)
        } else {
            from_template(&mut context, persistent, place)
        };
        match found {
            Ok((name, leaf)) => {
                let report = if cloud == Cloud::Azure { nv::read(&mut context, REPORT).map_err(failed)? } else { None };
                return Ok(Found { handle, is_new: !is_there, name, leaf, report });
            }
            Err(failure) if failure.code == Code::ENROL_CERTIFICATE => faults.push(failure.detail),
            Err(failure) => return Err(failure),
        }
    }
    Err(Failure::with(Code::ENROL_CERTIFICATE, faults.join("; ")))
}

type NameAndLeaf = (Vec<u8>, Vec<u8>);

fn under_handle(context: &mut Context, handle: u32, place: &Place) -> Result<NameAndLeaf, Failure> {
    let failed = |error: Error| Failure::with(Code::TPM_KEY, format!("{handle:#x}: {error}"));
    let key = ak::load(context, KeySource::Persistent(handle)).map_err(failed)?;
    certificate_of(context, key, place)
}

/// Makes the key, and keeps it only where the certificate is of it.
fn from_template(
    context: &mut Context,
    persistent: PersistentTpmHandle,
    place: &Place,
) -> Result<NameAndLeaf, Failure> {
    let Some(index) = place.template else {
        let detail = format!("no key is under {:#x}", u32::from(persistent));
        return Err(Failure::with(Code::ENROL_CERTIFICATE, detail));
    };
    let failed = |error: Error| Failure::with(Code::TPM_KEY, format!("template in NV {index:#x}: {error}"));
    let template = nv::read(context, index).map_err(failed)?;
    let template = template.ok_or_else(|| absent(index))?;
    let template = Public::unmarshall(&template).map_err(failed)?;
    // A TPM without resource manager may hold one from an attempt that was broken off.
    let _ = leftover::flush(context, std::slice::from_ref(&template));
    let made = retry(|| {
        context.execute_with_session(Some(AuthSession::Password), |context| {
            context.create_primary(Hierarchy::Endorsement, template.clone(), None, None, None, None)
        })
    })
    .map_err(failed)?;
    let key = made.key_handle;
    let certified = certificate_of(context, key, place).and_then(|certified| {
        let kept = retry(|| {
            context.execute_with_session(Some(AuthSession::Password), |context| {
                context.evict_control(Provision::Owner, key.into(), Persistent::Persistent(persistent))
            })
        });
        kept.map(|_| certified).map_err(failed)
    });
    let flushed = retry(|| context.flush_context(key.into()));
    let certified = certified?;
    flushed.map_err(failed)?;
    Ok(certified)
}

/// The Name of a key, and its certificate.
fn certificate_of(context: &mut Context, key: KeyHandle, place: &Place) -> Result<NameAndLeaf, Failure> {
    let index = place.certificate;
    let failed = |error: Error| Failure::with(Code::TPM_KEY, format!("NV {index:#x}: {error}"));
    let certificate = nv::read(context, index).map_err(failed)?.ok_or_else(|| absent(index))?;
    let (public, name, _) =
        retry(|| context.execute_without_session(|context| context.read_public(key))).map_err(failed)?;
    let public = public.marshall().map_err(failed)?;
    check_key(&public).map_err(|code| Failure::with(Code::TPM_KEY, Failure::new(code).to_string()))?;
    let refused = |code| Failure::with(Code::ENROL_CERTIFICATE, format!("NV {index:#x}: {}", Failure::new(code)));
    let leaf = leaf_in(&certificate).map_err(refused)?;
    check_chain(&public, &[leaf]).map_err(|(_, code)| {
        let Failure { detail, .. } = refused(code);
        Failure::with(Code::ENROL_CERTIFICATE, format!("{detail}, for the key with the Name {}", hex(name.value())))
    })?;
    Ok((name.value().to_vec(), leaf.to_vec()))
}

fn absent(index: u32) -> Failure {
    Failure::with(Code::ENROL_CERTIFICATE, format!("NV {index:#x} is not defined"))
}
