//! The one network interface and the network that its address is on. There is no default route: `routes` adds what the configuration lists.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::thread::sleep;
use std::time::Duration;

use crate::failure::{Doing, Failure};
use crate::kernel;
use crate::netlink::{Netlink, Request, attribute};

/// The one port that answers.
pub(crate) const PORT: u16 = 8787;

const INTERFACE: &str = "eth0";

// linux/if_addr.h, linux/if.h
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFF_UP: u32 = 1;

/// `AF_INET`, as messages of rtnetlink(7) have it.
pub(crate) const INET: u8 = 2;

/// The machine's own address, and the network that it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) own: Ipv4Addr,
    /// 1 to 32.
    pub(crate) prefix: u8,
}

/// What an address is to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Own,
    /// On the network of the interface: reached directly.
    Near,
    /// The first or the last address of that network, which name all of it (RFC 1122 §3.2.1.3).
    WholeNetwork,
    Far,
}

impl Network {
    pub(crate) fn place(self, address: Ipv4Addr) -> Place {
        let host_bits = 32_u32.saturating_sub(self.prefix.into());
        let hosts = u32::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
        let network = |address: Ipv4Addr| u64::from(u32::from(address)) >> host_bits;
        let host = u32::from(address) & hosts;
        if address == self.own {
            Place::Own
        } else if network(address) != network(self.own) {
            Place::Far
        // A network of two machines has no such addresses (RFC 3021).
        } else if host_bits > 1 && (host == 0 || host == hosts) {
            Place::WholeNetwork
        } else {
            Place::Near
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.own, self.prefix)
    }
}

/// Gives the interface its address and opens the listening socket there.
///
/// # Errors
/// Where there is no interface, or the kernel refuses.
pub(crate) fn listen(network: Network) -> Result<TcpListener, Failure> {
    let index = index()?;
    kernel::restrict_interface(INTERFACE)?;
    let netlink = Netlink::open()?;
    netlink.ask(Request::AddAddress, &address_message(index, network)).doing(format!("the address {network}"))?;
    netlink.ask(Request::ChangeLink, &up_message(index)).doing(format!("starting {INTERFACE}"))?;
    let own = network.own;
    TcpListener::bind(SocketAddrV4::new(own, PORT)).doing(format!("listening on {own}:{PORT}"))
}

/// The number of the interface, for which a machine that starts may have to wait.
///
/// # Errors
/// Where there is none.
pub(crate) fn index() -> Result<u32, Failure> {
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
fn address_message(index: u32, Network { own, prefix }: Network) -> Vec<u8> {
    let mut message = vec![INET, prefix, 0, 0];
    message.extend(index.to_ne_bytes());
    for kind in [IFA_LOCAL, IFA_ADDRESS] {
        message.extend(attribute(kind, own.octets()));
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

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: Network = Network { own: Ipv4Addr::new(10, 0, 2, 15), prefix: 24 };

    #[test]
    fn messages_have_the_layout_of_the_kernel() {
        assert_eq!(
            address_message(2, NETWORK),
            [2, 24, 0, 0, 2, 0, 0, 0, 8, 0, 2, 0, 10, 0, 2, 15, 8, 0, 1, 0, 10, 0, 2, 15],
            "ifaddrmsg, IFA_LOCAL, IFA_ADDRESS"
        );
        assert_eq!(up_message(2), [0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], "ifinfomsg");
    }

    #[test]
    fn the_network_is_what_the_prefix_says() {
        for (address, prefix, place) in [
            ([10, 0, 2, 2], 24, Place::Near),
            ([10, 0, 2, 255], 24, Place::WholeNetwork),
            ([10, 0, 2, 0], 24, Place::WholeNetwork),
            ([10, 0, 2, 255], 23, Place::Near),
            ([10, 0, 3, 2], 24, Place::Far),
            ([10, 0, 3, 2], 23, Place::Near),
            ([10, 0, 3, 255], 23, Place::WholeNetwork),
            ([10, 0, 2, 15], 24, Place::Own),
            ([10, 0, 2, 15], 32, Place::Own),
            ([10, 0, 2, 14], 32, Place::Far),
            ([10, 0, 2, 14], 31, Place::Near),
            ([10, 0, 2, 12], 30, Place::WholeNetwork),
            ([192, 0, 2, 1], 1, Place::Far),
            ([1, 0, 2, 1], 1, Place::Near),
        ] {
            assert_eq!(Network { prefix, ..NETWORK }.place(address.into()), place, "{address:?}/{prefix}");
        }
    }
}
