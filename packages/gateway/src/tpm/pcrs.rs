//! The PCR selection and the values behind it.

use blindllama_verifier::evidence::bundle::Bank;
use tss_esapi::Context;
use tss_esapi::constants::CapabilityType;
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::structures::{CapabilityData, PcrSelectSize, PcrSelection, PcrSelectionList, PcrSlot};

use super::TpmSettings;
use super::retry::retry;

/// A TPML_PCR_SELECTION of exactly one bank with three octets (TPM 2.0 Part 2 §10.9.7, PC Client PTP §4.6).
pub(super) fn selection(bank: Bank, indices: &[u8]) -> tss_esapi::Result<PcrSelectionList> {
    let algorithm = match bank {
        Bank::Sha256 => HashingAlgorithm::Sha256,
        Bank::Sha384 => HashingAlgorithm::Sha384,
    };
    selection_of(algorithm, indices)
}

fn selection_of(algorithm: HashingAlgorithm, indices: &[u8]) -> tss_esapi::Result<PcrSelectionList> {
    let slots: Vec<PcrSlot> = indices.iter().filter_map(|index| slot(*index)).collect();
    PcrSelectionList::builder()
        .with_size_of_select(PcrSelectSize::ThreeOctets)
        .with_selection(algorithm, &slots)
        .build()
}

fn slot(index: u8) -> Option<PcrSlot> {
    1_u32.checked_shl(index.into()).and_then(|bit| PcrSlot::try_from(bit).ok())
}

/// The value of one PCR of one bank; None where the bank is not active.
pub(super) fn value(context: &mut Context, bank: HashingAlgorithm, index: u8) -> tss_esapi::Result<Option<Vec<u8>>> {
    let wanted = selection_of(bank, &[index])?;
    let (_counter, _read, digests) =
        retry(|| context.execute_without_session(|context| context.pcr_read(wanted.clone())))?;
    Ok(digests.value().first().map(|digest| digest.value().to_vec()))
}

/// The banks that have the PCR `index` (TPM_CAP_PCRS, Part 2 §6.12).
pub(super) fn active_banks(context: &mut Context, index: u8) -> tss_esapi::Result<Vec<HashingAlgorithm>> {
    let slot = slot(index);
    let capability = retry(|| context.get_capability(CapabilityType::AssignedPcr, 0, 1))?;
    let (CapabilityData::AssignedPcr(banks), _) = capability else { return Ok(Vec::new()) };
    let has = |bank: &&PcrSelection| slot.is_some_and(|slot| bank.is_selected(slot));
    Ok(banks.get_selections().iter().filter(has).map(PcrSelection::hashing_algorithm).collect())
}

/// The name of a bank.
pub(super) const fn name(bank: HashingAlgorithm) -> &'static str {
    match bank {
        HashingAlgorithm::Sha1 => "sha1",
        HashingAlgorithm::Sha256 => "sha256",
        HashingAlgorithm::Sha384 => "sha384",
        HashingAlgorithm::Sha512 => "sha512",
        _ => "another",
    }
}

/// TPM2_PCR_Read (Part 3 §22.4) for all of `indices`, which takes several commands: a TPM returns at most eight values at once.
///
/// Fewer values than indices come back when the bank is not active.
pub(super) fn read(context: &mut Context, bank: Bank, indices: &[u8]) -> tss_esapi::Result<Vec<(u8, Vec<u8>)>> {
    let mut values = Vec::with_capacity(indices.len());
    for some in indices.chunks(8) {
        let wanted = selection(bank, some)?;
        let (_counter, _read, digests) =
            retry(|| context.execute_without_session(|context| context.pcr_read(wanted.clone())))?;
        let digests = digests.value();
        if digests.len() == some.len() {
            values.extend(some.iter().copied().zip(digests.iter().map(|digest| digest.value().to_vec())));
        }
    }
    Ok(values)
}

/// What to say of a selection of which the TPM has not all.
pub(super) fn absent(context: &mut Context, settings: &TpmSettings) -> String {
    // PCR 0 stands for its bank: the PC Client profile wants all of a bank or none.
    let active: Vec<&str> = active_banks(context, 0).unwrap_or_default().into_iter().map(name).collect();
    let bank = settings.bank.as_str();
    let active = if active.is_empty() { "not told".to_owned() } else { active.join(", ") };
    format!(
        "attestation.bank = {bank:?}: this TPM does not have every PCR of attestation.pcrs active in this bank (active banks: {active}); \
         choose an active bank, which the pages' policy has to name too, or activate this one with tpm2_pcrallocate or in the firmware"
    )
}
