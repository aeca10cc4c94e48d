//! Enrolment of the attestation key by the relying side (PROTOCOL.md §22.1): certificates of the endorsement keys, and activation of
//! credentials, for those who hold a key of the configuration. Whoever holds none reaches no TPM. They also install certificates of the key.

pub mod cloud;
mod request;

use std::sync::Arc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use blindllama_verifier::Code;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::attestation::installed_chain::ChainInstaller;
use crate::base64url::encode;
use crate::challenge::Challenges;
use crate::failure::Failure;
use crate::log::{Level, Log};
use crate::tpm::worker::Tpm;
use request::{Action, Request};

/// Bytes of a request.
pub const MAX_REQUEST: usize = 16 * 1024;

/// Uses of the TPM within [`WINDOW`]: quotes wait for each of them.
const MOST_USES: usize = 20;
const WINDOW: Duration = Duration::from_secs(60);

/// The endpoint's state. It exists only where somebody may enrol.
pub struct Enrolment {
    keys: Vec<[u8; 32]>,
    ak_public: Vec<u8>,
    tpm: Tpm,
    chains: ChainInstaller,
    challenges: Mutex<Challenges>,
    uses: Mutex<Vec<Instant>>,
    /// One enrolment at the TPM at a time.
    permit: Arc<Semaphore>,
    log: Log,
}

impl Enrolment {
    /// For those who hold one of `keys` (Ed25519), of the key with this TPMT_PUBLIC; None where nobody may.
    #[must_use]
    pub fn new(keys: Vec<[u8; 32]>, ak_public: Vec<u8>, tpm: Tpm, chains: ChainInstaller, log: Log) -> Option<Self> {
        (!keys.is_empty()).then(|| Self {
            keys,
            ak_public,
            tpm,
            chains,
            challenges: Mutex::default(),
            uses: Mutex::default(),
            permit: Arc::new(Semaphore::new(1)),
            log,
        })
    }

    /// The answer to a GET.
    ///
    /// # Errors
    /// `gateway.internal` without random numbers.
    pub fn challenge(&self) -> Result<String, Failure> {
        let challenge = self.challenges.lock().unwrap_or_else(PoisonError::into_inner).give(Instant::now())?;
        Ok(json!({ "version": 1, "challenge": encode(&challenge) }).to_string())
    }

    /// The answer to a POST.
    ///
    /// # Errors
    /// The codes `enrol.…`, in the order of PROTOCOL.md §22.1.
    pub async fn answer(&self, body: &[u8]) -> Result<String, Failure> {
        let request = self.admit(body)?;
        let answer = self.serve(request).await;
        // Of those who were admitted alone: strangers fill no log.
        match &answer {
            Ok(_) => self.log.event(Level::Info, "enrolment", &[]),
            Err(failure) => self.log.failure(Level::Warn, "enrolment.refused", failure),
        }
        answer.map(|answer| answer.to_string())
    }

    /// A request that is signed by one who may enrol, over a challenge that is used up with it.
    fn admit(&self, body: &[u8]) -> Result<Request, Failure> {
        let request = Request::read(body)?;
        if !request.is_signed_by_one_of(&self.keys) {
            return Err(Failure::new(Code::ENROL_REFUSED));
        }
        if !self.challenges.lock().unwrap_or_else(PoisonError::into_inner).take(&request.challenge, Instant::now()) {
            return Err(Failure::new(Code::ENROL_CHALLENGE));
        }
        Ok(request)
    }

    async fn serve(&self, request: Request) -> Result<Value, Failure> {
        let permit = Arc::clone(&self.permit).try_acquire_owned().map_err(|_| Failure::new(Code::ENROL_BUSY))?;
        self.count(Instant::now())?;
        match request.action {
            Action::Describe => {
                let endorsements = self.tpm.endorsements(permit).await.map_err(unavailable)?;
                let endorsements: Vec<Value> = endorsements
                    .iter()
                    .map(|(template, der)| json!({ "template": template.as_str(), "certificate": encode(der) }))
                    .collect();
                Ok(json!({ "version": 1, "akPublic": encode(&self.ak_public), "endorsements": endorsements }))
            }
            Action::Install(chain) => {
                self.chains.install(chain)?;
                Ok(json!({ "version": 1 }))
            }
            Action::Activate(activation) => {
                let secret = self.tpm.activate(activation, permit).await.map_err(unavailable)?;
                Ok(json!({ "version": 1, "secret": encode(&secret) }))
            }
        }
    }

    /// Takes one of the uses that the window still has.
    fn count(&self, now: Instant) -> Result<(), Failure> {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.retain(|used| now.saturating_duration_since(*used) < WINDOW);
        if uses.len() >= MOST_USES {
            return Err(Failure::new(Code::ENROL_BUSY));
        }
        uses.push(now);
        Ok(())
    }
}

/// What the TPM says stays in the log, under a code that says whose fault it is.
fn unavailable(failure: Failure) -> Failure {
    match failure.code {
        Code::ENROL_ACTIVATION => failure,
        code => Failure::with(Code::ENROL_UNAVAILABLE, format!("{code}: {}", failure.detail)),
    }
}
