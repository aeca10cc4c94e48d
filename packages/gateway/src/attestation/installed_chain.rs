//! A chain of the attestation key that an author of a policy installs while the gateway runs (PROTOCOL.md §22.1). It lives as long as the
//! process; the gateway trusts it with nothing, since clients judge every chain.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::static_part::Sources;
use crate::failure::Failure;

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
    /// As [`Sources::read`], where no client would read the evidence with it: nothing changes then.
    pub fn install(&self, chain: Chain) -> Result<(), Failure> {
        self.sources.read_with(Some(&chain))?;
        self.sources.installed.set(chain);
        self.reload.notify_one();
        Ok(())
    }
}
