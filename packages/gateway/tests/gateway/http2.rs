//! A model server that speaks HTTP/2 in clear text.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use http::{Request, Response, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use crate::support::client::Attested;
use crate::support::upstream::{Body, whole};
use crate::support::{Message, Setup, Swtpm};

/// Answers with what it got; returns its address, and counts its connections.
async fn echo() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            let service = service_fn(|request: Request<Incoming>| async {
                assert_eq!(request.version(), Version::HTTP_2);
                let body = request.into_body().collect().await.unwrap().to_bytes();
                Ok::<_, Infallible>(Response::<Body>::new(whole(body)))
            });
            tokio::spawn(http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service));
        }
    });
    (address, connections)
}

#[tokio::test]
async fn all_requests_share_one_connection() {
    let (address, connections) = echo().await;
    let swtpm = Swtpm::start().await;
    let gateway = Setup::to(&swtpm, &format!("h2c://{address}")).start().await;
    let attested = Attested::to(&gateway).await;
    let first = attested.ask(&Message::post("/v1/completions", "first")).await;
    assert_eq!((first.status(), first.text()), (200, "first"));
    let others = (0..20).map(|number| {
        let message = Message::post("/v1/completions", number.to_string());
        let attested = &attested;
        async move { assert_eq!(attested.ask(&message).await.text(), number.to_string()) }
    });
    join_all(others).await;
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}
