//! Contents of NVRAM (TPM 2.0 Part 3 §31), where makers and clouds leave certificates.

use tss_esapi::abstraction::nv::read_full;
use tss_esapi::constants::CapabilityType;
use tss_esapi::handles::{NvIndexTpmHandle, TpmHandle};
use tss_esapi::interface_types::resource_handles::NvAuth;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::CapabilityData;
use tss_esapi::{Context, Result};

use super::retry::retry;

/// Whether the TPM has this NV index or this persistent object.
pub(super) fn is_defined(context: &mut Context, handle: TpmHandle) -> Result<bool> {
    let capability = || {
        context.execute_without_session(|context| context.get_capability(CapabilityType::Handles, u32::from(handle), 1))
    };
    let (handles, _) = retry(capability)?;
    let CapabilityData::Handles(handles) = handles else { return Ok(false) };
    Ok(handles.into_inner().first() == Some(&handle))
}

/// The content of an index; None where it is not defined. Read with the empty auth value of the owner, or else of the index itself: each
/// index allows one of both, or both.
pub(super) fn read(context: &mut Context, index: u32) -> Result<Option<Vec<u8>>> {
    let index = NvIndexTpmHandle::new(index)?;
    if !is_defined(context, TpmHandle::NvIndex(index))? {
        return Ok(None);
    }
    let content = read_as(context, NvAuth::Owner, index);
    if content.is_ok() {
        return content.map(Some);
    }
    let own = retry(|| context.execute_without_session(|context| context.tr_from_tpm_public(index.into())))?;
    read_as(context, NvAuth::NvIndex(own.into()), index).map(Some)
}

fn read_as(context: &mut Context, authority: NvAuth, index: NvIndexTpmHandle) -> Result<Vec<u8>> {
    retry(|| context.execute_with_session(Some(AuthSession::Password), |context| read_full(context, authority, index)))
}
