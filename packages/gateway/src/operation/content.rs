//! What is asked for: strict JSON with at least one document (PROTOCOL.md §26.1).

use blindllama_verifier::Code;
use serde::{Deserialize, Deserializer};

use crate::base64url::decode;
use crate::config::MAX_ACCESS_KEYS;
use crate::failure::Failure;
use crate::hex::decode_32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wire {
    version: u64,
    audience: String,
    #[serde(default, deserialize_with = "present")]
    release: Option<String>,
    #[serde(default, deserialize_with = "present")]
    status: Option<String>,
    #[serde(default, deserialize_with = "present")]
    access_keys: Option<Vec<String>>,
}

/// A member that is there has a value: no `null`.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// The documents of one request.
#[derive(Debug)]
pub(super) struct Content {
    /// The service that it is for, as its gateways call themselves (§4).
    pub(super) audience: String,
    pub(super) release: Option<Vec<u8>>,
    pub(super) status: Option<Vec<u8>>,
    /// SHA-256 of API keys, never empty.
    pub(super) access_keys: Option<Vec<[u8; 32]>>,
}

impl Content {
    /// # Errors
    /// `operate.request`.
    pub(super) fn read(content: &[u8]) -> Result<Self, Failure> {
        let wire: Option<Wire> = serde_json::from_slice(content).ok();
        wire.and_then(Self::of).ok_or(Failure::new(Code::OPERATE_REQUEST))
    }

    fn of(wire: Wire) -> Option<Self> {
        let Wire { version, audience, release, status, access_keys } = wire;
        if version != 1 || release.is_none() && status.is_none() && access_keys.is_none() {
            return None;
        }
        let bytes = |text: Option<String>| text.map(|text| decode(text.as_bytes()).ok_or(())).transpose().ok();
        let keys = |texts: Vec<String>| {
            let mut keys = texts.iter().map(|text| decode_32(text)).collect::<Option<Vec<_>>>()?;
            let count = keys.len();
            keys.sort_unstable();
            keys.dedup();
            // None is no list: it would leave nobody, or, read carelessly, everybody.
            (keys.len() == count && (1..=MAX_ACCESS_KEYS).contains(&count)).then_some(keys)
        };
        let access_keys = match access_keys {
            Some(texts) => Some(keys(texts)?),
            None => None,
        };
        Some(Self { audience, release: bytes(release)?, status: bytes(status)?, access_keys })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: &Value) -> Result<Content, Failure> {
        Content::read(value.to_string().as_bytes())
    }

    #[test]
    fn each_document_may_come_alone() {
        let key = "0b".repeat(32);
        let content = read(&json!({ "version": 1, "audience": "a", "accessKeys": [key] })).unwrap();
        assert_eq!(content.audience, "a");
        assert_eq!((content.release, content.access_keys), (None, Some(vec![[0x0b; 32]])));
        let content = read(&json!({ "version": 1, "audience": "a", "release": "AAE", "status": "Ag" })).unwrap();
        assert_eq!((content.release, content.status), (Some(vec![0, 1]), Some(vec![2])));
        assert!(content.access_keys.is_none());
    }

    #[test]
    fn another_form_is_refused() {
        let key = "0b".repeat(32);
        let many: Vec<_> = (0..=MAX_ACCESS_KEYS).map(|number| format!("{number:064x}")).collect();
        assert!(read(&json!({ "version": 1, "audience": "a", "accessKeys": many[1..] })).is_ok());
        for wrong in [
            json!({ "version": 1 }),
            json!({ "version": 1, "audience": "a" }),
            json!({ "version": 1, "status": "Ag" }),
            json!({ "version": 1, "audience": null, "status": "Ag" }),
            json!({ "version": 2, "audience": "a", "status": "Ag" }),
            json!({ "version": 1, "audience": "a", "status": null }),
            json!({ "version": 1, "audience": "a", "status": "A=" }),
            json!({ "version": 1, "audience": "a", "status": "Ag", "more": 1 }),
            json!({ "version": 1, "audience": "a", "accessKeys": [] }),
            json!({ "version": 1, "audience": "a", "accessKeys": null }),
            json!({ "version": 1, "audience": "a", "accessKeys": [key, key] }),
            json!({ "version": 1, "audience": "a", "accessKeys": [key.to_uppercase()] }),
            json!({ "version": 1, "audience": "a", "accessKeys": ["0b"] }),
            json!({ "version": 1, "audience": "a", "accessKeys": many }),
            json!([]),
        ] {
            assert_eq!(read(&wrong).err(), Some(Failure::new(Code::OPERATE_REQUEST)), "{wrong}");
        }
        let twice = br#"{"version":1,"audience":"a","status":"Ag","status":"Aw"}"#;
        assert!(Content::read(twice).is_err() && Content::read(b"").is_err());
    }
}
