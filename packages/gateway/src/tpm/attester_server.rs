//! The attester's side: the process that owns the TPM. It serves one gateway, by the user of its process, one request after the other.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blindllama_verifier::Code;
use tokio::io::Interest;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::TpmSettings;
use super::attester::message::{MAX_REQUEST, Request, answer};
use super::attester::seqpacket::{listener, receive_message, send_message};
use super::attester::socket_of;
use super::worker::Tpm;
use crate::failure::Failure;
use crate::hex::hex;
use crate::log::{Level, Log};

/// A connection without a request for so long is closed. A gateway looks at its machine every 2 seconds.
const IDLE: Duration = Duration::from_secs(60);

/// For the end of a connection that its gateway has given up, so that the next one finds a place.
const HANDOVER: Duration = Duration::from_millis(200);

/// Between two lines about refused connections: strangers fill no log.
const SILENCE: Duration = Duration::from_secs(1);

/// After an `accept` that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What answers requests.
struct Attester {
    tpm: Tpm,
    description: Vec<Vec<u8>>,
    /// How many PCRs every answer has.
    selected: usize,
    /// Whether the key of a gateway may still be measured.
    measures: Mutex<bool>,
}

/// An attester that listens.
pub struct Server {
    attester: Arc<Attester>,
    listener: UnixListener,
    peer: u32,
    log: Log,
}

impl Server {
    /// Opens the TPM and listens at `socket`, or at the socket that the parent passed, for processes of the user `peer`, whose key is
    /// measured once where `measures` says so.
    ///
    /// # Errors
    /// `config.invalid` where the settings name no TPM; `gateway.listen`; `tpm.…`.
    pub async fn start(
        settings: TpmSettings,
        measures: bool,
        (socket, peer): (Option<&Path>, u32),
        log: Log,
    ) -> Result<Self, Failure> {
        if socket_of(&settings.tcti).is_some() {
            return Err(Failure::with(
                Code::CONFIG_INVALID,
                "tpm.tcti: names an attester; the attester needs the TPM itself",
            ));
        }
        let failed = |error: io::Error| Failure::with(Code::GATEWAY_LISTEN, error.to_string());
        let listener = UnixListener::from_std(listener(socket)?).map_err(failed)?;
        let (bank, selection) = (settings.bank, settings.selection.clone());
        let (tpm, key) = Tpm::start(settings).await?;
        log.event(Level::Info, "attester.start", &[("ak_name", hex(&key.name).into()), ("peer", peer.into())]);
        let attester = Attester {
            tpm,
            selected: selection.len(),
            description: vec![
                key.public,
                key.name,
                key.qualified_name,
                bank.algorithm_id().to_be_bytes().to_vec(),
                selection,
            ],
            measures: Mutex::new(measures),
        };
        Ok(Self { attester: Arc::new(attester), listener, peer, log })
    }

    /// Serves until `stop` resolves, and leaves the TPM as it was found.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        tokio::select! {
            () = self.accept() => {}
            () = stop => {}
        }
        self.attester.tpm.close().await;
        self.log.event(Level::Info, "attester.stop", &[]);
    }

    async fn accept(&self) {
        let mut served: Option<JoinHandle<()>> = None;
        let mut told: Option<Instant> = None;
        loop {
            let connection = match self.listener.accept().await {
                Ok((connection, _address)) => connection,
                Err(error) => {
                    let failure = Failure::with(Code::GATEWAY_LISTEN, error.to_string());
                    self.log.failure(Level::Warn, "accept.failed", &failure);
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            if let Some(reason) = self.refusal(&connection, &mut served).await {
                if told.is_none_or(|told| told.elapsed() >= SILENCE) {
                    told = Some(Instant::now());
                    self.log.event(Level::Warn, "attester.refused", &[("reason", reason.into())]);
                }
                continue;
            }
            served = Some(tokio::spawn(serve(Arc::clone(&self.attester), connection, self.log.clone())));
        }
    }

    /// Why a connection is not served; None where it is.
    async fn refusal(&self, connection: &UnixStream, served: &mut Option<JoinHandle<()>>) -> Option<&'static str> {
        // SO_PEERCRED: the user that the process had when it connected.
        if !connection.peer_cred().is_ok_and(|peer| peer.uid() == self.peer) {
            return Some("another user");
        }
        let before = served.as_mut()?;
        timeout(HANDOVER, before).await.is_err().then_some("a second connection")
    }
}

/// Answers one connection until it ends, idles, or sends anything but a request.
async fn serve(attester: Arc<Attester>, connection: UnixStream, log: Log) {
    while let Ok(Ok(Some(message))) = timeout(IDLE, receive(&connection)).await {
        let Some(request) = Request::decode(&message) else {
            return log.event(Level::Warn, "attester.refused", &[("reason", "a malformed request".into())]);
        };
        let answered = answer(attester.answer(request).await);
        // One answer at a time: there is room for it, or nobody reads.
        if send_message(&connection, &answered).is_err() {
            return;
        }
    }
}

async fn receive(connection: &UnixStream) -> io::Result<Option<Vec<u8>>> {
    loop {
        connection.readable().await?;
        match connection.try_io(Interest::READABLE, || receive_message(connection, MAX_REQUEST)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            received => return received,
        }
    }
}

impl Attester {
    async fn answer(&self, request: Request) -> Result<Vec<Vec<u8>>, Failure> {
        match request {
            Request::Describe => Ok(self.description.clone()),
            Request::Quote(data) => {
                let quote = self.tpm.quote(data).await?;
                Ok(vec![quote.attest, quote.signature, self.values(&quote.pcrs)?])
            }
            Request::Read => Ok(vec![self.values(&self.tpm.read().await?)?]),
            Request::Measure(key) => self.measure(key).await.map(|()| Vec::new()),
            Request::Endorsements => {
                let told = self.tpm.endorsements(permit()?).await?;
                Ok(told.into_iter().flat_map(|(name, der)| [name.as_str().as_bytes().to_vec(), der]).collect())
            }
            Request::Activate(activation) => Ok(vec![self.tpm.activate(activation, permit()?).await?]),
        }
    }

    /// Extends PCR 15, once, whatever became of it.
    async fn measure(&self, key: [u8; 32]) -> Result<(), Failure> {
        let mut measures = self.measures.lock().await;
        if !std::mem::take(&mut *measures) {
            let detail = "the attester measures one gateway, and under attestation.extend_instance alone";
            return Err(Failure::with(Code::TPM_PCR_USED, detail));
        }
        self.tpm.measure_instance(key).await
    }

    fn values(&self, pcrs: &[(u8, Vec<u8>)]) -> Result<Vec<u8>, Failure> {
        if pcrs.len() != self.selected {
            return Err(Failure::with(Code::TPM_PCRS, "the TPM lacks a PCR of attestation.pcrs"));
        }
        Ok(pcrs.iter().flat_map(|(_, value)| value.iter().copied()).collect())
    }
}

/// The gateway counts enrolments; here they come one after the other.
fn permit() -> Result<OwnedSemaphorePermit, Failure> {
    let one = Arc::new(Semaphore::new(1));
    one.try_acquire_owned().map_err(|error| Failure::with(Code::GATEWAY_INTERNAL, error.to_string()))
}
