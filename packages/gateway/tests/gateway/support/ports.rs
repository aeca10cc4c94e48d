//! Ports for programs that cannot be told to take any, and for addresses at which nobody listens.

use std::collections::HashSet;
use std::fs;
use std::net::TcpListener;
use std::sync::Mutex;

/// Above the ports of well-known services.
const LOWEST: u16 = 10_240;

/// What was given to a test of this process, which may use it late, or again after a restart: nobody else gets it.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port that is free together with the one above it.
pub fn pair_of_ports() -> u16 {
    find(2)
}

/// `host:port` at which nobody listens.
pub fn dead_address() -> String {
    format!("127.0.0.1:{}", find(1))
}

/// The first of so many free ports in a row, chosen at random below the ephemeral ports: the kernel gives those to every connection and
/// to every server that asks for any port, so that one of them could be taken between the search and its use.
fn find(in_row: u16) -> u16 {
    let end = first_ephemeral();
    for _ in 0..1000 {
        let mut random = [0; 2];
        getrandom::fill(&mut random).unwrap();
        let first = LOWEST + u16::from_be_bytes(random) % (end - LOWEST - in_row);
        let mut given = GIVEN.lock().unwrap();
        let given = given.get_or_insert_default();
        let is_free = |port| !given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (first..first + in_row).all(is_free) {
            given.extend(first..first + in_row);
            return first;
        }
    }
    panic!("no {in_row} free ports in a row from {LOWEST} to {end}");
}

/// ip(7): `ip_local_port_range`. A machine that gives nearly all ports away leaves none that are safer than others.
fn first_ephemeral() -> u16 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first = range.split_whitespace().next().and_then(|first| first.parse().ok());
    first.filter(|&first| first > LOWEST + 1024).unwrap_or(49_152)
}
