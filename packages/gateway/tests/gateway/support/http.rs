//! A plain HTTP client: one connection a request unless a test holds on to it. Every wait is bounded: a gateway that does not answer
//! fails a test instead of holding it up.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::in_time;

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub async fn read(response: Response<Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let body = in_time("the end of the answer", body.collect()).await.expect("a whole body").to_bytes();
        Self { status: parts.status, headers: parts.headers, body }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of a problem outside the encapsulation.
    pub fn code(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        problem["code"].as_str().unwrap().into()
    }
}

/// The version of HTTP that a request goes over.
#[derive(Clone, Copy, Debug)]
pub enum Version {
    Http1,
    Http2,
}

pub async fn send<B>(address: &str, version: Version, request: Request<B>) -> hyper::Result<Response<Incoming>>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    in_time("the head of an answer", send_unbounded(address, version, request)).await
}

async fn send_unbounded<B>(address: &str, version: Version, request: Request<B>) -> hyper::Result<Response<Incoming>>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let stream = TcpStream::connect(address).await.expect("the gateway listens");
    stream.set_nodelay(true).unwrap();
    let io = TokioIo::new(stream);
    match version {
        Version::Http1 => {
            let (mut sender, connection) = http1::handshake(io).await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        }
        Version::Http2 => {
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        }
    }
}

/// Connections, each of which has begun a POST to `path` whose content does not come.
pub async fn begun(address: &str, path: &str, count: usize) -> Vec<TcpStream> {
    let mut connections = Vec::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).await.expect("the gateway listens");
        let head = format!("POST {path} HTTP/1.1\r\nhost: gateway\r\ncontent-length: 9000\r\n\r\n{{");
        stream.write_all(head.as_bytes()).await.expect("it reads");
        connections.push(stream);
    }
    connections
}

/// What is sent on a connection up to the next pause.
pub async fn read_some(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let length = stream.read(&mut bytes).await.expect("an answer");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

/// A connection of HTTP/1.1 for one request after the other.
pub async fn connect(address: &str) -> http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("the gateway listens");
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

pub async fn get(address: &str, path: &str) -> Reply {
    request(address, Request::get(format!("http://{address}{path}"))).await
}

pub async fn request(address: &str, request: http::request::Builder) -> Reply {
    let request = request.header("host", address).body(Full::<Bytes>::default()).unwrap();
    Reply::read(send(address, Version::Http1, request).await.unwrap()).await
}
