//! After the start: orphans are reaped, and the end of gateway, attester or model server is the end of the machine.

use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{WaitOptions, wait};

use crate::failure::{Doing, Failure};

const PAUSE: Duration = Duration::from_millis(20);

/// Waits for a worker that ends by itself.
///
/// # Errors
/// Where it fails or takes longer than `limit`.
pub(crate) fn finish(mut child: Child, what: &str, limit: Duration) -> Result<(), Failure> {
    let end = Instant::now().checked_add(limit);
    while end.is_some_and(|end| Instant::now() < end) {
        match child.try_wait().doing(what)? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(Failure::new(what, status)),
            None => sleep(PAUSE),
        }
    }
    Err(Failure::new(what, format!("it took longer than {} s", limit.as_secs())))
}

/// Reaps until one of `workers` ends; returns which one, and how. This process ends with the machine.
pub(crate) fn reap(workers: &[(&str, Child)]) -> Failure {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) => {
                let ended = |child: &Child| i32::try_from(child.id()) == Ok(pid.as_raw_nonzero().get());
                if let Some((name, _)) = workers.iter().find(|(_, child)| ended(child)) {
                    let how = status.terminating_signal().map(|signal| format!("signal {signal}"));
                    let status = status.exit_status().unwrap_or(-1);
                    return Failure::new(format!("the {name} ended"), how.unwrap_or(format!("status {status}")));
                }
            }
            Ok(None) | Err(Errno::INTR) => {}
            Err(error) => return Failure::new("waiting for workers", error),
        }
    }
}
