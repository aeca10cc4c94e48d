//! The thread that owns the TPM.

use std::thread;
use std::time::{Duration, Instant};

use blindllama_verifier::Code;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::device::Device;
use super::{AttestationKey, Quote, TpmSettings};
use crate::failure::Failure;

/// Shortest time between two attempts to open a TPM that is gone.
const REOPEN: Duration = Duration::from_millis(500);

/// For the end of the connection to a TPM; a process that ends without it leaves the key to the next start.
const CLOSE: Duration = Duration::from_secs(2);

enum Job {
    Quote {
        qualifying_data: [u8; 32],
        answer: oneshot::Sender<Result<Quote, Failure>>,
    },
    /// The sender is dropped when the TPM is closed.
    Close(oneshot::Sender<()>),
}

/// The gateway's handle on the thread. The thread ends when the last handle is dropped.
#[derive(Clone)]
pub struct Tpm {
    jobs: mpsc::Sender<Job>,
    patience: Duration,
}

impl Tpm {
    /// Opens the TPM on a thread of its own.
    ///
    /// # Errors
    /// `tpm.unreachable`, `tpm.key`, `tpm.pcrs`; `tpm.timeout` when it does not answer.
    pub async fn start(settings: TpmSettings) -> Result<(Self, AttestationKey), Failure> {
        // One job at a time: what waits, waits where it can be answered together.
        let (jobs, queue) = mpsc::channel(1);
        let (opened, result) = oneshot::channel();
        let patience = settings.timeout;
        thread::Builder::new()
            .name("tpm".into())
            .spawn(move || match Device::open(&settings) {
                Ok(device) => {
                    let key = device.attestation_key().clone();
                    if opened.send(Ok(key.clone())).is_ok() {
                        Worker { settings, key, device: Some(device), tried: Instant::now() }.run(queue);
                    }
                }
                Err(failure) => drop(opened.send(Err(failure))),
            })
            .map_err(|error| Failure::with(Code::GATEWAY_INTERNAL, error.to_string()))?;
        let key = answer_in_time(result, patience).await?;
        Ok((Self { jobs, patience }, key))
    }

    /// Asks for a quote over `qualifying_data`.
    ///
    /// # Errors
    /// The codes `tpm.…`. After each the connection is opened anew for the next quote.
    pub async fn quote(&self, qualifying_data: [u8; 32]) -> Result<Quote, Failure> {
        let (answer, result) = oneshot::channel();
        // A job that is still in the queue means that the thread hangs in the one before.
        self.jobs
            .try_send(Job::Quote { qualifying_data, answer })
            .map_err(|_| Failure::with(Code::TPM_TIMEOUT, "the command before is still running"))?;
        answer_in_time(result, self.patience).await
    }

    /// Flushes the key and ends the thread, waiting at most [`CLOSE`]. The last handle's drop does the same, but a process that ends
    /// then does not wait for it, and a TPM without resource manager keeps the key (TPM 2.0 Part 1 §15.6).
    pub async fn close(&self) {
        let (closing, closed) = oneshot::channel();
        let close = async {
            if self.jobs.send(Job::Close(closing)).await.is_ok() {
                let _ = closed.await;
            }
        };
        drop(timeout(CLOSE, close).await);
    }
}

async fn answer_in_time<T>(result: oneshot::Receiver<Result<T, Failure>>, patience: Duration) -> Result<T, Failure> {
    match timeout(patience, result).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Failure::with(Code::GATEWAY_INTERNAL, "the thread of the TPM ended")),
        Err(_) => Err(Failure::new(Code::TPM_TIMEOUT)),
    }
}

struct Worker {
    settings: TpmSettings,
    key: AttestationKey,
    device: Option<Device>,
    tried: Instant,
}

impl Worker {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            let (qualifying_data, answer) = match job {
                Job::Quote { qualifying_data, answer } => (qualifying_data, answer),
                Job::Close(closed) => {
                    self.device = None;
                    return drop(closed);
                }
            };
            // Nobody waits any more: the TPM need not work for it.
            if answer.is_closed() {
                continue;
            }
            let result = self.quote(&qualifying_data);
            if result.is_err() {
                self.device = None;
            }
            drop(answer.send(result));
        }
    }

    fn quote(&mut self, qualifying_data: &[u8; 32]) -> Result<Quote, Failure> {
        if self.device.is_none() {
            self.device = Some(self.reopen()?);
        }
        let device = self.device.as_mut().ok_or(Failure::new(Code::TPM_UNREACHABLE))?;
        device.quote(qualifying_data)
    }

    fn reopen(&mut self) -> Result<Device, Failure> {
        if self.tried.elapsed() < REOPEN {
            return Err(Failure::with(Code::TPM_UNREACHABLE, "gone a moment ago"));
        }
        self.tried = Instant::now();
        let device = Device::open(&self.settings)?;
        // Policies name the key that the gateway started with.
        if *device.attestation_key() != self.key {
            return Err(Failure::with(Code::TPM_KEY, "another attestation key than at the start"));
        }
        Ok(device)
    }
}
