//! The answer to a request for evidence (PROTOCOL.md §3).

use blindllama_verifier::Code;
use blindllama_verifier::evidence::VERSION;
use blindllama_verifier::evidence::bundle::{Bank, Bundle, EventLog, MAX_STATIC, NonceProof, Pcrs, Quote, Static};
use blindllama_verifier::evidence::nonce_tree::Hash;

use super::batch::Attester;
use crate::failure::Failure;

/// TCG PC Client Platform Firmware Profile, the one kind of log that version 1 knows.
const PC_CLIENT_LOG: u64 = 1;

/// The part of the evidence that rarely changes, encoded once.
pub struct StaticPart {
    encoded: Vec<u8>,
    hash: [u8; 32],
}

impl StaticPart {
    /// Encodes `ak_public` (TPMT_PUBLIC) and the event logs.
    ///
    /// # Errors
    /// `config.invalid` when the logs are too many or too long.
    pub fn new(ak_public: &[u8], event_logs: &[Vec<u8>]) -> Result<Self, Failure> {
        let event_logs: Vec<_> = event_logs.iter().map(|bytes| EventLog { kind: PC_CLIENT_LOG, bytes }).collect();
        let encoded = Static { ak_public, event_logs, ..Static::default() }.encode();
        if encoded.len() > MAX_STATIC || Static::decode(&encoded).is_err() {
            return Err(Failure::with(Code::CONFIG_INVALID, "attestation.event_logs: too many or too long"));
        }
        let hash = Static::hash(&encoded);
        Ok(Self { encoded, hash })
    }
}

/// Makes evidence.
pub struct EvidenceSource {
    /// Where quotes come from.
    pub attester: Attester,
    /// What travels with each quote.
    pub static_part: StaticPart,
    /// The bank of the quoted PCRs.
    pub bank: Bank,
}

impl EvidenceSource {
    /// The bundle for a client's `nonce`, without the static part if the client holds the one with the hash `have`.
    ///
    /// # Errors
    /// `evidence.version` when the client does not accept the one version there is; those of [`Attester::quote`].
    pub async fn bundle(&self, nonce: Hash, versions: &[u64], have: Option<[u8; 32]>) -> Result<Vec<u8>, Failure> {
        if !versions.contains(&VERSION) {
            return Err(Failure::new(Code::EVIDENCE_VERSION));
        }
        let (batch, index) = self.attester.quote(nonce).await?;
        let path = batch.tree.path(index).ok_or(Failure::new(Code::GATEWAY_INTERNAL))?;
        let StaticPart { encoded, hash } = &self.static_part;
        let bundle = Bundle {
            version: VERSION,
            claims: &batch.claims,
            quote: Quote { attest: &batch.quote.attest, signature: &batch.quote.signature },
            nonce_proof: NonceProof { index: index as u64, path },
            pcrs: Pcrs {
                bank: self.bank,
                values: batch.quote.pcrs.iter().map(|(index, value)| (*index, value.as_slice())).collect(),
            },
            static_hash: *hash,
            static_part: if have == Some(*hash) { None } else { Some(encoded) },
        };
        Ok(bundle.encode())
    }
}
