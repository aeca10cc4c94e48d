//! A connection to the TPM with the attestation key loaded.

use blindllama_verifier::Code;
use blindllama_verifier::attester::check_key;
use tss_esapi::handles::KeyHandle;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{Data, PcrSelectionList, Public, SignatureScheme};
use tss_esapi::traits::Marshall;
use tss_esapi::{Context, Error};

use super::measure::{MeasuredPcr, measure_once};
use super::retry::retry;
use super::{
    Activation, AttestationKey, Counters, KeySource, Quote, Template, TpmSettings, ak, check, endorsement, pcrs, reach,
};
use crate::failure::Failure;

/// How often measurements may change between reading and quoting before the quote is given up.
const CHANGES: usize = 5;

/// An open TPM. Dropping it flushes the key.
pub(super) struct Device {
    context: Context,
    key: KeyHandle,
    public: Public,
    attestation_key: AttestationKey,
    settings: TpmSettings,
    selection: PcrSelectionList,
    /// The values as read last; a quote that covers them saves reading them again.
    last: Vec<(u8, Vec<u8>)>,
}

impl Device {
    /// Opens the TPM and makes or finds the key.
    pub(super) fn open(settings: &TpmSettings) -> Result<Self, Failure> {
        let failed = |code| move |error: Error| Failure::with(code, error.to_string());
        let mut context = reach::open(&settings.tcti)?;
        let selection = pcrs::selection(settings.bank, &settings.selection).map_err(failed(Code::TPM_PCRS))?;
        // A quote of a bank that is not active covers nothing and is well-formed: every client would refuse it, and the TPM does not.
        let last = pcrs::read(&mut context, settings.bank, &settings.selection).map_err(failed(Code::TPM_PCRS))?;
        if last.len() != settings.selection.len() {
            return Err(Failure::with(Code::TPM_PCRS, pcrs::absent(&mut context, settings)));
        }
        let key = ak::load(&mut context, settings.key).map_err(|error| match settings.key {
            KeySource::Primary(_) => Failure::with(Code::TPM_KEY, error.to_string()),
            KeySource::Persistent(handle) => Failure::with(Code::TPM_KEY, format!("{handle:#x}: {error}")),
        })?;
        let (public, name, qualified_name) =
            retry(|| context.execute_without_session(|context| context.read_public(key)))
                .map_err(failed(Code::TPM_KEY))?;
        let attestation_key = AttestationKey {
            public: public.marshall().map_err(failed(Code::TPM_KEY))?,
            name: name.value().to_vec(),
            qualified_name: qualified_name.value().to_vec(),
        };
        // What the TPM made by our template passes; what somebody else put there may not.
        check_key(&attestation_key.public)
            .map_err(|code| Failure::with(Code::TPM_KEY, Failure::new(code).to_string()))?;
        Ok(Self { context, key, public, attestation_key, settings: settings.clone(), selection, last })
    }

    pub(super) const fn attestation_key(&self) -> &AttestationKey {
        &self.attestation_key
    }

    /// Measures `event` into `pcr`.
    ///
    /// # Errors
    /// As [`measure_once`].
    pub(super) fn measure(&mut self, pcr: MeasuredPcr, event: &[u8]) -> Result<(), Failure> {
        measure_once(&mut self.context, pcr, event)
    }

    /// The values of the selection as they are now, unsigned.
    pub(super) fn read(&mut self) -> Result<Vec<(u8, Vec<u8>)>, Failure> {
        pcrs::read(&mut self.context, self.settings.bank, &self.settings.selection)
            .map_err(|error| Failure::with(Code::TPM_PCRS, error.to_string()))
    }

    /// The certificates of the endorsement keys, as they stand in NVRAM.
    pub(super) fn endorsements(&mut self) -> Result<Vec<(Template, Vec<u8>)>, Failure> {
        endorsement::certificates(&mut self.context)
            .map_err(|error| Failure::with(Code::TPM_KEY, format!("certificates of endorsement keys: {error}")))
    }

    /// The secret of a credential that was made for the attestation key.
    pub(super) fn activate(&mut self, activation: Activation) -> Result<Vec<u8>, Failure> {
        endorsement::activate(&mut self.context, self.key, activation)
    }

    /// TPM2_Quote (TPM 2.0 Part 3 §18.4) over `qualifying_data`, with the values that it covers.
    ///
    /// The qualifying data has 32 bytes always: some cloud TPMs take no more.
    pub(super) fn quote(&mut self, qualifying_data: &[u8; 32]) -> Result<Quote, Failure> {
        let quote_failed = |error: Error| Failure::with(Code::TPM_QUOTE, error.to_string());
        let data = Data::try_from(qualifying_data.to_vec()).map_err(quote_failed)?;
        for _ in 0..CHANGES {
            let (key, selection) = (self.key, &self.selection);
            let (attest, signature) = retry(|| {
                self.context.execute_with_session(Some(AuthSession::Password), |context| {
                    context.quote(key, data.clone(), SignatureScheme::Null, selection.clone())
                })
            })
            .map_err(quote_failed)?;
            if !check::covers(&attest, &self.last, &signature) {
                self.last = self.read()?;
            }
            if self.last.len() != self.settings.selection.len() {
                return Err(Failure::with(Code::TPM_PCRS, pcrs::absent(&mut self.context, &self.settings)));
            }
            if !check::covers(&attest, &self.last, &signature) {
                continue;
            }
            let marshalled = attest.marshall().map_err(quote_failed)?;
            if attest.extra_data().value() != qualifying_data
                || !check::signature_holds(&self.public, &marshalled, &signature)
            {
                return Err(Failure::with(Code::TPM_QUOTE, "the TPM's own quote does not verify"));
            }
            let signature = signature.marshall().map_err(quote_failed)?;
            let clock = attest.clock_info();
            let counters = Counters { resets: clock.reset_count(), restarts: clock.restart_count() };
            return Ok(Quote { attest: marshalled, signature, pcrs: self.last.clone(), counters });
        }
        Err(Failure::with(Code::TPM_PCRS, "no quote covers the values read"))
    }
}
