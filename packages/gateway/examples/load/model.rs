//! The model server: answers every request as it was told to, over HTTP/1.1 and HTTP/2 in clear text.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tokio::task::yield_now;

/// An event of 200 bytes, with its blank line.
const EVENT: &str = concat!(
    r#"data: {"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1700000000,"model":"bench","#,
    r#""choices":[{"index":0,"delta":{"content":"one token of a poem."},"finish_reason":null}]}"#,
    "\n\n"
);
const _: () = assert!(EVENT.len() == 200);

/// What an answer consists of.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// So many bytes, with their length.
    Whole(usize),
    /// So many events, each written by itself, as a model makes them.
    Events(usize),
    /// So many events, all there at once.
    Burst(usize),
    /// One event, and no end.
    Endless,
    /// The same at once, and the request is not read.
    Unread,
}

impl Answer {
    /// Its content in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Events(count) | Self::Burst(count) => count * EVENT.len(),
            Self::Endless | Self::Unread => EVENT.len(),
        }
    }

    fn body(self) -> UnsyncBoxBody<Bytes, Infallible> {
        let event = || Bytes::from_static(EVENT.as_bytes());
        match self {
            Self::Whole(bytes) => Full::from(vec![b'x'; bytes]).boxed_unsync(),
            Self::Burst(count) => Full::from(EVENT.repeat(count)).boxed_unsync(),
            Self::Events(count) => {
                // hyper writes what it has once the body has nothing more to give.
                let events = stream::iter(0..count).then(move |_| async move {
                    yield_now().await;
                    Ok(Frame::data(event()))
                });
                StreamBody::new(events).boxed_unsync()
            }
            Self::Endless | Self::Unread => {
                let events = stream::once(async move { Ok(Frame::data(event())) }).chain(stream::once(pending()));
                StreamBody::new(events).boxed_unsync()
            }
        }
    }

    fn response(self) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
        let media_type = if matches!(self, Self::Whole(_)) { "application/json" } else { "text/event-stream" };
        Response::builder().header("content-type", media_type).body(self.body()).unwrap()
    }
}

pub struct Model {
    /// `address:port`.
    pub address: String,
    answer: Arc<Mutex<Answer>>,
}

impl Model {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answer = Arc::new(Mutex::new(Answer::Whole(0)));
        let told = Arc::clone(&answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let told = Arc::clone(&told);
                let service = service_fn(move |request: Request<Incoming>| {
                    let told = Arc::clone(&told);
                    async move {
                        let answer = *told.lock().unwrap();
                        if matches!(answer, Answer::Unread) {
                            // hyper reads on once the body is dropped.
                            let body = request.into_body();
                            tokio::spawn(async move {
                                let _unread = body;
                                pending::<()>().await;
                            });
                        } else {
                            request.into_body().collect().await.unwrap();
                        }
                        Ok::<_, Infallible>(answer.response())
                    }
                });
                tokio::spawn(async move {
                    let mut builder = Builder::new(TokioExecutor::new());
                    builder.http2().max_concurrent_streams(100_000);
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, answer }
    }

    pub fn answer_with(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }
}
