//! The part of the evidence that rarely changes.

use alloc::vec::Vec;

use super::{Refusal, ReleaseEvidence, Signed, at_most, listed};
use crate::{
    evidence::cbor::{self, Decoder, Value},
    hash::sha256,
};

/// Largest static part, in bytes.
pub const MAX_STATIC: usize = 3 << 19;
/// Largest event log, in bytes.
pub const MAX_EVENT_LOG: usize = 1 << 20;
/// Largest report of a platform, in bytes.
pub const MAX_PLATFORM_REPORT: usize = 8 << 10;
/// Largest certificate, in bytes.
pub const MAX_CERTIFICATE: usize = 8 << 10;

/// The part of the evidence that rarely changes. A hash ties it to the bundle; what it holds is proven by later steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Static<'a> {
    /// TPMT_PUBLIC of the attestation key, bare, 1 to 1024 bytes.
    pub ak_public: &'a [u8],
    /// DER X.509, exactly leaf to root, at most 8; empty where there is none.
    pub ak_chain: Vec<&'a [u8]>,
    /// What other authorities certify of the same key: at most 3 more such chains.
    pub more_chains: Vec<Vec<&'a [u8]>>,
    /// Logs of measurements, at most 4; empty where there is none.
    pub event_logs: Vec<EventLog<'a>>,
    /// What was released; None where the operator says nothing of it.
    pub release: Option<ReleaseEvidence<'a>>,
    /// What the machine says of itself, at most 4; empty where there is none.
    pub platform_reports: Vec<PlatformReport<'a>>,
    /// What was withdrawn, dated; None where the operator has no such document.
    pub status: Option<Signed<'a>>,
}

/// A log of what was extended into PCRs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventLog<'a> {
    /// 1: TCG PC Client Platform Firmware Profile, crypto-agile or SHA-1.
    pub kind: u64,
    /// The log as the firmware left it.
    pub bytes: &'a [u8],
}

/// What a machine says of itself (PROTOCOL.md §18).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformReport<'a> {
    /// 1: Azure HCL with a report of AMD SEV-SNP.
    pub kind: u64,
    /// The report as the platform gives it, 1 to 8192 bytes.
    pub report: &'a [u8],
    /// DER X.509, exactly leaf to root, at most 4; empty where there is none.
    pub certificates: Vec<&'a [u8]>,
}

impl<'a> Static<'a> {
    /// Reads a static part strictly: it has no extensions.
    ///
    /// # Errors
    /// Where the bytes are too many, not deterministic CBOR, or not a static part.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Refusal> {
        at_most(MAX_STATIC, bytes, "static")?;
        cbor::decode(bytes, |decoder| {
            // `have` returns the hash of it: what is read over could be another for each visitor.
            decoder.close();
            decoder.map(|map| Self {
                ak_public: map.required(0, "akPublic").sized(1024),
                ak_chain: chain(map.optional(1, "akChain")),
                event_logs: listed(map.optional(2, "event-log"), 4, EventLog::read),
                release: map.optional(3, "release-evidence").map(ReleaseEvidence::read),
                platform_reports: listed(map.optional(4, "platform-report"), 4, PlatformReport::read),
                status: map.optional(5, "status-snapshot").map(Signed::read),
                more_chains: listed(map.optional(6, "akChains"), 3, |decoder| chain(Some(decoder))),
            })
        })
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
        members.extend(self.release.as_ref().map(|release| (3, release.value())));
        if !self.platform_reports.is_empty() {
            members.push((4, Value::array(self.platform_reports.iter().map(PlatformReport::value))));
        }
        members.extend(self.status.as_ref().map(|status| (5, status.value())));
        if !self.more_chains.is_empty() {
            let chains = self.more_chains.iter().map(|chain| Value::array(chain.iter().copied()));
            members.push((6, Value::Array(chains.collect())));
        }
        Value::map(members).encode()
    }

    /// Every chain that vouches for the key, each leaf to root.
    pub(crate) fn chains(&self) -> Vec<&[&'a [u8]]> {
        let mut chains: Vec<&[&[u8]]> = Vec::new();
        if !self.ak_chain.is_empty() {
            chains.push(&self.ak_chain);
        }
        for chain in &self.more_chains {
            chains.push(chain);
        }
        chains
    }

    /// The hash by which a bundle names an encoded static part.
    #[must_use]
    pub fn hash(encoded: &[u8]) -> [u8; 32] {
        sha256(&[encoded])
    }
}

/// Certificates, leaf to root; none where there is no array.
fn chain<'a>(array: Option<&mut Decoder<'a>>) -> Vec<&'a [u8]> {
    listed(array, 8, |decoder| decoder.at_most(MAX_CERTIFICATE, "akChain"))
}

impl<'a> EventLog<'a> {
    fn read(decoder: &mut Decoder<'a>) -> Self {
        decoder.map(|map| Self {
            kind: map.required(0, "kind").uint(),
            bytes: map.required(1, "log").at_most(MAX_EVENT_LOG, "event-log"),
        })
    }
}

impl<'a> PlatformReport<'a> {
    fn read(decoder: &mut Decoder<'a>) -> Self {
        decoder.map(|map| Self {
            kind: map.required(0, "kind").uint(),
            report: map.required(1, "report").sized(MAX_PLATFORM_REPORT),
            certificates: listed(map.optional(2, "certificates"), 4, |decoder| {
                decoder.at_most(MAX_CERTIFICATE, "platform-report")
            }),
        })
    }

    fn value(&self) -> Value {
        let mut members = alloc::vec![(0, self.kind.into()), (1, self.report.into())];
        if !self.certificates.is_empty() {
            members.push((2, Value::array(self.certificates.iter().copied())));
        }
        Value::map(members)
    }
}
