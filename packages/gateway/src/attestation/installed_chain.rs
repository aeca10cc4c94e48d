//! A chain of the attestation key that an author of a policy installs while the gateway runs (PROTOCOL.md §22.1). It lives as long as the
//! process. The gateway takes only what clients would accept by its own clock; they judge every chain themselves.

use std::sync::{Arc, Mutex, PoisonError};

use blindllama_verifier::Code;
use tokio::sync::Notify;

use super::static_part::Sources;
use crate::clock::{Clock, SystemClock};
use crate::failure::Failure;
use crate::verification::judge_chain;

/// Certificates in DER, leaf to root.
pub type Chain = Vec<Vec<u8>>;

/// The place of the chain: one, which the next replaces.
#[derive(Clone, Debug, Default)]
pub struct InstalledChain(Arc<Mutex<Option<Chain>>>);

impl InstalledChain {
    /// What is installed now.
    #[must_use]
    pub fn get(&self) -> Option<Chain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, chain: Chain) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(chain);
    }
}

/// Puts a chain into the evidence.
#[derive(Clone, Debug)]
pub struct ChainInstaller {
    sources: Sources,
    reload: Arc<Notify>,
}

impl ChainInstaller {
    /// For the evidence that is made of `sources`, which are read again at each notice of `reload`.
    #[must_use]
    pub const fn new(sources: Sources, reload: Arc<Notify>) -> Self {
        Self { sources, reload }
    }

    /// Shows `chain` in all evidence that is made from now on.
    ///
    /// # Errors
    /// `enrol.chain` where no client would accept it now, or read the evidence with it: nothing changes then.
    pub fn install(&self, chain: Chain) -> Result<(), Failure> {
        let certificates: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        judge_chain(&self.sources.ak_public, &certificates, SystemClock.wall_ms())
            .map_err(|reason| Failure::with(Code::ENROL_CHAIN, reason.clone()).telling(reason))?;
        // Its detail may name files, which are the operator's business.
        let read = self.sources.read_with(Some(&chain), &self.sources.arrived.get());
        read.map_err(|failure| Failure::with(Code::ENROL_CHAIN, failure.detail))?;
        self.sources.installed.set(chain);
        self.reload.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use blindllama_testkit::certificates::{Chain as Drafts, key, purposes, tag, tlv};
    use blindllama_testkit::keys::Key;

    use super::*;
    use crate::attestation::arrived::ArrivedDocuments;

    fn chain() -> Chain {
        let mut drafts = Drafts::new(1);
        for certificate in &mut drafts.0 {
            certificate.not_after = tlv(tag::UTC_TIME, "491231235959Z");
        }
        drafts.0[0].extensions.push(purposes(&[b"\x67\x81\x05\x08\x03"]));
        drafts.signed()
    }

    #[test]
    fn what_is_installed_is_judged_and_followed_from_then_on() {
        let sources = Sources {
            ak_public: Key::Ecc(key(1)).public_area().encode(),
            ak_chain: vec![],
            more_chains: vec![],
            installed: InstalledChain::default(),
            arrived: ArrivedDocuments::default(),
            event_logs: vec![],
            platform: None,
            release: None,
            status: None,
        };
        let installer = ChainInstaller::new(sources.clone(), Arc::default());
        let mut forged = chain();
        *forged[0].last_mut().unwrap() ^= 1;
        let refused = installer.install(forged).unwrap_err();
        assert_eq!(refused.code, Code::ENROL_CHAIN);
        assert!(refused.told.starts_with("certificate 0: chain.signature"), "{}", refused.told);
        assert!(!sources.may_change() && sources.installed.get().is_none());
        installer.install(chain()).unwrap();
        // Its end has to be warned of, also where no file changes.
        assert!(sources.may_change() && sources.installed.get() == Some(chain()));
    }
}
