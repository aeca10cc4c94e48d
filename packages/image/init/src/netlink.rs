//! Requests to the kernel about the network, by messages of rtnetlink(7).

use std::os::fd::OwnedFd;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, sendto, socket_with};

use crate::failure::{Doing, Failure};

// linux/netlink.h
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_EXCL_CREATE: u16 = 0x200 | 0x400;
const NLMSG_ERROR: u16 = 2;

/// What a request does, by its type and flags.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request {
    /// RTM_NEWLINK for an interface that is there.
    ChangeLink,
    /// RTM_NEWADDR for an address that is not there.
    AddAddress,
    /// RTM_NEWROUTE for a route that is not there.
    AddRoute,
}

impl Request {
    /// linux/rtnetlink.h
    const fn kind_and_flags(self) -> (u16, u16) {
        match self {
            Self::ChangeLink => (16, 0),
            Self::AddAddress => (20, NLM_F_EXCL_CREATE),
            Self::AddRoute => (24, NLM_F_EXCL_CREATE),
        }
    }
}

/// A connection to the kernel's network configuration, of the namespace in which it was opened.
#[derive(Debug)]
pub(crate) struct Netlink(OwnedFd);

impl Netlink {
    /// # Errors
    /// Where the kernel gives no socket.
    pub(crate) fn open() -> Result<Self, Failure> {
        // Without a protocol it is NETLINK_ROUTE.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None);
        let socket = socket.doing("the netlink socket")?;
        bind(&socket, &SocketAddrNetlink::new(0, 0)).doing("the netlink socket")?;
        Ok(Self(socket))
    }

    /// Sends one request and reads its acknowledgement (`nlmsghdr`, `nlmsgerr`).
    ///
    /// # Errors
    /// What the kernel answers.
    pub(crate) fn ask(&self, request: Request, body: &[u8]) -> Result<(), String> {
        const HEADER: u32 = 16;
        let (kind, flags) = request.kind_and_flags();
        let length = u32::try_from(body.len()).ok().and_then(|length| length.checked_add(HEADER)).ok_or("too long")?;
        let mut message = Vec::from(length.to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend((NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
        message.extend([0; 8]);
        message.extend(body);
        let kernel = SocketAddrNetlink::new(0, 0);
        sendto(&self.0, &message, SendFlags::empty(), &kernel).map_err(|error| error.to_string())?;
        let mut answer = [0; 4096];
        let (received, _) = recv(&self.0, &mut answer, RecvFlags::empty()).map_err(|error| error.to_string())?;
        let field = |from: usize, to: usize| answer.get(..received).and_then(|answer| answer.get(from..to));
        let is_error = field(4, 6) == Some(&NLMSG_ERROR.to_ne_bytes());
        let code = field(16, 20).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
        match (is_error, code) {
            (true, Some(0)) => Ok(()),
            (true, Some(code)) => Err(std::io::Error::from_raw_os_error(code.saturating_neg()).to_string()),
            _ => Err("the kernel did not acknowledge".into()),
        }
    }
}

/// An attribute of four bytes (`rtattr`): its length, its type, its value.
pub(crate) fn attribute(kind: u16, value: [u8; 4]) -> [u8; 8] {
    let [length, kind] = [8, kind].map(u16::to_ne_bytes);
    let ([a, b], [c, d], [e, f, g, h]) = (length, kind, value);
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_kernel_is_an_error() {
        let netlink = Netlink::open().expect("a netlink socket");
        // `ifinfomsg`: no interface has this number.
        let mut message = vec![0; 16];
        message.splice(4..8, 0x7fff_ffff_u32.to_ne_bytes());
        let refused = netlink.ask(Request::ChangeLink, &message);
        assert!(refused.is_err(), "{refused:?}");
    }
}
