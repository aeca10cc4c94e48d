//! Connections out of an image of the profile `router` (PROTOCOL.md §24.6): a process with the network opens them, to the addresses of
//! the measured configuration alone, and passes them on. The gateway itself has no network.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::net;
use std::os::fd::OwnedFd;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, recvmsg};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::{TcpStream, UnixStream};

use super::address::Passage;

/// A connection to the address of `passage`.
///
/// # Errors
/// What the connector met, or `InvalidData` where its answer is malformed.
pub(crate) async fn connect(passage: &Passage) -> io::Result<TcpStream> {
    let mut connector = UnixStream::connect(&passage.socket).await?;
    connector.write_all(&[passage.index]).await?;
    let socket = loop {
        connector.readable().await?;
        match connector.try_io(Interest::READABLE, || receive(&connector)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            received => break received?,
        }
    };
    let stream = net::TcpStream::from(socket);
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}

/// One octet: 0 with a connection, or the number of an error.
fn receive(connector: &UnixStream) -> io::Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut passed = RecvAncillaryBuffer::new(&mut space);
    let mut octet = [0xff];
    let flags = RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(connector, &mut [IoSliceMut::new(&mut octet)], &mut passed, flags)?;
    let descriptors = passed.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let mut descriptors: Vec<OwnedFd> = descriptors.flatten().collect();
    match (received.bytes, octet, descriptors.pop()) {
        (1, [0], Some(socket)) if descriptors.is_empty() && !received.flags.contains(ReturnFlags::CTRUNC) => Ok(socket),
        (1, [number], None) if number != 0 => Err(io::Error::from_raw_os_error(number.into())),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the connector's answer is malformed")),
    }
}
