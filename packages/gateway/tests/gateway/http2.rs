//! A model server that speaks HTTP/2 in clear text.

use std::convert::Infallible;
use std::sync::Arc;

use futures::future::join_all;
use http::{Request, Response, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

use crate::support::client::Attested;
use crate::support::upstream::{Body, whole};
use crate::support::{Message, Setup, Swtpm};

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
