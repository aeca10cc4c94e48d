//! One connection, HTTP/1.1 or HTTP/2 in clear text (a proxy before the gateway ends TLS), with bounds on what a peer can hold.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, MissedTickBehavior, Sleep, interval, sleep};

use super::stall::{StallBody, StallExecutor, unless_stalled};
use crate::budget::{Deadline, PlaceHandle};
use crate::config::Limits;
use crate::phase::{Phase, Phases, reached};

/// A connection without a request for so long is closed. HTTP/1.1 closes earlier, at the header timeout.
const IDLE: Duration = Duration::from_secs(60);

/// Largest outer header, in bytes; hyper's buffer for HTTP/1.1 bounds it too.
const HEADER_BYTES: u32 = 16 * 1024;
const BUFFER_BYTES: usize = 64 * 1024;

/// Streams of one HTTP/2 connection at once.
const STREAMS: u32 = 256;

/// What one stream may have unread of its request, in bytes, and all of a connection together: a proxy puts the streams of many clients
/// into one connection, and an upload that the upstream does not read takes nothing from the others.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * STREAMS;

/// A connection that is to end has so long to do so by itself, as long as no request is under way.
const END: Duration = Duration::from_secs(2);

/// Serves `stream` with what `answer` makes of each request, until the stream ends, its peer takes no answer any more, the connection is
/// idle and loses its place, or the gateway stops. Holds `_permit` until then.
pub(super) async fn serve<A, F, B>(
    stream: TcpStream,
    limits: Limits,
    phases: Phases,
    _permit: OwnedSemaphorePermit,
    place_handle: PlaceHandle,
    answer: A,
) where
    A: Fn(Request<Incoming>) -> F + Send + 'static,
    F: Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin + 'static,
{
    // A chunk is an event: it must not wait for the next one. What the peer does not acknowledge in time ends the connection.
    if stream.set_nodelay(true).is_ok() && limit_unsent(&stream, limits.body_timeout).is_ok() {
        unless_stalled(limits.body_timeout, run(stream, limits, phases, place_handle, answer)).await;
    }
}

async fn run<A, F, B>(stream: TcpStream, limits: Limits, phases: Phases, mut place_handle: PlaceHandle, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Send + 'static,
    F: Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + Unpin + 'static,
{
    let mut builder = Builder::new(StallExecutor { limit: limits.body_timeout });
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(BUFFER_BYTES)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(HEADER_BYTES)
        .max_send_buf_size(BUFFER_BYTES)
        .keep_alive_interval(IDLE)
        .keep_alive_timeout(limits.header_timeout);
    let requests = Arc::new(Requests::new(place_handle.deadline()));
    let counter = Arc::clone(&requests);
    let service = service_fn(move |request: Request<Incoming>| {
        let busy = Requests::begin(&counter);
        let shares_connection = request.version() == Version::HTTP_2;
        // Boxed, so that its memory is free again while the answer is sent, for hours if need be.
        let answer = Box::pin(answer(request));
        async move {
            let answer = answer.await;
            // The body may outlive the call by hours; it keeps the connection busy as well.
            answer.map(|response| response.map(|body| StallBody::new(body, busy, shares_connection)))
        }
    });
    let io = TokioIo::new(PrefaceTimeout::new(stream, limits.header_timeout));
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut ticks = interval(IDLE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    let mut stopping = pin!(reached(phases, Phase::Stopping));
    let mut end = pin!(sleep(END));
    let (mut asked, mut ending) = (false, false);
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = &mut stopping, if !asked => {
                asked = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = ticks.tick(), if !ending => if requests.none_since_last_asked() {
                ending = true;
            },
            () = poll_fn(|context| place_handle.poll_evicted(context)), if !ending => ending = true,
            () = end.as_mut(), if ending => {
                if requests.none() {
                    return;
                }
                end.as_mut().reset(later(END));
            }
        }
        if ending && !asked {
            asked = true;
            connection.as_mut().graceful_shutdown();
            end.as_mut().reset(later(END));
        }
    }
}

fn later(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now)
}

/// `TCP_USER_TIMEOUT` (RFC 5482): how long sent bytes may stay unacknowledged, also against a closed window.
fn limit_unsent(stream: &TcpStream, limit: Duration) -> io::Result<()> {
    let milliseconds = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
    Ok(set_tcp_user_timeout(stream, milliseconds)?)
}

/// The requests of a connection, by which an idle one is known.
struct Requests {
    active: AtomicUsize,
    begun: AtomicUsize,
    begun_when_asked: AtomicUsize,
    /// The connection's place is the newcomers' while no request is under way, and first that of the one that is idle for longest.
    idle: Deadline,
}

/// A request under way.
struct ActiveRequest(Arc<Requests>);

impl Requests {
    fn new(idle: Deadline) -> Self {
        idle.set(Some(Instant::now()));
        Self { active: AtomicUsize::new(0), begun: AtomicUsize::new(0), begun_when_asked: AtomicUsize::new(0), idle }
    }

    fn begin(requests: &Arc<Self>) -> ActiveRequest {
        requests.active.fetch_add(1, Ordering::Relaxed);
        requests.begun.fetch_add(1, Ordering::Relaxed);
        requests.idle.set(None);
        ActiveRequest(Arc::clone(requests))
    }

    fn none(&self) -> bool {
        self.active.load(Ordering::Relaxed) == 0
    }

    /// Whether none is under way, and none was since this was asked before.
    fn none_since_last_asked(&self) -> bool {
        let begun = self.begun.load(Ordering::Relaxed);
        self.begun_when_asked.swap(begun, Ordering::Relaxed) == begun && self.none()
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        if self.0.active.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.idle.set(Some(Instant::now()));
        }
    }
}

/// A connection whose peer must send the preface of its HTTP version in time: hyper waits for the first bytes without a limit.
struct PrefaceTimeout {
    stream: TcpStream,
    /// Bytes to come until the alarm is off: those of the HTTP/2 preface, which every request of HTTP/1.1 worth an answer has too.
    awaited: usize,
    alarm: Pin<Box<Sleep>>,
}

impl PrefaceTimeout {
    fn new(stream: TcpStream, limit: Duration) -> Self {
        Self { stream, awaited: 24, alarm: Box::pin(sleep(limit)) }
    }
}

impl AsyncRead for PrefaceTimeout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.awaited > 0 {
            self.awaited = self.awaited.saturating_sub(buffer.filled().len().saturating_sub(before));
            if read.is_pending() && self.alarm.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        read
    }
}

impl AsyncWrite for PrefaceTimeout {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }
}

#[cfg(test)]
mod tests;
