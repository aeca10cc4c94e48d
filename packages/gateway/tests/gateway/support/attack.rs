//! What strangers do to starve others, with few connections and few bytes. An attack lasts until what it returns is dropped.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use http::Request;
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Message;
use super::client::{Attested, Evidence, random};

/// A body that the attacker sends as slowly as it likes.
pub type SlowBody = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

/// A connection of HTTP/2 to the gateway.
pub type Connection = SendRequest<SlowBody>;

/// Exchanges that are held open.
#[derive(Default)]
pub struct Attack {
    connections: Vec<Connection>,
    exchanges: JoinSet<Option<http::StatusCode>>,
}

/// Opens a connection whose streams take at most `window` bytes of an answer.
pub async fn connect(address: &str, window: u32) -> Connection {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(window).initial_connection_window_size(1 << 24).max_send_buf_size(1 << 20);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn data(bytes: impl Into<Bytes>) -> Result<Frame<Bytes>, Infallible> {
    Ok(Frame::data(bytes.into()))
}

/// A body of `bytes` and its end. Without bytes there is no frame: the HTTP library ends a connection after 100 empty ones.
pub fn whole(bytes: impl Into<Bytes>) -> SlowBody {
    StreamBody::new(stream::iter(Some(bytes.into()).filter(|bytes| !bytes.is_empty()).map(data)).boxed())
}

/// A body of `bytes` in small pieces, and what tells that all of them were taken.
pub fn told(bytes: Vec<u8>) -> (SlowBody, Arc<Notify>) {
    let sent = Arc::new(Notify::new());
    let end = Arc::clone(&sent);
    let pieces = stream::unfold((Bytes::from(bytes), end), move |(mut rest, end)| async move {
        let piece = rest.split_to(rest.len().min(16_384));
        if piece.is_empty() {
            end.notify_one();
            return None;
        }
        Some((data(piece), (rest, end)))
    });
    (StreamBody::new(pieces.boxed()), sent)
}

/// A body of `bytes` without an end.
pub fn endless(bytes: Vec<u8>) -> SlowBody {
    let first = stream::iter((!bytes.is_empty()).then(|| data(bytes)));
    StreamBody::new(first.chain(stream::pending()).boxed())
}

/// A body of `bytes`, and then of a byte twenty times a second. It has `sign` as long as somebody takes it.
pub fn held(bytes: Vec<u8>, sign: Arc<()>) -> SlowBody {
    let slow = trickle(bytes, Duration::from_millis(50));
    StreamBody::new(slow.inspect(move |_| _ = &sign).boxed())
}

/// A body of `bytes`, of which `length` come in each `period`.
pub fn paced(bytes: Vec<u8>, length: usize, period: Duration) -> SlowBody {
    let pieces = stream::unfold(Bytes::from(bytes), move |mut rest| async move {
        sleep(period).await;
        let piece = rest.split_to(length.min(rest.len()));
        (!piece.is_empty()).then(|| (data(piece), rest))
    });
    StreamBody::new(pieces.boxed())
}

/// A body of `start`, and then of a byte in each `period`.
fn trickle(start: impl Into<Bytes>, period: Duration) -> SlowBody {
    let bytes = stream::unfold((), move |()| async move {
        sleep(period).await;
        Some((data(&b"x"[..]), ()))
    });
    StreamBody::new(stream::iter([data(start)]).chain(bytes).boxed())
}

impl Attack {
    /// Sends `request` on `connection` and holds on to what comes of it: the head of an answer is taken, its content never.
    pub async fn hold(&mut self, connection: &mut Connection, request: Request<SlowBody>) {
        if connection.ready().await.is_err() {
            return;
        }
        let answer = connection.send_request(request);
        self.exchanges.spawn(async move {
            let answer = answer.await.ok()?;
            if answer.status() == 200 {
                // Not read: the rest of it stays where it is.
                let _held = answer;
                return std::future::pending().await;
            }
            Some(answer.status())
        });
    }

    /// How many exchanges the gateway ended.
    pub fn ended(&mut self) -> usize {
        std::iter::from_fn(|| self.exchanges.try_join_next()).count()
    }

    /// Requests of which no byte comes, or, with a `period`, a header and then a byte in each.
    pub async fn unopened(attested: &Attested, connections: usize, streams: usize, period: Option<Duration>) -> Self {
        let mut attack = Self::default();
        for _ in 0..connections {
            let mut connection = connect(&attested.address, 1 << 16).await;
            for _ in 0..streams {
                let body = match period {
                    Some(period) => trickle(attested.header().to_vec(), period),
                    None => endless(Vec::new()),
                };
                attack.hold(&mut connection, attested.request(body)).await;
            }
            attack.connections.push(connection);
        }
        attack
    }

    /// Evidence of which no byte is taken.
    pub async fn unread_evidence(address: &str, connections: usize, streams: usize) -> Self {
        let mut attack = Self::default();
        for _ in 0..connections {
            let mut connection = connect(address, 0).await;
            for _ in 0..streams {
                let request = Request::get(format!("http://{address}{}", Evidence::path(&random())));
                attack.hold(&mut connection, request.body(whole("")).unwrap()).await;
            }
            attack.connections.push(connection);
        }
        attack
    }

    /// Requests whose content of `length` bytes comes in chunks of one, and has no end.
    pub async fn byte_chunks(attested: &Attested, streams: usize, length: usize) -> Self {
        let mut attack = Self::default();
        let mut connection = connect(&attested.address, 1 << 16).await;
        for _ in 0..streams {
            let message = Message::post("/v1/completions", vec![b'x'; length]).encode();
            let (head, content) = message.split_at(message.len() - length);
            let chunks: Vec<&[u8]> = [head].into_iter().chain(content.chunks(1)).collect();
            let mut body = attested.seal(&chunks).body;
            // The final chunk, of a byte and its tag, stays away.
            body.truncate(body.len() - 18);
            attack.hold(&mut connection, attested.request(endless(body))).await;
        }
        attack.connections.push(connection);
        attack
    }

    /// Whole requests whose answers are not taken.
    pub async fn unread_answers(attested: &Attested, streams: usize, content: &str) -> Self {
        let mut attack = Self::default();
        let mut connection = connect(&attested.address, 0).await;
        for _ in 0..streams {
            let sealed = attested.seal(&[&Message::post("/v1/chat/completions", content).encode()]);
            attack.hold(&mut connection, attested.request(whole(sealed.body))).await;
        }
        attack.connections.push(connection);
        attack
    }

    /// Uploads of `length` bytes on `connection`, which others use as well.
    pub async fn uploads(connection: &mut Connection, attested: &Attested, uploads: usize, length: usize) -> Self {
        let mut attack = Self::default();
        for _ in 0..uploads {
            let message = Message::post("/v1/embeddings", vec![b'x'; length]).encode();
            let sealed = attested.seal(&message.chunks(16_384).collect::<Vec<_>>());
            attack.hold(connection, attested.request(whole(sealed.body))).await;
        }
        attack
    }
}

/// The resident memory of a process, in bytes.
pub fn resident_bytes(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
