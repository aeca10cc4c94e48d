//! The servers of the upstream: which of them gets a request, and whether they are well (PROTOCOL.md §11.3).

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, Response, StatusCode, Uri};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::model_server::{ModelServer, ServerContent, ServerSender};
use super::request_body::RequestBody;
use super::send_error::SendError;
use crate::clock::Clock;
use crate::config::{Config, ProbeSettings};
use crate::failure::Failure;
use crate::log::{Level, Log};
use crate::peer::relying_party::RelyingParty;
use crate::upstream::balance::{Assignment, Balance};

/// All of them.
pub(super) struct Servers {
    servers: Vec<Arc<ModelServer>>,
    balance: Arc<Balance>,
    probe: Option<ProbeSettings>,
    connect_timeout: Duration,
    log: Log,
}

/// A server for one request.
pub(super) struct Chosen {
    server: Arc<ModelServer>,
    sender: ServerSender,
    assignment: Arc<Assignment>,
}

/// What a request holds of its server, to the end of the answer.
pub(super) struct UpstreamPlace {
    _permit: OwnedSemaphorePermit,
    _assignment: Arc<Assignment>,
}

impl Chosen {
    /// The server's place in the configuration, from 0.
    pub(super) fn index(&self) -> usize {
        self.assignment.index()
    }
}

impl Servers {
    pub(super) fn new(config: &Config, clock: &Arc<dyn Clock>, log: &Log) -> Self {
        let upstream = &config.upstream;
        // All of them have to meet one policy, and what one shows of releases is remembered for all.
        let party = upstream.peer.as_ref().map(|policy| Arc::new(RelyingParty::new(policy, Arc::clone(clock))));
        let server = |address| Arc::new(ModelServer::new(address, party.as_ref(), &config.limits, clock, log));
        Self {
            servers: upstream.servers.iter().map(|settings| server(&settings.address)).collect(),
            balance: Balance::new(upstream.servers.iter().map(|settings| settings.weight)),
            probe: upstream.probe.clone(),
            connect_timeout: config.limits.connect_timeout,
            log: log.clone(),
        }
    }

    /// A place for a request at the next server that has one, but none of those that it was `tried` at; None where none is left.
    pub(super) fn choose(&self, tried: &[usize]) -> Option<(Chosen, UpstreamPlace)> {
        let mut passed_over = tried.to_vec();
        loop {
            let assignment = Arc::new(self.balance.take(&passed_over, Instant::now())?);
            let server = self.servers.get(assignment.index())?;
            if let Some((sender, permit)) = server.place() {
                let place = UpstreamPlace { _permit: permit, _assignment: Arc::clone(&assignment) };
                return Some((Chosen { server: Arc::clone(server), sender, assignment }, place));
            }
            passed_over.push(assignment.index());
        }
    }

    /// Whether a request may have to be sent a second time: what is needed for that is then kept.
    pub(super) fn may_refuse(&self) -> bool {
        self.are_several() || self.servers.iter().any(|server| server.may_refuse())
    }

    /// The address of `path` at the server; None for what is no path.
    pub(super) fn uri(&self, chosen: &Chosen, path: &str) -> Option<Uri> {
        chosen.server.uri(path)
    }

    /// Adds to `request` what the servers demand of each, however often it is sent; `date` is now.
    pub(super) fn complete(&self, request: &mut Request<RequestBody>, date: HeaderValue) -> Result<(), Failure> {
        self.servers.first().map_or(Ok(()), |server| server.complete(request, date))
    }

    /// Sends a request to its server; resolves with the head of the answer.
    pub(super) async fn send(
        &self,
        chosen: &Chosen,
        request: Request<RequestBody>,
    ) -> Result<Response<ServerContent>, SendError> {
        chosen.server.send(&chosen.sender, request).await
    }

    /// Takes what became of a request as a sign of how its server is.
    pub(super) fn note(&self, chosen: &Chosen, sent: &Result<Response<ServerContent>, SendError>) {
        match sent {
            // Each request for itself: what it asks for, or its client, may be the reason.
            Err(error) if !error.is_unsent() => {}
            Ok(answer) if !is_out_of_service(answer.status()) => {
                if chosen.assignment.served() {
                    self.tell(chosen.index(), Ok(()));
                }
            }
            Ok(answer) => {
                if chosen.assignment.failed(Instant::now()) {
                    self.tell(chosen.index(), Err(format!("status {}", answer.status().as_u16())));
                }
            }
            Err(error) => {
                if chosen.assignment.failed(Instant::now()) {
                    self.tell(chosen.index(), Err(error.reason()));
                }
            }
        }
    }

    /// Proves servers that have to be proven, so that the log says early whether they can be. Requests that come before that wait for it.
    pub(super) async fn prepare(&self) {
        let proofs = self.servers.iter().map(Arc::clone).map(|server| async move { server.prepare().await });
        proofs.collect::<JoinSet<()>>().join_all().await;
    }

    /// Asks each server again and again whether it is well; ends only where that is not configured.
    pub(super) async fn watch(self: &Arc<Self>) {
        let Some(probe) = &self.probe else { return };
        let watches = (0..self.servers.len()).map(|index| {
            let (servers, probe) = (Arc::clone(self), probe.clone());
            async move {
                loop {
                    servers.probe(index, &probe.path).await;
                    sleep(probe.interval).await;
                }
            }
        });
        watches.collect::<JoinSet<()>>().join_all().await;
    }

    async fn probe(&self, index: usize, path: &str) {
        let Some(server) = self.servers.get(index) else { return };
        // Without a place left for the question, the requests there tell how it is.
        let Some((sender, _permit)) = server.place() else { return };
        let state = match timeout(self.connect_timeout, server.probe(&sender, path)).await {
            Ok(Ok(status)) if status.is_success() => Ok(()),
            Ok(Ok(status)) => Err(format!("probe: status {}", status.as_u16())),
            Ok(Err(error)) => Err(format!("probe: {}", error.reason())),
            Err(_) => Err("probe: no answer".to_owned()),
        };
        if self.balance.probed(index, state.is_ok()) {
            self.tell(index, state);
        }
    }

    const fn are_several(&self) -> bool {
        self.servers.len() > 1
    }

    /// Logs that a server went out of service or came back. Of a single one its requests tell.
    fn tell(&self, index: usize, state: Result<(), String>) {
        if !self.are_several() {
            return;
        }
        let number: Value = index.saturating_add(1).into();
        match state {
            Ok(()) => self.log.event(Level::Info, "upstream.up", &[("server", number)]),
            Err(why) => self.log.event(Level::Warn, "upstream.down", &[("server", number), ("detail", why.into())]),
        }
    }
}

/// Whether a server, or a proxy in front of it, says by this status that it does not serve now.
const fn is_out_of_service(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}
