//! Variables that platforms set for their own services and that begin as settings do: Kubernetes for every Service of the namespace
//! (`NAME_SERVICE_HOST`, `NAME_PORT`), Docker for a link (`NAME_PORT`, `NAME_NAME`). A Service named "blindllama" must not stop the
//! start, and a misspelt setting must: name and value have to fit together.

use std::net::{IpAddr, SocketAddr};

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// Whether a platform set the variable `name`, which begins with `BLINDLLAMA_`, to `value` for a service.
pub(super) fn is_of_a_service(name: &str, value: &str) -> bool {
    (name.ends_with("_SERVICE_HOST") && is_address(value))
        || (name.ends_with("_SERVICE_PORT") && is_port(value))
        || (name.ends_with("_PORT") && is_end_point(value, &PROTOCOLS))
        || (name.ends_with("_NAME") && value.starts_with('/') && value.matches('/').count() == 2)
        || is_named_port(name, value)
        || is_numbered_port(name, value)
}

/// `NAME_SERVICE_PORT_HTTP`: a port that the Service gives a name.
fn is_named_port(name: &str, value: &str) -> bool {
    name.split_once("_SERVICE_PORT_").is_some_and(|(_, port)| !port.is_empty()) && is_port(value)
}

/// `NAME_PORT_8787_TCP`, alone or with `_PROTO`, `_PORT` or `_ADDR` behind it.
fn is_numbered_port(name: &str, value: &str) -> bool {
    let Some((_, end)) = name.rsplit_once("_PORT_") else { return false };
    let mut words = end.split('_');
    let (Some(port), Some(protocol)) = (words.next(), words.next()) else { return false };
    let protocol = protocol.to_ascii_lowercase();
    if !is_port(port) || !PROTOCOLS.contains(&protocol.as_str()) {
        return false;
    }
    match (words.next(), words.next()) {
        (None, None) => is_end_point(value, &[&protocol]),
        (Some("PROTO"), None) => value == protocol,
        (Some("PORT"), None) => value == port,
        (Some("ADDR"), None) => is_address(value),
        _ => false,
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// Whether `text` is `protocol://address:port` with one of `protocols`.
fn is_end_point(text: &str, protocols: &[&str]) -> bool {
    let Some((protocol, end_point)) = text.split_once("://") else { return false };
    protocols.contains(&protocol) && end_point.parse::<SocketAddr>().is_ok()
}
