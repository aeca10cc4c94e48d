//! A bounded number of places for what strangers begin. A newcomer gets a place: where all are taken, the holder that is nearest to its
//! time-out loses its own. A peer that keeps many places without moving therefore loses them first, and shuts out nobody.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

/// The time-out of a holder that keeps its place.
const NEVER: u64 = u64::MAX;

/// So many times the limit are never exceeded, however young the holders are.
const HARD: usize = 4;

/// How the places are shared.
#[derive(Clone, Copy, Debug)]
pub struct PlaceLimits {
    /// Places in all.
    pub all: usize,
    /// Places of one connection.
    pub connection: usize,
    /// How long a holder keeps its place: a crowd that comes at once is served at once, and only what stays is in the way of others. Younger
    /// ones may exceed the limits, up to four times the limit of all.
    pub least: Duration,
}

/// The places.
pub struct Budget {
    limits: PlaceLimits,
    start: Instant,
    holders: Mutex<Holders>,
}

#[derive(Default)]
struct Holders {
    next: u64,
    held: Vec<Holder>,
}

struct Holder {
    id: u64,
    connection: u64,
    since: Instant,
    deadline: Deadline,
    evict: oneshot::Sender<()>,
}

/// When a holder times out if it moves no more.
#[derive(Clone)]
pub struct Deadline {
    start: Instant,
    /// In milliseconds since the start.
    after: Arc<AtomicU64>,
}

/// A place. Dropping it gives it back.
pub struct Place {
    budget: Arc<Budget>,
    id: u64,
}

/// The holder's end of a place: tells when it is lost, and is told when the holder times out.
pub struct PlaceHandle {
    deadline: Deadline,
    evicted: Option<oneshot::Receiver<()>>,
}

impl Budget {
    /// A budget with all places free.
    #[must_use]
    pub fn new(limits: PlaceLimits) -> Arc<Self> {
        Arc::new(Self { limits, start: Instant::now(), holders: Mutex::default() })
    }

    /// Takes a place for something on `connection` that times out at `deadline`, from another holder if need be.
    pub fn enter(self: &Arc<Self>, connection: u64, deadline: Instant) -> (Place, PlaceHandle) {
        let timeout = deadline;
        let deadline = Deadline { start: self.start, after: Arc::new(AtomicU64::new(NEVER)) };
        deadline.set(Some(timeout));
        let (evict, evicted) = oneshot::channel();
        let now = Instant::now();
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = holders.held.iter().filter(|holder| holder.connection == connection).count();
        // Two for one, so that what grew beyond the limits while it was young shrinks again.
        for _ in 0..2 {
            if holders.held.len() >= self.limits.all.saturating_mul(HARD) {
                holders.evict(|holder| !holder.deadline.is_never());
            } else if own >= self.limits.connection {
                holders.evict(|holder| holder.connection == connection && self.may_go(holder, now));
                own = own.saturating_sub(1);
            } else if holders.held.len() >= self.limits.all {
                holders.evict(|holder| self.may_go(holder, now));
            }
        }
        let id = holders.next;
        holders.next = id.wrapping_add(1);
        holders.held.push(Holder { id, connection, since: now, deadline: deadline.clone(), evict });
        drop(holders);
        let place = Place { budget: Arc::clone(self), id };
        (place, PlaceHandle { deadline, evicted: Some(evicted) })
    }

    /// How many places are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner).held.len()
    }

    /// Takes the place of the holder that times out first, where there is one that may go.
    pub fn evict(&self) {
        let now = Instant::now();
        self.holders.lock().unwrap_or_else(PoisonError::into_inner).evict(|holder| self.may_go(holder, now));
    }

    fn may_go(&self, holder: &Holder, now: Instant) -> bool {
        !holder.deadline.is_never() && now.saturating_duration_since(holder.since) >= self.limits.least
    }
}

impl Holders {
    /// Takes the place of the one among `candidates` that times out first.
    fn evict(&mut self, candidates: impl Fn(&Holder) -> bool) {
        let all = self.held.iter().enumerate().filter(|(_, holder)| candidates(holder));
        let first = all.min_by_key(|(_, holder)| (holder.deadline.after.load(Ordering::Relaxed), holder.id));
        if let Some((index, _)) = first {
            // The holder may be gone already.
            let _ = self.held.swap_remove(index).evict.send(());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut holders = self.budget.holders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = holders.held.iter().position(|holder| holder.id == self.id) {
            drop(holders.held.swap_remove(index));
        }
    }
}

impl PlaceHandle {
    /// What the holder says of its time-out.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.deadline.clone()
    }

    /// Tells that the holder times out at `deadline` if it moves no more; it keeps its place where there is none.
    pub fn postpone(&self, deadline: Option<Instant>) {
        self.deadline.set(deadline);
    }

    /// Ready once the place is lost; never where it was given back.
    pub fn poll_evicted(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(evicted) = &mut self.evicted
            && let Poll::Ready(result) = Pin::new(evicted).poll(context)
        {
            self.evicted = None;
            if result.is_ok() {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

impl Deadline {
    /// Sets it; None for a holder that keeps its place.
    pub fn set(&self, deadline: Option<Instant>) {
        let after = deadline.map(|deadline| deadline.saturating_duration_since(self.start).as_millis());
        self.after.store(after.and_then(|after| u64::try_from(after).ok()).unwrap_or(NEVER), Ordering::Relaxed);
    }

    fn is_never(&self) -> bool {
        self.after.load(Ordering::Relaxed) == NEVER
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn budget(all: usize, connection: usize, least: Duration) -> Arc<Budget> {
        Budget::new(PlaceLimits { all, connection, least })
    }

    fn after(seconds: u64) -> Instant {
        Instant::now() + Duration::from_secs(seconds)
    }

    fn is_evicted((_, holding): &mut (Place, PlaceHandle)) -> bool {
        holding.poll_evicted(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_that_times_out_first_makes_room() {
        let budget = budget(3, 3, Duration::ZERO);
        let mut held: Vec<_> = [30, 10, 20].map(|seconds| budget.enter(seconds, after(seconds))).into();
        held.push(budget.enter(9, after(40)));
        assert_eq!(held.iter_mut().map(is_evicted).collect::<Vec<_>>(), [false, true, false, false]);
        held[2].1.postpone(Some(after(50)));
        held.push(budget.enter(9, after(40)));
        assert!(is_evicted(&mut held[0]), "the third moved meanwhile");
        assert_eq!(budget.taken(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_holder_without_a_time_out_keeps_its_place() {
        let budget = budget(1, 1, Duration::ZERO);
        let mut first = budget.enter(1, after(1));
        first.1.postpone(None);
        let mut second = budget.enter(1, after(100));
        assert!(!is_evicted(&mut first));
        budget.evict();
        assert!(!is_evicted(&mut first) && is_evicted(&mut second));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_beyond_its_share_takes_from_itself() {
        let budget = budget(10, 2, Duration::ZERO);
        let mut other = budget.enter(1, after(1));
        let mut own = [20, 30, 40].map(|seconds| budget.enter(2, after(seconds)));
        assert_eq!(own.each_mut().map(is_evicted), [true, false, false]);
        assert!(!is_evicted(&mut other));
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_comes_back_and_tells_nobody() {
        let budget = budget(1, 1, Duration::ZERO);
        let (place, mut holding) = budget.enter(1, after(1));
        drop(place);
        assert_eq!(budget.taken(), 0);
        assert!(holding.poll_evicted(&mut Context::from_waker(Waker::noop())).is_pending());
    }

    #[tokio::test(start_paused = true)]
    async fn a_young_holder_stays() {
        let budget = budget(1, 1, Duration::from_secs(1));
        let mut first = budget.enter(1, after(5));
        let mut second = budget.enter(1, after(5));
        assert!(!is_evicted(&mut first));
        tokio::time::advance(Duration::from_secs(1)).await;
        let mut third = budget.enter(1, after(5));
        assert!(is_evicted(&mut first) && is_evicted(&mut second), "what grew beyond the limit shrinks");
        assert!(!is_evicted(&mut third));
    }

    #[tokio::test(start_paused = true)]
    async fn four_times_the_limit_are_never_exceeded() {
        let budget = budget(2, 100, Duration::from_secs(1));
        let held: Vec<_> = (0..20).map(|number| budget.enter(number, after(5))).collect();
        assert!(budget.taken() <= 8, "{} of {}", budget.taken(), held.len());
    }
}
