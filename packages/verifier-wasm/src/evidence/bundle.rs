//! The bundle that answers one request for evidence (PROTOCOL.md §3).

use alloc::vec::Vec;

use super::{
    VERSION,
    cbor::{self, Decoder, Error, ErrorKind, Map, Value},
};
use crate::{Code, hash::sha256};

/// Largest bundle, in bytes.
pub const MAX_BUNDLE: usize = 2 << 20;
/// Largest encoded claims, in bytes.
pub const MAX_CLAIMS: usize = 16 << 10;
/// Largest static part, in bytes.
pub const MAX_STATIC: usize = 3 << 19;
/// Largest event log, in bytes.
pub const MAX_EVENT_LOG: usize = 1 << 20;
/// Largest certificate, in bytes.
pub const MAX_CERTIFICATE: usize = 8 << 10;

/// Why a bundle was refused: one of the codes `bundle.…`, and the member at fault where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `bundle.size`, `bundle.encoding`, `bundle.schema` or `bundle.version`.
    pub code: Code,
    /// The name of the member; empty for the whole.
    pub member: &'static str,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let code = match error.kind {
            ErrorKind::Encoding => Code::BUNDLE_ENCODING,
            ErrorKind::Schema => Code::BUNDLE_SCHEMA,
            ErrorKind::Version => Code::BUNDLE_VERSION,
        };
        Self { code, member: error.member }
    }
}

fn at_most(limit: usize, bytes: &[u8], member: &'static str) -> Result<(), Refusal> {
    if bytes.len() > limit { Err(Refusal { code: Code::BUNDLE_SIZE, member }) } else { Ok(()) }
}

/// A PCR bank that version 1 knows, by its hash (TCG Algorithm Registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bank {
    /// TPM_ALG_SHA256
    Sha256,
    /// TPM_ALG_SHA384
    Sha384,
}

impl Bank {
    /// TPM_ALG_ID (TPM 2.0 Part 2 §6.3).
    #[must_use]
    pub const fn algorithm_id(self) -> u16 {
        match self {
            Self::Sha256 => 0x000b,
            Self::Sha384 => 0x000c,
        }
    }

    /// Length of a value of this bank, in bytes.
    #[must_use]
    pub const fn digest_length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// The name in policies, verdicts and configurations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
        }
    }

    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, ErrorKind> {
        let id = decoder.uint()?;
        [Self::Sha256, Self::Sha384]
            .into_iter()
            .find(|bank| u64::from(bank.algorithm_id()) == id)
            .ok_or(ErrorKind::Schema)
    }
}

/// What the TPM signed, and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote<'a> {
    /// TPMS_ATTEST, bare, 1 to 2048 bytes.
    pub attest: &'a [u8],
    /// TPMT_SIGNATURE, bare, 1 to 2048 bytes.
    pub signature: &'a [u8],
}

/// The way from one client's nonce to the root that the quote covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonceProof {
    /// Position of the client's leaf.
    pub index: u64,
    /// Siblings from the leaf upwards. More than 20 are refused by the step `binding.nonce`.
    pub path: Vec<[u8; 32]>,
}

/// Values of PCRs, unsigned: only `pcrDigest` of the quote makes those of the selection true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pcrs<'a> {
    /// The bank that the values come from.
    pub bank: Bank,
    /// Index (0 to 23, ascending) and value (of the bank's digest length).
    pub values: Vec<(u8, &'a [u8])>,
}

/// The answer to one request for evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle<'a> {
    /// Version of the protocol.
    pub version: u64,
    /// Encoded [`Claims`](super::claims::Claims), hashed as they travel.
    pub claims: &'a [u8],
    /// What the TPM says.
    pub quote: Quote<'a>,
    /// What makes it fresh for this client.
    pub nonce_proof: NonceProof,
    /// What the machine measured.
    pub pcrs: Pcrs<'a>,
    /// SHA-256 of the static part.
    pub static_hash: [u8; 32],
    /// Encoded [`Static`]; None when the client holds the one of this hash.
    pub static_part: Option<&'a [u8]>,
}

fn sized<'a>(decoder: &mut Decoder<'a>, most: usize) -> Result<&'a [u8], ErrorKind> {
    decoder.bytes().and_then(|bytes| if (1..=most).contains(&bytes.len()) { Ok(bytes) } else { Err(ErrorKind::Schema) })
}

impl<'a> Quote<'a> {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, ErrorKind> {
        decoder.map(|map| {
            Ok(Self {
                attest: sized(map.required(0, "attest")?, 2048)?,
                signature: sized(map.required(1, "signature")?, 2048)?,
            })
        })
    }
}

impl NonceProof {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, ErrorKind> {
        decoder.map(|map| {
            Ok(Self {
                index: map.required(0, "index")?.uint()?,
                path: map.required(1, "path")?.list(0..=64, Decoder::array_of_bytes)?,
            })
        })
    }
}

fn pcr_values<'a>(map: &mut Map<'_, 'a>, bank: Bank) -> Result<Vec<(u8, &'a [u8])>, ErrorKind> {
    let mut values = Vec::new();
    for index in 0..24 {
        if let Some(decoder) = map.optional(u64::from(index), "values")? {
            let value = decoder.bytes()?;
            if value.len() != bank.digest_length() {
                return Err(ErrorKind::Schema);
            }
            values.push((index, value));
        }
    }
    Ok(values)
}

impl<'a> Pcrs<'a> {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, ErrorKind> {
        decoder.map(|map| {
            let bank = Bank::decode(map.required(0, "bank")?)?;
            let values = map.required(1, "values")?.map(|values| pcr_values(values, bank))?;
            Ok(Self { bank, values })
        })
    }

    fn value(&self) -> Value {
        let values = self.values.iter().map(|&(index, value)| (index.into(), value.into()));
        Value::map([(0, u64::from(self.bank.algorithm_id()).into()), (1, Value::map(values))])
    }
}

impl<'a> Bundle<'a> {
    /// Reads a bundle strictly. It does not look into claims and static part.
    ///
    /// # Errors
    /// Where the bytes are too many, not deterministic CBOR, or not a bundle.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Refusal> {
        at_most(MAX_BUNDLE, bytes, "")?;
        let bundle = cbor::decode(bytes, |decoder| {
            decoder.map(|map| {
                Ok(Self {
                    version: map.required(0, "version")?.version(VERSION)?,
                    claims: map.required(1, "claims")?.bytes()?,
                    quote: Quote::decode(map.required(2, "quote")?)?,
                    nonce_proof: NonceProof::decode(map.required(3, "nonce-proof")?)?,
                    pcrs: Pcrs::decode(map.required(4, "pcrs")?)?,
                    static_hash: map.required(5, "static-hash")?.array_of_bytes()?,
                    static_part: map.optional(6, "static")?.map(Decoder::bytes).transpose()?,
                })
            })
        })?;
        at_most(MAX_CLAIMS, bundle.claims, "claims")?;
        Ok(bundle)
    }

    /// The encoding that travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut members = alloc::vec![
            (0, self.version.into()),
            (1, self.claims.into()),
            (2, Value::map([(0, self.quote.attest.into()), (1, self.quote.signature.into())])),
            (
                3,
                Value::map([
                    (0, self.nonce_proof.index.into()),
                    (1, Value::array(self.nonce_proof.path.iter().copied())),
                ]),
            ),
            (4, self.pcrs.value()),
            (5, self.static_hash.into()),
        ];
        members.extend(self.static_part.map(|bytes| (6, bytes.into())));
        Value::map(members).encode()
    }
}

/// The part of the evidence that rarely changes. A hash ties it to the bundle; what it holds is proven by later steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Static<'a> {
    /// TPMT_PUBLIC of the attestation key, bare, 1 to 1024 bytes.
    pub ak_public: &'a [u8],
    /// DER X.509, exactly leaf to root, at most 8; empty where there is none.
    pub ak_chain: Vec<&'a [u8]>,
    /// Logs of measurements, at most 4; empty where there is none.
    pub event_logs: Vec<EventLog<'a>>,
}

/// A log of what was extended into PCRs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventLog<'a> {
    /// 1: TCG PC Client Platform Firmware Profile, crypto-agile or SHA-1.
    pub kind: u64,
    /// The log as the firmware left it.
    pub bytes: &'a [u8],
}

fn optional_list<'a, T>(
    map: &mut Map<'_, 'a>,
    key: u64,
    member: &'static str,
    most: u64,
    read: impl FnMut(&mut Decoder<'a>) -> Result<T, ErrorKind>,
) -> Result<Vec<T>, ErrorKind> {
    map.optional(key, member)?.map_or_else(|| Ok(Vec::new()), |decoder| decoder.list(1..=most, read))
}

impl<'a> Static<'a> {
    /// Reads a static part strictly. Members that belong to later work (PROTOCOL.md §15) are read over.
    ///
    /// # Errors
    /// Where the bytes are too many, not deterministic CBOR, or not a static part.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Refusal> {
        at_most(MAX_STATIC, bytes, "static")?;
        let decoded = cbor::decode(bytes, |decoder| {
            decoder.map(|map| {
                let decoded = Self {
                    ak_public: sized(map.required(0, "akPublic")?, 1024)?,
                    ak_chain: optional_list(map, 1, "akChain", 8, Decoder::bytes)?,
                    event_logs: optional_list(map, 2, "event-log", 4, EventLog::decode)?,
                };
                for (key, member) in [(3, "release-evidence"), (4, "platform-report"), (5, "status-snapshot")] {
                    map.optional(key, member)?.map_or(Ok(()), Decoder::skip)?;
                }
                Ok(decoded)
            })
        })?;
        decoded.ak_chain.iter().try_for_each(|certificate| at_most(MAX_CERTIFICATE, certificate, "akChain"))?;
        decoded.event_logs.iter().try_for_each(|log| at_most(MAX_EVENT_LOG, log.bytes, "event-log"))?;
        Ok(decoded)
    }

    /// The encoding that travels and is hashed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut members = alloc::vec![(0, self.ak_public.into())];
        if !self.ak_chain.is_empty() {
            members.push((1, Value::array(self.ak_chain.iter().copied())));
        }
        if !self.event_logs.is_empty() {
            let logs = self.event_logs.iter().map(|log| Value::map([(0, log.kind.into()), (1, log.bytes.into())]));
            members.push((2, Value::array(logs)));
        }
        Value::map(members).encode()
    }

    /// The hash by which a bundle names an encoded static part.
    #[must_use]
    pub fn hash(encoded: &[u8]) -> [u8; 32] {
        sha256(&[encoded])
    }
}

impl<'a> EventLog<'a> {
    fn decode(decoder: &mut Decoder<'a>) -> Result<Self, ErrorKind> {
        decoder.map(|map| Ok(Self { kind: map.required(0, "kind")?.uint()?, bytes: map.required(1, "log")?.bytes()? }))
    }
}
