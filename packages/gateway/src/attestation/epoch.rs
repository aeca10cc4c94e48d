//! Key epochs. Private keys exist in memory only, live on `CLOCK_BOOTTIME` and are overwritten when their time is over.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use blindllama_verifier::Code;
use blindllama_verifier::evidence::key_config::{self, KeyConfig, SymmetricAlgorithms};

use crate::clock::Clock;
use crate::failure::Failure;
use crate::ohttp::framing::Header;
use crate::ohttp::hpke::{AeadId, HKDF_SHA256, KemId, PrivateKey};
use crate::ohttp::replay::ReplaySet;
use crate::ohttp::request::{Keys, Received};
use crate::ohttp::suite::Suite;
use crate::random;
use crate::receipt::key::ReceiptKey;

/// How epochs follow each other.
#[derive(Clone, Debug)]
pub struct EpochSettings {
    /// Life of an epoch as the current one, in milliseconds.
    pub epoch_ms: u64,
    /// How long its keys open requests afterwards, in milliseconds.
    pub grace_ms: u64,
    /// Encapsulated keys remembered per epoch.
    pub replay_capacity: usize,
    /// Suites in order of preference; those of one KEM share a key.
    pub suites: Vec<Suite>,
}

struct Epoch {
    id: [u8; 16],
    /// In the order of the list: distinct KEMs.
    keys: Vec<Key>,
    key_list: Arc<[u8]>,
    /// Answers under way hold it until they end.
    receipts: Arc<ReceiptKey>,
    /// Of all keys together.
    seen: Arc<ReplaySet>,
    /// Until when it is the current one, in milliseconds since boot.
    current_until: u64,
    /// When its key is destroyed, in milliseconds since boot.
    expires: u64,
}

struct Key {
    id: u8,
    kem: KemId,
    private: PrivateKey,
}

/// What claims say of the current epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentEpoch {
    /// Random, new with every epoch.
    pub id: [u8; 16],
    /// The `application/ohttp-keys` list (RFC 9458 §3.2), the same bytes for all clients.
    pub key_list: Arc<[u8]>,
    /// Ed25519, signs receipts.
    pub receipt_key: [u8; 32],
    /// How long its key will open requests, in milliseconds.
    pub lifetime_ms: u64,
}

/// The current epoch and those before it whose keys still open requests.
pub struct Epochs {
    settings: EpochSettings,
    clock: Arc<dyn Clock>,
    /// From the oldest to the current one; empty once they ended.
    living: RwLock<Vec<Epoch>>,
}

impl Epochs {
    /// Starts the first epoch.
    ///
    /// # Errors
    /// `gateway.internal` when the system has no random numbers.
    pub fn new(settings: EpochSettings, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let [key_id] = random::bytes()?;
        let first = Epoch::new(&settings, key_id, clock.boot_ms())?;
        Ok(Self { settings, clock, living: RwLock::new(vec![first]) })
    }

    /// The current epoch; a new one if its time is over or its memory of requests half full.
    ///
    /// # Errors
    /// As [`Self::new`]; `evidence.changed` once they ended.
    pub fn current(&self) -> Result<CurrentEpoch, Failure> {
        self.rotate()?;
        let now = self.clock.boot_ms();
        let living = self.read();
        let epoch = living.last().ok_or(Failure::new(Code::EVIDENCE_CHANGED))?;
        Ok(CurrentEpoch {
            id: epoch.id,
            key_list: Arc::clone(&epoch.key_list),
            receipt_key: *epoch.receipts.public(),
            lifetime_ms: epoch.expires.saturating_sub(now),
        })
    }

    /// Destroys keys whose time is over and starts the next epoch if it is due. Returns whether one was started.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn rotate(&self) -> Result<bool, Failure> {
        let now = self.clock.boot_ms();
        if !self.read().iter().any(|epoch| epoch.expires <= now) && !self.read().last().is_some_and(|e| e.is_over(now))
        {
            return Ok(false);
        }
        let mut living = self.living.write().unwrap_or_else(PoisonError::into_inner);
        let due = living.last().is_some_and(|epoch| epoch.is_over(now));
        if due {
            // Neighbours count upwards, so that the ids of all that live together differ.
            let key_id = living.last().and_then(|epoch| epoch.keys.last()).map_or(0, |key| key.id.wrapping_add(1));
            let next = Epoch::new(&self.settings, key_id, now)?;
            if let Some(last) = living.last_mut() {
                // An epoch that ends early, because many requests came, frees its memory early too.
                last.expires = last.expires.min(last.current_until.min(now).saturating_add(self.settings.grace_ms));
            }
            living.push(next);
        }
        living.retain(|epoch| epoch.expires > now);
        Ok(due)
    }

    /// Destroys every key, and makes none any more: what the machine is now was never proven.
    pub fn end(&self) {
        self.living.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Epoch>> {
        self.living.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The AEAD that the header names, where this key offers it.
    fn aead(&self, key: &Key, header: &Header) -> Result<AeadId, Failure> {
        let [_, numbers @ ..] = *header;
        let named =
            |suite: &&Suite| suite.kem == key.kem && suite.numbers().map(u16::to_be_bytes).as_flattened() == numbers;
        let suite = self.settings.suites.iter().find(named);
        suite.map(|suite| suite.aead).ok_or(Failure::new(Code::CHANNEL_SUITE))
    }

    fn find<T>(&self, header: &Header, found: impl FnOnce(&Epoch, &Key) -> Result<T, Failure>) -> Result<T, Failure> {
        let [key_id, ..] = *header;
        let now = self.clock.boot_ms();
        let living = self.read();
        let mut keys = living
            .iter()
            .filter(|epoch| epoch.expires > now)
            .flat_map(|epoch| epoch.keys.iter().map(move |key| (epoch, key)));
        let (epoch, key) = keys.find(|(_, key)| key.id == key_id).ok_or(Failure::new(Code::CHANNEL_KEY_UNKNOWN))?;
        found(epoch, key)
    }
}

impl Keys for Epochs {
    type Epoch = Arc<ReceiptKey>;

    fn encapsulated_length(&self, header: &Header) -> Result<usize, Failure> {
        self.find(header, |_, key| self.aead(key, header).map(|_| key.kem.encapsulated_key_length()))
    }

    fn receive(&self, header: &Header, encapsulated: &[u8]) -> Result<Received<Arc<ReceiptKey>>, Failure> {
        self.find(header, |epoch, key| {
            let context = key.private.receive(self.aead(key, header)?, encapsulated, header)?;
            Ok(Received { context, seen: Arc::clone(&epoch.seen), epoch: Arc::clone(&epoch.receipts) })
        })
    }
}

impl Epoch {
    /// `first_id` and what counts up from it name the keys.
    fn new(settings: &EpochSettings, first_id: u8, now: u64) -> Result<Self, Failure> {
        let (keys, key_list) = make_keys(&settings.suites, first_id)?;
        let current_until = now.saturating_add(settings.epoch_ms);
        let id = random::bytes()?;
        Ok(Self {
            id,
            keys,
            key_list: key_list.into(),
            receipts: Arc::new(ReceiptKey::generate(id)?),
            seen: Arc::new(ReplaySet::new(settings.replay_capacity)),
            current_until,
            expires: current_until.saturating_add(settings.grace_ms),
        })
    }

    fn is_over(&self, now: u64) -> bool {
        self.current_until <= now || self.seen.is_half_full()
    }
}

/// One key for each KEM of the suites, in their order, and the list that offers them.
fn make_keys(suites: &[Suite], first_id: u8) -> Result<(Vec<Key>, Vec<u8>), Failure> {
    let internal = || Failure::new(Code::GATEWAY_INTERNAL);
    let mut keys: Vec<Key> = Vec::new();
    let mut configs = Vec::new();
    for suite in suites {
        if keys.iter().any(|key| key.kem == suite.kem) {
            continue;
        }
        let id = keys.last().map_or(first_id, |key| key.id.wrapping_add(1));
        let (private, public) = PrivateKey::generate(suite.kem)?;
        let algorithms = suites
            .iter()
            .filter(|other| other.kem == suite.kem)
            .map(|other| SymmetricAlgorithms { kdf_id: HKDF_SHA256, aead_id: other.aead.number() })
            .collect();
        let config = KeyConfig { key_id: id, kem_id: suite.kem.number(), public_key: &public, algorithms };
        configs.push(config.encode().ok_or_else(internal)?);
        keys.push(Key { id, kem: suite.kem, private });
    }
    let list = key_config::encode_list(&configs).ok_or_else(internal)?;
    Ok((keys, list))
}

#[cfg(test)]
mod tests;
