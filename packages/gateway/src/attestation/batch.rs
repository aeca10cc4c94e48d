//! Nonces that wait, one quote for all of them (PROTOCOL.md §5). While the TPM works, the next batch gathers.

use std::mem::take;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use blindllama_verifier::Code;
use blindllama_verifier::evidence::binding::extra_data;
use blindllama_verifier::evidence::nonce_tree::{Hash, MAX_DEPTH, NonceTree};
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::{Duration, timeout};

use super::claims::ClaimsSource;
use super::machine::Machine;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::log::{Level, Log};
use crate::random;
use crate::tpm::Quote;
use crate::tpm::worker::Tpm;

/// For so long after a quote nobody needs another one to know that quotes can be made, in milliseconds.
const HEALTHY_MS: u64 = 2000;

/// How often the machine is looked at while nobody asks for a quote.
const LOOK: Duration = Duration::from_secs(2);

/// How old the last quote may be then, in milliseconds: only a quote tells whether the TPM was started anew.
const PROVEN_MS: u64 = 30_000;

/// Leaves of the smallest tree. Until more clients wait at once, the depth tells nothing of how many there are; a path of four siblings
/// costs 136 bytes.
const LEAST_LEAVES: usize = 16;

/// A quote and what it covers, shared by all who waited for it.
pub struct Batch {
    /// Encoded claims.
    pub claims: Vec<u8>,
    /// Signature of this process over them.
    pub instance_proof: [u8; 64],
    /// The TPM's answer.
    pub quote: Quote,
    /// The tree over the nonces.
    pub tree: NonceTree,
}

/// A quote and the place of a nonce in its tree.
type Answer = Result<(Arc<Batch>, usize), Failure>;

struct Waiting {
    nonce: Hash,
    /// Whether a client asked, or the gateway itself.
    client: bool,
    answer: oneshot::Sender<Answer>,
}

/// The nonces that wait for the next quote.
struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    most: usize,
    /// Whether the attester is gone.
    ended: AtomicBool,
    /// Told of each nonce, and of the attester's end.
    changed: Notify,
}

impl Queue {
    fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), most, ended: AtomicBool::new(false), changed: Notify::new() }
    }

    /// Adds a nonce. Clients that left make room: they must not take the places of others until the TPM is ready.
    fn push(&self, nonce: Waiting) -> Result<(), Failure> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= self.most {
            waiting.retain(|client| !client.answer.is_closed());
        }
        if waiting.len() >= self.most {
            return Err(Failure::new(Code::EVIDENCE_BUSY));
        }
        waiting.push(nonce);
        self.changed.notify_one();
        Ok(())
    }

    /// All that wait and did not leave.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.retain(|client| !client.answer.is_closed());
        waiting
    }
}

/// Where nonces are handed in.
pub struct Attester {
    queue: Arc<Queue>,
    /// Of clients, until their quote is there or they leave.
    places: Semaphore,
    last_quote: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

impl Attester {
    /// Starts the task that makes the quotes; at most `waiting` nonces wait at once. It ends with the attester.
    pub fn start(tpm: Tpm, claims: ClaimsSource, clock: Arc<dyn Clock>, log: Log, waiting: usize) -> Self {
        let most = waiting.min(1 << (MAX_DEPTH - 1));
        // Twice as many: a crowd of clients must not make the gateway look as if it could not quote.
        let queue = Arc::new(Queue::new(most.saturating_mul(2)));
        let last_quote = Arc::new(AtomicU64::new(0));
        let last = Arc::clone(&last_quote);
        let quoter = Quoter { tpm, claims, clock: Arc::clone(&clock), log, last_quote: last, state: State::New };
        tokio::spawn(quoter.run(Arc::clone(&queue)));
        Self { queue, places: Semaphore::new(most), last_quote, clock }
    }

    /// Waits for a quote that covers a client's `nonce`; returns it with the nonce's place in its tree.
    ///
    /// # Errors
    /// `evidence.busy`, `evidence.unavailable`; `evidence.changed`, and then for good.
    pub async fn quote(&self, nonce: Hash) -> Result<(Arc<Batch>, usize), Failure> {
        self.enqueue(nonce, true).await
    }

    /// Makes a quote for nobody.
    ///
    /// # Errors
    /// As [`Self::quote`].
    pub async fn prove(&self) -> Result<(), Failure> {
        self.enqueue(random::bytes()?, false).await.map(drop)
    }

    async fn enqueue(&self, nonce: Hash, client: bool) -> Result<(Arc<Batch>, usize), Failure> {
        let place = if client { Some(self.places.try_acquire()) } else { None };
        let _place = place.transpose().map_err(|_| Failure::new(Code::EVIDENCE_BUSY))?;
        let (answer, result) = oneshot::channel();
        self.queue.push(Waiting { nonce, client, answer })?;
        result.await.map_err(|_| Failure::new(Code::EVIDENCE_UNAVAILABLE))?
    }

    /// Whether a fresh quote can be made: one was just made, or one can be made now.
    pub async fn is_healthy(&self) -> bool {
        let last = self.last_quote.load(Ordering::Relaxed);
        if last != 0 && self.clock.boot_ms().saturating_sub(last) < HEALTHY_MS {
            return true;
        }
        self.prove().await.is_ok()
    }
}

impl Drop for Attester {
    fn drop(&mut self) {
        self.queue.ended.store(true, Ordering::Release);
        self.queue.changed.notify_one();
    }
}

struct Quoter {
    tpm: Tpm,
    claims: ClaimsSource,
    clock: Arc<dyn Clock>,
    log: Log,
    last_quote: Arc<AtomicU64>,
    state: State,
}

/// What is known of the machine.
enum State {
    /// Nothing was quoted yet.
    New,
    /// Every quote has to show it.
    Known(Machine),
    /// It became another one. PCRs do not go back, so nothing leads out of here but a new process.
    Changed,
}

impl Quoter {
    /// Serves what is in `queue`, and looks at the machine between, until its attester is gone.
    async fn run(mut self, queue: Arc<Queue>) {
        while !queue.ended.load(Ordering::Acquire) {
            let waiting = queue.take();
            if !waiting.is_empty() {
                self.serve(waiting).await;
            } else if timeout(LOOK, queue.changed.notified()).await.is_err() {
                self.look().await;
            }
        }
    }

    /// Whether the machine is the same, asked without a client. A TPM that does not answer proves nothing; once it answers, a quote tells
    /// whether it was started anew meanwhile.
    async fn look(&mut self) {
        let State::Known(machine) = &self.state else { return };
        let changed = match self.tpm.read().await {
            Ok(values) => machine.has(&values),
            Err(_) => return self.forget_last_quote(),
        };
        if let Err(failure) = changed {
            self.end(&failure);
        } else if self.clock.boot_ms().saturating_sub(self.last_quote.load(Ordering::Relaxed)) >= PROVEN_MS
            && let Ok(nonce) = random::bytes()
        {
            drop(self.batch(&[nonce]).await);
        }
    }

    /// Ends the proof, and the keys with it.
    fn end(&mut self, failure: &Failure) {
        self.state = State::Changed;
        self.claims.epochs.end();
        self.forget_last_quote();
        self.log.failure(Level::Error, "machine.changed", failure);
    }

    /// Whether a quote can be made now is not known.
    fn forget_last_quote(&self) {
        self.last_quote.store(0, Ordering::Relaxed);
    }

    async fn serve(&mut self, waiting: Vec<Waiting>) {
        let nonces: Vec<Hash> = waiting.iter().map(|client| client.nonce).collect();
        match self.batch(&nonces).await {
            Ok((batch, places)) => {
                let clients = waiting.iter().filter(|waiting| waiting.client).count();
                if clients > 0 {
                    self.log.event(Level::Info, "evidence", &[("count", clients.into())]);
                }
                let batch = Arc::new(batch);
                for (client, place) in waiting.into_iter().zip(places) {
                    drop(client.answer.send(Ok((Arc::clone(&batch), place))));
                }
            }
            Err(failure) => {
                self.forget_last_quote();
                let code = if failure.code == Code::EVIDENCE_CHANGED {
                    failure.code
                } else {
                    self.log.failure(Level::Error, "evidence.failed", &failure);
                    Code::EVIDENCE_UNAVAILABLE
                };
                for client in waiting {
                    drop(client.answer.send(Err(Failure::new(code))));
                }
            }
        }
    }

    /// The quote, and the place of each nonce in its tree.
    ///
    /// # Errors
    /// `evidence.changed` where the machine is another one than at the start; the codes `tpm.…`.
    async fn batch(&mut self, nonces: &[Hash]) -> Result<(Batch, Vec<usize>), Failure> {
        if matches!(self.state, State::Changed) {
            return Err(Failure::new(Code::EVIDENCE_CHANGED));
        }
        let (tree, places) = tree(nonces)?;
        let claims = self.claims.encode()?;
        let quote = self.tpm.quote(extra_data(&tree.root(), &claims)).await?;
        match &self.state {
            State::Known(machine) => {
                if let Err(failure) = machine.shows(&quote) {
                    self.end(&failure);
                    return Err(Failure::new(Code::EVIDENCE_CHANGED));
                }
            }
            _ => self.state = State::Known(Machine::of(&quote)),
        }
        self.last_quote.store(self.clock.boot_ms().max(1), Ordering::Relaxed);
        let instance_proof = self.claims.prove(&claims)?;
        Ok((Batch { claims, instance_proof, quote, tree }, places))
    }
}

/// The tree over `nonces`, each at a random place among random ones, and these places: a filler that could be guessed, and a place that
/// follows the order of arrival, would tell how many clients waited.
fn tree(nonces: &[Hash]) -> Result<(NonceTree, Vec<usize>), Failure> {
    let width = nonces.len().next_power_of_two().max(LEAST_LEAVES);
    let mut leaves = vec![Hash::default(); width];
    random::fill(leaves.as_flattened_mut())?;
    let places = places(nonces.len(), width)?;
    for (nonce, place) in nonces.iter().zip(&places) {
        if let Some(leaf) = leaves.get_mut(*place) {
            *leaf = *nonce;
        }
    }
    let tree = NonceTree::new(&leaves).ok_or(Failure::new(Code::GATEWAY_INTERNAL))?;
    Ok((tree, places))
}

/// `count` distinct random places of `width`: those that come first once each has drawn a random number.
fn places(count: usize, width: usize) -> Result<Vec<usize>, Failure> {
    let mut drawn = vec![[0; 16]; width];
    random::fill(drawn.as_flattened_mut())?;
    let mut places: Vec<usize> = (0..width).collect();
    places.sort_unstable_by_key(|place| drawn.get(*place).copied());
    places.truncate(count);
    Ok(places)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use blindllama_verifier::evidence::nonce_tree::root_from_path;

    use super::*;

    /// A nonce, and the client that waits for its quote.
    fn nonce(client: bool) -> (Waiting, oneshot::Receiver<Answer>) {
        let (answer, result) = oneshot::channel();
        (Waiting { nonce: [1; 32], client, answer }, result)
    }

    #[test]
    fn clients_that_left_make_room_for_others() {
        let queue = Queue::new(2);
        let (first, left) = nonce(true);
        let (second, _stays) = nonce(true);
        let (third, _comes) = nonce(true);
        queue.push(first).unwrap();
        queue.push(second).unwrap();
        drop(left);
        queue.push(third).unwrap();
        let (fourth, _late) = nonce(true);
        assert_eq!(queue.push(fourth).unwrap_err().code, Code::EVIDENCE_BUSY);
        assert_eq!(queue.take().len(), 2);
    }

    #[test]
    fn every_nonce_leads_to_the_root_from_a_place_of_its_own() {
        for count in [1, 2, 15, 16, 17, 100] {
            let nonces: Vec<Hash> = (0..count).map(|number| [number; 32]).collect();
            let (tree, places) = tree(&nonces).unwrap();
            assert_eq!(places.len(), nonces.len());
            for (nonce, place) in nonces.iter().zip(&places) {
                let path = tree.path(*place).unwrap();
                let root = root_from_path(nonce, *place as u64, &path.iter().collect::<Vec<_>>());
                assert_eq!(root, Some(tree.root()), "{count}");
            }
            assert_eq!(places.iter().collect::<HashSet<_>>().len(), places.len(), "{count}");
        }
    }

    #[test]
    fn the_depth_does_not_tell_how_few_wait() {
        let depth = |count: usize| {
            let (tree, places) = tree(&vec![[7; 32]; count]).unwrap();
            tree.path(places[0]).unwrap().len()
        };
        assert_eq!([1, 2, 3, 15, 16].map(depth), [4; 5]);
        assert_eq!([17, 32, 33].map(depth), [5, 5, 6]);
    }

    #[test]
    fn places_follow_no_order() {
        let first: HashSet<usize> = (0..200).map(|_| tree(&[[1; 32], [2; 32]]).unwrap().1[0]).collect();
        assert_eq!(first.len(), LEAST_LEAVES, "a client alone is found at each of them");
        let is_before = (0..200)
            .filter(|_| matches!(tree(&[[1; 32], [2; 32]]).unwrap().1[..], [one, other] if one < other))
            .count();
        assert!((40..160).contains(&is_before), "{is_before} of 200 in the order in which they came");
    }

    #[test]
    fn fillers_are_random_and_differ() {
        let paths = [0, 1].map(|_| {
            let (tree, places) = tree(&[[1; 32]]).unwrap();
            tree.path(places[0]).unwrap()
        });
        let siblings: HashSet<Hash> = paths.concat().into_iter().collect();
        assert_eq!(siblings.len(), 8, "of two trees, at every height");
        let zero = NonceTree::new(&[[1; 32], Hash::default()]).unwrap().path(0).unwrap()[0];
        assert!(!siblings.contains(&zero));
    }
}
