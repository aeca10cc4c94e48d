//! The limits of a fleet, counted in a Redis (PROTOCOL.md §11.2). They hold in addition to those of this process, and only while it
//! answers: without it each process keeps to its own.

mod debt;
mod link;
mod names;
mod tally;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use self::debt::Debts;
use self::link::{Driver, Link, Why};
use self::names::{Names, What, Whose};
use self::tally::Tally;
use super::window::{SECONDS, reached};
use super::{REQUESTS, TOKENS};
use crate::clock::Clock;
use crate::config::{AccessSettings, SharedSettings};
use crate::failure::Failure;
use crate::log::{Level, Log};

/// The longest that a request waits for the counter.
const WAIT: Duration = Duration::from_millis(500);

/// For a connection to the counter, with its first answer.
const CONNECT: Duration = Duration::from_secs(2);

/// Between two messages with tokens.
const FLUSH: Duration = Duration::from_millis(200);

/// Before the first and before any further attempt to connect again, which doubles up to there.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(8));

/// Milliseconds of a window.
const WINDOW: u64 = SECONDS * 1000;

/// Milliseconds of a window after which the others have carried into it what their tokens left.
const SETTLED: u64 = 1000;

const NO_ANSWER: &str = "no answer in time";

/// The fleet's counter, as this process sees it.
pub(super) struct Shared {
    settings: SharedSettings,
    /// Of [`REQUESTS`] and of [`TOKENS`], of a key and of all.
    requests: [Option<u64>; 2],
    tokens: [Option<u64>; 2],
    names: Names,
    state: watch::Sender<State>,
    tally: Mutex<Tally>,
    debts: Mutex<Debts>,
    clock: Arc<dyn Clock>,
    log: Log,
}

#[derive(Clone)]
enum State {
    /// It was never tried: requests wait for it.
    Starting,
    /// The connection with this number works.
    Up(u64, Link),
    /// Nothing waits.
    Lost(Why),
}

/// What a request added to the fleet's tokens of one window.
#[derive(Default)]
pub(super) struct SharedTokens {
    window: u64,
    amount: u64,
}

impl Shared {
    /// The counter of `settings`, where there is one.
    pub(super) fn of(settings: &AccessSettings, clock: &Arc<dyn Clock>, log: &Log) -> Option<Self> {
        let shared = settings.shared.clone()?;
        Some(Self {
            requests: [settings.requests, settings.total_requests],
            tokens: [settings.tokens, settings.total_tokens],
            names: Names::new(&shared.secret),
            settings: shared,
            state: watch::Sender::new(State::Starting),
            tally: Mutex::default(),
            debts: Mutex::default(),
            clock: Arc::clone(clock),
            log: log.clone(),
        })
    }

    /// Counts a request of the API key with this hash, where the fleet's limits have room or nothing answers within [`WAIT`].
    ///
    /// # Errors
    /// `access.limit`, which counts nothing.
    pub(super) async fn admit(&self, hash: [u8; 32]) -> Result<(), Failure> {
        let now = self.clock.wall_ms();
        let window = now / WINDOW;
        let counters = [(What::Tokens, self.tokens, TOKENS), (What::Requests, self.requests, REQUESTS)];
        let counters = counters.map(|(what, limits, settings)| {
            let name = |whose| self.names.name(what, whose, window);
            let [own, all] = limits.map(Option::unwrap_or_default);
            [(settings[0], (name(Whose::Key(hash)), own)), (settings[1], (name(Whose::All), all))]
        });
        let [[first, second], [third, fourth]] = counters;
        let settings = [first.0, second.0, third.0, fourth.0];
        let counters = [first.1, second.1, third.1, fourth.1];
        let Some((place, count)) = self.asked(&counters).await else { return Ok(()) };
        let (Some(setting), Some((_, limit))) = (settings.get(place), counters.get(place)) else { return Ok(()) };
        // What exceeds the limit is owed by the windows behind this one.
        let windows = count.checked_div(*limit).unwrap_or(1).max(1);
        let passed = (now % WINDOW) / 1000;
        Err(reached(setting).after(SECONDS.saturating_mul(windows).saturating_sub(passed)))
    }

    /// The limit that is reached, and what is counted there; None where there is room, and where nothing answers.
    async fn asked(&self, counters: &[(String, u64); 4]) -> Option<(usize, u64)> {
        let mut state = self.state.subscribe();
        let mut number = 0;
        let asked = timeout(WAIT, async {
            let state = state.wait_for(|state| !matches!(state, State::Starting)).await.ok()?.clone();
            let State::Up(current, link) = state else { return None };
            number = current;
            Some(link.admit(counters).await)
        });
        let why = match asked.await {
            Ok(Some(Ok(answer))) => return answer,
            Ok(Some(Err(why))) => why,
            Ok(None) => return None,
            Err(_) => NO_ANSWER.into(),
        };
        self.lose(number, why);
        None
    }

    /// The connection with this number does not work. Later requests do not wait for it.
    fn lose(&self, number: u64, why: Why) {
        self.state.send_if_modified(|state| {
            let is_current = matches!(state, State::Up(current, _) if *current == number);
            if is_current {
                *state = State::Lost(why);
            }
            is_current
        });
    }

    /// From now on a request of this key counts `to` tokens, for which `from` were counted. What it `added` to an earlier window stays there.
    pub(super) fn correct(&self, hash: [u8; 32], from: u64, to: u64, added: &mut SharedTokens) {
        let window = self.window();
        if added.window != window {
            *added = SharedTokens { window, amount: 0 };
        }
        let change = if let Some(more) = to.checked_sub(from) {
            added.amount = added.amount.saturating_add(more);
            i64::try_from(more).unwrap_or(i64::MAX)
        } else {
            let less = from.saturating_sub(to).min(added.amount);
            added.amount = added.amount.saturating_sub(less);
            i64::try_from(less).unwrap_or(i64::MAX).saturating_neg()
        };
        let mut tally = self.tally();
        for (whose, limit) in [Whose::Key(hash), Whose::All].into_iter().zip(self.tokens) {
            if limit.is_some() {
                tally.add(window, whose, change);
            }
        }
    }

    /// Keeps a connection, and tells the fleet of tokens; never ends.
    pub(super) async fn run(&self) {
        let (mut pause, mut is_told) = (PAUSES.0, false);
        for number in 1.. {
            let begun = Instant::now();
            let opened = timeout(CONNECT, Link::open(&self.settings)).await;
            let why = match opened.unwrap_or_else(|_| Err(NO_ANSWER.into())) {
                Ok((link, driver)) => {
                    if is_told {
                        self.log.event(Level::Info, "limits.shared_back", &[]);
                        is_told = false;
                    }
                    self.state.send_replace(State::Up(number, link.clone()));
                    self.serve(&link, driver).await
                }
                Err(why) => why,
            };
            self.state.send_replace(State::Lost(why.clone()));
            if !is_told {
                self.log.event(Level::Warn, "limits.shared_lost", &[("detail", why.into())]);
                is_told = true;
            }
            // One that fails again and again is not asked all the time.
            pause = if begun.elapsed() > PAUSES.1 { PAUSES.0 } else { pause };
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSES.1);
        }
    }

    /// Tells tokens until the connection does not work; returns why.
    async fn serve(&self, link: &Link, mut driver: Driver) -> Why {
        let mut state = self.state.subscribe();
        let mut ticks = interval(FLUSH);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = driver.ended() => return "the connection ended".into(),
                why = lost(&mut state) => return why,
                _ = ticks.tick() => {
                    if let Err(why) = self.flush(link).await {
                        return why;
                    }
                }
            }
        }
    }

    async fn flush(&self, link: &Link) -> Result<(), Why> {
        loop {
            self.carry();
            let taken = self.tally().take(self.window());
            if taken.is_empty() {
                return Ok(());
            }
            let name = |(window, whose, tokens): &_| (self.names.name(What::Tokens, *whose, *window), *tokens);
            let more: Vec<(String, i64)> = taken.iter().map(name).collect();
            let told = timeout(CONNECT, link.add(&more)).await.unwrap_or_else(|_| Err(NO_ANSWER.into()));
            match told {
                Ok(sums) => {
                    let mut debts = self.debts();
                    for ((window, whose, tokens), sum) in taken.into_iter().zip(sums) {
                        debts.note(window, whose, tokens, sum, self.limit(whose));
                    }
                }
                Err(why) => {
                    // Rather twice than not at all.
                    let mut tally = self.tally();
                    for (window, whose, tokens) in taken {
                        tally.add(window, whose, tokens);
                    }
                    return Err(why);
                }
            }
        }
    }

    /// Counts in this window what earlier ones left to it.
    fn carry(&self) {
        let now = self.clock.wall_ms();
        let window = now / WINDOW;
        let due = self.debts().take(window, now % WINDOW >= SETTLED, |whose| self.limit(whose));
        let mut tally = self.tally();
        for (whose, tokens) in due {
            tally.add(window, whose, tokens);
        }
    }

    /// Tokens of a window. Counters without a limit are not used.
    fn limit(&self, whose: Whose) -> u64 {
        let [own, all] = self.tokens;
        let limit = match whose {
            Whose::Key(_) => own,
            Whose::All => all,
        };
        limit.unwrap_or(u64::MAX)
    }

    fn window(&self) -> u64 {
        self.clock.wall_ms() / WINDOW
    }

    fn debts(&self) -> MutexGuard<'_, Debts> {
        self.debts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves once a request met a connection that does not work, with what it met.
async fn lost(state: &mut watch::Receiver<State>) -> Why {
    match state.wait_for(|state| matches!(state, State::Lost(_))).await.as_deref() {
        Ok(State::Lost(why)) => why.clone(),
        _ => NO_ANSWER.into(),
    }
}
