//! The address of the one network interface, by messages of rtnetlink(7). There is no route: only the interface's own network is reached.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::os::fd::OwnedFd;
use std::thread::sleep;
use std::time::Duration;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, sendto, socket_with};

use crate::failure::{Doing, Failure};

/// The one port that answers.
pub(crate) const PORT: u16 = 8787;

const INTERFACE: &str = "eth0";

// linux/rtnetlink.h, linux/netlink.h, linux/if_addr.h
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_EXCL_CREATE: u16 = 0x200 | 0x400;
const IFA_LOCAL: u16 = 2;
const IFA_ADDRESS: u16 = 1;
const IFF_UP: u32 = 1;
const NLMSG_ERROR: u16 = 2;

/// Gives the interface its address and opens the listening socket there.
///
/// # Errors
/// Where there is no interface, or the kernel refuses.
pub(crate) fn listen(address: Ipv4Addr, prefix: u8) -> Result<TcpListener, Failure> {
    let index = index()?;
    // Without a protocol it is NETLINK_ROUTE.
    let netlink =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None).doing("the netlink socket")?;
    bind(&netlink, &SocketAddrNetlink::new(0, 0)).doing("the netlink socket")?;
    ask(&netlink, RTM_NEWADDR, NLM_F_EXCL_CREATE, &address_message(index, address, prefix))
        .doing(format!("the address {address}/{prefix}"))?;
    ask(&netlink, RTM_NEWLINK, 0, &up_message(index)).doing(format!("starting {INTERFACE}"))?;
    TcpListener::bind(SocketAddrV4::new(address, PORT)).doing(format!("listening on {address}:{PORT}"))
}

/// Whether an address is on the network of the interface, and no address of the machine itself.
pub(crate) fn is_near(address: Ipv4Addr, own: Ipv4Addr, prefix: u8) -> bool {
    let host_bits = 32_u32.saturating_sub(prefix.into());
    let network = |address: Ipv4Addr| u64::from(u32::from(address)) >> host_bits;
    address != own && network(address) == network(own)
}

fn index() -> Result<u32, Failure> {
    let path = format!("/sys/class/net/{INTERFACE}/ifindex");
    for _ in 0..200 {
        if let Ok(text) = fs::read_to_string(&path) {
            return text.trim().parse().doing(&path);
        }
        sleep(Duration::from_millis(20));
    }
    Err(Failure::new("the network interface", format!("there is no {INTERFACE}")))
}

/// `ifaddrmsg` with the attributes IFA_LOCAL and IFA_ADDRESS.
fn address_message(index: u32, address: Ipv4Addr, prefix: u8) -> Vec<u8> {
    const AF_INET: u8 = 2;
    let mut message = vec![AF_INET, prefix, 0, 0];
    message.extend(index.to_ne_bytes());
    for kind in [IFA_LOCAL, IFA_ADDRESS] {
        message.extend(8u16.to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend(address.octets());
    }
    message
}

/// `ifinfomsg` that sets the flag IFF_UP.
fn up_message(index: u32) -> Vec<u8> {
    let mut message = vec![0; 4];
    message.extend(index.to_ne_bytes());
    message.extend(IFF_UP.to_ne_bytes());
    message.extend(IFF_UP.to_ne_bytes());
    message
}

/// Sends one request and reads its acknowledgement (`nlmsghdr`, `nlmsgerr`).
fn ask(netlink: &OwnedFd, kind: u16, flags: u16, body: &[u8]) -> Result<(), String> {
    const HEADER: u32 = 16;
    let length = u32::try_from(body.len()).ok().and_then(|length| length.checked_add(HEADER)).ok_or("too long")?;
    let mut request = Vec::from(length.to_ne_bytes());
    request.extend(kind.to_ne_bytes());
    request.extend((NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
    request.extend([0; 8]);
    request.extend(body);
    sendto(netlink, &request, SendFlags::empty(), &SocketAddrNetlink::new(0, 0)).map_err(|error| error.to_string())?;
    let mut answer = [0; 4096];
    let (received, _) = recv(netlink, &mut answer, RecvFlags::empty()).map_err(|error| error.to_string())?;
    let field = |from: usize, to: usize| answer.get(..received).and_then(|answer| answer.get(from..to));
    let is_error = field(4, 6) == Some(&NLMSG_ERROR.to_ne_bytes());
    let code = field(16, 20).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    match (is_error, code) {
        (true, Some(0)) => Ok(()),
        (true, Some(code)) => Err(std::io::Error::from_raw_os_error(code.saturating_neg()).to_string()),
        _ => Err("the kernel did not acknowledge".into()),
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_layout_of_the_kernel() {
        let message = address_message(2, Ipv4Addr::new(10, 0, 2, 15), 24);
        assert_eq!(
            message,
            [2, 24, 0, 0, 2, 0, 0, 0, 8, 0, 2, 0, 10, 0, 2, 15, 8, 0, 1, 0, 10, 0, 2, 15],
            "ifaddrmsg, IFA_LOCAL, IFA_ADDRESS"
        );
        assert_eq!(up_message(2), [0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], "ifinfomsg");
    }

    #[test]
    fn the_network_is_what_the_prefix_says() {
        let own = Ipv4Addr::new(10, 0, 2, 15);
        for (address, prefix, near) in [
            ([10, 0, 2, 2], 24, true),
            ([10, 0, 2, 255], 24, true),
            ([10, 0, 3, 2], 24, false),
            ([10, 0, 3, 2], 23, true),
            ([10, 0, 2, 15], 24, false),
            ([10, 0, 2, 14], 32, false),
            ([192, 0, 2, 1], 1, false),
            ([1, 0, 2, 1], 1, true),
        ] {
            assert_eq!(is_near(address.into(), own, prefix), near, "{address:?}/{prefix}");
        }
    }

    #[test]
    fn a_refusal_of_the_kernel_is_an_error() {
        let netlink = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None);
        let netlink = netlink.expect("a netlink socket");
        // No interface has this number.
        let refused = ask(&netlink, RTM_NEWLINK, 0, &up_message(0x7fff_ffff));
        assert!(refused.is_err(), "{refused:?}");
    }
}
