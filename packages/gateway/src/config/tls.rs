//! Who vouches for model servers at `https` addresses (PROTOCOL.md §11.5), and for the counter of a fleet at a `rediss` one (§11.2).

use std::path::Path;

use rustls::pki_types::{DnsName, ServerName};

use super::check::{Checked, invalid};
use super::{TlsSettings, file};
use crate::attestation::static_part::read_file;
use crate::upstream::tls::{Purpose, Tls, Trust};

/// How certificates in text begin (RFC 7468).
const PEM: &str = "-----BEGIN ";

/// Longest text of certificates, in bytes.
const LONGEST_PEM: usize = 1 << 20;

/// The settings of TLS to model servers; None where no address is `https`.
///
/// # Errors
/// `config.invalid`: a setting is missing, is of no use here, or is malformed; `config.read`: the file cannot be read.
pub(super) fn check(upstream: &file::Upstream) -> Checked<Option<TlsSettings>> {
    let mut urls = upstream.urls.iter().chain([&upstream.url]);
    let is_used = urls.any(|url| url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")));
    let users = is_used.then_some("an https address");
    let only = "only with an \"https://\" address in upstream.url or upstream.urls";
    settings(Purpose::Model, users, only, [&upstream.ca, &upstream.tls_name])
}

/// The settings of TLS to the counter of a fleet; None where its address is not `rediss`.
///
/// # Errors
/// As [`check`].
pub(super) fn of_counter(access: &file::Access) -> Checked<Option<TlsSettings>> {
    let users = access.shared.starts_with("rediss://").then_some("a rediss address");
    let only = "only with a \"rediss://\" address in access.shared";
    settings(Purpose::Counter, users, only, [&access.shared_ca, &access.shared_tls_name])
}

/// The settings in `texts`, authorities and name, which `users` needs, where there is one; `only` says where they are of use.
fn settings(purpose: Purpose, users: Option<&str>, only: &str, [ca, name]: [&str; 2]) -> Checked<Option<TlsSettings>> {
    let [ca_member, name_member] = purpose.settings();
    let Some(users) = users else {
        // Trust that is never applied would only look like protection.
        return match (ca, name) {
            ("", "") => Ok(None),
            ("", _) => invalid(name_member, only),
            _ => invalid(ca_member, only),
        };
    };
    if ca.is_empty() {
        let why = format!(
            "{users} needs the authorities that vouch for its server: a file in PEM or its text, such as the CA of your own server, or \
             \"/etc/ssl/certs/ca-certificates.crt\" for every public one"
        );
        return invalid(ca_member, &why);
    }
    let trust = trust(ca, purpose)?;
    let is_dns_name = DnsName::try_from(name).is_ok() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if !name.is_empty() && !is_dns_name {
        return invalid(name_member, "a DNS name in lower case, such as \"models.example\"");
    }
    Ok(Some(TlsSettings { trust, name: Some(name).filter(|name| !name.is_empty()).map(str::to_owned) }))
}

fn trust(ca: &str, purpose: Purpose) -> Checked<Trust> {
    let [member, _] = purpose.settings();
    let pem = if ca.trim_start().starts_with(PEM) {
        ca.as_bytes().to_vec()
    } else if ca.starts_with('/') {
        read_file(Path::new(ca))?
    } else {
        return invalid(member, "an absolute path of a file in PEM, or its text, which begins with \"-----BEGIN \"");
    };
    if pem.len() > LONGEST_PEM {
        return invalid(member, "at most 1 MiB of certificates");
    }
    Trust::from_pem(&pem, purpose).or_else(|why| invalid(member, &why))
}

/// What the server at `host` of the setting `member` has to show.
pub(super) fn of(member: &str, host: &str, settings: Option<&TlsSettings>) -> Checked<Tls> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let Some(settings) = settings else { return invalid(member, "TLS needs authorities that vouch for the server") };
    match ServerName::try_from(settings.name.clone().unwrap_or_else(|| host.to_owned())) {
        Ok(name) => Ok(Tls { name, trust: settings.trust.clone() }),
        Err(_) => invalid(member, "the host is neither a DNS name nor an address, so that no certificate can name it"),
    }
}
