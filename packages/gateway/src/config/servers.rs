//! Where the model server is: one address, or several servers that are the same to a visitor, each with its share.

use super::check::{Checked, distinct, duration, invalid};
use super::{ProbeSettings, ServerSettings, TlsSettings, file, tls};
use crate::upstream::address::Address;

/// Each is a connection of its own, and is asked for its health.
const MAX_SERVERS: usize = 32;

/// Shares are small numbers in proportion to each other.
const MAX_WEIGHT: u64 = 1000;

/// Longest path of a probe, in bytes.
const LONGEST_PATH: usize = 255;

/// The servers of `upstream.url`, or of `upstream.urls` with `upstream.weights`. `out` gives each address its way out of an image.
pub(super) fn check(
    upstream: &file::Upstream,
    tls: Option<&TlsSettings>,
    out: impl Fn(&str, Address) -> Checked<Address>,
) -> Checked<Vec<ServerSettings>> {
    let server = |member: &str, url: &str, weight| {
        Ok(ServerSettings { url: url.to_owned(), address: out(member, address(member, url, tls)?)?, weight })
    };
    let (urls, weights) = (&upstream.urls, &upstream.weights);
    if urls.is_empty() {
        if !weights.is_empty() {
            return invalid("upstream.weights", "one for each of upstream.urls, which names none");
        }
        return Ok(vec![server("upstream.url", &upstream.url, 1)?]);
    }
    if !upstream.url.is_empty() {
        return invalid("upstream.urls", "either upstream.url or upstream.urls, not both");
    }
    if !matches!(urls.len(), 2..=MAX_SERVERS) || !distinct(urls) {
        return invalid("upstream.urls", "2 to 32 distinct addresses; a single one is upstream.url");
    }
    let is_share = |weight: &u64| (1..=MAX_WEIGHT).contains(weight);
    if !weights.is_empty() && (weights.len() != urls.len() || !weights.iter().all(is_share)) {
        return invalid(
            "upstream.weights",
            "one number from 1 to 1000 for each of upstream.urls, in their order, or none",
        );
    }
    let weights = weights.iter().copied().chain(std::iter::repeat(1));
    let servers = urls.iter().zip(weights).map(|(url, weight)| server("upstream.urls", url, weight));
    let servers = servers.collect::<Checked<Vec<_>>>()?;
    let has_tls = |server: &ServerSettings| matches!(server.address, Address::Http { tls: Some(_), .. });
    if servers.iter().any(has_tls) && servers.iter().any(|server| !has_tls(server) && !server.address.is_local()) {
        return invalid(
            "upstream.urls",
            "some are https and others leave the machine in clear text; use https for all",
        );
    }
    Ok(servers)
}

/// How several servers are asked whether they are well.
pub(super) fn probe(upstream: &file::Upstream) -> Checked<Option<ProbeSettings>> {
    let path = upstream.probe_path.as_str();
    let interval = duration("upstream.probe_interval_ms", upstream.probe_interval_ms)?;
    if path.is_empty() {
        return Ok(None);
    }
    if upstream.urls.is_empty() {
        return invalid("upstream.probe_path", "only with upstream.urls: of a single server nothing is to be chosen");
    }
    let is_path = path.starts_with('/') && path.len() <= LONGEST_PATH;
    if !is_path || !path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return invalid("upstream.probe_path", "a path such as \"/health\", of at most 255 visible ASCII characters");
    }
    Ok(Some(ProbeSettings { path: path.to_owned(), interval }))
}

fn address(member: &str, url: &str, settings: Option<&TlsSettings>) -> Checked<Address> {
    const FORMS: &str = "\"https://host:port[/base]\", \"http://host:port[/base]\", \"h2c://host:port[/base]\" or \"unix:/absolute/path\"";
    if let Some(path) = url.strip_prefix("unix:") {
        return if path.starts_with('/') { Ok(Address::Unix(path.into())) } else { invalid(member, FORMS) };
    }
    let uri: Option<http::Uri> = url.parse().ok();
    let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?, uri.path(), uri.query())));
    match parts {
        Some((scheme @ ("https" | "http" | "h2c"), authority, path, None))
            if authority.port_u16().is_some()
                && !authority.as_str().contains('@')
                && url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
                && !path.ends_with("//") =>
        {
            let base = path.strip_suffix('/').unwrap_or(path).to_owned();
            let tls = if scheme == "https" { Some(tls::of(member, authority.host(), settings)?) } else { None };
            Ok(Address::Http {
                authority: authority.as_str().to_owned(),
                base,
                http2: scheme == "h2c",
                passage: None,
                tls,
            })
        }
        _ => invalid(member, FORMS),
    }
}
