//! What the machine may connect to (PROTOCOL.md §24.6): nothing in the profile `closed`, the addresses of the measured configuration in
//! the profile `router`.

use std::net::{Ipv4Addr, SocketAddrV4};

use crate::failure::Failure;

/// Addresses that a machine may connect to.
const MOST: usize = 16;

/// Before the address of the router, in a line of its own.
const VIA: &str = "via ";

/// The profile, by its addresses in the order of the configuration: none in `closed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    addresses: Vec<SocketAddrV4>,
    next_hop: Option<Ipv4Addr>,
}

impl Profile {
    /// From one address a line, and at most one line `via A.B.C.D` behind them, as `blindllama-gateway egress` prints them.
    ///
    /// # Errors
    /// Where a line is no address, there are too many, or there is a router without an address.
    pub(crate) fn read(lines: &str) -> Result<Self, Failure> {
        Self::of(lines.lines())
    }

    /// From words, as a worker is told them.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn of<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self, Failure> {
        let refused = |why: &str| Failure::new("the addresses of machine.egress", why);
        let mut words: Vec<&str> = words.collect();
        let router = words.pop_if(|last| last.starts_with(VIA)).and_then(|word| word.strip_prefix(VIA));
        let next_hop = router.map(str::parse).transpose();
        let next_hop = next_hop.map_err(|_| Failure::new("machine.next_hop", "expected A.B.C.D"))?;
        let addresses: Result<Vec<SocketAddrV4>, _> = words.into_iter().map(str::parse).collect();
        let addresses = addresses.map_err(|_| refused("expected A.B.C.D:PORT"))?;
        if addresses.len() > MOST {
            return Err(refused("more than 16"));
        }
        if addresses.is_empty() && next_hop.is_some() {
            return Err(Failure::new("machine.next_hop", "there is no address that it leads to"));
        }
        Ok(Self { addresses, next_hop })
    }

    pub(crate) const fn is_closed(&self) -> bool {
        self.addresses.is_empty()
    }

    pub(crate) fn addresses(&self) -> &[SocketAddrV4] {
        &self.addresses
    }

    /// The router of the machine's network that leads to addresses on others.
    pub(crate) const fn next_hop(&self) -> Option<Ipv4Addr> {
        self.next_hop
    }

    /// What a worker is told.
    pub(crate) fn words(&self) -> Vec<String> {
        let router = self.next_hop.iter().map(|router| format!("{VIA}{router}"));
        self.addresses.iter().map(ToString::to_string).chain(router).collect()
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_its_addresses_in_their_order() {
        let read =
            |text: &str| Profile::read(text).map(|profile| profile.words()).map_err(|failure| failure.to_string());
        assert!(Profile::read("").expect("a profile").is_closed());
        let router = Profile::read("192.0.2.9:80\n192.0.2.1:443\n").expect("a profile");
        assert!(!router.is_closed());
        assert_eq!(router.words(), ["192.0.2.9:80", "192.0.2.1:443"]);
        let through = Profile::read("192.0.2.9:80\nvia 10.0.2.1\n").expect("a profile");
        assert_eq!(through.next_hop(), Some(Ipv4Addr::new(10, 0, 2, 1)));
        for profile in [router, through] {
            assert_eq!(Profile::of(profile.words().iter().map(String::as_str)).expect("the same"), profile);
        }
        for text in ["via 10.0.2.1:80", "192.0.2.9:80\nvia router", "192.0.2.9:80\nvia "] {
            assert!(read(text).is_err_and(|said| said.contains("machine.next_hop: expected A.B.C.D")), "{text}");
        }
        assert!(read("via 10.0.2.1").is_err_and(|said| said.contains("no address that it leads to")));
        let two = "192.0.2.9:80\nvia 10.0.2.1\nvia 10.0.2.2";
        for text in [two, "via 10.0.2.1\n192.0.2.9:80"] {
            assert!(read(text).is_err_and(|said| said.contains("expected A.B.C.D:PORT")), "{text}");
        }
        for text in ["192.0.2.9", "gateway.example:80", "[::1]:80", "192.0.2.9:80 192.0.2.1:80", "\n"] {
            assert!(read(text).is_err_and(|said| said.contains("expected A.B.C.D:PORT")), "{text}");
        }
        let many: String = (1..18).map(|port| format!("192.0.2.9:{port}\n")).collect();
        assert!(read(&many).is_err_and(|said| said.contains("more than 16")));
    }
}
