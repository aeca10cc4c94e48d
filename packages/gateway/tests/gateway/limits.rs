//! What the machine allows less of than the configuration asks for, and an upstream that cannot be connected.

use std::net::TcpListener;
use std::time::Duration;

use futures::future::join_all;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::support::client::Attested;
use crate::support::ports::dead_address;
use crate::support::{Message, Setup, Swtpm, Upstream};

fn chat() -> Message {
    Message::post("/v1/chat/completions", "{}")
}

#[tokio::test]
async fn the_soft_limit_of_open_files_is_raised() {
    let (upstream, swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    let gateway = Setup::new(&swtpm, &upstream).with_open_files(100, 8192).start().await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.pid())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(files.split_whitespace().nth(3), Some("8192"), "{files}");
    assert_eq!(gateway.log.count("files.few"), 0);
}

#[tokio::test]
async fn fewer_open_files_than_the_limits_need_shrink_them_and_blame_nobody() {
    let (upstream, swtpm) = (Upstream::fixed("{}"), Swtpm::start().await);
    let gateway = Setup::new(&swtpm, &upstream).with_open_files(100, 100).start().await;
    let few = gateway.log.wait("files.few", 1).await;
    assert_eq!(
        (&few["open_files"], &few["streams"], &few["connections"], &few["level"]),
        (&100.into(), &18.into(), &18.into(), &"warn".into())
    );
    let other = Setup::new(&Swtpm::start().await, &upstream).start().await;
    assert_eq!(gateway.start_text("config_digest"), other.start_text("config_digest"), "pages pin what is configured");
    let attested = Attested::to(&gateway).await;
    // All places but one.
    let idle = join_all((0..17).map(|_| TcpStream::connect(&gateway.address))).await;
    for _ in 0..40 {
        assert_eq!(attested.ask(&chat()).await.status(), 200);
    }
    drop(idle);
    assert_eq!((gateway.log.count("accept.failed"), gateway.log.count("request.refused")), (0, 0));
}

#[tokio::test]
async fn an_upstream_that_takes_no_connection_is_given_up_soon_and_warned_of() {
    let swtpm = Swtpm::start().await;
    // A queue that is full: the kernel answers no further connection.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&listener, 0).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
            let socket = socket.unwrap();
            rustix::io::ioctl_fionbio(&socket, true).unwrap();
            let _ = rustix::net::connect(&socket, &address);
            socket
        })
        .collect();
    let gateway = Setup::to(&swtpm, &format!("http://{address}")).with("limits.connect_timeout_ms", 400).start().await;
    let attested = Attested::to(&gateway).await;
    let begin = Instant::now();
    let answer = attested.ask(&chat()).await;
    assert_eq!((answer.status(), answer.code()), (502, "request.upstream_unreachable"));
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    let refused = gateway.log.wait("request.refused", 1).await;
    assert_eq!(refused["level"], "warn");
    assert!(refused["detail"].as_str().unwrap().contains("limits.connect_timeout_ms"), "{refused}");
    drop((waiting, listener));
}

#[tokio::test]
async fn a_dead_upstream_is_a_warning_and_says_why() {
    let swtpm = Swtpm::start().await;
    let gateway = Setup::to(&swtpm, &format!("http://{}", dead_address())).start().await;
    let attested = Attested::to(&gateway).await;
    assert_eq!(attested.ask(&chat()).await.code(), "request.upstream_unreachable");
    let refused = gateway.log.wait("request.refused", 1).await;
    assert_eq!((&refused["level"], &refused["code"]), (&"warn".into(), &"request.upstream_unreachable".into()));
    assert!(refused["detail"].as_str().unwrap().contains("Connection refused"), "{refused}");
}
