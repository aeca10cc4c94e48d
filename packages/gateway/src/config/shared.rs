//! Where the gateways of a fleet count together (PROTOCOL.md §11.2).

use std::net::SocketAddrV4;
use std::path::Path;

use zeroize::Zeroizing;

use super::check::{Checked, invalid};
use super::{SharedSettings, file, machine};
use crate::hex::decode_32;
use crate::upstream::address::Address;

const MEMBER: &str = "access.shared";

/// The counter that `access` names; None for none. `out` gives its address the way out of an image.
///
/// # Errors
/// `config.invalid`, with no value: two of the members are secrets.
pub(super) fn check(
    access: &file::Access,
    out: impl Fn(Address) -> Checked<Address>,
) -> Checked<Option<SharedSettings>> {
    let (secret, password) = (access.shared_secret.as_str(), access.shared_password.as_str());
    if access.shared.is_empty() {
        return match (secret, password) {
            ("", "") => Ok(None),
            ("", _) => invalid("access.shared_password", "only with access.shared"),
            _ => invalid("access.shared_secret", "only with access.shared"),
        };
    }
    let counted = [
        access.requests_per_minute,
        access.total_requests_per_minute,
        access.tokens_per_minute,
        access.total_tokens_per_minute,
    ];
    if access.keys.is_empty() || counted.iter().all(|limit| *limit == 0) {
        return invalid(MEMBER, "only with access.keys and a limit in a minute: there is nothing else to count");
    }
    let Some(secret) = decode_32(secret) else {
        return invalid(
            "access.shared_secret",
            "32 random bytes in lower-case hexadecimal, the same for each gateway of the fleet; make them with `openssl rand -hex 32`",
        );
    };
    if !password.bytes().all(|byte| byte.is_ascii_graphic()) {
        return invalid("access.shared_password", "visible ASCII only");
    }
    Ok(Some(SharedSettings {
        url: access.shared.clone(),
        address: out(address(&access.shared)?)?,
        secret: Zeroizing::new(secret),
        password: Some(Zeroizing::new(password.to_owned())).filter(|password| !password.is_empty()),
    }))
}

/// The way to the counter out of an image, as [`machine::passage`].
///
/// # Errors
/// `config.invalid`, also for a socket: nothing but the gateway and its model server runs in an image.
pub(super) fn passage(address: Address, egress: &[SocketAddrV4], connector: Option<&Path>) -> Checked<Address> {
    if connector.is_some() && matches!(address, Address::Unix(_)) {
        return invalid(
            MEMBER,
            "no Redis runs in an image; write \"redis://A.B.C.D:PORT\" and list it in machine.egress",
        );
    }
    machine::passage(MEMBER, address, egress, connector)
}

fn address(url: &str) -> Checked<Address> {
    const FORMS: &str = "\"redis://host:port\" or \"redis+unix:///absolute/path\", without a user, a password (access.shared_password) or a database";
    if let Some(path) = url.strip_prefix("redis+unix://") {
        return if path.starts_with('/') && !path.contains(['?', '#']) {
            Ok(Address::Unix(path.into()))
        } else {
            invalid(MEMBER, FORMS)
        };
    }
    let authority: Option<http::uri::Authority> = url.strip_prefix("redis://").and_then(|text| text.parse().ok());
    match authority {
        Some(authority) if authority.port_u16().is_some_and(|port| port != 0) && !authority.as_str().contains('@') => {
            Ok(Address::Http {
                authority: authority.as_str().to_owned(),
                base: String::new(),
                http2: false,
                passage: None,
                tls: None,
            })
        }
        _ => invalid(MEMBER, FORMS),
    }
}
