//! One server that runs requests: a model server, or another gateway that this one proves first.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;

use super::request_body::RequestBody;
use super::send_error::SendError;
use crate::clock::Clock;
use crate::config::Limits;
use crate::failure::Failure;
use crate::log::Log;
use crate::peer::answer::OpenedAnswer;
use crate::peer::relying_party::RelyingParty;
use crate::peer::{Peer, PeerError, PeerSender, run_once};
use crate::upstream::address::Address;
use crate::upstream::client::{Sender, Upstream};

/// One server.
pub(super) enum ModelServer {
    Direct(Upstream<RequestBody>),
    Attested(Arc<Peer<RequestBody>>),
}

/// Sends one request.
pub(super) enum ServerSender {
    Direct(Sender<RequestBody>),
    Attested(PeerSender<RequestBody>),
}

impl ModelServer {
    /// The server at `address`; with a `party` it is a gateway, which has to prove itself.
    pub(super) fn new(
        address: &Address,
        party: Option<&Arc<RelyingParty>>,
        limits: &Limits,
        clock: &Arc<dyn Clock>,
        log: &Log,
    ) -> Self {
        match party {
            None => Self::Direct(Upstream::new(address, limits.streams, limits.connect_timeout)),
            Some(party) => {
                let (party, clock) = (Arc::clone(party), Arc::clone(clock));
                Self::Attested(Arc::new(Peer::new(address, party, limits, clock, log.clone())))
            }
        }
    }

    /// Makes ready what the first request would wait for.
    pub(super) async fn prepare(&self) {
        if let Self::Attested(peer) = self {
            peer.prepare().await;
        }
    }

    /// A place for a request, as [`Upstream::place`].
    pub(super) fn place(&self) -> Option<(ServerSender, OwnedSemaphorePermit)> {
        match self {
            Self::Direct(upstream) => upstream.place().map(|(sender, permit)| (ServerSender::Direct(sender), permit)),
            Self::Attested(peer) => peer.place().map(|(sender, permit)| (ServerSender::Attested(sender), permit)),
        }
    }

    /// Whether the server may refuse a request unseen because of others: what can be sent again is then kept.
    pub(super) const fn may_refuse(&self) -> bool {
        match self {
            Self::Direct(upstream) => upstream.shares_connections(),
            Self::Attested(_) => true,
        }
    }

    /// The address of `path` at the server; None for what is no path.
    pub(super) fn uri(&self, path: &str) -> Option<Uri> {
        match self {
            Self::Direct(upstream) => upstream.uri(path),
            Self::Attested(_) => PathAndQuery::try_from(path).ok().map(Uri::from),
        }
    }

    /// Asks for `path` outside of every encapsulation; returns the status of the answer, which nothing authenticates.
    pub(super) async fn probe(&self, sender: &ServerSender, path: &str) -> Result<StatusCode, SendError> {
        let status = match (self, sender) {
            (Self::Direct(upstream), ServerSender::Direct(sender)) => {
                let mut request = Request::new(RequestBody::empty());
                *request.uri_mut() = upstream.uri(path).ok_or(SendError::Refused)?;
                sender.send(request).await.map(|answer| answer.status())
            }
            (Self::Attested(peer), ServerSender::Attested(sender)) => {
                peer.probe(sender, path).await.ok_or(SendError::Refused)?
            }
            _ => return Err(SendError::Refused),
        };
        status.map_err(|error| SendError::of(&error, error.is_connect()))
    }

    /// Adds to `request` what the server demands of each, however often it is sent; `date` is now.
    pub(super) fn complete(&self, request: &mut Request<RequestBody>, date: HeaderValue) -> Result<(), Failure> {
        match self {
            Self::Direct(_) => Ok(()),
            Self::Attested(_) => run_once(request.headers_mut(), date),
        }
    }

    /// Sends a request with a sender of this server; resolves with the head of the answer.
    pub(super) async fn send(
        &self,
        sender: &ServerSender,
        request: Request<RequestBody>,
    ) -> Result<Response<ServerContent>, SendError> {
        match (self, sender) {
            (_, ServerSender::Direct(sender)) => match sender.send(request).await {
                Ok(answer) => Ok(answer.map(ServerContent::Direct)),
                Err(error) => Err(SendError::of(&error, error.is_connect())),
            },
            (Self::Attested(peer), ServerSender::Attested(sender)) => match peer.send(sender, request).await {
                Ok(answer) => Ok(answer.map(|content| ServerContent::Attested(Box::new(content)))),
                Err(PeerError::KeyUnknown) => Err(SendError::Unproven),
                Err(PeerError::Transport(error)) => Err(match SendError::of(&error, error.is_connect()) {
                    SendError::Refused => SendError::Unproven,
                    other => other,
                }),
                Err(PeerError::Failed(failure)) => Err(SendError::Failed(failure)),
            },
            (Self::Direct(_), ServerSender::Attested(_)) => Err(SendError::Refused),
        }
    }
}

/// The content of an answer.
pub(super) enum ServerContent {
    Direct(Incoming),
    Attested(Box<OpenedAnswer>),
    /// Made of what came.
    Own(Full<Bytes>),
}

impl Body for ServerContent {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Direct(content) => {
                Pin::new(content).poll_frame(context).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
            }
            Self::Attested(content) => {
                Pin::new(content).poll_frame(context).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
            }
            Self::Own(content) => Pin::new(content)
                .poll_frame(context)
                .map(|frame| frame.map(|frame| frame.map_err(|never| match never {}))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Direct(content) => content.is_end_stream(),
            Self::Attested(content) => content.is_end_stream(),
            Self::Own(content) => content.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Direct(content) => content.size_hint(),
            Self::Attested(content) => content.size_hint(),
            Self::Own(content) => content.size_hint(),
        }
    }
}
