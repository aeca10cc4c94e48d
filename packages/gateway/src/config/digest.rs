//! The configuration digest (PROTOCOL.md §12): what decides where plaintext goes, in one hash that the quote covers.

use blindllama_verifier::evidence::cbor::Value;

use super::{AccessSettings, Config, Origins, TlsSettings};
use crate::digest::sha256;

/// Version of the list of settings.
const VERSION: u64 = 1;

impl Config {
    /// SHA-256 of the settings in deterministic CBOR.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        sha256(&self.settings())
    }

    /// The settings as they are hashed.
    #[must_use]
    pub fn settings(&self) -> Vec<u8> {
        let upstream = &self.upstream;
        let mut routes: Vec<String> = upstream.routes.iter().map(|route| route.to_string()).collect();
        routes.sort_unstable();
        let origins = match &self.origins {
            Origins::Any => vec!["*"],
            Origins::Listed(origins) => origins.iter().map(String::as_str).collect(),
        };
        let mut settings = vec![
            (0, VERSION.into()),
            (1, self.servers_value()),
            (2, upstream.kind.number().into()),
            (4, Value::array(routes.iter().map(String::as_str))),
            (5, Value::array(origins)),
            (6, (self.log_level as u64).into()),
            (7, self.limits_value()),
            (8, self.channel_value()),
            (9, self.attestation_value()),
            (12, (upstream.prompt_cache as u64).into()),
        ];
        // That there is one, not which: whoever reads the digest could guess a weak key from it.
        if upstream.api_key.is_some() {
            settings.push((3, 1.into()));
        }
        if let Some(digest) = upstream.model_digest {
            settings.push((10, digest.into()));
        }
        if !upstream.fields.is_empty() {
            settings.push((11, Value::array(upstream.fields.iter().map(|name| name.as_str()))));
        }
        if let Some(access) = &self.access {
            settings.push((13, access_value(access)));
        }
        if let Some(peer) = &upstream.peer {
            settings.push((
                14,
                Value::map([
                    (0, sha256(peer.text.as_bytes()).into()),
                    (1, peer.audience.as_str().into()),
                    (2, u64::from(peer.allow_simulated).into()),
                ]),
            ));
        }
        if let Some(models) = &upstream.models {
            settings.push((15, Value::array(models.names())));
        }
        let egress: Vec<String> = self.egress.iter().map(ToString::to_string).collect();
        if !egress.is_empty() {
            settings.push((16, Value::array(egress.iter().map(String::as_str))));
        }
        if let Some(tls) = &upstream.tls {
            settings.push((17, tls_value(tls)));
        }
        Value::map(settings).encode()
    }

    /// One address as it is configured; several, sorted. How many requests each of them gets is no part of it: all are named.
    fn servers_value(&self) -> Value {
        let mut urls: Vec<&str> = self.upstream.servers.iter().map(|server| server.url.as_str()).collect();
        urls.sort_unstable();
        match urls.as_slice() {
            [url] => (*url).into(),
            _ => Value::array(urls),
        }
    }

    fn limits_value(&self) -> Value {
        let limits = &self.limits;
        Value::map([
            (0, limits.request_bytes.into()),
            (1, limits.field_bytes.into()),
            (2, (limits.streams as u64).into()),
            (3, (limits.connections as u64).into()),
            (4, milliseconds(limits.header_timeout)),
            (5, milliseconds(limits.body_timeout)),
            (6, milliseconds(limits.upstream_timeout)),
            (7, (limits.waiting as u64).into()),
            (8, (limits.arriving as u64).into()),
            (9, limits.body_rate.into()),
        ])
    }

    fn channel_value(&self) -> Value {
        let suites = self.epochs.suites.iter().map(|suite| Value::array(suite.numbers().map(u64::from)));
        Value::map([
            (0, self.epochs.epoch_ms.into()),
            (1, self.epochs.grace_ms.into()),
            (2, self.date_window_ms.into()),
            (3, (self.epochs.replay_capacity as u64).into()),
            (4, (self.idempotency_capacity as u64).into()),
            (5, Value::array(suites)),
            (6, (self.padding.event_bucket as u64).into()),
            (7, milliseconds(self.padding.batch.unwrap_or_default())),
        ])
    }

    fn attestation_value(&self) -> Value {
        let selection = self.tpm.selection.iter().map(|index| u64::from(*index));
        Value::map([(0, u64::from(self.tpm.bank.algorithm_id()).into()), (1, Value::array(selection))])
    }
}

/// The limits, 0 for none; those on tokens only where there is one; and where a fleet counts. Keys are outside: they change every week, and a weak one could be guessed
/// from a hash.
fn access_value(access: &AccessSettings) -> Value {
    let streams = access.streams.map(|streams| streams as u64);
    let bounds = [access.requests, streams, access.total_requests].map(|bound| Value::from(bound.unwrap_or(0)));
    let mut members: Vec<(u64, Value)> = (0..).zip(bounds).collect();
    if access.tokens.is_some() || access.total_tokens.is_some() {
        let tokens = [access.tokens, access.total_tokens].map(|bound| Value::from(bound.unwrap_or(0)));
        members.extend((3..).zip(tokens));
    }
    if let Some(shared) = &access.shared {
        members.push((5, shared.url.as_str().into()));
        members.extend(shared.tls.as_ref().map(|tls| (6, tls_value(tls))));
    }
    Value::map(members)
}

/// Who may read what is sent, or count: whoever these authorities certify.
fn tls_value(tls: &TlsSettings) -> Value {
    let authorities = Value::array(tls.trust.digests().iter().copied());
    let name = tls.name.as_deref().map(|name| (1, name.into()));
    Value::map([(0, authorities)].into_iter().chain(name))
}

fn milliseconds(duration: std::time::Duration) -> Value {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).into()
}

#[cfg(test)]
mod tests;
