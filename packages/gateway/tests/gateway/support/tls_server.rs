//! A TLS server in front of a model server of a test.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use blindllama_testkit::tls::server_key;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivateSec1KeyDer};
use rustls::server::ServerConfig;
use rustls::{ProtocolVersion, SupportedProtocolVersion};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Upstream;

/// What a client said in a handshake that it completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    pub version: ProtocolVersion,
    pub name: Option<String>,
    pub alpn: Option<Vec<u8>>,
    pub resumed: bool,
}

pub struct TlsServer {
    pub address: SocketAddr,
    pub handshakes: Arc<Mutex<Vec<Handshake>>>,
}

impl TlsServer {
    /// Passes what clients send to `upstream`, and its answers back.
    pub async fn before(upstream: &Upstream, certificate: Vec<u8>) -> Self {
        Self::speaking(upstream, certificate, rustls::ALL_VERSIONS).await
    }

    /// The same in these versions of TLS alone.
    pub async fn speaking(
        upstream: &Upstream,
        certificate: Vec<u8>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let path = upstream.url().strip_prefix("unix:").unwrap().to_owned();
        Self::start(certificate, versions, move |mut stream| {
            let path = path.clone();
            async move {
                let mut model_server = UnixStream::connect(path).await.unwrap();
                // An end on either side is passed on; so is one that breaks off.
                let _ = copy_bidirectional(&mut stream, &mut model_server).await;
            }
        })
        .await
    }

    /// The same before what listens at a TCP address.
    pub async fn before_address(address: String, certificate: Vec<u8>) -> Self {
        Self::start(certificate, rustls::ALL_VERSIONS, move |mut stream| {
            let address = address.clone();
            async move {
                let mut server = TcpStream::connect(address).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut server).await;
            }
        })
        .await
    }

    /// Lets `serve` speak with each client after the handshake.
    pub async fn start<F: Future<Output = ()> + Send + 'static>(
        certificate: Vec<u8>,
        versions: &[&'static SupportedProtocolVersion],
        serve: impl Fn(TlsStream<TcpStream>) -> F + Send + Sync + 'static,
    ) -> Self {
        let chain = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(server_key()));
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_protocol_versions(versions).unwrap().with_no_client_auth();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = [&b"h2"[..], b"http/1.1"].map(<[u8]>::to_vec).into();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (handshakes, serve) = (Arc::new(Mutex::new(Vec::new())), Arc::new(serve));
        let seen = Arc::clone(&handshakes);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, serve, seen) = (acceptor.clone(), Arc::clone(&serve), Arc::clone(&seen));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let session = stream.get_ref().1;
                    seen.lock().unwrap().push(Handshake {
                        version: session.protocol_version().unwrap(),
                        name: session.server_name().map(str::to_owned),
                        alpn: session.alpn_protocol().map(<[u8]>::to_vec),
                        resumed: session.handshake_kind() == Some(rustls::HandshakeKind::Resumed),
                    });
                    serve(stream).await;
                });
            }
        });
        Self { address, handshakes }
    }

    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}
