//! The answer to a request for evidence (PROTOCOL.md §3).

use std::sync::Arc;

use blindllama_verifier::Code;
use blindllama_verifier::evidence::VERSION;
use blindllama_verifier::evidence::bundle::{Bank, Bundle, NonceProof, Pcrs, Quote};
use blindllama_verifier::evidence::nonce_tree::Hash;
use bytes::Bytes;
use tokio::sync::watch;

use super::batch::Attester;
use super::static_part::StaticPart;
use crate::failure::Failure;

/// Makes evidence.
pub struct EvidenceSource {
    /// Where quotes come from.
    pub attester: Attester,
    /// What travels with each quote, as of now.
    pub static_part: watch::Receiver<Arc<StaticPart>>,
    /// The bank of the quoted PCRs.
    pub bank: Bank,
}

impl EvidenceSource {
    /// The bundle for a client's `nonce`, in pieces: the static part, which all share, stands between what is the client's own. It is left
    /// out if the client holds the one with the hash `have`.
    ///
    /// # Errors
    /// `evidence.version` when the client does not accept the one version there is; those of [`Attester::quote`].
    pub async fn bundle(&self, nonce: Hash, versions: &[u64], have: Option<[u8; 32]>) -> Result<[Bytes; 3], Failure> {
        if !versions.contains(&VERSION) {
            return Err(Failure::new(Code::EVIDENCE_VERSION));
        }
        let (batch, index) = self.attester.quote(nonce).await?;
        let path = batch.tree.path(index).ok_or(Failure::new(Code::GATEWAY_INTERNAL))?;
        let static_part = Arc::clone(&self.static_part.borrow());
        let bundle = Bundle {
            version: VERSION,
            claims: &batch.claims,
            quote: Quote { attest: &batch.quote.attest, signature: &batch.quote.signature },
            nonce_proof: NonceProof { index: index as u64, path: path.iter().collect() },
            pcrs: Pcrs {
                bank: self.bank,
                values: batch.quote.pcrs.iter().map(|(index, value)| (*index, value.as_slice())).collect(),
            },
            static_hash: &static_part.hash,
            static_part: None,
            instance_proof: Some(&batch.instance_proof),
        };
        Ok(if have == Some(static_part.hash) {
            [bundle.encode().into(), Bytes::new(), Bytes::new()]
        } else {
            let shared = static_part.encoded.clone();
            let [before, behind] = bundle.encode_around_static(shared.len());
            [before.into(), shared, behind.into()]
        })
    }
}
