//! What the machine may connect to (PROTOCOL.md §24.6): nothing in the profile `closed`, the addresses of the measured configuration in
//! the profile `router`.

use std::net::SocketAddrV4;

use crate::failure::Failure;

/// Addresses that a machine may connect to.
const MOST: usize = 16;

/// The profile, by its addresses in the order of the configuration: none in `closed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile(Vec<SocketAddrV4>);

impl Profile {
    /// From one address a line, as `blindllama-gateway egress` prints them.
    ///
    /// # Errors
    /// Where a line is no address, or there are too many.
    pub(crate) fn read(lines: &str) -> Result<Self, Failure> {
        Self::of(lines.lines())
    }

    /// From words, as a worker is told them.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn of<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self, Failure> {
        let refused = |why: &str| Failure::new("the addresses of machine.egress", why);
        let addresses: Result<Vec<SocketAddrV4>, _> = words.map(str::parse).collect();
        let addresses = addresses.map_err(|_| refused("expected A.B.C.D:PORT"))?;
        if addresses.len() > MOST {
            return Err(refused("more than 16"));
        }
        Ok(Self(addresses))
    }

    pub(crate) const fn is_closed(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn addresses(&self) -> &[SocketAddrV4] {
        &self.0
    }

    /// What a worker is told.
    pub(crate) fn words(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
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
        assert_eq!(Profile::of(router.words().iter().map(String::as_str)).expect("the same"), router);
        for text in ["192.0.2.9", "gateway.example:80", "[::1]:80", "192.0.2.9:80 192.0.2.1:80", "\n"] {
            assert!(read(text).is_err_and(|said| said.contains("expected A.B.C.D:PORT")), "{text}");
        }
        let many: String = (1..18).map(|port| format!("192.0.2.9:{port}\n")).collect();
        assert!(read(&many).is_err_and(|said| said.contains("more than 16")));
    }
}
