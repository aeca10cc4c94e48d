//! The settings of an image (PROTOCOL.md §24.6): what its gateway may connect to, and through what.

use std::collections::BTreeSet;
use std::net::SocketAddrV4;
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

/// The addresses of `machine.egress`, in the order of their texts.
pub(super) fn egress(texts: &[String]) -> Checked<Vec<SocketAddrV4>> {
    const FORM: &str = "at most 16 distinct texts \"A.B.C.D:PORT\", each the address of one machine";
    // As it is written in the digest: in one form alone.
    let read = |text: &String| {
        let address: SocketAddrV4 = text.parse().ok()?;
        let ip = address.ip();
        let is_one = !ip.is_loopback() && !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast();
        (is_one && address.port() != 0 && address.to_string() == *text).then_some(address)
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
