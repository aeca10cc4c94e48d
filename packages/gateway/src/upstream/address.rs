//! The address of the model server, as the configuration names it.

use std::net::IpAddr;
use std::path::PathBuf;

use rustls::pki_types::ServerName;

use super::tls::Tls;

/// What opens connections for this process (PROTOCOL.md §24.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The socket of the connector.
    pub socket: PathBuf,
    /// The place of the address in `machine.egress`, whose texts are sorted.
    pub index: u8,
}

/// Where the model server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Over TCP, with TLS or without.
    Http {
        /// `host:port`.
        authority: String,
        /// Path before every route, without a slash at its end.
        base: String,
        /// Whether it speaks HTTP/2 in clear text with prior knowledge (RFC 9113 §3.3), else HTTP/1.1.
        http2: bool,
        /// The way there out of an image; None: by this process's own network.
        passage: Option<Passage>,
        /// What the server's certificate has to show before anything is sent; None: in clear text.
        tls: Option<Tls>,
    },
    /// Over a UNIX socket.
    Unix(PathBuf),
}

impl Address {
    /// What the server reads in `host`, with the port; empty over a UNIX socket.
    #[must_use]
    pub fn host(&self) -> String {
        match self {
            Self::Unix(_) => String::new(),
            // The name by which the server is known, however its address is written.
            Self::Http { authority, tls: Some(Tls { name: ServerName::DnsName(name), .. }), .. } => {
                let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
                format!("{}:{port}", name.as_ref())
            }
            Self::Http { authority, .. } => authority.clone(),
        }
    }

    /// Whether nothing can leave the machine on the way there.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let Self::Http { authority, .. } = self else { return true };
        let host = authority.rsplit_once(':').map_or("", |(host, _)| host);
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}
