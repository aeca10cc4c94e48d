//! Connections over loopback, on a clock that goes on as soon as nothing is left to do.
use std::os::fd::OwnedFd;

use http_body_util::Full;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use rustix::net::sockopt::tcp_user_timeout;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

use super::*;
use crate::budget::{Budget, Place, PlaceLimits};

/// A served connection.
struct Served {
    client: TcpStream,
    /// The socket of the gateway's side.
    socket: OwnedFd,
    places: Arc<Semaphore>,
    /// Where the connection has its place, and a newcomer takes it.
    open: Arc<Budget>,
    _place: Place,
    _stop: watch::Sender<Phase>,
}

fn limits() -> Limits {
    Limits {
        request_bytes: 1000,
        field_bytes: 1000,
        streams: 1,
        arriving: 1,
        connections: 1,
        header_timeout: Duration::from_secs(10),
        body_timeout: Duration::from_secs(33),
        body_rate: 1,
        upstream_timeout: Duration::from_secs(1),
        waiting: 1,
        connect_timeout: Duration::from_secs(1),
        drain_notice: Duration::ZERO,
        drain: Duration::from_secs(1),
    }
}

/// Serves one connection that answers each request with `ok`.
async fn served() -> Served {
    served_with(|_| async { Ok(Response::new(Full::new(Bytes::from_static(b"ok")))) }).await
}

/// Serves one connection.
async fn served_with<A, F>(answer: A) -> Served
where
    A: Fn(Request<Incoming>) -> F + Send + 'static,
    F: Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let stream = listener.accept().await.unwrap().0.into_std().unwrap();
    let socket = stream.try_clone().unwrap().into();
    let (stop, stopping) = watch::channel(Phase::Serving);
    let places = Arc::new(Semaphore::new(1));
    let place = Arc::clone(&places).try_acquire_owned().unwrap();
    let open = Budget::new(PlaceLimits { all: 1, connection: 1, least: Duration::ZERO });
    let (held, place_handle) = open.enter(1, Instant::now());
    tokio::spawn(serve(TcpStream::from_std(stream).unwrap(), limits(), stopping, place, place_handle, answer));
    Served { client, socket, places, open, _place: held, _stop: stop }
}

/// Waits for the end of the connection from the gateway's side; returns what came before it.
async fn end_of(client: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    let end = timeout(IDLE * 10, client.read_to_end(&mut rest)).await;
    drop(end.expect("the gateway ends the connection"));
    rest
}

#[tokio::test]
async fn a_connection_is_idle_only_after_a_whole_interval_without_a_request() {
    let budget = Budget::new(PlaceLimits { all: 1, connection: 1, least: Duration::ZERO });
    let (_place, place_handle) = budget.enter(1, Instant::now());
    let requests = Arc::new(Requests::new(place_handle.deadline()));
    let first = Requests::begin(&requests);
    assert!(!requests.none_since_last_asked());
    assert!(!requests.none_since_last_asked(), "an answer may take long");
    drop(first);
    drop(Requests::begin(&requests));
    assert!(!requests.none_since_last_asked(), "one came and went");
    assert!(requests.none_since_last_asked());
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_of_http2_is_closed_and_frees_its_place() {
    let Served { client, places, _place, _stop, .. } = served().await;
    let (mut sender, connection) =
        http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), TokioIo::new(client)).await.unwrap();
    // It answers every ping, and its sender stays.
    let connection = tokio::spawn(connection);
    let begin = Instant::now();
    let request = Request::get("http://gateway/").body(Full::default()).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
    drop(timeout(IDLE * 10, connection).await.expect("the gateway ends it"));
    assert!((IDLE..IDLE * 3).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    drop(timeout(IDLE, places.acquire()).await.expect("the place is free").unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_takes_the_place_of_an_idle_connection() {
    for start in ["", "GET / HTTP/1.1\r\nhost: gateway\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"]
    {
        let Served { mut client, places, open, _place, _stop, .. } = served().await;
        client.write_all(start.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let begin = Instant::now();
        open.evict();
        end_of(&mut client).await;
        assert!(begin.elapsed() <= END * 2, "{start:?}: {:?}", begin.elapsed());
        drop(timeout(END, places.acquire()).await.expect("the place is free").unwrap());
    }
}

/// A peer that opens room for one byte has hyper take the whole answer, and could keep it for ever.
#[tokio::test(start_paused = true)]
async fn an_answer_of_http2_that_is_not_taken_to_its_end_is_given_up() {
    let Served { client, open, _place, _stop, .. } = served().await;
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(1);
    let (mut sender, connection) = builder.handshake::<_, Full<Bytes>>(TokioIo::new(client)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://gateway/").body(Full::default()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    open.evict();
    assert_eq!(open.taken(), 1, "a connection with an answer keeps its place");
    tokio::time::sleep(limits().body_timeout / 2).await;
    assert!(!sender.is_closed(), "a connection with an answer is not idle");
    tokio::time::sleep(limits().body_timeout).await;
    let mut body = answer.into_body();
    // The first byte was taken, the second one never.
    let mut got = 0;
    let end = loop {
        match timeout(limits().body_timeout, http_body_util::BodyExt::frame(&mut body)).await.expect("it is over") {
            Some(Ok(frame)) => got += frame.data_ref().map_or(0, Bytes::len),
            end => break end,
        }
    };
    assert!(got == 1 && matches!(end, Some(Err(_))), "{got} bytes, {end:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_of_http2_that_answers_no_ping_is_let_go() {
    // With a request under way: an idle connection ends by itself.
    let Served { mut client, places, _place, _stop, .. } = served_with(|_| std::future::pending()).await;
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    // HEADERS of stream 1 with their end and the stream's: `GET http://x/` (RFC 9113 §6.2, RFC 7541 appendix A).
    client.write_all(b"\0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01x").await.unwrap();
    let begin = Instant::now();
    end_of(&mut client).await;
    assert!(begin.elapsed() < IDLE * 2, "{:?}", begin.elapsed());
    drop(timeout(IDLE, places.acquire()).await.expect("the place is free").unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_no_whole_header_is_let_go_at_the_header_timeout() {
    for start in ["", "G", "PRI * HT", "GET / HTTP/1.1\r\nhost: gateway\r\n"] {
        let Served { mut client, _place, _stop, .. } = served().await;
        client.write_all(start.as_bytes()).await.unwrap();
        let begin = Instant::now();
        end_of(&mut client).await;
        let limit = limits().header_timeout;
        assert!((limit..limit * 2).contains(&begin.elapsed()), "{start:?}: {:?}", begin.elapsed());
    }
}

#[tokio::test]
async fn the_kernel_gives_up_what_the_peer_does_not_acknowledge() {
    let Served { mut client, socket, _place, _stop, .. } = served().await;
    client.write_all(b"GET / HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n").await.unwrap();
    // An answer shows that the connection is served.
    assert!(end_of(&mut client).await.ends_with(b"ok"));
    assert_eq!(tcp_user_timeout(&socket), Ok(33_000), "limits.body_timeout, in milliseconds");
    assert_eq!(rustix::net::sockopt::tcp_nodelay(&socket), Ok(true));
}

/// The settings that the gateway announces (RFC 9113 §6.5.2).
#[tokio::test]
async fn the_streams_and_headers_of_a_connection_of_http2_are_bounded() {
    let Served { mut client, _place, _stop, .. } = served().await;
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    client.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "the first frame is SETTINGS");
    let mut settings = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
    client.read_exact(&mut settings).await.unwrap();
    let value = |id: u8| {
        let found = settings.chunks(6).find(|setting| setting[..2] == [0, id]);
        found.map(|setting| u32::from_be_bytes(setting[2..].try_into().unwrap()))
    };
    assert_eq!(value(3), Some(256), "SETTINGS_MAX_CONCURRENT_STREAMS");
    assert_eq!(value(4), Some(65_536), "SETTINGS_INITIAL_WINDOW_SIZE");
    assert_eq!(value(6), Some(16_384), "SETTINGS_MAX_HEADER_LIST_SIZE");
    // What the connection may have unread (WINDOW_UPDATE, RFC 9113 §6.9): room for all of its streams.
    let mut update = [0; 13];
    client.read_exact(&mut update).await.unwrap();
    while update[3] != 8 {
        // An acknowledgement of the client's own settings comes first, or does not.
        update.rotate_left(9);
        client.read_exact(&mut update[4..]).await.unwrap();
    }
    assert_eq!(u32::from_be_bytes(update[9..].try_into().unwrap()), 256 * 65_536 - 65_535);
}
