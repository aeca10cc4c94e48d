//! The running gateway: opens the TPM, listens, serves, and stops without breaking off answers.

mod connection;
mod cors;
mod listen;
mod plain;
mod query;
mod routes;
mod stall;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use blindllama_verifier::Code;
use tokio::net::TcpListener;
use tokio::sync::{AcquireError, Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::attestation::arrived::{ArrivedDocuments, DocumentPublisher};
use crate::attestation::batch::Attester;
use crate::attestation::claims::ClaimsSource;
use crate::attestation::epoch::Epochs;
use crate::attestation::evidence::EvidenceSource;
use crate::attestation::installed_chain::{ChainInstaller, InstalledChain};
use crate::attestation::static_part::{Sources, read_file};
use crate::budget::{Budget, PlaceLimits};
use crate::channel::Channel;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, Limits};
use crate::enrolment::Enrolment;
use crate::failure::Failure;
use crate::files;
use crate::hex::hex;
use crate::log::{Level, Log};
use crate::operation::Operation;
use crate::phase::{Phase, Phases};
use crate::random;
use crate::signing::SigningKey;
use crate::tpm::AttestationKey;
use crate::tpm::worker::Tpm;

/// For answers that are cut off: time to send what they end with.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How often keys whose time is over are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// A pause after a failed `accept`, which fails again at once when file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often a connection that waits for a place looks for an idle one.
const PLACE_PAUSE: Duration = Duration::from_millis(100);

/// Answers that do not come from the model server and are being sent, in all and of one connection. A peer that takes its answer needs
/// less than a second, and more of them than that are no attack.
const SENDING: PlaceLimits = PlaceLimits { all: 4096, connection: 64, least: Duration::from_secs(1) };

/// Requests of those who sign, to enrol or to operate, until it is known who asks: what a stranger sends is held or thrown away meanwhile.
const SIGNED: PlaceLimits = PlaceLimits { all: 64, connection: 16, least: Duration::from_secs(1) };

/// What answers requests.
struct Gateway {
    config: Arc<Config>,
    instance: String,
    evidence: EvidenceSource,
    channel: Channel,
    /// None where nobody may enrol.
    enrolment: Option<Enrolment>,
    /// None where nobody operates.
    operation: Option<Operation>,
    /// Places of requests whose signature is not read yet.
    signed: Arc<Budget>,
    /// Places of answers that do not come from the model server.
    sending: Arc<Budget>,
    phases: Phases,
}

impl Gateway {
    fn phase(&self) -> Phase {
        *self.phases.borrow()
    }
}

/// How a gateway is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// By a supervisor: proxies get time to notice before the listener is closed.
    Announced,
    /// By a person: at once.
    AtOnce,
}

/// A gateway that listens.
pub struct Server {
    gateway: Arc<Gateway>,
    epochs: Arc<Epochs>,
    listener: TcpListener,
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    reload: Arc<Notify>,
    tpm: Tpm,
    log: Log,
}

impl Server {
    /// Opens the TPM, makes the first keys and listens. Connections wait until [`Self::run`].
    ///
    /// # Errors
    /// The codes `config.…` for files that cannot be read, `tpm.…`, `gateway.listen`.
    pub async fn start(mut config: Config, log: Log) -> Result<Self, Failure> {
        // Of what is configured, whatever this machine has room for.
        let config_digest = config.digest();
        fit_into_files(&mut config, &log);
        let config = Arc::new(config);
        let event_logs = config.event_logs.iter().map(|path| read_file(path)).collect::<Result<_, _>>()?;
        let (tpm, key) = Tpm::start(config.tpm.clone()).await?;
        let started = Self::with_tpm(config, config_digest, event_logs, (tpm.clone(), key), log).await;
        if started.is_err() {
            tpm.close().await;
        }
        started
    }

    async fn with_tpm(
        config: Arc<Config>,
        config_digest: [u8; 32],
        event_logs: Vec<Vec<u8>>,
        (tpm, key): (Tpm, AttestationKey),
        log: Log,
    ) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let sources = Sources {
            ak_public: key.public.clone(),
            ak_chain: config.ak_chain.clone(),
            more_chains: config.more_chains.clone(),
            installed: InstalledChain::default(),
            arrived: ArrivedDocuments::default(),
            event_logs,
            platform: config.platform.clone(),
            release: config.release.clone(),
            status: config.status.clone(),
        };
        let (static_parts, static_part) = watch::channel(Arc::new(sources.read()?));
        let epochs = Arc::new(Epochs::new(config.epochs.clone(), Arc::clone(&clock))?);
        let instance = config.instance.clone().map_or_else(random_instance, Ok)?;
        let instance_key = SigningKey::generate()?;
        let instance_public = *instance_key.public();
        let claims = ClaimsSource {
            audiences: config.audiences.clone(),
            instance: instance.clone(),
            config_digest,
            prompt_cache: config.upstream.prompt_cache.claim(),
            upstream: config.upstream.claim(),
            instance_key,
            epochs: Arc::clone(&epochs),
            clock: Arc::clone(&clock),
        };
        let (listener, address) = listen::listen(&config.listen).await?;
        // The last of what can fail for a reason that a second start may mend: the PCR takes one process.
        if config.extend_instance {
            tpm.measure_instance(instance_public).await?;
        }
        let attester = Attester::start(tpm.clone(), claims, Arc::clone(&clock), log.clone(), config.limits.waiting);
        // A gateway that cannot quote must not look as if it had started.
        attester.prove().await?;
        log.event(
            Level::Info,
            "start",
            &[
                ("address", address.to_string().into()),
                ("instance", instance.clone().into()),
                ("ak_name", hex(&key.name).into()),
                ("config_digest", hex(&config_digest).into()),
                ("upstream", config.upstream.claim().as_str().into()),
            ],
        );
        let reload = Arc::new(Notify::new());
        let chains = ChainInstaller::new(sources.clone(), Arc::clone(&reload));
        let publisher = DocumentPublisher::new(sources.clone(), Arc::clone(&reload));
        tokio::spawn(sources.follow(static_parts, Arc::clone(&reload), log.clone()));
        let (phase, phases) = watch::channel(Phase::Serving);
        let gateway = Gateway {
            instance,
            evidence: EvidenceSource { attester, static_part, bank: config.tpm.bank },
            channel: Channel::new(Arc::clone(&config), Arc::clone(&epochs), clock, phases.clone(), log.clone()),
            enrolment: Enrolment::new(
                config.enrolment_keys.clone(),
                key.public.clone(),
                tpm.clone(),
                chains,
                log.clone(),
            ),
            operation: Operation::new(
                config.operator_keys.clone(),
                config.audiences.clone(),
                publisher,
                config.access.is_some(),
                config.limits.body_timeout,
                log.clone(),
            ),
            signed: Budget::new(SIGNED),
            sending: Budget::new(SENDING),
            phases,
            config,
        };
        Ok(Self { gateway: Arc::new(gateway), epochs, listener, address, phase, reload, tpm, log })
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Each notice makes the gateway read the files of its evidence again.
    #[must_use]
    pub fn reload(&self) -> Arc<Notify> {
        Arc::clone(&self.reload)
    }

    /// Serves until `stop` resolves; then goes through the phases of PROTOCOL.md §2.1 and leaves the TPM as it was found.
    pub async fn run(self, stop: impl Future<Output = Stop>) {
        let sweeper = self.sweep();
        let gateway = Arc::clone(&self.gateway);
        tokio::spawn(async move { gateway.channel.prepare().await });
        let gateway = Arc::clone(&self.gateway);
        let watch = tokio::spawn(async move { gateway.channel.watch_upstreams().await });
        let gateway = Arc::clone(&self.gateway);
        let count = tokio::spawn(async move { gateway.channel.count_with_fleet().await });
        let limits = &self.gateway.config.limits;
        let limit = limits.connections;
        let places = Arc::new(Semaphore::new(limit));
        // Of open connections, so that a newcomer can take the place of the one that is idle for longest.
        let open = Budget::new(PlaceLimits { all: usize::MAX, connection: usize::MAX, least: Duration::ZERO });
        let mut closing = std::pin::pin!(drained(stop, limits.clone(), self.phase.clone(), self.log.clone()));
        let mut number = 0_u64;
        let until = loop {
            let accepted = async {
                let accepted = self.listener.accept().await;
                (accepted, place_for_newcomer(&places, &open).await)
            };
            tokio::select! {
                until = &mut closing => break until,
                accepted = accepted => match accepted {
                    (Ok((stream, _peer)), Ok(permit)) => {
                        number = number.wrapping_add(1);
                        let connection = number;
                        let gateway = Arc::clone(&self.gateway);
                        let limits = gateway.config.limits.clone();
                        let (place, place_handle) = open.enter(connection, Instant::now());
                        let answer = move |request| Arc::clone(&gateway).answer(request, connection);
                        let served = connection::serve(stream, limits, self.phase.subscribe(), permit, place_handle, answer);
                        tokio::spawn(async move {
                            served.await;
                            drop(place);
                        });
                    }
                    (Err(error), _) => {
                        let failure = Failure::with(Code::GATEWAY_LISTEN, accept_failed(&error));
                        self.log.failure(Level::Warn, "accept.failed", &failure);
                        sleep(ACCEPT_PAUSE).await;
                    }
                    (_, Err(_)) => break Instant::now(),
                },
            }
        };
        drop(self.listener);
        self.phase.send_replace(Phase::Stopping);
        self.log.event(Level::Info, "stopping", &[]);
        let complete = all_ended(&places, limit, until).await;
        if !complete {
            self.phase.send_replace(Phase::Ended);
            all_ended(&places, limit, after(LAST_WORDS)).await;
        }
        sweeper.abort();
        watch.abort();
        count.abort();
        self.tpm.close().await;
        self.log.event(Level::Info, "stop", &[("complete", complete.into())]);
    }

    /// Destroys keys whose time is over even if nobody asks for evidence, and starts epochs that are due.
    fn sweep(&self) -> JoinHandle<()> {
        let (epochs, log) = (Arc::clone(&self.epochs), self.log.clone());
        tokio::spawn(async move {
            loop {
                sleep(SWEEP).await;
                match epochs.rotate() {
                    Ok(true) => log.event(Level::Info, "rotation", &[]),
                    Ok(false) => {}
                    Err(failure) => log.failure(Level::Error, "rotation.failed", &failure),
                }
            }
        })
    }
}

/// Waits for one of `places`, and asks idle connections among `open` to end for it. Meanwhile no further connection is accepted.
async fn place_for_newcomer(places: &Arc<Semaphore>, open: &Budget) -> Result<OwnedSemaphorePermit, AcquireError> {
    loop {
        match Arc::clone(places).try_acquire_owned() {
            Ok(permit) => return Ok(permit),
            Err(_) => open.evict(),
        }
        if let Ok(permit) = timeout(PLACE_PAUSE, Arc::clone(places).acquire_owned()).await {
            return permit;
        }
    }
}

/// Allows as many streams and connections as there can be open files.
fn fit_into_files(config: &mut Config, log: &Log) {
    let files = files::limit();
    let (shared, servers) = (config.upstream.shares_connections(), config.upstream.servers.len());
    let Some((streams, connections)) = files::fit(&config.limits, files, shared, servers) else { return };
    (config.limits.streams, config.limits.connections) = (streams, connections);
    log.event(
        Level::Warn,
        "files.few",
        &[("open_files", files.into()), ("streams", streams.into()), ("connections", connections.into())],
    );
}

fn accept_failed(error: &std::io::Error) -> Cow<'static, str> {
    if files::ran_out(error) { files::RAN_OUT.into() } else { error.kind().to_string().into() }
}

/// Resolves when the listener is to be closed, with the moment at which answers are cut off.
async fn drained(stop: impl Future<Output = Stop>, limits: Limits, phase: watch::Sender<Phase>, log: Log) -> Instant {
    let stop = stop.await;
    let until = after(limits.drain);
    let notice = if stop == Stop::Announced { limits.drain_notice } else { Duration::ZERO };
    phase.send_replace(Phase::Draining);
    let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    log.event(
        Level::Info,
        "draining",
        &[("notice_ms", milliseconds(notice).into()), ("drain_ms", milliseconds(limits.drain).into())],
    );
    sleep(notice).await;
    until
}

fn after(duration: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(duration).unwrap_or(now)
}

/// Waits until all of the `limit` places for connections are free, at most `until` then; returns whether they are.
async fn all_ended(places: &Semaphore, limit: usize, until: Instant) -> bool {
    let all = u32::try_from(limit).unwrap_or(u32::MAX);
    timeout_at(until, places.acquire_many(all)).await.is_ok()
}

/// 26 random characters of `[a-z2-7]`: 130 bits, so no two processes share one.
fn random_instance() -> Result<String, Failure> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bytes: [u8; 26] = random::bytes()?;
    Ok(bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31))).map(|byte| char::from(*byte)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_stop_waits_for_open_connections_and_not_for_ever() {
        let places = Arc::new(Semaphore::new(3));
        let open = Arc::clone(&places).acquire_owned().await.unwrap();
        let begin = Instant::now();
        assert!(!timeout(LIMIT * 2, all_ended(&places, 3, after(LIMIT))).await.expect("it gives up"));
        assert_eq!(begin.elapsed(), LIMIT);

        let begin = Instant::now();
        let end = async {
            sleep(Duration::from_secs(20)).await;
            drop(open);
        };
        assert!(tokio::join!(all_ended(&places, 3, after(LIMIT)), end).0);
        assert_eq!(begin.elapsed(), Duration::from_secs(20));
    }

    #[test]
    fn every_process_has_an_instance_of_its_own() {
        let names = [0, 1].map(|_| random_instance().unwrap());
        assert_ne!(names[0], names[1]);
        for name in names {
            assert!(name.len() == 26 && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')), "{name}");
            let first = name.as_bytes()[0];
            assert!(name.bytes().any(|byte| byte != first), "{name}");
        }
    }
}
