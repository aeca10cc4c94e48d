//! Which of several servers gets the next request (PROTOCOL.md §11.3).
//!
//! The one with the fewest open requests for its weight; among equals by smooth weighted round robin. A server that failed is out of
//! service for a while. Being out is a preference and no exclusion: where every server is out, the one whose time ends first is asked.
//! Nothing about a request but its number takes part in the choice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a server is out of service after its first failure, and at most: each further failure doubles the time.
const FIRST_OUT: Duration = Duration::from_secs(1);
const LONGEST_OUT: Duration = Duration::from_secs(30);

/// Weights and health of the servers.
pub struct Balance {
    servers: Mutex<Vec<Server>>,
}

/// One server, by what its requests showed.
struct Server {
    weight: u64,
    /// What smooth weighted round robin owes it.
    owed: i64,
    /// Requests that have not ended.
    open: u64,
    /// Failures since it last served.
    failures: u32,
    /// Out of service until then.
    out_until: Option<Instant>,
    /// Whether the last probe failed: it is out until one passes.
    fails_probes: bool,
}

/// A request that was given to a server. Dropping it ends the request.
pub struct Assignment {
    balance: Arc<Balance>,
    index: usize,
    /// Failures of the server when it got the request.
    failures: u32,
}

impl Balance {
    /// Servers with these weights, all in service.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = u64>) -> Arc<Self> {
        Arc::new(Self { servers: Mutex::new(weights.into_iter().map(Server::new).collect()) })
    }

    /// Gives a request to the next server, passing over those that it was `tried` at; None where no other is left.
    #[must_use]
    pub fn take(self: &Arc<Self>, tried: &[usize], now: Instant) -> Option<Assignment> {
        let mut servers = self.lock();
        let left = (0..servers.len()).filter(|index| !tried.contains(index));
        let (serving, out): (Vec<usize>, Vec<usize>) =
            left.partition(|index| servers.get(*index).is_some_and(|server| server.serves(now)));
        let index = match next_of(&mut servers, &serving) {
            Some(index) => index,
            None => out.into_iter().min_by_key(|index| servers.get(*index).and_then(|server| server.out_until))?,
        };
        let server = servers.get_mut(index)?;
        if server.failures > 0 {
            // One request tries it; the others wait for what becomes of that.
            server.out_until = later(now, server.time_out());
        }
        server.open = server.open.saturating_add(1);
        Some(Assignment { balance: Arc::clone(self), index, failures: server.failures })
    }

    /// Notes the outcome of a probe of the server with this index; returns whether that changed if it serves.
    pub fn probed(&self, index: usize, passed: bool) -> bool {
        let mut servers = self.lock();
        let Some(server) = servers.get_mut(index) else { return false };
        let was_well = server.is_well();
        server.fails_probes = !passed;
        if passed {
            (server.failures, server.out_until) = (0, None);
        }
        was_well != server.is_well()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Assignment {
    /// The server's place in the configuration, from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// The server could not be reached or said that it does not serve; returns whether it goes out of service by that.
    pub fn failed(&self, now: Instant) -> bool {
        self.tell(|server| {
            server.failures = server.failures.saturating_add(1);
            server.out_until = later(now, server.time_out());
            server.failures == 1 && !server.fails_probes
        })
    }

    /// The server answered; returns whether it is back in service by that.
    pub fn served(&self) -> bool {
        self.tell(|server| {
            let was_out = server.failures > 0;
            (server.failures, server.out_until) = (0, None);
            was_out && !server.fails_probes
        })
    }

    /// Of the requests that were at a server when it failed, the first one tells. Those that were given to it before say nothing of it
    /// afterwards.
    fn tell(&self, outcome: impl FnOnce(&mut Server) -> bool) -> bool {
        let mut servers = self.balance.lock();
        servers.get_mut(self.index).is_some_and(|server| server.failures == self.failures && outcome(server))
    }
}

impl Drop for Assignment {
    fn drop(&mut self) {
        if let Some(server) = self.balance.lock().get_mut(self.index) {
            server.open = server.open.saturating_sub(1);
        }
    }
}

impl Server {
    const fn new(weight: u64) -> Self {
        Self { weight, owed: 0, open: 0, failures: 0, out_until: None, fails_probes: false }
    }

    /// Whether it may get requests while others may.
    fn serves(&self, now: Instant) -> bool {
        !self.fails_probes && self.out_until.is_none_or(|until| until <= now)
    }

    /// Whether nothing speaks against it.
    const fn is_well(&self) -> bool {
        !self.fails_probes && self.failures == 0
    }

    /// How long it is out after its last failure.
    fn time_out(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(16);
        FIRST_OUT.saturating_mul(1 << doublings).min(LONGEST_OUT)
    }
}

fn later(now: Instant, time: Duration) -> Option<Instant> {
    now.checked_add(time)
}

/// Of the servers with these indices, the one that is next.
fn next_of(servers: &mut [Server], indices: &[usize]) -> Option<usize> {
    let load = |index: &usize| servers.get(*index).map_or((u64::MAX, 1), |server| (server.open, server.weight));
    // a / b < c / d, without a division.
    let compare = |one: &usize, other: &usize| {
        let ((one_open, one_weight), (other_open, other_weight)) = (load(one), load(other));
        let cross = |open: u64, weight: u64| u128::from(open).saturating_mul(u128::from(weight));
        cross(one_open, other_weight).cmp(&cross(other_open, one_weight))
    };
    let least = *indices.iter().min_by(|one, other| compare(one, other))?;
    let equals: Vec<usize> = indices.iter().copied().filter(|index| compare(index, &least).is_eq()).collect();
    let mut all = 0_i64;
    for index in &equals {
        let Some(server) = servers.get_mut(*index) else { continue };
        let weight = i64::try_from(server.weight).unwrap_or(i64::MAX);
        all = all.saturating_add(weight);
        server.owed = server.owed.saturating_add(weight);
    }
    // The first of those that are owed most.
    let next = equals.into_iter().rev().max_by_key(|index| servers.get(*index).map(|server| server.owed))?;
    if let Some(server) = servers.get_mut(next) {
        server.owed = server.owed.saturating_sub(all);
    }
    Some(next)
}

#[cfg(test)]
mod tests;
