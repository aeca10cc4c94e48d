//! The two clocks: one that only counts, also through sleep, and the wall's.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// What time it is.
pub trait Clock: Send + Sync {
    /// Milliseconds since boot, sleep included (`CLOCK_BOOTTIME`): whoever sets the wall clock cannot prolong a key's life.
    fn boot_ms(&self) -> u64;

    /// Milliseconds since 1970 by the wall clock.
    fn wall_ms(&self) -> u64;
}

/// The machine's clocks.
pub struct SystemClock;

impl Clock for SystemClock {
    fn boot_ms(&self) -> u64 {
        let time = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
        seconds.saturating_mul(1000).saturating_add(nanoseconds / 1_000_000)
    }

    fn wall_ms(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
