//! Connections to the model server: over TCP, TLS or a UNIX socket.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWrite;
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use super::address::Address;
use super::passage;

/// Opens a connection each time that it is called.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) address: Address,
    /// For a connection, with the resolution of the name and the handshake of TLS.
    pub(super) limit: Duration,
}

impl Service<Uri> for Connector {
    type Response = Socket;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Socket>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (address, limit) = (self.address.clone(), self.limit);
        Box::pin(async move {
            let connecting = async {
                let (authority, passage, tls) = match address {
                    Address::Unix(path) => return unix(path).await,
                    Address::Http { authority, passage, tls, .. } => (authority, passage, tls),
                };
                let stream = match passage {
                    Some(passage) => passage::connect(&passage).await?,
                    None => tcp(authority).await?,
                };
                stream.set_nodelay(true)?;
                match tls {
                    Some(tls) => tls.handshake(stream).await.map(|stream| Socket::Tls(Box::new(TokioIo::new(stream)))),
                    None => Ok(Socket::Tcp(TokioIo::new(stream))),
                }
            };
            let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection within limits.connect_timeout_ms");
            timeout(limit, connecting).await.map_err(late)?
        })
    }
}

async fn tcp(authority: String) -> io::Result<TcpStream> {
    let unknown = |_| io::Error::new(io::ErrorKind::NotFound, "the name in upstream.url does not resolve");
    let addresses: Vec<_> = lookup_host(authority).await.map_err(unknown)?.collect();
    TcpStream::connect(&addresses[..]).await
}

async fn unix(path: PathBuf) -> io::Result<Socket> {
    UnixStream::connect(path).await.map(TokioIo::new).map(Socket::Unix)
}

/// A connection of any kind.
pub(super) enum Socket {
    Tcp(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
    Unix(TokioIo<UnixStream>),
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Socket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl Write for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => {
                let stream = stream.inner_mut();
                match Pin::new(&mut *stream).poll_shutdown(context) {
                    // A server that reads nothing would hold the connection open until it takes the closing alert.
                    Poll::Pending => Pin::new(stream.get_mut().0).poll_shutdown(context),
                    ended => ended,
                }
            }
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
            Self::Unix(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(context, slices),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }
}
