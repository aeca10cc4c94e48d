//! Documents that an operator sends while the gateway runs (PROTOCOL.md §26): release, status, and hashes of API keys. Whoever holds no key of
//! the configuration is refused before anything is read.

mod authorization;
mod content;

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use blindllama_verifier::Code;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use crate::attestation::arrived::{DocumentPublisher, Documents};
use crate::base64url::encode;
use crate::budget::PlaceHandle;
use crate::challenge::Challenges;
use crate::channel::Channel;
use crate::clock::{Clock, SystemClock};
use crate::digest::sha256;
use crate::failure::Failure;
use crate::hex::hex;
use crate::log::{Level, Log};
use authorization::Authorization;
use content::Content;

pub use authorization::FIELD;

/// Bytes of the content of a request.
pub const MAX_CONTENT: usize = 1 << 20;

/// Requests of operators within [`WINDOW`]: each makes the gateway encode its evidence anew.
const MOST_USES: usize = 20;
const WINDOW: Duration = Duration::from_secs(60);

/// How long a refused sender may go on sending, which is discarded: otherwise it would see a broken connection in place of the refusal.
const DISCARD: Duration = Duration::from_secs(2);

/// The endpoint's state. It exists only where there is an operator.
pub struct Operation {
    keys: Vec<[u8; 32]>,
    /// The services that this gateway answers for.
    audiences: Vec<String>,
    publisher: DocumentPublisher,
    /// Whether API keys are asked for, which the configuration digest says.
    has_access_keys: bool,
    patience: Duration,
    challenges: Mutex<Challenges>,
    uses: Mutex<Vec<Instant>>,
    /// One at a time: what is checked is what is published.
    permit: Semaphore,
    log: Log,
}

impl Operation {
    /// For those who hold one of `keys` (Ed25519); None where nobody operates. `patience` bounds the arrival of content.
    #[must_use]
    pub fn new(
        keys: Vec<[u8; 32]>,
        audiences: Vec<String>,
        publisher: DocumentPublisher,
        has_access_keys: bool,
        patience: Duration,
        log: Log,
    ) -> Option<Self> {
        (!keys.is_empty()).then(|| Self {
            keys,
            audiences,
            publisher,
            has_access_keys,
            patience,
            challenges: Mutex::default(),
            uses: Mutex::default(),
            permit: Semaphore::new(1),
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
    /// The codes `operate.…`, in the order of PROTOCOL.md §26.2; `request.timeout`.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        channel: &Channel,
        mut place_handle: PlaceHandle,
    ) -> Result<String, Failure> {
        let (head, body) = request.into_parts();
        let (authorization, _permit) = match self.admit(&head.headers) {
            Ok(admitted) => admitted,
            Err(failure) => {
                tokio::select! {
                    () = discard(body) => {}
                    () = poll_fn(|context| place_handle.poll_evicted(context)) => {}
                }
                return Err(failure);
            }
        };
        let answer = self.serve(&authorization, body, channel).await;
        // Of those who were admitted alone: strangers fill no log.
        if let Err(failure) = &answer {
            self.log.failure(Level::Warn, "operation.refused", failure);
        }
        answer
    }

    /// A request that is signed by an operator, over a challenge that is used up with it.
    fn admit(&self, fields: &HeaderMap) -> Result<(Authorization, SemaphorePermit<'_>), Failure> {
        let authorization = Authorization::read(fields)?;
        if !authorization.is_signed_by_one_of(&self.keys) {
            return Err(Failure::new(Code::OPERATE_REFUSED));
        }
        let now = Instant::now();
        if !self.challenges.lock().unwrap_or_else(PoisonError::into_inner).take(&authorization.challenge, now) {
            return Err(Failure::new(Code::OPERATE_CHALLENGE));
        }
        let permit = self.permit.try_acquire().map_err(|_| Failure::new(Code::OPERATE_BUSY))?;
        self.count(now)?;
        Ok((authorization, permit))
    }

    async fn serve(&self, authorization: &Authorization, body: Incoming, channel: &Channel) -> Result<String, Failure> {
        let content = match timeout(self.patience, Limited::new(body, MAX_CONTENT).collect()).await {
            Ok(Ok(content)) => content.to_bytes(),
            Ok(Err(_)) => return Err(Failure::new(Code::OPERATE_REQUEST)),
            Err(_) => return Err(Failure::new(Code::REQUEST_TIMEOUT)),
        };
        if sha256(&content) != authorization.content_sha256 {
            return Err(Failure::new(Code::OPERATE_REQUEST));
        }
        let Content { audience, release, status, access_keys } = Content::read(&content)?;
        // The challenge alone names no gateway: whoever is asked could hand out that of another one with the same operator.
        if !self.audiences.contains(&audience) {
            let fault = "audience: it is none of this gateway";
            return Err(Failure::with(Code::OPERATE_DOCUMENT, fault).telling(fault));
        }
        if access_keys.is_some() && !self.has_access_keys {
            let fault = "accessKeys: the configuration names no access.keys, and its digest says so";
            return Err(Failure::with(Code::OPERATE_DOCUMENT, fault).telling(fault));
        }
        let checked = self.publisher.check(&Documents { release, status }, SystemClock.wall_ms())?;
        // From here on nothing fails: all of it is in force, or none.
        let mut fields = vec![("operator", hex(&authorization.key).into())];
        fields.extend(checked.version.map(|version| ("release_version", version.into())));
        fields.extend(checked.date.map(|date| ("status_date_ms", date.into())));
        fields.extend(access_keys.as_ref().map(|keys| ("access_keys", keys.len().into())));
        self.publisher.publish(checked);
        if let Some(keys) = access_keys {
            channel.replace_access_keys(&keys);
        }
        self.log.event(Level::Info, "operated", &fields);
        Ok(json!({ "version": 1 }).to_string())
    }

    /// Takes one of the uses that the window still has.
    fn count(&self, now: Instant) -> Result<(), Failure> {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.retain(|used| now.saturating_duration_since(*used) < WINDOW);
        if uses.len() >= MOST_USES {
            return Err(Failure::new(Code::OPERATE_BUSY));
        }
        uses.push(now);
        Ok(())
    }
}

/// Takes what still arrives, as far as content may have, and keeps none of it.
async fn discard(mut body: Incoming) {
    let discarded = async {
        let mut left = MAX_CONTENT;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
    };
    drop(timeout(DISCARD, discarded).await);
}
