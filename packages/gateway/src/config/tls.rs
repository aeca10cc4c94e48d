//! Who vouches for model servers at `https` addresses (PROTOCOL.md §11.5).

use std::path::Path;

use rustls::pki_types::{DnsName, ServerName};

use super::check::{Checked, invalid};
use super::{TlsSettings, file};
use crate::attestation::static_part::read_file;
use crate::upstream::tls::{Tls, Trust};

/// How certificates in text begin (RFC 7468).
const PEM: &str = "-----BEGIN ";

/// Longest text of certificates, in bytes.
const LONGEST_PEM: usize = 1 << 20;

/// The settings of TLS; None where no address is `https`.
///
/// # Errors
/// `config.invalid`: a setting is missing, is of no use here, or is malformed; `config.read`: the file cannot be read.
pub(super) fn check(upstream: &file::Upstream) -> Checked<Option<TlsSettings>> {
    let mut urls = upstream.urls.iter().chain([&upstream.url]);
    let is_used = urls.any(|url| url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")));
    let (ca, name) = (upstream.ca.as_str(), upstream.tls_name.as_str());
    if !is_used {
        // Trust that is never applied would only look like protection.
        return match (ca, name) {
            ("", "") => Ok(None),
            ("", _) => {
                invalid("upstream.tls_name", "only with an \"https://\" address in upstream.url or upstream.urls")
            }
            _ => invalid("upstream.ca", "only with an \"https://\" address in upstream.url or upstream.urls"),
        };
    }
    if ca.is_empty() {
        return invalid(
            "upstream.ca",
            "an https address needs the authorities that vouch for its server: a file in PEM or its text, such as the CA of your \
             own server, or \"/etc/ssl/certs/ca-certificates.crt\" for every public one",
        );
    }
    let trust = trust(ca)?;
    let is_dns_name = DnsName::try_from(name).is_ok() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if !name.is_empty() && !is_dns_name {
        return invalid("upstream.tls_name", "a DNS name in lower case, such as \"models.example\"");
    }
    Ok(Some(TlsSettings { trust, name: Some(name).filter(|name| !name.is_empty()).map(str::to_owned) }))
}

fn trust(ca: &str) -> Checked<Trust> {
    let pem = if ca.trim_start().starts_with(PEM) {
        ca.as_bytes().to_vec()
    } else if ca.starts_with('/') {
        read_file(Path::new(ca))?
    } else {
        return invalid(
            "upstream.ca",
            "an absolute path of a file in PEM, or its text, which begins with \"-----BEGIN \"",
        );
    };
    if pem.len() > LONGEST_PEM {
        return invalid("upstream.ca", "at most 1 MiB of certificates");
    }
    Trust::from_pem(&pem).or_else(|why| invalid("upstream.ca", &why))
}

/// What the server at `host` of the setting `member` has to show.
pub(super) fn of(member: &str, host: &str, settings: Option<&TlsSettings>) -> Checked<Tls> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let Some(settings) = settings else { return invalid(member, "https needs upstream.ca") };
    match ServerName::try_from(settings.name.clone().unwrap_or_else(|| host.to_owned())) {
        Ok(name) => Ok(Tls { name, trust: settings.trust.clone() }),
        Err(_) => invalid(member, "the host is neither a DNS name nor an address, so that no certificate can name it"),
    }
}
