//! Keys that earlier processes left in a TPM without resource manager (TPM 2.0 Part 1 §15.6): one that was killed flushed nothing, and
//! when all of the few places are taken, no key can be made any more.

use tss_esapi::constants::CapabilityType;
use tss_esapi::constants::tss::TPM2_TRANSIENT_FIRST;
use tss_esapi::handles::{KeyHandle, ObjectHandle, TpmHandle};
use tss_esapi::structures::{CapabilityData, Public};
use tss_esapi::{Context, Result};

use super::retry::retry;
use crate::digest::sha256;

/// More than any TPM has places for.
const MOST: u32 = 64;

/// TPM_RH_ENDORSEMENT (Part 2 §7.4).
const ENDORSEMENT: u32 = 0x4000_000b;

/// Flushes every object that is, byte for byte, a key that this gateway makes: the public area follows from one of our templates,
/// and the qualified name says that it is a primary of the endorsement hierarchy. None of them may be in use. Such an object can be made again by anybody at any time, so
/// nothing is lost with it. Whatever else is loaded stays as it is. Behind a resource manager nobody sees the objects of others.
pub(super) fn flush(context: &mut Context, templates: &[Public]) -> Result<()> {
    let (loaded, _) = retry(|| {
        context.execute_without_session(|context| {
            context.get_capability(CapabilityType::Handles, TPM2_TRANSIENT_FIRST, MOST)
        })
    })?;
    let CapabilityData::Handles(handles) = loaded else { return Ok(()) };
    for handle in handles.into_inner().into_iter().filter(|handle| matches!(handle, TpmHandle::Transient(_))) {
        let object = retry(|| context.execute_without_session(|context| context.tr_from_tpm_public(handle)));
        let Ok(object) = object else { continue };
        if is_ours(context, object, templates) {
            retry(|| context.flush_context(object))?;
        } else {
            forget(context, object);
        }
    }
    Ok(())
}

fn is_ours(context: &mut Context, object: ObjectHandle, templates: &[Public]) -> bool {
    let read = retry(|| context.execute_without_session(|context| context.read_public(KeyHandle::from(object))));
    read.is_ok_and(|(public, name, qualified_name)| {
        templates.iter().any(|template| is_of(&public, template))
            && is_endorsement_primary(name.value(), qualified_name.value())
    })
}

/// Closes what ESYS remembers of an object. tss-esapi would flush it when the context is dropped, and says that closing it is wrong, once
/// that is done.
fn forget(context: &mut Context, mut object: ObjectHandle) {
    let _ = context.tr_close(&mut object);
}

/// Whether `public` was made from `template`, which leaves nothing open but the unique part.
fn is_of(public: &Public, template: &Public) -> bool {
    let mut wanted = template.clone();
    match (&mut wanted, public) {
        (Public::Ecc { unique: wanted, .. }, Public::Ecc { unique, .. }) => wanted.clone_from(unique),
        (Public::Rsa { unique: wanted, .. }, Public::Rsa { unique, .. }) => wanted.clone_from(unique),
        _ => return false,
    }
    wanted == *public
}

/// A primary's qualified name is nameAlg || H(handle of the hierarchy || Name) (Part 1 §16).
fn is_endorsement_primary(name: &[u8], qualified_name: &[u8]) -> bool {
    let hashed = sha256(&[&ENDORSEMENT.to_be_bytes()[..], name].concat());
    qualified_name == [&[0x00, 0x0b][..], &hashed].concat()
}
