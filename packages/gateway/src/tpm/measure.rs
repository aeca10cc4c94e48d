//! What the gateway itself measures: an event into a PCR that nothing else extends, once since the machine started (PROTOCOL.md §24.1).

use std::sync::mpsc;
use std::thread;

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use blindllama_verifier::Code;
use tss_esapi::handles::PcrHandle;
use tss_esapi::interface_types::algorithm::HashingAlgorithm;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{Digest, DigestValues};
use tss_esapi::{Context, Error};

use super::attester::socket_of;
use super::retry::retry;
use super::{TpmSettings, pcrs, reach};
use crate::failure::Failure;

/// A PCR that takes one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredPcr {
    /// PCR 14: the configuration, measured before the gateway starts.
    Config = 14,
    /// PCR 15: the process, measured at its start.
    Instance = 15,
}

impl MeasuredPcr {
    /// The index of the PCR.
    #[must_use]
    pub const fn index(self) -> u8 {
        self as u8
    }

    const fn handle(self) -> PcrHandle {
        match self {
            Self::Config => PcrHandle::Pcr14,
            Self::Instance => PcrHandle::Pcr15,
        }
    }

    fn used(self, bank: HashingAlgorithm) -> Failure {
        Failure::with(Code::TPM_PCR_USED, format!("PCR {}, bank {}", self.index(), pcrs::name(bank)))
    }
}

/// Measures `event` into `pcr` of the TPM that `settings` name, on a connection of its own; waits at most their time-out.
///
/// # Errors
/// `config.invalid` where they name an attester; `tpm.unreachable`, `tpm.timeout`, and those of [`measure_once`].
pub fn measure(settings: &TpmSettings, pcr: MeasuredPcr, event: Vec<u8>) -> Result<(), Failure> {
    if socket_of(&settings.tcti).is_some() {
        return Err(Failure::with(
            Code::CONFIG_INVALID,
            "tpm.tcti: names an attester, which measures no configuration",
        ));
    }
    let (answer, result) = mpsc::sync_channel(1);
    let tcti = settings.tcti.clone();
    thread::Builder::new()
        .name("tpm".into())
        .spawn(move || {
            let measured = reach::open(&tcti).and_then(|mut context| measure_once(&mut context, pcr, &event));
            let _ = answer.send(measured);
        })
        .map_err(|error| Failure::with(Code::GATEWAY_INTERNAL, error.to_string()))?;
    result.recv_timeout(settings.timeout).unwrap_or_else(|_| Err(Failure::new(Code::TPM_TIMEOUT)))
}

/// Extends `pcr` in every active bank by the bank's hash of `event`, as TPM2_PCR_Event does (TPM 2.0 Part 3 §22.3). The command is
/// TPM2_PCR_Extend (§22.2): tss-esapi lacks the other one.
///
/// # Errors
/// `tpm.pcr_used` where the PCR is not at its reset value before, or does not hold this one event afterwards; `tpm.pcrs`.
pub(super) fn measure_once(context: &mut Context, pcr: MeasuredPcr, event: &[u8]) -> Result<(), Failure> {
    let failed = |error: Error| Failure::with(Code::TPM_PCRS, format!("PCR {}: {error}", pcr.index()));
    let mut values = DigestValues::new();
    let mut extended = Vec::new();
    for bank in pcrs::active_banks(context, pcr.index()).map_err(failed)? {
        // A bank that is left out would keep its reset value, and a later process could extend it.
        let hash = hash(bank).ok_or_else(|| {
            Failure::with(Code::TPM_PCRS, format!("PCR {}: bank {} is not known", pcr.index(), pcrs::name(bank)))
        })?;
        let measured = digest(hash, event);
        let reset = vec![0; measured.as_ref().len()];
        if pcrs::value(context, bank, pcr.index()).map_err(failed)?.as_ref() != Some(&reset) {
            return Err(pcr.used(bank));
        }
        values.set(bank, Digest::try_from(measured.as_ref().to_vec()).map_err(failed)?);
        extended.push((bank, digest(hash, &[&reset, measured.as_ref()].concat())));
    }
    retry(|| {
        context.execute_with_session(Some(AuthSession::Password), |context| {
            context.pcr_extend(pcr.handle(), values.clone())
        })
    })
    .map_err(failed)?;
    for (bank, expected) in extended {
        // Another process may have extended it in between.
        if pcrs::value(context, bank, pcr.index()).map_err(failed)?.as_deref() != Some(expected.as_ref()) {
            return Err(pcr.used(bank));
        }
    }
    Ok(())
}

fn hash(bank: HashingAlgorithm) -> Option<&'static Algorithm> {
    match bank {
        HashingAlgorithm::Sha1 => Some(&SHA1_FOR_LEGACY_USE_ONLY),
        HashingAlgorithm::Sha256 => Some(&SHA256),
        HashingAlgorithm::Sha384 => Some(&SHA384),
        HashingAlgorithm::Sha512 => Some(&SHA512),
        _ => None,
    }
}
