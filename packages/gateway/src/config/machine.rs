//! The settings of an image (PROTOCOL.md §24.6): what its gateway may connect to, and through what.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

use blindllama_verifier::Code;

use super::file;
use crate::failure::Failure;
use crate::upstream::address::{Address, Passage};

/// Addresses that a machine may connect to.
const MAX_EGRESS: usize = 16;

type Checked<T> = Result<T, Failure>;

fn invalid<T>(member: &str, why: &str) -> Checked<T> {
    Err(Failure::with(Code::CONFIG_INVALID, format!("{member}: {why}")))
}

/// What an image may connect to, and the router on its network that leads to the addresses elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub struct Egress {
    /// In the order of their texts; none in the profile `closed`.
    pub addresses: Vec<SocketAddrV4>,
    /// `machine.next_hop`.
    pub next_hop: Option<Ipv4Addr>,
}

/// For the first process of an image: one address a line, and `via A.B.C.D` where there is a router.
impl fmt::Display for Egress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.addresses.iter().try_for_each(|address| writeln!(formatter, "{address}"))?;
        self.next_hop.iter().try_for_each(|router| writeln!(formatter, "via {router}"))
    }
}

impl Egress {
    /// # Errors
    /// `config.invalid`.
    pub(super) fn of(machine: &file::Machine) -> Checked<Self> {
        let addresses = egress(&machine.egress)?;
        let next_hop = next_hop(&machine.next_hop)?;
        if addresses.is_empty() && next_hop.is_some() {
            return invalid("machine.next_hop", "without machine.egress the machine connects to nothing; leave it out");
        }
        Ok(Self { addresses, next_hop })
    }
}

/// Whether an address can be that of one machine on a network.
const fn is_of_one(address: Ipv4Addr) -> bool {
    !address.is_loopback() && !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast()
}

fn next_hop(text: &str) -> Checked<Option<Ipv4Addr>> {
    match text.parse() {
        _ if text.is_empty() => Ok(None),
        Ok(address) if is_of_one(address) => Ok(Some(address)),
        _ => invalid("machine.next_hop", "a text \"A.B.C.D\", the address of a router on the network of the machine"),
    }
}

/// The addresses of `machine.egress`, in the order of their texts.
fn egress(texts: &[String]) -> Checked<Vec<SocketAddrV4>> {
    const FORM: &str = "at most 16 distinct texts \"A.B.C.D:PORT\", each the address of one machine";
    // As it is written in the digest: in one form alone.
    let read = |text: &String| {
        let address: SocketAddrV4 = text.parse().ok()?;
        (is_of_one(*address.ip()) && address.port() != 0 && address.to_string() == *text).then_some(address)
    };
    let sorted: BTreeSet<&String> = texts.iter().collect();
    match sorted.iter().map(|text| read(text)).collect::<Option<Vec<_>>>() {
        Some(addresses) if texts.len() <= MAX_EGRESS && sorted.len() == texts.len() => Ok(addresses),
        _ => invalid("machine.egress", FORM),
    }
}

/// The socket of the connector; None outside of an image.
pub(super) fn connector(machine: &file::Machine) -> Checked<Option<PathBuf>> {
    match (machine.connector.as_str(), machine.egress.is_empty()) {
        ("", true) => Ok(None),
        ("", false) => invalid("machine.egress", "an image alone applies it; here nothing would keep to it"),
        (path, _) if path.starts_with('/') => Ok(Some(path.into())),
        _ => invalid("machine.connector", "an absolute path"),
    }
}

/// The way to an upstream, the `address` of the setting `member`, out of an image: of the profile `router`, to an address of the list alone.
///
/// # Errors
/// `config.invalid`.
pub(super) fn passage(
    member: &str,
    address: Address,
    egress: &[SocketAddrV4],
    connector: Option<&Path>,
) -> Checked<Address> {
    let Some(connector) = connector else { return Ok(address) };
    let Address::Http { authority, base, http2, tls, .. } = address else {
        return if egress.is_empty() {
            Ok(address)
        } else {
            invalid(member, "with machine.egress the upstream is outside: the image starts no model server")
        };
    };
    let listed = |address: &SocketAddrV4| egress.iter().position(|one| one == address);
    let index = authority.parse().ok().and_then(|address| listed(&address)).and_then(|index| u8::try_from(index).ok());
    match index {
        Some(index) => {
            let passage = Some(Passage { socket: connector.to_owned(), index });
            Ok(Address::Http { authority, base, http2, passage, tls })
        }
        None => invalid(member, "machine.egress does not list this address; write it there as \"A.B.C.D:PORT\""),
    }
}
