//! TLS to a model server (PROTOCOL.md §11.5) and to the counter of a fleet (§11.2): only authorities that the configuration names vouch for
//! it, and nothing is sent without.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::digest::sha256;

/// Authorities of one configuration. Debian's list of all public ones has about 150.
const MAX_AUTHORITIES: usize = 512;

/// The one protocol that is offered to a model server (RFC 7301): its requests share no connection.
const HTTP_1_1: &[u8] = b"http/1.1";

/// What a server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It runs the model.
    Model,
    /// It is the Redis in which a fleet counts.
    Counter,
}

impl Purpose {
    /// The settings of its authorities and of its name.
    #[must_use]
    pub const fn settings(self) -> [&'static str; 2] {
        match self {
            Self::Model => ["upstream.ca", "upstream.tls_name"],
            Self::Counter => ["access.shared_ca", "access.shared_tls_name"],
        }
    }

    /// What is offered in the handshake. The protocol of Redis is not registered, and its servers choose none.
    fn protocols(self) -> Vec<Vec<u8>> {
        match self {
            Self::Model => vec![HTTP_1_1.to_vec()],
            Self::Counter => Vec::new(),
        }
    }
}

/// Who may vouch for a server.
#[derive(Clone)]
pub struct Trust {
    /// SHA-256 of each certificate, sorted: two of them are equal where these are.
    digests: Arc<[[u8; 32]]>,
    purpose: Purpose,
    client: Arc<ClientConfig>,
}

impl Trust {
    /// The certificates in `pem` (RFC 7468) for servers of this purpose; other sections are ignored.
    ///
    /// # Errors
    /// Which certificate is none, or that there are none or too many.
    pub fn from_pem(pem: &[u8], purpose: Purpose) -> Result<Self, String> {
        let (mut roots, mut digests) = (RootCertStore::empty(), Vec::new());
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let number = digests.len().saturating_add(1);
            let certificate = certificate.map_err(|_| format!("certificate {number} is not PEM"))?;
            if number > MAX_AUTHORITIES {
                return Err(format!("more than {MAX_AUTHORITIES} certificates"));
            }
            digests.push(sha256(&certificate));
            roots.add(certificate).map_err(|_| format!("certificate {number} is malformed"))?;
        }
        if digests.is_empty() {
            return Err("there is no certificate in PEM (\"-----BEGIN CERTIFICATE-----\")".to_owned());
        }
        digests.sort_unstable();
        digests.dedup();
        let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let mut client = client.with_root_certificates(roots).with_no_client_auth();
        client.alpn_protocols = purpose.protocols();
        // Tickets would keep secrets of a connection longer than the connection.
        client.resumption = Resumption::disabled();
        Ok(Self { digests: digests.into(), purpose, client: Arc::new(client) })
    }

    /// SHA-256 of each certificate, sorted and distinct.
    #[must_use]
    pub fn digests(&self) -> &[[u8; 32]] {
        &self.digests
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("digests", &self.digests).field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        self.digests == other.digests && self.purpose == other.purpose
    }
}

impl Eq for Trust {}

/// What the certificate of one server has to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The name or address in the certificate (RFC 6125 §6).
    pub name: ServerName<'static>,
    /// Who vouches for it.
    pub trust: Trust,
}

impl Tls {
    /// Verifies the server behind `stream`. The caller bounds the time.
    ///
    /// # Errors
    /// The reason, without a name or an address.
    pub(crate) async fn handshake(self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let settings = self.trust.purpose.settings();
        let connected = TlsConnector::from(self.trust.client).connect(self.name, stream).await;
        connected.map_err(|error| explained(&error, settings))
    }
}

fn explained(error: &io::Error, settings: [&str; 2]) -> io::Error {
    let reason = match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => reason(error, settings),
        None => "the server closed the connection during the handshake".to_owned(),
    };
    io::Error::other(format!("TLS: {reason}"))
}

/// The reason as the operator can act on it. The texts of rustls name what the certificate is for, which are addresses.
fn reason(error: &Error, [authorities, name]: [&str; 2]) -> String {
    match error {
        Error::InvalidCertificate(error) => match error {
            CertificateError::UnknownIssuer => {
                format!("unknown issuer: no certificate of {authorities} vouches for the server's")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("wrong name: the server's certificate is not for the host of its address, nor for {name}")
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "expired: the server's certificate has ended by this machine's clock".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "not valid yet: the server's certificate begins later by this machine's clock".to_owned()
            }
            other => format!("the server's certificate is refused: {other:?}"),
        },
        Error::InvalidMessage(_) => "the server does not speak TLS at this port".to_owned(),
        Error::AlertReceived(alert) => format!("the server refused the handshake: {alert:?}"),
        Error::PeerIncompatible(why) => format!("no version or cipher suite in common: {why:?}"),
        other => format!("the handshake failed: {other:?}"),
    }
}
