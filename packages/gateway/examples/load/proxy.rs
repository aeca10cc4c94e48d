//! A plain reverse proxy: what the HTTP library costs by itself. It is set up as the gateway's connections are, and does nothing
//! that HTTP does not ask of it.

use std::convert::Infallible;
use std::time::Duration;

use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;

/// Prints the address that it listens on, then serves until it is killed.
pub async fn serve(upstream: &str, http2: bool) {
    let upstream: Authority = upstream.parse().unwrap();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new())
        .http2_only(http2)
        .pool_idle_timeout(Duration::from_secs(2))
        .pool_timer(TokioTimer::new())
        .build(connector);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (client, upstream) = (client.clone(), upstream.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (client, upstream) = (client.clone(), upstream.clone());
            async move {
                let answer = client.request(addressed(request, upstream)).await;
                Ok::<_, Infallible>(answer.map_or_else(|_| bad_gateway(), |answer| passed_on(answer.map(Either::Left))))
            }
        });
        tokio::spawn(async move {
            let mut builder = Builder::new(TokioExecutor::new());
            builder.http2().max_concurrent_streams(256).max_send_buf_size(64 * 1024);
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn addressed(mut request: Request<Incoming>, upstream: Authority) -> Request<Incoming> {
    let path = request.uri().path_and_query().cloned().unwrap();
    let uri = Uri::builder().scheme(Scheme::HTTP).authority(upstream).path_and_query(path);
    *request.uri_mut() = uri.build().unwrap();
    *request.version_mut() = http::Version::default();
    request.headers_mut().remove("host");
    drop_hop_by_hop(request.headers_mut());
    request
}

fn passed_on<B>(mut answer: Response<B>) -> Response<B> {
    *answer.version_mut() = http::Version::default();
    drop_hop_by_hop(answer.headers_mut());
    answer
}

/// RFC 9110 §7.6.1.
fn drop_hop_by_hop(fields: &mut HeaderMap) {
    for name in ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"] {
        fields.remove(name);
    }
}

fn bad_gateway() -> Response<Either<Incoming, Empty<Bytes>>> {
    let mut answer = Response::new(Either::Right(Empty::new()));
    *answer.status_mut() = StatusCode::BAD_GATEWAY;
    answer
}
