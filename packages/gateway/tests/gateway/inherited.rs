//! A socket that the parent of the gateway has opened.

use std::fs::File;
use std::net::TcpListener;
use std::os::fd::OwnedFd;

use crate::support::client::Attested;
use crate::support::{Message, Setup, Swtpm, Upstream};

/// No machine has it (RFC 5737): a gateway that binds it does not start.
const NOWHERE: &str = "192.0.2.1:8787";

#[tokio::test]
async fn a_passed_socket_is_served_and_nothing_is_bound() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let setup = Setup::new(&swtpm, &upstream).with("listen", NOWHERE);
    let gateway = setup.start_with_socket(OwnedFd::from(socket)).await;
    assert_eq!(gateway.address, address);
    let attested = Attested::to(&gateway).await;
    let answer = attested.ask(&Message::post("/v1/chat/completions", "{}")).await;
    assert_eq!(answer.status(), 200);
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_passed_and_is_no_single_listening_socket_stops_the_start() {
    let upstream = Upstream::fixed("{}");
    let swtpm = Swtpm::start().await;
    let setup = || Setup::new(&swtpm, &upstream);
    let socket = || OwnedFd::from(TcpListener::bind("127.0.0.1:0").unwrap());
    let runs = [
        (setup().run_with_socket(File::open("/dev/null").unwrap(), 1).await, "the passed file 3"),
        (setup().run_with_socket(socket(), 2).await, "LISTEN_FDS is 2, expected 1"),
    ];
    for (output, reason) in runs {
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("gateway.listen") && said.contains(reason), "{said}");
    }
}
