//! The socket that the gateway accepts connections on: its own, or one that its parent has opened.

use std::io;
use std::net::SocketAddr;

use blindllama_verifier::Code;
use listenfd::ListenFd;
use tokio::net::TcpListener;

use crate::failure::Failure;

/// The socket that the parent passed (`sd_listen_fds(3)`: LISTEN_FDS, LISTEN_PID), else a new one that is bound to `address`.
///
/// An image passes a socket, so that the process can serve from a network namespace without any interface.
///
/// # Errors
/// `gateway.listen` where the address cannot be bound, or where what was passed is not exactly one listening TCP socket.
pub(super) async fn listen(address: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let mut passed = ListenFd::from_env();
    let listener = match passed.len() {
        0 => TcpListener::bind(address).await.map_err(failed)?,
        1 => inherited(&mut passed)
            .map_err(|error| Failure::with(Code::GATEWAY_LISTEN, format!("the passed file 3: {error}")))?,
        count => {
            return Err(Failure::with(Code::GATEWAY_LISTEN, format!("LISTEN_FDS is {count}, expected 1")));
        }
    };
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn failed(error: io::Error) -> Failure {
    Failure::with(Code::GATEWAY_LISTEN, error.to_string())
}

fn inherited(passed: &mut ListenFd) -> io::Result<TcpListener> {
    let listener = passed.take_tcp_listener(0)?.ok_or(io::ErrorKind::NotFound)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}
