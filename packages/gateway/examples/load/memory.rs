//! Memory of open streams, HTTP/2 in clear text on both sides.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::model::{Answer, Model};
use crate::process::anonymous_bytes;
use crate::statistics::quartiles;
use crate::target::Target;

const STREAMS: usize = 9000;

/// As many as a connection of the gateway takes.
const STREAMS_OF_A_CONNECTION: usize = 250;

const ROUNDS: usize = 3;

/// Bytes that a stream costs in each process, and how many more ours costs.
pub async fn measure() -> Value {
    let model = Model::start().await;
    model.answer_with(Answer::Endless);
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        eprintln!("{STREAMS} open streams, {} of {ROUNDS}", round + 1);
        let plain = stream_bytes(&Target::plain(&model, true).await).await;
        let ours = stream_bytes(&Target::ours(&model, "h2c", &[("limits.streams", STREAMS as i64)]).await).await;
        rounds.push((plain, ours));
    }
    json!({
        "streams": STREAMS,
        "plainBytes": quartiles(rounds.iter().map(|(plain, _)| *plain)),
        "oursBytes": quartiles(rounds.iter().map(|(_, ours)| *ours)),
        "extraBytes": quartiles(rounds.iter().map(|(plain, ours)| ours - plain)),
    })
}

/// Opens the streams one after the other, each to its first event, and holds them.
async fn stream_bytes(target: &Target) -> f64 {
    let before = anonymous_bytes(target.pid());
    let mut open = Vec::with_capacity(STREAMS);
    while open.len() < STREAMS {
        let mut sender = connect(target.address()).await;
        for _ in 0..STREAMS_OF_A_CONNECTION.min(STREAMS - open.len()) {
            open.push(first_event(&mut sender, target).await);
        }
    }
    sleep(Duration::from_millis(300)).await;
    let after = anonymous_bytes(target.pid());
    (after as f64 - before as f64) / STREAMS as f64
}

async fn connect(address: &str) -> http2::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn first_event(sender: &mut http2::SendRequest<Full<Bytes>>, target: &Target) -> Incoming {
    let mut request = target.ask().request;
    request.headers_mut().remove("host");
    sender.ready().await.unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let mut got = 0;
    while got < Answer::Endless.bytes() {
        let frame = body.frame().await.expect("an event").unwrap();
        got += frame.data_ref().map_or(0, Bytes::len);
    }
    body
}
