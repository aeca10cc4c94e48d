//! A model server whose every byte the test decides. It answers each request with what the test's handler says, over a UNIX
//! socket, and remembers what it got.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::sync::{Notify, mpsc};

use super::in_time;

pub type Body = UnsyncBoxBody<Bytes, Broken>;

/// An end that is none.
#[derive(Debug)]
pub struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken off on purpose")
    }
}

impl std::error::Error for Broken {}

/// What the model server got.
pub struct ReceivedRequest {
    pub head: Parts,
    /// None when the body broke off.
    pub body: Option<Bytes>,
}

pub struct Upstream {
    folder: TempDir,
    pub got: Arc<Mutex<Vec<ReceivedRequest>>>,
    came: Arc<Notify>,
    closed: Arc<(Mutex<usize>, Notify)>,
}

impl Upstream {
    /// A server that reads each request and then asks `answer`; None means that it never answers.
    pub fn start(answer: impl Fn(&ReceivedRequest) -> Option<Response<Body>> + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("model.sock")).unwrap();
        let (got, came) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let closed = Arc::new((Mutex::new(0), Notify::new()));
        let (answer, seen, counter) = (Arc::new(answer), Arc::clone(&got), Arc::clone(&closed));
        let arrived = Arc::clone(&came);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, seen, counter) = (Arc::clone(&answer), Arc::clone(&seen), Arc::clone(&counter));
                let arrived = Arc::clone(&arrived);
                let service = service_fn(move |request: Request<Incoming>| {
                    let (answer, seen, arrived) = (Arc::clone(&answer), Arc::clone(&seen), Arc::clone(&arrived));
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.ok().map(|body| body.to_bytes());
                        let got = ReceivedRequest { head, body };
                        let response = answer(&got);
                        seen.lock().unwrap().push(got);
                        arrived.notify_waiters();
                        match response {
                            Some(response) => Ok::<_, Infallible>(response),
                            None => std::future::pending().await,
                        }
                    }
                });
                tokio::spawn(async move {
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                    *counter.0.lock().unwrap() += 1;
                    counter.1.notify_waiters();
                });
            }
        });
        Self { folder, got, came, closed }
    }

    /// A server that answers everything with `body`.
    pub fn fixed(body: &'static str) -> Self {
        Self::start(move |_| Some(json(body)))
    }

    /// A server that answers its one request with a stream of events that the test writes.
    pub fn events() -> (Events, Self) {
        let (events, body) = live();
        let body = Mutex::new(Some(body));
        let upstream = Self::start(move |_| {
            let response = Response::builder().header("content-type", "text/event-stream; charset=utf-8");
            body.lock().unwrap().take().map(|body| response.body(body).unwrap())
        });
        (events, upstream)
    }

    /// The same, which answers every further request with `body`.
    pub fn events_then(body: &'static str) -> (Events, Self) {
        let (events, stream) = live();
        let stream = Mutex::new(Some(stream));
        let upstream = Self::start(move |_| {
            let response = Response::builder().header("content-type", "text/event-stream; charset=utf-8");
            let first = stream.lock().unwrap().take();
            Some(first.map_or_else(|| json(body), |stream| response.body(stream).unwrap()))
        });
        (events, upstream)
    }

    /// Waits until `count` requests have come.
    pub async fn came(&self, count: usize) {
        in_time("a request of the gateway", until(&self.came, || self.requests() >= count)).await;
    }

    pub fn url(&self) -> String {
        format!("unix:{}", self.folder.path().join("model.sock").display())
    }

    pub fn requests(&self) -> usize {
        self.got.lock().unwrap().len()
    }

    /// Waits until `count` connections have ended.
    pub async fn closed(&self, count: usize) {
        let (closed, notify) = &*self.closed;
        in_time("the end of a connection", until(notify, || *closed.lock().unwrap() >= count)).await;
    }
}

pub fn json(body: &'static str) -> Response<Body> {
    Response::builder().header("content-type", "application/json").body(whole(body)).unwrap()
}

pub fn whole(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Waits until `is_so`, asking anew each time that `changed` says so.
async fn until(changed: &Notify, is_so: impl Fn() -> bool) {
    loop {
        let mut change = std::pin::pin!(changed.notified());
        change.as_mut().enable();
        if is_so() {
            return;
        }
        change.await;
    }
}

/// Writes the events of an answer; dropping it ends the answer.
pub struct Events {
    sender: mpsc::UnboundedSender<Result<&'static str, Broken>>,
    sent: AtomicUsize,
    taken: Arc<(AtomicUsize, Notify)>,
}

impl Events {
    pub fn send(&self, event: Result<&'static str, Broken>) -> Result<(), &'static str> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.sender.send(event).map_err(|_| "nobody reads the answer any more")
    }

    /// Waits until the server has taken everything that was sent, to write it to the gateway.
    pub async fn all_taken(&self) {
        let (taken, notify) = &*self.taken;
        let sent = self.sent.load(Ordering::Relaxed);
        in_time("the server's taking of an event", until(notify, || taken.load(Ordering::Relaxed) >= sent)).await;
    }
}

/// A body that the test writes while it is read.
fn live() -> (Events, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let taken = Arc::new((AtomicUsize::new(0), Notify::new()));
    let events = Events { sender, sent: AtomicUsize::new(0), taken: Arc::clone(&taken) };
    let stream = futures::stream::unfold((receiver, taken), |(mut receiver, taken)| async {
        let next: Result<&'static str, Broken> = receiver.recv().await?;
        taken.0.fetch_add(1, Ordering::Relaxed);
        taken.1.notify_waiters();
        Some((next.map(|text| Frame::data(Bytes::from_static(text.as_bytes()))), (receiver, taken)))
    });
    (events, StreamBody::new(stream).boxed_unsync())
}
