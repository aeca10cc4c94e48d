//! The gateway's side: what it asks of the attester in place of a TPM, and its own look at the answers.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use blindllama_verifier::Code;
use blindllama_verifier::attester::check_key;
use blindllama_verifier::evidence::bundle::Bank;
use tss_esapi::structures::{Attest, Public, Signature};
use tss_esapi::traits::{Marshall, UnMarshall};

use super::message::{MAX_ANSWER, Request, outcome};
use super::seqpacket::{connected, receive_message, send_message};
use crate::failure::Failure;
use crate::tpm::{Activation, AttestationKey, Counters, Quote, Template, TpmSettings, check};

/// How much longer than the TPM the attester may take: it tells of a TPM that does not answer.
const MARGIN: Duration = Duration::from_secs(1);

/// A connection to an attester that quotes as this gateway is configured.
pub(in crate::tpm) struct Client {
    socket: OwnedFd,
    public: Public,
    attestation_key: AttestationKey,
    selection: Vec<u8>,
    /// Bytes of a PCR of the bank.
    width: usize,
}

impl Client {
    /// Connects to the attester at `path`.
    ///
    /// # Errors
    /// `tpm.unreachable`; `tpm.pcrs` where it quotes other PCRs than `settings` name; `tpm.key`; what the attester says.
    pub(in crate::tpm) fn open(settings: &TpmSettings, path: &Path) -> Result<Self, Failure> {
        let limit = settings.timeout.saturating_add(MARGIN);
        let socket = connected(path, limit).map_err(|error| {
            unreachable(format!("tpm.tcti = {:?}: no attester answers there: {error}", settings.tcti))
        })?;
        let [public, name, qualified_name, bank, selection] = fields(&socket, &Request::Describe)?;
        if bank != settings.bank.algorithm_id().to_be_bytes() || selection != settings.selection {
            let detail = "the attester quotes another bank or other PCRs than attestation.bank and attestation.pcrs name: \
                          both processes need the same configuration";
            return Err(Failure::with(Code::TPM_PCRS, detail));
        }
        check_key(&public).map_err(|code| Failure::with(Code::TPM_KEY, Failure::new(code).to_string()))?;
        let attestation_key = AttestationKey { public, name, qualified_name };
        let public = exactly(&attestation_key.public).ok_or_else(malformed)?;
        Ok(Self { socket, public, attestation_key, selection, width: width(settings.bank) })
    }

    pub(in crate::tpm) const fn attestation_key(&self) -> &AttestationKey {
        &self.attestation_key
    }

    pub(in crate::tpm) fn measure_instance(&self, key: [u8; 32]) -> Result<(), Failure> {
        let [] = fields(&self.socket, &Request::Measure(key))?;
        Ok(())
    }

    pub(in crate::tpm) fn read(&self) -> Result<Vec<(u8, Vec<u8>)>, Failure> {
        let [values] = fields(&self.socket, &Request::Read)?;
        self.values(&values).ok_or_else(malformed)
    }

    pub(in crate::tpm) fn endorsements(&self) -> Result<Vec<(Template, Vec<u8>)>, Failure> {
        let told = ask(&self.socket, &Request::Endorsements)?;
        let (pairs, []) = told.as_chunks() else { return Err(malformed()) };
        let known = |name: &[u8]| Template::ALL.into_iter().find(|template| template.as_str().as_bytes() == name);
        let certificates = pairs.iter().map(|[name, certificate]| Some((known(name)?, certificate.clone())));
        certificates.collect::<Option<_>>().ok_or_else(malformed)
    }

    pub(in crate::tpm) fn activate(&self, activation: Activation) -> Result<Vec<u8>, Failure> {
        let [secret] = fields(&self.socket, &Request::Activate(activation))?;
        Ok(secret)
    }

    /// A quote, checked as one of a TPM is: what the attester hands out wrongly, no client gets to see.
    pub(in crate::tpm) fn quote(&self, qualifying_data: &[u8; 32]) -> Result<Quote, Failure> {
        let [attest, signature, values] = fields(&self.socket, &Request::Quote(*qualifying_data))?;
        let pcrs = self.values(&values).ok_or_else(malformed)?;
        let (Some(quoted), Some(signed)) = (exactly::<Attest>(&attest), exactly::<Signature>(&signature)) else {
            return Err(malformed());
        };
        if quoted.extra_data().value() != qualifying_data
            || !check::signature_holds(&self.public, &attest, &signed)
            || !check::covers(&quoted, &pcrs, &signed)
        {
            return Err(Failure::with(Code::TPM_QUOTE, "the attester's quote does not verify"));
        }
        let clock = quoted.clock_info();
        let counters = Counters { resets: clock.reset_count(), restarts: clock.restart_count() };
        Ok(Quote { attest, signature, pcrs, counters })
    }

    /// The values of the selection, which came one after the other.
    fn values(&self, values: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
        let whole = self.selection.len().checked_mul(self.width) == Some(values.len());
        let each = values.chunks(self.width).map(<[u8]>::to_vec);
        whole.then(|| self.selection.iter().copied().zip(each).collect())
    }
}

const fn width(bank: Bank) -> usize {
    match bank {
        Bank::Sha256 => 32,
        Bank::Sha384 => 48,
    }
}

/// A structure of the TPM without a byte behind it.
fn exactly<T: Marshall + UnMarshall>(bytes: &[u8]) -> Option<T> {
    let read = T::unmarshall(bytes).ok()?;
    (read.marshall().ok()? == bytes).then_some(read)
}

fn fields<const COUNT: usize>(socket: &OwnedFd, request: &Request) -> Result<[Vec<u8>; COUNT], Failure> {
    ask(socket, request)?.try_into().map_err(|_| malformed())
}

fn ask(socket: &OwnedFd, request: &Request) -> Result<Vec<Vec<u8>>, Failure> {
    let lost = |error: io::Error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Failure::new(Code::TPM_TIMEOUT),
        _ => unreachable(format!("the attester's connection: {error}")),
    };
    send_message(socket, &request.encode()).map_err(lost)?;
    let answer = receive_message(socket, MAX_ANSWER).map_err(lost)?;
    let answer = answer.ok_or_else(|| unreachable("the attester ended the connection".into()))?;
    outcome(&answer).ok_or_else(malformed)?
}

fn unreachable(detail: String) -> Failure {
    Failure::with(Code::TPM_UNREACHABLE, detail)
}

fn malformed() -> Failure {
    unreachable("the attester's answer is malformed".into())
}
