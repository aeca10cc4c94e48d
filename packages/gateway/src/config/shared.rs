//! Where the gateways of a fleet count together (PROTOCOL.md §11.2).

use std::net::SocketAddrV4;
use std::path::Path;

use http::uri::Authority;
use zeroize::Zeroizing;

use super::check::{Checked, invalid};
use super::{SharedSettings, TlsSettings, file, machine, tls};
use crate::hex::decode_32;
use crate::upstream::address::Address;

const MEMBER: &str = "access.shared";

/// The counter that `access` names; None for none. `out` gives its address the way out of an image.
///
/// # Errors
/// `config.invalid`, with no value: some of the members are secrets; `config.read` for a file of authorities.
pub(super) fn check(
    access: &file::Access,
    out: impl Fn(Address) -> Checked<Address>,
) -> Checked<Option<SharedSettings>> {
    let tls = tls::of_counter(access)?;
    let (user, password) = (access.shared_user.as_str(), access.shared_password.as_str());
    if access.shared.is_empty() {
        let secrets = [
            ("access.shared_secret", access.shared_secret.as_str()),
            ("access.shared_user", user),
            ("access.shared_password", password),
        ];
        return match secrets.iter().find(|(_, value)| !value.is_empty()) {
            Some((member, _)) => invalid(member, "only with access.shared"),
            None => Ok(None),
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
    let Some(secret) = decode_32(&access.shared_secret) else {
        return invalid(
            "access.shared_secret",
            "32 random bytes in lower-case hexadecimal, the same for each gateway of the fleet; make them with `openssl rand -hex 32`",
        );
    };
    for (member, value) in [("access.shared_user", user), ("access.shared_password", password)] {
        if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return invalid(member, "visible ASCII only");
        }
    }
    if !user.is_empty() && password.is_empty() {
        return invalid("access.shared_password", "needed with access.shared_user");
    }
    let secret_text = |text: &str| Some(Zeroizing::new(text.to_owned())).filter(|text| !text.is_empty());
    Ok(Some(SharedSettings {
        url: access.shared.clone(),
        address: out(address(&access.shared, tls.as_ref())?)?,
        tls,
        secret: Zeroizing::new(secret),
        user: secret_text(user),
        password: secret_text(password),
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

fn address(url: &str, settings: Option<&TlsSettings>) -> Checked<Address> {
    const FORMS: &str = "\"rediss://host:port\", \"redis://host:port\" or \"redis+unix:///absolute/path\", without a user (access.shared_user), a password (access.shared_password) or a database";
    if let Some(path) = url.strip_prefix("redis+unix://") {
        return if path.starts_with('/') && !path.contains(['?', '#']) {
            Ok(Address::Unix(path.into()))
        } else {
            invalid(MEMBER, FORMS)
        };
    }
    let encrypted = url.strip_prefix("rediss://");
    let authority = encrypted.or_else(|| url.strip_prefix("redis://")).and_then(|text| text.parse().ok());
    let is_plain =
        |authority: &Authority| authority.port_u16().is_some_and(|port| port != 0) && !authority.as_str().contains('@');
    let Some(authority) = authority.filter(is_plain) else { return invalid(MEMBER, FORMS) };
    let tls = encrypted.map(|_| tls::of(MEMBER, authority.host(), settings)).transpose()?;
    Ok(Address::Http {
        authority: authority.as_str().to_owned(),
        base: String::new(),
        http2: false,
        passage: None,
        tls,
    })
}
