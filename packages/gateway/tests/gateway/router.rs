//! A gateway of an image with the profile `router` (PROTOCOL.md §24.6): it has no network, and another process passes it connections.

use std::io::{IoSlice, Read};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use blindllama_testkit::tls::{Authority, VALID};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::json;
use tempfile::TempDir;

use crate::fleet::shared;
use crate::support::client::Attested;
use crate::support::redis::USER;
use crate::support::tls_server::TlsServer;
use crate::support::{Gateway, Message, Redis, Setup, Swtpm, Upstream};

/// Nobody has it (RFC 5737): a gateway that connects by itself reaches nothing.
const ADDRESS: &str = "192.0.2.9:8443";
const COUNTER: &str = "192.0.2.1:443";

/// What a connector answers: the octet, and how many connections with it.
type Answer = (u8, usize);

/// In place of the connector of an image. Each place of `machine.egress` leads to a server of the test's own.
struct Connector {
    folder: TempDir,
    asked: Arc<Mutex<Vec<u8>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Connector {
    fn to(upstream: &Upstream) -> Self {
        let model_server = model_server(upstream);
        Self::passing(move |_| bridge(model_server.clone()))
    }

    /// Passes what `connect` makes for a place.
    fn passing(connect: impl Fn(usize) -> TcpStream + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("connector")).unwrap();
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new((0, 1))));
        let (places, answers) = (Arc::clone(&asked), Arc::clone(&answer));
        thread::spawn(move || {
            for gateway in listener.incoming() {
                let mut gateway = gateway.unwrap();
                let mut place = [0xff];
                gateway.read_exact(&mut place).unwrap();
                places.lock().unwrap().push(place[0]);
                let (octet, count) = *answers.lock().unwrap();
                let connections: Vec<_> = (0..count).map(|_| connect(usize::from(place[0]))).collect();
                let descriptors: Vec<_> = connections.iter().map(AsFd::as_fd).collect();
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
                let mut passed = SendAncillaryBuffer::new(&mut space);
                assert!(count == 0 || passed.push(SendAncillaryMessage::ScmRights(&descriptors)));
                sendmsg(&gateway, &[IoSlice::new(&[octet])], &mut passed, SendFlags::NOSIGNAL).unwrap();
            }
        });
        Self { folder, asked, answer }
    }

    fn setup(&self, swtpm: &Swtpm) -> Setup {
        Setup::to(swtpm, &format!("http://{ADDRESS}"))
            .with("upstream.kind", "unattested")
            .with("machine.egress", vec![ADDRESS, COUNTER])
            .with("machine.connector", self.folder.path().join("connector").display().to_string())
    }
}

fn model_server(upstream: &Upstream) -> PathBuf {
    upstream.url().strip_prefix("unix:").unwrap().into()
}

/// A connection over TCP whose other end is a server's UNIX socket.
fn bridge(server: PathBuf) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    thread::spawn(move || {
        let (inside, outside) = (listener.accept().unwrap().0, UnixStream::connect(server).unwrap());
        let (mut from, mut to) = (inside.try_clone().unwrap(), outside.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let (mut from, mut to) = (outside, inside);
        let _ = std::io::copy(&mut from, &mut to);
    });
    connection
}

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

async fn started(connector: &Connector, swtpm: &Swtpm) -> (Gateway, Attested) {
    let gateway = connector.setup(swtpm).start().await;
    let attested = Attested::to(&gateway).await;
    (gateway, attested)
}

#[tokio::test]
async fn the_upstream_is_reached_over_a_passed_connection() {
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed(r#"{"choices":[]}"#));
    let connector = Connector::to(&upstream);
    let (gateway, attested) = started(&connector, &swtpm).await;
    assert_eq!(gateway.start["upstream"], json!("unattested"));
    let answer = attested.ask(&chat()).await;
    assert_eq!(answer.status(), 200, "{}", gateway.log.text());
    // The place in the list in the order of its texts: "192.0.2.1:443" comes first.
    assert_eq!(*connector.asked.lock().unwrap(), [1]);
    assert_eq!(upstream.got.lock().unwrap()[0].head.headers["host"], ADDRESS);
}

#[tokio::test]
async fn an_answer_without_exactly_one_connection_is_none() {
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let connector = Connector::to(&upstream);
    let (gateway, attested) = started(&connector, &swtpm).await;
    // ECONNREFUSED, EACCES; then what no connector says.
    for answer in [(111, 0), (13, 0), (0, 0), (0, 2), (0, 4), (111, 1)] {
        *connector.answer.lock().unwrap() = answer;
        let refused = attested.ask(&chat()).await;
        assert_eq!(refused.status(), 502, "{answer:?}: {}", gateway.log.text());
    }
    assert!(upstream.got.lock().unwrap().is_empty());
    *connector.answer.lock().unwrap() = (0, 1);
    assert_eq!(attested.ask(&chat()).await.status(), 200, "and it goes on");
    drop(connector.folder);
    assert_eq!(gateway.log.count("stop"), 0);
}

#[tokio::test]
async fn the_counter_of_a_fleet_is_reached_over_a_passed_connection() {
    let (swtpm, upstream, redis) = (Swtpm::start().await, Upstream::fixed("{}"), Redis::start().await);
    let sockets = [redis.socket(), model_server(&upstream)];
    let connector = Connector::passing(move |place| bridge(sockets[place].clone()));
    let setup = shared(connector.setup(&swtpm), &format!("redis://{COUNTER}"));
    let gateway = setup.with("access.requests_per_minute", 9).start().await;
    let attested = Attested::to(&gateway).await;
    let message = chat().with("authorization", "Bearer one-key-of-the-service");
    assert_eq!(attested.ask(&message).await.status(), 200, "{}", gateway.log.text());
    let counted: Vec<_> = redis.counters().await.into_iter().map(|(_, requests)| requests).collect();
    assert_eq!(counted, [1], "{}", gateway.log.text());
    assert!(connector.asked.lock().unwrap().contains(&0));
}

#[tokio::test]
async fn the_counter_of_a_fleet_is_named_by_its_certificate_over_a_passed_connection() {
    let (swtpm, upstream, authority) = (Swtpm::start().await, Upstream::fixed("{}"), Authority(1));
    let redis = Redis::start_with_tls(&authority.certify(&["counter.example"], VALID)).await;
    let (counter, models) = (redis.address(), model_server(&upstream));
    let connector = Connector::passing(move |place| match place {
        0 => TcpStream::connect(&counter).unwrap(),
        _ => bridge(models.clone()),
    });
    let setup = shared(connector.setup(&swtpm), &format!("rediss://{COUNTER}")).with("access.shared_user", USER);
    let setup = setup.with("access.shared_ca", authority.pem()).with("access.shared_tls_name", "counter.example");
    let gateway = setup.with("access.requests_per_minute", 9).start().await;
    let message = chat().with("authorization", "Bearer one-key-of-the-service");
    assert_eq!(Attested::to(&gateway).await.ask(&message).await.status(), 200, "{}", gateway.log.text());
    assert_eq!(redis.counters().await.len(), 1, "{}", gateway.log.text());
}

#[tokio::test]
async fn a_passed_connection_carries_tls_to_the_name_of_the_configuration() {
    let (swtpm, upstream, authority) = (Swtpm::start().await, Upstream::fixed("{}"), Authority(1));
    for (name, status) in [("models.example", 200), ("others.example", 502)] {
        let server = TlsServer::before(&upstream, authority.certify(&["models.example"], VALID)).await;
        let connector = Connector::passing(move |_| TcpStream::connect(server.address).unwrap());
        let setup = connector.setup(&swtpm).with("upstream.url", format!("https://{ADDRESS}"));
        let setup = setup.with("upstream.ca", authority.pem()).with("upstream.tls_name", name);
        let gateway = setup.start().await;
        let answer = Attested::to(&gateway).await.ask(&chat()).await;
        assert_eq!(answer.status(), status, "{}", gateway.log.text());
        assert_eq!(*connector.asked.lock().unwrap(), [1]);
        gateway.stop().await;
    }
    assert_eq!(upstream.requests(), 1);
}
