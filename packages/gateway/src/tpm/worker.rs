//! The thread that owns the TPM.

use std::thread;
use std::time::{Duration, Instant};

use blindllama_verifier::Code;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::timeout;

use super::backend::Backend;
use super::{Activation, AttestationKey, Quote, Template, TpmSettings};
use crate::failure::Failure;

/// Shortest time between two attempts to open a TPM that is gone.
const REOPEN: Duration = Duration::from_millis(500);

/// For the end of the connection to a TPM; a process that ends without it leaves the key to the next start.
const CLOSE: Duration = Duration::from_secs(2);

enum Job {
    /// One task of the TPM.
    Run(Box<dyn FnOnce(&mut Worker) + Send>),
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
        // One quote at a time: what waits, waits where it can be answered together. The other place is that of an enrolment.
        let (jobs, queue) = mpsc::channel(2);
        let (opened, result) = oneshot::channel();
        let patience = settings.timeout;
        thread::Builder::new()
            .name("tpm".into())
            .spawn(move || match Backend::open(&settings) {
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
    /// The codes `tpm.…`. After each the connection is opened anew for the next task.
    pub async fn quote(&self, qualifying_data: [u8; 32]) -> Result<Quote, Failure> {
        self.run(move |device| device.quote(&qualifying_data)).await
    }

    /// Asks for the values of the quoted PCRs, index and value, ascending. Nothing signs them.
    ///
    /// # Errors
    /// As [`Self::quote`].
    pub async fn read(&self) -> Result<Vec<(u8, Vec<u8>)>, Failure> {
        self.run(Backend::read).await
    }

    /// Measures the instance key of this process into PCR 15, which has to be at its reset value.
    ///
    /// # Errors
    /// As [`Self::quote`]; `tpm.pcr_used`.
    pub async fn measure_instance(&self, key: [u8; 32]) -> Result<(), Failure> {
        self.run(move |device| device.measure_instance(key)).await
    }

    /// The certificates of the endorsement keys. The holder of `permit` is the only one who enrols until the TPM is done, also where nobody
    /// waits for it any more.
    ///
    /// # Errors
    /// As [`Self::quote`].
    pub async fn endorsements(&self, permit: OwnedSemaphorePermit) -> Result<Vec<(Template, Vec<u8>)>, Failure> {
        self.run(move |device| {
            let _permit = permit;
            device.endorsements()
        })
        .await
    }

    /// The secret of a credential.
    ///
    /// # Errors
    /// As [`Self::quote`]; `enrol.activation`.
    pub async fn activate(&self, activation: Activation, permit: OwnedSemaphorePermit) -> Result<Vec<u8>, Failure> {
        self.run(move |device| {
            let _permit = permit;
            device.activate(activation)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Backend) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (answer, result) = oneshot::channel();
        let job = move |worker: &mut Worker| {
            // Nobody waits any more: the TPM need not work for it.
            if !answer.is_closed() {
                drop(answer.send(worker.run_one(task)));
            }
        };
        // A job that is still in the queue means that the thread hangs in the one before.
        self.jobs
            .try_send(Job::Run(Box::new(job)))
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
    device: Option<Backend>,
    tried: Instant,
}

impl Worker {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            match job {
                Job::Run(task) => task(&mut self),
                Job::Close(closed) => {
                    self.device = None;
                    return drop(closed);
                }
            }
        }
    }

    /// Runs a task on the TPM, which is opened anew where the task before failed.
    fn run_one<T>(&mut self, task: impl FnOnce(&mut Backend) -> Result<T, Failure>) -> Result<T, Failure> {
        if self.device.is_none() {
            self.device = Some(self.reopen()?);
        }
        let result = task(self.device.as_mut().ok_or(Failure::new(Code::TPM_UNREACHABLE))?);
        // A credential that was refused says nothing about the connection.
        if result.as_ref().is_err_and(|failure| failure.code != Code::ENROL_ACTIVATION) {
            self.device = None;
        }
        result
    }

    fn reopen(&mut self) -> Result<Backend, Failure> {
        if self.tried.elapsed() < REOPEN {
            return Err(Failure::with(Code::TPM_UNREACHABLE, "gone a moment ago"));
        }
        self.tried = Instant::now();
        let device = Backend::open(&self.settings)?;
        // Policies name the key that the gateway started with.
        if *device.attestation_key() != self.key {
            return Err(Failure::with(Code::TPM_KEY, "another attestation key than at the start"));
        }
        Ok(device)
    }
}
