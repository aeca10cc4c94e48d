//! How far the end of the gateway is (PROTOCOL.md §2.1).

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::watch;

/// A phase of a gateway; each follows the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Everything is served.
    Serving,
    /// No new visitors: health and evidence refuse. Encapsulated requests are served.
    Draining,
    /// No new connections and no new requests; answers under way go on.
    Stopping,
    /// The time is over: answers under way end now.
    Ended,
}

/// The phase as it changes.
pub type Phases = watch::Receiver<Phase>;

/// Resolves when the gateway has reached `phase`, or is gone.
pub async fn reached(mut phases: Phases, phase: Phase) {
    drop(phases.wait_for(|now| *now >= phase).await);
}

/// The end as one answer sees it. What waits for it takes memory, so an answer that never waits has none of that.
pub struct End {
    phases: Phases,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl End {
    /// The end that `phases` will tell.
    #[must_use]
    pub const fn new(phases: Phases) -> Self {
        Self { phases, waiting: None }
    }

    /// Whether the end has come.
    #[must_use]
    pub fn has_come(&self) -> bool {
        *self.phases.borrow() == Phase::Ended
    }

    /// Wakes the task of `context` when the end comes. To be called again after each time that it was ready, which is for ever.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.has_come() {
            return Poll::Ready(());
        }
        let phases = &self.phases;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(reached(phases.clone(), Phase::Ended)));
        waiting.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_the_end_wakes_who_waits_for_it() {
        let (sender, phases) = watch::channel(Phase::Serving);
        let mut end = End::new(phases);
        for phase in [Phase::Serving, Phase::Draining, Phase::Stopping] {
            sender.send_replace(phase);
            let waiting = timeout(Duration::from_secs(1), poll_fn(|context| end.poll(context)));
            assert!(waiting.await.is_err() && !end.has_come(), "{phase:?}");
        }
        let waiting = tokio::spawn(async move { poll_fn(|context| end.poll(context)).await });
        tokio::task::yield_now().await;
        sender.send_replace(Phase::Ended);
        timeout(Duration::from_secs(1), waiting).await.expect("it is woken").unwrap();
    }
}
