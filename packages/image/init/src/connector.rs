//! The one process with a network in the profile `router` (PROTOCOL.md §24.6). It connects to the addresses of the measured configuration,
//! and passes the connections to the gateway, which has no network: the gateway chooses an address by its place in the list, and nothing
//! else. No byte of a connection passes through here.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::net::SocketAddrV4;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::sockopt::{socket_error, socket_peercred};
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    accept_with, connect, recv, sendmsg, socket_with,
};

use crate::failure::{Doing, Failure};

/// For a request to come, and for its connection to be made.
const LIMIT: Duration = Duration::from_secs(10);

/// Requests at once. Further ones wait in the kernel's queue.
const MOST: usize = 64;

/// A request, in the state that its descriptors tell.
struct Pending {
    gateway: OwnedFd,
    /// The connection that is being made; None before the request came.
    outside: Option<OwnedFd>,
    end: Instant,
}

/// Serves the gateway's user at `listener` until that fails; returns why.
pub(crate) fn serve(listener: &OwnedFd, addresses: &[SocketAddrV4], peer: u32) -> Failure {
    let mut pending = Vec::new();
    loop {
        if let Err(failure) = turn(listener, addresses, peer, &mut pending) {
            return failure;
        }
    }
}

/// Waits for something to happen, and does what it asks for.
fn turn(listener: &OwnedFd, addresses: &[SocketAddrV4], peer: u32, pending: &mut Vec<Pending>) -> Result<(), Failure> {
    let has_room = pending.len() < MOST;
    let mut watched: Vec<PollFd<'_>> = pending.iter().map(Pending::watched).collect();
    if has_room {
        watched.push(PollFd::new(listener, PollFlags::IN));
    }
    let second = Timespec { tv_sec: 1, tv_nsec: 0 };
    retry_on_intr(|| poll(&mut watched, Some(&second))).doing("the connector: waiting")?;
    let ready: Vec<bool> = watched.iter().map(|watched| !watched.revents().is_empty()).collect();
    drop(watched);
    let mut ready = ready.into_iter();
    let now = Instant::now();
    pending.retain_mut(|one| match ready.next() {
        Some(true) => one.proceed(addresses),
        _ => now < one.end,
    });
    if ready.next() == Some(true) {
        pending.extend(accepted(listener, peer)?);
    }
    Ok(())
}

/// The next request, unless it is of another user.
fn accepted(listener: &OwnedFd, peer: u32) -> Result<Option<Pending>, Failure> {
    let gateway = match accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
        Ok(gateway) => gateway,
        Err(Errno::INTR | Errno::AGAIN | Errno::CONNABORTED | Errno::MFILE) => return Ok(None),
        Err(error) => return Err(Failure::new("the connector: its socket", error)),
    };
    if !socket_peercred(&gateway).is_ok_and(|process| process.uid.as_raw() == peer) {
        return Ok(None);
    }
    Ok(Instant::now().checked_add(LIMIT).map(|end| Pending { gateway, outside: None, end }))
}

impl Pending {
    fn watched(&self) -> PollFd<'_> {
        match &self.outside {
            None => PollFd::new(&self.gateway, PollFlags::IN),
            Some(outside) => PollFd::new(outside, PollFlags::OUT),
        }
    }

    /// Whether it goes on.
    fn proceed(&mut self, addresses: &[SocketAddrV4]) -> bool {
        let begun = match self.outside.take() {
            None => begin(&self.gateway, addresses),
            Some(outside) => socket_error(&outside).and_then(|result| result).map(|()| (outside, true)),
        };
        match begun {
            Ok((outside, false)) => self.outside = Some(outside),
            Ok((outside, true)) => answer(&self.gateway, Ok(outside)),
            Err(error) => answer(&self.gateway, Err(error)),
        }
        self.outside.is_some()
    }
}

/// Reads which address is asked for, and begins to connect; whether it is connected already.
fn begin(gateway: &OwnedFd, addresses: &[SocketAddrV4]) -> Result<(OwnedFd, bool), Errno> {
    let mut request = [0; 2];
    let (length, _) = retry_on_intr(|| recv(gateway, request.as_mut_slice(), RecvFlags::empty()))?;
    let [index, _] = request;
    let address = addresses.get(usize::from(index)).filter(|_| length == 1).ok_or(Errno::ACCESS)?;
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let outside = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    match retry_on_intr(|| connect(&outside, address)) {
        Ok(()) => Ok((outside, true)),
        Err(Errno::INPROGRESS) => Ok((outside, false)),
        Err(error) => Err(error),
    }
}

/// One octet: 0 with the connection, or the number of the error. A gateway that has gone gets none.
fn answer(gateway: &OwnedFd, outcome: Result<OwnedFd, Errno>) {
    let octet = match &outcome {
        Ok(_) => 0,
        Err(error) => u8::try_from(error.raw_os_error()).unwrap_or(u8::MAX),
    };
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut passed = SendAncillaryBuffer::new(&mut space);
    let descriptors: Vec<_> = outcome.iter().map(|outside| outside.as_fd()).collect();
    if !descriptors.is_empty() && !passed.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return;
    }
    let _ = sendmsg(gateway, &[IoSlice::new(&[octet])], &mut passed, SendFlags::NOSIGNAL);
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::thread;

    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, recvmsg};
    use rustix::process::geteuid;

    use super::*;

    /// A connector of its own for each test: one place to listen outside, and one where nobody listens.
    struct Outside {
        folder: tempfile::TempDir,
        listener: TcpListener,
    }

    impl Outside {
        fn with(peer: u32) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let socket = UnixListener::bind(folder.path().join("socket")).expect("a socket");
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
            let port = listener.local_addr().expect("its port").port();
            let addresses = [port, 1].map(|port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
            thread::spawn(move || serve(&socket.into(), &addresses, peer));
            Self { folder, listener }
        }

        fn ask(&self, request: &[u8]) -> (Vec<u8>, Option<OwnedFd>) {
            let mut stream = UnixStream::connect(self.folder.path().join("socket")).expect("the connector");
            stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
            let _ = stream.write_all(request);
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut passed = RecvAncillaryBuffer::new(&mut space);
            let mut octet = [0xee; 4];
            let mut buffers = [std::io::IoSliceMut::new(&mut octet)];
            let bytes = match recvmsg(&stream, &mut buffers, &mut passed, RecvFlags::empty()) {
                Ok(received) => received.bytes,
                Err(Errno::CONNRESET) => 0,
                Err(error) => panic!("{error}"),
            };
            let descriptor = passed.drain().find_map(|message| match message {
                RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
                _ => None,
            });
            (octet.into_iter().take(bytes).collect(), descriptor)
        }
    }

    #[test]
    fn a_listed_address_is_connected_and_passed_on() {
        let outside = Outside::with(geteuid().as_raw());
        for _ in 0..3 {
            let (answer, passed) = outside.ask(&[0]);
            assert_eq!(answer, [0]);
            let mut stream = TcpStream::from(passed.expect("a connection"));
            stream.set_nonblocking(false).expect("a socket");
            stream.write_all(b"hello").expect("written");
            drop(stream);
            let (mut accepted, _) = outside.listener.accept().expect("a connection");
            let mut text = String::new();
            accepted.read_to_string(&mut text).expect("read");
            assert_eq!(text, "hello");
        }
    }

    #[test]
    fn no_other_address_and_no_other_request_gets_a_connection() {
        let outside = Outside::with(geteuid().as_raw());
        let refused = |request: &[u8], error: Errno| {
            let (answer, passed) = outside.ask(request);
            assert_eq!((answer, passed.is_none()), (vec![u8::try_from(error.raw_os_error()).expect("small")], true));
        };
        refused(&[1], Errno::CONNREFUSED);
        for request in [&[2][..], &[255], &[0, 0], b"10.0.2.2:80"] {
            refused(request, Errno::ACCESS);
        }
        assert_eq!(outside.ask(&[0]).0, [0], "it goes on");
    }

    #[test]
    fn another_user_gets_no_answer() {
        let outside = Outside::with(geteuid().as_raw().wrapping_add(1));
        let (answer, passed) = outside.ask(&[0]);
        assert_eq!((answer, passed.is_none()), (vec![], true));
    }

    #[test]
    fn callers_that_say_nothing_do_not_hold_up_others() {
        let outside = Outside::with(geteuid().as_raw());
        let silent: Vec<_> =
            (0..8).map(|_| UnixStream::connect(outside.folder.path().join("socket")).expect("the connector")).collect();
        assert_eq!(outside.ask(&[0]).0, [0]);
        drop(silent);
    }
}
