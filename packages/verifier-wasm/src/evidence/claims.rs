//! What the gateway says of itself, covered by the quote (PROTOCOL.md §4).

use alloc::vec::Vec;

use super::{
    VERSION,
    cbor::{self, Decoder, Error, Value},
    key_config,
};

/// Longest lifetime that claims may promise: a day, in milliseconds.
pub const MAX_LIFETIME_MS: u64 = 86_400_000;

/// Later times are not integers of JSON (RFC 8259 §6 with RFC 7493 §2.2).
const MAX_TIME_MS: u64 = (1 << 53) - 1;

/// Where plaintext goes behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// The model server is part of what the PCRs measure, reached over loopback or a UNIX socket.
    InImage,
    /// The gateway itself verified the model server.
    Attested,
    /// Plaintext leaves what is proven.
    Unattested,
}

impl Upstream {
    /// Every kind, in the order of its number on the wire.
    pub const ALL: [Self; 3] = [Self::InImage, Self::Attested, Self::Unattested];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u64 {
        self as u64
    }

    /// The name in policies, verdicts and configurations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InImage => "in-image",
            Self::Attested => "attested",
            Self::Unattested => "unattested",
        }
    }

    const fn of(number: u64) -> Self {
        match number {
            0 => Self::InImage,
            1 => Self::Attested,
            _ => Self::Unattested,
        }
    }
}

/// What of a prompt stays in the model server for later requests, whose answers it makes faster (PROTOCOL.md §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptCache {
    /// What is kept of one request may serve another visitor's: its time tells whether they begin alike.
    Shared,
    /// The gateway sends a fresh salt with each request.
    Salted,
    /// Nothing serves another request.
    None,
}

impl PromptCache {
    /// The name in verdicts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Salted => "salted",
            Self::None => "none",
        }
    }

    const fn of(number: u64) -> Self {
        match number {
            0 => Self::Shared,
            1 => Self::Salted,
            _ => Self::None,
        }
    }
}

/// A set of versions of the protocol, 1 to 63: bit `n` for version `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions(u64);

const fn bit(version: u64) -> u64 {
    if version < 64 { 1_u64.wrapping_shl(version as u32) } else { 0 }
}

impl Versions {
    /// The set of `versions`; others than 1 to 63 are no versions.
    #[must_use]
    pub fn of(versions: &[u64]) -> Self {
        Self(versions.iter().fold(0, |set, version| set | bit(*version)))
    }

    /// Whether `version` is among them.
    #[must_use]
    pub const fn has(self, version: u64) -> bool {
        self.0 & bit(version) != 0
    }
}

/// The claims; see the CDDL of PROTOCOL.md §4 for each member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims<'a> {
    /// Equal to the bundle's.
    pub version: u64,
    /// Names of the service, 1 to 16 distinct ones of 1 to 255 bytes.
    pub audiences: Vec<&'a str>,
    /// `[a-z0-9]{1,32}`, the same for all clients of one gateway process.
    pub instance: &'a str,
    /// A whole `application/ohttp-keys` list, 1 to 4096 bytes.
    pub ohttp_keys: &'a [u8],
    /// Random, new with every key epoch.
    pub epoch_id: &'a [u8; 16],
    /// For so long after the quote the gateway opens requests to these keys; 1 to 86 400 000.
    pub lifetime_ms: u64,
    /// The gateway's wall clock in milliseconds since 1970 when the quote was asked for; below 2^53.
    pub server_time_ms: u64,
    /// SHA-256 of the settings of PROTOCOL.md §12.
    pub config_digest: &'a [u8; 32],
    /// Where plaintext goes.
    pub upstream: Upstream,
    /// Ed25519 key that signs receipts; None where the gateway signs none.
    pub receipt_key: Option<&'a [u8; 32]>,
    /// Ed25519 key of this process, which signs the claims beside the quote ([`super::instance`]); None where the gateway has none.
    pub instance_key: Option<&'a [u8; 32]>,
    /// Versions of the protocol that the gateway speaks, 1 to 8 of them.
    pub versions: Versions,
    /// What the model server keeps of prompts.
    pub prompt_cache: PromptCache,
}

/// Whether `instance` can stand in the path of the channel's endpoint: `[a-z0-9]{1,32}`.
#[must_use]
pub fn is_instance(instance: &str) -> bool {
    (1..=32).contains(&instance.len())
        && instance.as_bytes().iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
}

fn audiences<'a>(decoder: &mut Decoder<'a>) -> Vec<&'a str> {
    let audiences = decoder.list(1, 16, Decoder::text);
    let mut rest = audiences.as_slice();
    while let [name, others @ ..] = rest {
        decoder.ensure(matches!(name.len(), 1..=255) && !others.contains(name));
        rest = others;
    }
    audiences
}

fn instance<'a>(decoder: &mut Decoder<'a>) -> &'a str {
    let instance = decoder.text();
    decoder.ensure(is_instance(instance));
    instance
}

/// A number from `least` to `most`.
#[inline(never)]
fn within(decoder: &mut Decoder<'_>, least: u64, most: u64) -> u64 {
    let number = decoder.uint();
    decoder.ensure((least..=most).contains(&number));
    number
}

/// Ascending numbers as a set.
fn versions(decoder: &mut Decoder<'_>) -> Versions {
    let (mut last, mut set) = (0, 0);
    decoder.each(1, 8, |decoder| {
        let version = within(decoder, 1, 63);
        decoder.ensure(version > last);
        last = version;
        set |= bit(version);
    });
    Versions(set)
}

impl<'a> Claims<'a> {
    /// Reads encoded claims strictly. Whether `ohttp_keys` is a list is for [`key_config::decode_list`] to say.
    ///
    /// # Errors
    /// Where the bytes are not deterministic CBOR or not claims of version 1.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        cbor::decode(bytes, |decoder| {
            decoder.map(|map| {
                let mut claims = Self {
                    version: map.required(0, "version").version(VERSION),
                    audiences: audiences(map.required(1, "audiences")),
                    instance: instance(map.required(2, "instance")),
                    ohttp_keys: map.required(3, "ohttp_keys").sized(4096),
                    epoch_id: map.required(4, "epoch_id").array_of_bytes(),
                    lifetime_ms: within(map.required(5, "lifetime_ms"), 1, MAX_LIFETIME_MS),
                    server_time_ms: within(map.required(6, "server_time_ms"), 0, MAX_TIME_MS),
                    config_digest: map.required(7, "config_digest").array_of_bytes(),
                    upstream: Upstream::of(within(map.required(8, "upstream"), 0, 2)),
                    receipt_key: map.optional(9, "receipt_key").map(Decoder::array_of_bytes),
                    instance_key: None,
                    versions: Versions(0),
                    prompt_cache: PromptCache::Shared,
                };
                if let Some(decoder) = map.optional(10, "gpu") {
                    decoder.each(1, 16, Decoder::skip);
                }
                claims.instance_key = map.optional(11, "instance_key").map(Decoder::array_of_bytes);
                claims.versions = versions(map.required(12, "versions"));
                claims.prompt_cache = PromptCache::of(within(map.required(13, "prompt_cache"), 0, 2));
                claims
            })
        })
    }

    /// The encoding that is hashed and travels; None when it would not decode.
    #[must_use]
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut members = alloc::vec![
            (0, self.version.into()),
            (1, Value::array(self.audiences.iter().copied())),
            (2, self.instance.into()),
            (3, self.ohttp_keys.into()),
            (4, (*self.epoch_id).into()),
            (5, self.lifetime_ms.into()),
            (6, self.server_time_ms.into()),
            (7, (*self.config_digest).into()),
            (8, self.upstream.number().into()),
            (12, Value::array((1..64).filter(|version| self.versions.has(*version)))),
            (13, (self.prompt_cache as u64).into()),
        ];
        members.extend(self.receipt_key.map(|key| (9, (*key).into())));
        members.extend(self.instance_key.map(|key| (11, (*key).into())));
        let encoded = Value::map(members).encode();
        (Claims::decode(&encoded).is_ok() && key_config::decode_list(self.ohttp_keys).is_some()).then_some(encoded)
    }
}
