//! The model server, and what may be asked of it (PROTOCOL.md §11).

use blindllama_verifier::evidence::claims::Upstream;
use http::HeaderName;
use zeroize::Zeroizing;

use super::check::{Checked, choose, distinct, invalid};
use super::{UpstreamSettings, file, peer, servers, tls};
use crate::hex::decode_32;
use crate::upstream::address::Address;
use crate::upstream::models::Models;
use crate::upstream::prompt_cache::CacheBarrier;
use crate::upstream::request_fields::may_be_added;
use crate::upstream::routes::{Content, ModelPlace, Route};

/// Models that may be listed (PROTOCOL.md §11.4).
const MAX_MODELS: usize = 256;

/// The servers, and what may be asked of them. `out` gives each address its way out of an image.
///
/// # Errors
/// `config.invalid`; `config.read` for a file of authorities.
pub(super) fn check(
    upstream: file::Upstream,
    has_access_keys: bool,
    out: impl Fn(&str, Address) -> Checked<Address>,
) -> Checked<UpstreamSettings> {
    let tls = tls::check(&upstream)?;
    let servers = servers::check(&upstream, tls.as_ref(), out)?;
    let probe = servers::probe(&upstream)?;
    let kinds = [Upstream::InImage, Upstream::Attested, Upstream::Unattested].map(|kind| (kind.as_str(), kind));
    let kind = choose("upstream.kind", &upstream.kind, &kinds)?;
    let peer = peer::check(kind, &upstream, &servers)?;
    if kind == Upstream::InImage && !servers.iter().all(|server| server.address.is_local()) {
        return invalid("upstream.kind", "in-image needs a UNIX socket or a loopback address (not a name)");
    }
    if upstream.routes.is_empty() || !distinct(&upstream.routes) {
        return invalid("upstream.routes", "at least one, all distinct");
    }
    let routes = upstream.routes.iter().map(|text| match Route::parse(text) {
        Some(route) => Ok(route),
        None => invalid("upstream.routes", "a route that this gateway does not know"),
    });
    let api_key = Some(Zeroizing::new(upstream.api_key)).filter(|key| !key.is_empty());
    if api_key.as_ref().is_some_and(|key| !key.bytes().all(|byte| byte.is_ascii_graphic())) {
        return invalid("upstream.api_key", "visible ASCII only");
    }
    let model_digest = match upstream.model_digest.as_str() {
        "" => None,
        text => match decode_32(text) {
            Some(digest) => Some(digest),
            None => return invalid("upstream.model_digest", "32 bytes in lower-case hexadecimal"),
        },
    };
    let routes = routes.collect::<Checked<Vec<Route>>>()?;
    let fields = fields(&upstream.fields, api_key.is_some())?;
    let barriers = CacheBarrier::ALL.map(|barrier| (barrier.as_str(), barrier));
    let prompt_cache = choose("upstream.prompt_cache", &upstream.prompt_cache, &barriers)?;
    keeps_apart(prompt_cache, &routes)?;
    // With either, no credentials of the client reach the server.
    let shares_account = api_key.is_some() || has_access_keys;
    if let (true, Some(route)) = (shares_account, routes.iter().find(|route| route.shows_account())) {
        let why = format!(
            "with upstream.api_key or access.keys all visitors share one account, and {route} shows or deletes what others stored"
        );
        return invalid("upstream.routes", &why);
    }
    if let (2.., Some(route)) = (servers.len(), routes.iter().find(|route| route.needs_same_server())) {
        let why = format!(
            "{route} finds what an earlier request left at one of upstream.urls; another server has none of it"
        );
        return invalid("upstream.routes", &why);
    }
    let models = models(upstream.models, &routes)?;
    Ok(UpstreamSettings {
        servers,
        tls,
        probe,
        models,
        kind,
        peer,
        model_digest,
        api_key,
        routes,
        fields,
        prompt_cache,
    })
}

fn models(mut names: Vec<String>, routes: &[Route]) -> Checked<Option<Models>> {
    if names.is_empty() {
        return Ok(None);
    }
    if names.len() > MAX_MODELS || !distinct(&names) || names.iter().any(|name| !matches!(name.len(), 1..=255)) {
        return invalid("upstream.models", "at most 256 distinct names of 1 to 255 bytes");
    }
    if let Some(route) = routes.iter().find(|route| route.model_place() == ModelPlace::Hidden) {
        let why = format!(
            "the model of {route} is in a form or in a file, where the gateway does not look; leave the route out of upstream.routes"
        );
        return invalid("upstream.models", &why);
    }
    names.sort_unstable();
    Ok(Some(Models::new(names)))
}

/// Whether the barrier reaches every prompt: the claim about the cache would be false for the others.
fn keeps_apart(barrier: CacheBarrier, routes: &[Route]) -> Checked<()> {
    let (unreached, mend) = match barrier {
        CacheBarrier::Shared | CacheBarrier::None => return Ok(()),
        // llama.cpp reads the member of prompts that it completes alone.
        CacheBarrier::Off => ([Content::Salted, Content::Apart].as_slice(), "start the server with --no-cache-prompt"),
        CacheBarrier::Salted => ([Content::Apart].as_slice(), "start the server without a cache of prompts"),
    };
    match routes.iter().find(|route| unreached.contains(&route.content())) {
        Some(route) => invalid(
            "upstream.prompt_cache",
            &format!(
                "\"{}\" does not reach the prompts of {route}; leave it out of upstream.routes, or {mend} and write \"none\"",
                barrier.as_str()
            ),
        ),
        None => Ok(()),
    }
}

fn fields(names: &[String], has_key: bool) -> Checked<Vec<HeaderName>> {
    if !distinct(names) {
        return invalid("upstream.fields", "all distinct");
    }
    let mut fields = Vec::new();
    for name in names {
        match HeaderName::from_lowercase(name.as_bytes()) {
            Ok(field) if may_be_added(&field, has_key) => fields.push(field),
            Ok(_) => return invalid("upstream.fields", &format!("{name} is never passed on (PROTOCOL.md §11)")),
            Err(_) => return invalid("upstream.fields", "names of fields in lower case"),
        }
    }
    fields.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    Ok(fields)
}
