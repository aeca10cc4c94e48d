//! The socket between gateway and attester: SOCK_SEQPACKET keeps messages apart, so that neither side has to find their ends.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use blindllama_verifier::Code;
use listenfd::ListenFd;
use rustix::io::{Errno, retry_on_intr};
use rustix::net::sockopt::{Timeout, set_socket_timeout, socket_acceptconn};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, recv, send,
    socket_with,
};

use crate::failure::Failure;

/// Connections that wait to be accepted or refused.
const BACKLOG: i32 = 4;

fn socket(flags: SocketFlags) -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags | SocketFlags::CLOEXEC, None)?)
}

/// The listening socket, which does not block: bound to `path`, or passed by the parent (`sd_listen_fds(3)`).
///
/// # Errors
/// `gateway.listen`.
pub(in crate::tpm) fn listener(path: Option<&Path>) -> Result<UnixListener, Failure> {
    let failed = |detail: String| Failure::with(Code::GATEWAY_LISTEN, detail);
    let mut passed = ListenFd::from_env();
    match (path, passed.len()) {
        (None, 1) => inherited(&mut passed).map_err(|error| failed(format!("the passed file 3: {error}"))),
        (Some(path), 0) => bound(path).map_err(|error| failed(format!("{}: {error}", path.display()))),
        (None, 0) => Err(failed("the attester needs --socket PATH, or a listening socket from its parent".into())),
        (_, count) => Err(failed(format!("LISTEN_FDS is {count}, expected 1 without --socket, and 0 with it"))),
    }
}

fn inherited(passed: &mut ListenFd) -> io::Result<UnixListener> {
    let (family, kind) = (i32::from(AddressFamily::UNIX.as_raw()), SocketType::SEQPACKET.as_raw());
    let socket: Option<OwnedFd> =
        passed.take_custom(0, family, i32::try_from(kind).unwrap_or(0), "UNIX socket of SOCK_SEQPACKET")?;
    let socket = socket.ok_or(io::ErrorKind::NotFound)?;
    if !socket_acceptconn(&socket)? {
        return Err(io::Error::other("it does not listen"));
    }
    let listener = UnixListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn bound(path: &Path) -> io::Result<UnixListener> {
    let address = SocketAddrUnix::new(path)?;
    let socket = socket(SocketFlags::NONBLOCK)?;
    match bind(&socket, &address) {
        // Left behind by an attester that was killed: nobody listens there any more.
        Err(Errno::ADDRINUSE) if connected(path, Duration::from_secs(1)).is_err_and(is_refused) => {
            fs::remove_file(path)?;
            bind(&socket, &address)?;
        }
        bound => bound?,
    }
    // The folder's group is the gateway's, where its user is another one.
    fs::set_permissions(path, Permissions::from_mode(0o660))?;
    listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

fn is_refused(error: io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused
}

/// A connection whose every wait ends after `limit`.
pub(in crate::tpm) fn connected(path: &Path, limit: Duration) -> io::Result<OwnedFd> {
    let socket = socket(SocketFlags::empty())?;
    for timeout in [Timeout::Recv, Timeout::Send] {
        set_socket_timeout(&socket, timeout, Some(limit))?;
    }
    retry_on_intr(|| connect(&socket, &SocketAddrUnix::new(path)?))?;
    Ok(socket)
}

/// Sends one message.
pub(in crate::tpm) fn send_message(socket: impl AsFd + Copy, message: &[u8]) -> io::Result<()> {
    match retry_on_intr(|| send(socket, message, SendFlags::NOSIGNAL))? {
        sent if sent == message.len() => Ok(()),
        _ => Err(io::ErrorKind::WriteZero.into()),
    }
}

/// Receives one message of at most `most` bytes; None at the end of the connection.
pub(in crate::tpm) fn receive_message(socket: impl AsFd + Copy, most: usize) -> io::Result<Option<Vec<u8>>> {
    // What does not fit is cut off: one byte more tells a message that is too long.
    let mut message = vec![0; most.saturating_add(1)];
    let (received, _) = retry_on_intr(|| recv(socket, message.as_mut_slice(), RecvFlags::empty()))?;
    match received {
        0 => Ok(None),
        received if received > most => Err(io::Error::other("a message that is too long")),
        received => {
            message.truncate(received);
            Ok(Some(message))
        }
    }
}
