//! The way to the model server: HTTP/1.1 over TCP, TLS or a UNIX socket, connections kept for a moment; or HTTP/2 over TCP, where up to
//! [`STREAMS`] requests share a connection.

use std::sync::Arc;
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body::Body;
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address::Address;
use super::connector::Connector;

/// Shorter than the idle time of the servers in use (5 s and more), so that a request seldom meets a closing connection.
const KEEP_IDLE: Duration = Duration::from_secs(2);

/// What one stream of HTTP/2 may have unread, in bytes, in either direction.
const STREAM_WINDOW: u32 = 64 * 1024;

/// Requests that share a connection of HTTP/2: as many as any server should take at once (RFC 9113 §6.5.2). A server may leave further
/// ones waiting until one ends, and clients that do not read their answers would hold up all others.
pub const STREAMS: usize = 100;

/// Room for all of them unread, so that a client that does not read its answer takes nothing from the others. It is larger than their
/// windows together: h2 ends a connection whose unread frames are small and cost more than half of it, at 256 bytes a frame, and a token
/// is a frame of a few dozen.
const CONNECTION_WINDOW: u32 = 256 * 1024 * 1024;
const _: () = assert!(CONNECTION_WINDOW as usize >= STREAM_WINDOW as usize * STREAMS);

/// Most field lines of an answer: five times hyper's own limit, which servers behind several proxies reach. Each costs room while a head is read.
const MOST_FIELDS: usize = 500;

/// The one model server. `B` is the body of requests.
pub struct Upstream<B> {
    /// In the order in which they are filled; one where requests share no connection.
    lanes: Vec<Lane<B>>,
    scheme: Scheme,
    authority: Authority,
    base: String,
    http2: bool,
}

/// A client whose requests share one connection of HTTP/2, or none.
struct Lane<B> {
    client: Arc<Client<Connector, B>>,
    free: Arc<Semaphore>,
}

/// Sends one request.
pub struct Sender<B>(Arc<Client<Connector, B>>);

impl<B> Clone for Sender<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<B> Upstream<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// A client for `address` that has at most `streams` requests at once, and waits at most `connect_timeout` for a connection. Nothing is
    /// connected yet.
    #[must_use]
    pub fn new(address: &Address, streams: usize, connect_timeout: Duration) -> Self {
        let (scheme, base) = match address {
            Address::Http { tls: Some(_), base, .. } => (Scheme::HTTPS, base.clone()),
            Address::Http { base, .. } => (Scheme::HTTP, base.clone()),
            Address::Unix(_) => (Scheme::HTTP, String::new()),
        };
        let http2 = matches!(address, Address::Http { http2: true, .. });
        let (lanes, requests) = if http2 { (streams.div_ceil(STREAMS), STREAMS) } else { (1, streams) };
        let lanes = (0..lanes).map(|_| {
            let client = Client::builder(TokioExecutor::new())
                .pool_idle_timeout(KEEP_IDLE)
                .pool_timer(TokioTimer::new())
                .http2_only(http2)
                .http2_initial_stream_window_size(STREAM_WINDOW)
                .http2_initial_connection_window_size(CONNECTION_WINDOW)
                .http2_max_send_buf_size(STREAM_WINDOW as usize)
                // What the clients of model servers read, this one reads as well; RFC 9112 §5.1 and §5.2 say how.
                .http1_max_headers(MOST_FIELDS)
                .http1_allow_spaces_after_header_name_in_responses(true)
                .http1_allow_obsolete_multiline_headers_in_responses(true)
                .build(Connector { address: address.clone(), limit: connect_timeout });
            Lane { client: Arc::new(client), free: Arc::new(Semaphore::new(requests)) }
        });
        // What a server on a UNIX socket reads in `host` does not matter, but HTTP/1.1 wants one.
        let authority = address.host().parse().unwrap_or(Authority::from_static("localhost"));
        Self { lanes: lanes.collect(), scheme, authority, base, http2 }
    }

    /// A place for a request on the first connection that has one, to be kept until the answer ended; None where `streams` are taken.
    #[must_use]
    pub fn place(&self) -> Option<(Sender<B>, OwnedSemaphorePermit)> {
        self.lanes.iter().find_map(|lane| {
            let permit = Arc::clone(&lane.free).try_acquire_owned().ok()?;
            Some((Sender(Arc::clone(&lane.client)), permit))
        })
    }

    /// Whether requests share a connection, so that one may be refused because of others.
    #[must_use]
    pub const fn shares_connections(&self) -> bool {
        self.http2
    }

    /// The address of `path` at the upstream; None for what is no path.
    #[must_use]
    pub fn uri(&self, path: &str) -> Option<Uri> {
        let path = PathAndQuery::try_from(format!("{}{path}", self.base)).ok()?;
        Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone()).path_and_query(path).build().ok()
    }
}

impl<B> Sender<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Sends a request; resolves with the header of the answer. Dropping the future or the body of the answer closes the
    /// connection, or of HTTP/2 the stream, which tells the server to stop.
    ///
    /// # Errors
    /// The client's; redirects are no errors and are not followed.
    pub async fn send(&self, request: Request<B>) -> Result<Response<Incoming>, Error> {
        self.0.request(request).await
    }
}
