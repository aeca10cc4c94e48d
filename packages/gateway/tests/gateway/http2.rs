//! A model server that speaks HTTP/2 in clear text.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use http::{Request, Response, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::support::attack::Attack;
use crate::support::client::Attested;
use crate::support::upstream::{Body, whole};
use crate::support::{Message, Setup, Swtpm, in_time};

/// Requests that are under way together.
const TOGETHER: usize = 20;

/// Answers with what it got and the number of the connection, as soon as [`TOGETHER`] requests have come; returns its address.
async fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let all = Arc::new(Barrier::new(TOGETHER));
    tokio::spawn(async move {
        for number in 0.. {
            let Ok((stream, _)) = listener.accept().await else { return };
            let all = Arc::clone(&all);
            let service = service_fn(move |request: Request<Incoming>| {
                let all = Arc::clone(&all);
                async move {
                    assert_eq!(request.version(), Version::HTTP_2);
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    all.wait().await;
                    let response = Response::builder().header("x-connection", number);
                    Ok::<_, Infallible>(response.body::<Body>(whole(body)).unwrap())
                }
            });
            tokio::spawn(http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

/// A server that takes `most` streams at once on a connection; it never answers. Returns its address, and how many requests came.
async fn silent(most: u32) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let came = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&came);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counter = Arc::clone(&counter);
            let service = service_fn(move |_: Request<Incoming>| {
                counter.fetch_add(1, Ordering::Relaxed);
                std::future::pending::<Result<Response<Body>, Infallible>>()
            });
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.max_concurrent_streams(most);
            tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, came)
}

/// A server need not take more than 100 streams of a connection (RFC 9113 §6.5.2), and requests beyond them would wait for others.
#[tokio::test]
async fn requests_beyond_those_of_a_connection_take_another_one() {
    let (address, came) = silent(100).await;
    let swtpm = Swtpm::start().await;
    let gateway = Setup::to(&swtpm, &format!("h2c://{address}")).start().await;
    let attested = Attested::to(&gateway).await;
    let _attack = Attack::unread_answers(&attested, 240, "{}").await;
    in_time("240 requests at the model server", async {
        while came.load(Ordering::Relaxed) < 240 {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_connection() {
    let address = echo().await;
    let swtpm = Swtpm::start().await;
    let gateway = Setup::to(&swtpm, &format!("h2c://{address}")).start().await;
    let attested = Attested::to(&gateway).await;
    let answers = join_all((0..TOGETHER).map(|number| {
        let message = Message::post("/v1/completions", number.to_string());
        let attested = &attested;
        async move { attested.ask(&message).await }
    }))
    .await;
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!((answer.status(), answer.text()), (200, number.to_string().as_str()));
        assert_eq!(answer.field("x-connection"), Some("0"), "request {number}");
    }
}
