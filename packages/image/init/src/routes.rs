//! Routes to the addresses of the profile `router` (PROTOCOL.md §24.6): one of 32 bits for each address that is not on the network of the
//! interface, through the router that the configuration names. There is no default route.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::failure::{Doing, Failure};
use crate::netlink::{Netlink, Request, attribute};
use crate::network::{self, INET, Network, Place};
use crate::profile::Profile;

// linux/rtnetlink.h
const RT_TABLE_MAIN: u8 = 254;
/// "Installed by administrator", as routes of a configuration are.
const RTPROT_STATIC: u8 = 4;
const RT_SCOPE_UNIVERSE: u8 = 0;
const RTN_UNICAST: u8 = 1;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;

/// Adds the routes of `profile`.
///
/// # Errors
/// As [`wanted`] has them, or what the kernel refuses.
pub(crate) fn add(profile: &Profile, network: Network) -> Result<(), Failure> {
    let wanted = wanted(profile, network)?;
    if wanted.is_empty() {
        return Ok(());
    }
    let (netlink, index) = (Netlink::open()?, network::index()?);
    for Route { to, by } in wanted {
        netlink.ask(Request::AddRoute, &message(index, to, by)).doing(format!("the route to {to} through {by}"))?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Route {
    to: Ipv4Addr,
    by: Ipv4Addr,
}

/// The routes that the addresses of a profile need.
///
/// # Errors
/// An address that names no other machine, a router that is not on the network, or none where one is needed.
fn wanted(profile: &Profile, network: Network) -> Result<BTreeSet<Route>, Failure> {
    let by = profile.next_hop();
    if let Some(by) = by {
        let refused = |why: String| Err(Failure::new(format!("machine.next_hop, {by}"), why));
        match network.place(by) {
            Place::Near => {}
            Place::Own => return refused(OWN.into()),
            Place::WholeNetwork => return refused(whole(network)),
            Place::Far => return refused(format!("the router has to be on the network {network} itself")),
        }
    }
    let mut routes = BTreeSet::new();
    for address in profile.addresses() {
        let refused = |why: String| Err(Failure::new(format!("machine.egress, {address}"), why));
        match (network.place(*address.ip()), by) {
            (Place::Near, _) => {}
            (Place::Own, _) => return refused(OWN.into()),
            (Place::WholeNetwork, _) => return refused(whole(network)),
            (Place::Far, Some(by)) => {
                routes.insert(Route { to: *address.ip(), by });
            }
            (Place::Far, None) => {
                let remedy = "name the router that leads there as machine.next_hop";
                return refused(format!("it is not on the network {network}; {remedy}"));
            }
        }
    }
    Ok(routes)
}

const OWN: &str = "it is the machine's own address";

fn whole(network: Network) -> String {
    format!("it is the first or last address of the network {network}, which no machine has")
}

/// `rtmsg` with the attributes RTA_DST, RTA_GATEWAY and RTA_OIF.
fn message(index: u32, to: Ipv4Addr, by: Ipv4Addr) -> Vec<u8> {
    const WHOLE_ADDRESS: u8 = 32;
    let mut message =
        vec![INET, WHOLE_ADDRESS, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_UNIVERSE, RTN_UNICAST, 0, 0, 0, 0];
    message.extend(attribute(RTA_DST, to.octets()));
    message.extend(attribute(RTA_GATEWAY, by.octets()));
    message.extend(attribute(RTA_OIF, index.to_ne_bytes()));
    message
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    const NETWORK: Network = Network { own: Ipv4Addr::new(10, 0, 2, 15), prefix: 24 };

    fn of(lines: &str) -> Result<Vec<String>, String> {
        let profile = Profile::read(lines).expect("a profile");
        let routes = wanted(&profile, NETWORK).map_err(|failure| failure.to_string())?;
        Ok(routes.iter().map(|Route { to, by }| format!("{to} {by}")).collect())
    }

    #[test]
    fn each_address_elsewhere_gets_one_route_and_no_other_does() {
        let none: [&str; 0] = [];
        assert_eq!(of("").expect("closed"), none);
        assert_eq!(of("10.0.2.2:80\n10.0.2.3:80\n").expect("near"), none);
        assert_eq!(of("10.0.2.2:80\nvia 10.0.2.1\n").expect("near"), none);
        let far = of("10.0.2.2:80\n192.0.2.1:443\n192.0.2.1:80\n198.51.100.9:1\nvia 10.0.2.1\n").expect("far");
        assert_eq!(far, ["192.0.2.1 10.0.2.1", "198.51.100.9 10.0.2.1"]);
        let listed_router = of("10.0.2.2:80\n192.0.2.1:80\nvia 10.0.2.2\n");
        assert_eq!(listed_router.expect("a listed machine as router"), ["192.0.2.1 10.0.2.2"]);
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for (lines, reason) in [
            ("192.0.2.1:80", "machine.egress, 192.0.2.1:80: it is not on the network 10.0.2.15/24; name the router"),
            ("10.0.2.15:80\nvia 10.0.2.1", "machine.egress, 10.0.2.15:80: it is the machine's own address"),
            ("10.0.2.255:80\nvia 10.0.2.1", "machine.egress, 10.0.2.255:80: it is the first or last address"),
            ("192.0.2.1:80\nvia 192.0.2.7", "machine.next_hop, 192.0.2.7: the router has to be on the network"),
            ("192.0.2.1:80\nvia 192.0.2.1", "machine.next_hop, 192.0.2.1: the router has to be on the network"),
            ("192.0.2.1:80\nvia 10.0.2.15", "machine.next_hop, 10.0.2.15: it is the machine's own address"),
            ("192.0.2.1:80\nvia 10.0.2.255", "machine.next_hop, 10.0.2.255: it is the first or last address"),
            ("192.0.2.1:80\nvia 10.0.2.0", "machine.next_hop, 10.0.2.0: it is the first or last address"),
            // Also where no address needs it: a mistake is told before it matters.
            ("10.0.2.2:80\nvia 192.0.2.7", "machine.next_hop, 192.0.2.7: the router has to be on the network"),
        ] {
            assert!(of(lines).is_err_and(|said| said.starts_with(reason)), "{lines}");
        }
    }

    #[test]
    fn a_route_has_the_layout_of_the_kernel_and_the_whole_address() {
        assert_eq!(
            message(2, Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(10, 0, 2, 1)),
            [
                2, 32, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0, // rtmsg
                8, 0, 1, 0, 192, 0, 2, 1, // RTA_DST
                8, 0, 5, 0, 10, 0, 2, 1, // RTA_GATEWAY
                8, 0, 4, 0, 2, 0, 0, 0, // RTA_OIF
            ]
        );
    }
}
