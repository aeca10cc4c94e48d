//! Model servers behind TLS (PROTOCOL.md §11.5): nothing is sent before an authority of the configuration has vouched for the server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use blindllama_testkit::tls::{Authority, EXPIRED, NOT_YET, SERVER, VALID, Validity};
use http::HeaderValue;
use http::header::CONNECTION;
use rustls::ProtocolVersion;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::support::client::{Attested, policy};
use crate::support::program::AUDIENCE;
use crate::support::tls_server::{Handshake, TlsServer};
use crate::support::upstream::json;
use crate::support::{Answer, Gateway, Message, Setup, Swtpm, Upstream, in_time};

const OURS: Authority = Authority(1);
const THEIRS: Authority = Authority(2);

/// What no server may see that was not vouched for.
const PROMPT: &str = r#"{"prompt":"what nobody else may read"}"#;

fn chat() -> Message {
    Message::post("/v1/chat/completions", PROMPT)
}

fn ours(hosts: &[&str]) -> Vec<u8> {
    OURS.certify(hosts, VALID)
}

fn before(swtpm: &Swtpm, url: &str) -> Setup {
    Setup::to(swtpm, url).with("upstream.ca", OURS.pem())
}

async fn asked(setup: Setup) -> (Gateway, Answer) {
    let gateway = setup.start().await;
    let answer = Attested::to(&gateway).await.ask(&chat()).await;
    (gateway, answer)
}

/// The one request is refused because of `reason`, and the log names no address.
async fn refused(setup: Setup, reason: &str, address: &str) {
    let (gateway, answer) = asked(setup).await;
    assert_eq!((answer.status(), answer.code()), (502, "request.upstream_unreachable"), "{reason}");
    let log = gateway.whole_log().await;
    let detail = log.named("request.refused")[0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("TLS: ") && detail.contains(reason), "{reason}: {detail}");
    assert!(!log.text().contains(address), "{}", log.text());
}

#[tokio::test]
async fn a_server_that_an_authority_of_the_configuration_vouches_for_gets_requests() {
    let swtpm = Swtpm::start().await;
    for (version, number) in
        [(&rustls::version::TLS13, ProtocolVersion::TLSv1_3), (&rustls::version::TLS12, ProtocolVersion::TLSv1_2)]
    {
        // Each request has a connection of its own.
        let upstream = Upstream::start(|_| {
            let mut answer = json(r#"{"answer":42}"#);
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            Some(answer)
        });
        let server = TlsServer::speaking(&upstream, ours(&["127.0.0.1"]), &[version]).await;
        let (gateway, answer) = asked(before(&swtpm, &format!("{}/base", server.url()))).await;
        assert_eq!((answer.status(), answer.text()), (200, r#"{"answer":42}"#), "{}", gateway.log.text());
        assert_eq!(Attested::to(&gateway).await.ask(&chat()).await.status(), 200);
        gateway.stop().await;
        let got = &upstream.got.lock().unwrap()[0];
        assert_eq!(got.body.as_deref(), Some(PROMPT.as_bytes()));
        assert_eq!(got.head.uri.path(), "/base/v1/chat/completions");
        assert_eq!(got.head.headers["host"], server.address.to_string());
        let expected = Handshake { version: number, name: None, alpn: Some(b"http/1.1".to_vec()), resumed: false };
        assert_eq!(*server.handshakes.lock().unwrap(), [expected.clone(), expected], "neither resumes the other");
    }
}

#[tokio::test]
async fn a_name_of_its_own_goes_with_an_address_in_figures() {
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let server = TlsServer::before(&upstream, ours(&["models.example"])).await;
    let (_gateway, answer) = asked(before(&swtpm, &server.url()).with("upstream.tls_name", "models.example")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(server.handshakes.lock().unwrap()[0].name.as_deref(), Some("models.example"));
    let host = format!("models.example:{}", server.address.port());
    assert_eq!(upstream.got.lock().unwrap()[0].head.headers["host"], host);
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_nothing_and_the_log_says_why() {
    let swtpm = Swtpm::start().await;
    let upstream = Upstream::fixed("{}");
    let cases: [(Authority, &str, Validity, &str); 4] = [
        (THEIRS, "127.0.0.1", VALID, "unknown issuer"),
        (OURS, "127.0.0.2", VALID, "wrong name"),
        (OURS, "127.0.0.1", EXPIRED, "expired"),
        (OURS, "127.0.0.1", NOT_YET, "not valid yet"),
    ];
    for (authority, host, validity, reason) in cases {
        let server = TlsServer::before(&upstream, authority.certify(&[host], validity)).await;
        refused(before(&swtpm, &server.url()), reason, &server.address.to_string()).await;
        assert_eq!(*server.handshakes.lock().unwrap(), [], "{reason}");
    }
    // The name of the setting replaces the host: a certificate for the host is no longer one.
    let server = TlsServer::before(&upstream, ours(&["127.0.0.1"])).await;
    let setup = before(&swtpm, &server.url()).with("upstream.tls_name", "models.example");
    refused(setup, "wrong name", &server.address.to_string()).await;
    // An authority is no server (RFC 5280 §4.2.1.9), not even itself.
    let own = Authority(SERVER);
    let server = TlsServer::before(&upstream, own.certificate()).await;
    let setup = Setup::to(&swtpm, &server.url()).with("upstream.ca", own.pem());
    refused(setup, "CaUsedAsEndEntity", &server.address.to_string()).await;
    assert_eq!(upstream.requests(), 0);
}

/// A server that keeps what it gets, and answers the first bytes of each connection with `answer`; its address.
async fn raw_server(answer: &'static str) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut bytes = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut bytes).await {
                    kept.lock().unwrap().extend(&bytes[..length]);
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    (address, got)
}

#[tokio::test]
async fn a_server_in_clear_text_gets_a_hello_and_no_more() {
    let swtpm = Swtpm::start().await;
    let (address, got) = raw_server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    refused(before(&swtpm, &format!("https://{address}")), "does not speak TLS", &address).await;
    let got = got.lock().unwrap();
    // ContentType handshake (RFC 8446 §5.1).
    assert_eq!(got[0], 22);
    for part in ["nobody else", "/v1/chat"] {
        assert!(!got.windows(part.len()).any(|bytes| bytes == part.as_bytes()), "{part}");
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_takes_no_longer_than_a_connection_may() {
    let swtpm = Swtpm::start().await;
    let (address, got) = raw_server("").await;
    let setup = before(&swtpm, &format!("https://{address}")).with("limits.connect_timeout_ms", 300);
    let gateway = setup.start().await;
    let attested = Attested::to(&gateway).await;
    let (begun, message) = (Instant::now(), chat());
    // The key is given back each time: nothing was run.
    for _ in 0..2 {
        let answer = attested.ask(&message).await;
        assert_eq!((answer.status(), answer.code()), (502, "request.upstream_unreachable"));
    }
    let took = begun.elapsed();
    assert!((Duration::from_millis(600)..Duration::from_secs(10)).contains(&took), "{took:?}");
    let line = gateway.log.wait("request.refused", 2).await;
    assert_eq!(line["detail"], "no connection within limits.connect_timeout_ms");
    assert!(!got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn another_server_takes_what_one_without_proof_does_not_get() {
    let (swtpm, upstream) = (Swtpm::start().await, Upstream::fixed("{}"));
    let good = TlsServer::before(&upstream, ours(&["127.0.0.1"])).await;
    let expired = TlsServer::before(&upstream, OURS.certify(&["127.0.0.1"], EXPIRED)).await;
    let setup = before(&swtpm, "").with("upstream.urls", vec![expired.url(), good.url()]);
    let (gateway, answer) = asked(setup.with("upstream.weights", vec![1000, 1])).await;
    assert_eq!(answer.status(), 200);
    let down = gateway.log.wait("upstream.down", 1).await;
    assert_eq!(down["server"], 1);
    let detail = down["detail"].as_str().unwrap();
    assert!(detail.starts_with("request.upstream_unreachable: TLS: expired"), "{detail}");
    assert_eq!(upstream.requests(), 1);
}

#[tokio::test]
async fn probes_go_over_tls_too() {
    let swtpm = Swtpm::start().await;
    let upstream = Upstream::fixed("{}");
    let good = TlsServer::before(&upstream, ours(&["127.0.0.1"])).await;
    let theirs = TlsServer::before(&upstream, THEIRS.certify(&["127.0.0.1"], VALID)).await;
    let setup = before(&swtpm, "").with("upstream.urls", vec![theirs.url(), good.url()]);
    let setup = setup.with("upstream.probe_path", "/health").with("upstream.probe_interval_ms", 50);
    let gateway = setup.start().await;
    let down = gateway.log.wait("upstream.down", 1).await;
    assert_eq!(down["server"], 1);
    let detail = down["detail"].as_str().unwrap();
    assert!(detail.starts_with("probe: request.upstream_unreachable: TLS: unknown issuer"), "{detail}");
    in_time("probes of the other", async {
        while upstream.requests() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert!(upstream.got.lock().unwrap().iter().all(|got| got.head.uri.path() == "/health"));
    assert_eq!(*theirs.handshakes.lock().unwrap(), []);
}

#[tokio::test]
async fn an_answer_that_is_cut_without_a_closing_alert_is_not_whole() {
    let swtpm = Swtpm::start().await;
    for closes in [true, false] {
        let server = TlsServer::start(ours(&["127.0.0.1"]), rustls::ALL_VERSIONS, move |mut stream| async move {
            let mut bytes = Vec::new();
            // To its end: an end of the connection before that would be a reset.
            while !bytes.ends_with(PROMPT.as_bytes()) {
                assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0);
            }
            // Neither a length nor chunks: the end of the connection is that of the answer (RFC 9112 §6.3).
            let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"part\":1}";
            stream.write_all(answer).await.unwrap();
            stream.flush().await.unwrap();
            if closes {
                stream.shutdown().await.unwrap();
            }
        })
        .await;
        let gateway = before(&swtpm, &server.url()).start().await;
        let attested = Attested::to(&gateway).await;
        let sealed = attested.seal(&[&chat().encode()]);
        let response = attested.post(crate::support::http::Version::Http1, sealed.body.clone()).await.unwrap();
        let body = http_body_util::BodyExt::collect(response.into_body()).await;
        assert_eq!(body.is_ok(), closes);
        if closes {
            gateway.log.wait("request", 1).await;
        } else {
            assert_eq!(gateway.log.wait("request.aborted", 1).await["by"], "upstream");
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn the_digest_names_the_authorities_of_a_file_and_of_a_text_alike() {
    let swtpm = Swtpm::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, format!("# ours\n{}", OURS.pem())).unwrap();
    let url = "https://127.0.0.1:1";
    let digest = async |ca: String| {
        let output = Setup::to(&swtpm, url).with("upstream.ca", ca).run("config-digest").await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let of_text = digest(OURS.pem()).await;
    assert_eq!(digest(file.display().to_string()).await, of_text);
    assert_ne!(digest(THEIRS.pem()).await, of_text);
    let gateway = before(&swtpm, url).start().await;
    assert!(of_text.contains(gateway.start_text("config_digest")), "{of_text}");
    let output = Setup::to(&swtpm, url).with("upstream.ca", "/nowhere/ca.pem").run("config-digest").await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("config.read") && error.contains("/nowhere/ca.pem"), "{error}");
}

#[tokio::test]
async fn an_attested_gateway_may_be_behind_tls() {
    let tpms = [Swtpm::start().await, Swtpm::start().await];
    let upstream = Upstream::start(|_| Some(json(r#"{"answer":42}"#)));
    let inner = Setup::new(&tpms[0], &upstream).start().await;
    for (authority, status) in [(OURS, 200), (THEIRS, 502)] {
        let certificate = authority.certify(&["127.0.0.1"], VALID);
        let server = TlsServer::before_address(inner.address.clone(), certificate).await;
        let setup = before(&tpms[1], &server.url())
            .with("upstream.kind", "attested")
            .with("upstream.policy", policy(&inner).to_string())
            .with("upstream.audience", AUDIENCE)
            .with("upstream.allow_simulated", true);
        let (outer, answer) = asked(setup).await;
        assert_eq!(answer.status(), status, "{}", outer.log.text());
        if status != 200 {
            assert_eq!(answer.code(), "request.upstream_unproven");
            let detail = outer.log.wait("upstream.unproven", 1).await["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("TLS: unknown issuer"), "{detail}");
        }
        outer.stop().await;
    }
    assert_eq!(upstream.requests(), 1);
}
