//! What a verifier remembers of earlier verdicts (PROTOCOL.md §20), so that a machine cannot quietly go back.

mod ak;
mod withdrawn;

use alloc::vec::Vec;

pub(crate) use ak::AkState;
pub(crate) use withdrawn::Withdrawn;

use crate::{
    Code,
    evidence::cbor::{self, Decoder, Encoder, Error},
};

/// Of the format of the bytes.
const VERSION: u64 = 1;
/// Largest encoded state, in bytes.
const MAX_STATE: usize = 64 << 10;
/// Most attestation keys, and most sets of keys that sign documents.
const MAX_ENTRIES: usize = 64;

/// The state that the caller kept, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Of distinct names, the one verified last at the end.
    aks: Vec<AkState>,
    /// Ascending by the set of keys.
    withdrawn: Vec<Withdrawn>,
    /// Something was learned for which there was no room. Not encoded.
    pub(crate) is_full: bool,
}

impl State {
    /// Zero bytes are the state of a first visit.
    ///
    /// # Errors
    /// `state.encoding`
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Code> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        if bytes.len() > MAX_STATE {
            return Err(Code::STATE_ENCODING);
        }
        cbor::decode(bytes, Self::read).map_err(|Error { .. }| Code::STATE_ENCODING)
    }

    fn read(decoder: &mut Decoder<'_>) -> Self {
        let state = decoder.map(|map| {
            map.required(0, "version").version(VERSION);
            Self {
                aks: map.required(1, "aks").list(0, MAX_ENTRIES, AkState::read),
                withdrawn: map.required(2, "withdrawn").list(0, MAX_ENTRIES, Withdrawn::read),
                is_full: false,
            }
        });
        for (i, ak) in state.aks.iter().enumerate() {
            decoder.ensure(state.aks.iter().take(i).all(|other| other.name != ak.name));
        }
        decoder.ensure(state.withdrawn.is_sorted_by(|a, b| a.keys < b.keys));
        state
    }

    /// The deterministic encoding.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        out.map(3);
        out.member(0).uint(VERSION);
        out.member(1).array(self.aks.len());
        self.aks.iter().for_each(|ak| ak.write(&mut out));
        out.member(2).array(self.withdrawn.len());
        self.withdrawn.iter().for_each(|withdrawn| withdrawn.write(&mut out));
        out.finish()
    }

    /// What is remembered for a set of keys that a policy names. What was learned under an older policy counts too: where it
    /// named a set whose newest successor is this one.
    #[inline(never)]
    pub(crate) fn recall(&self, keys: &[u8; 32]) -> Withdrawn {
        let mut recalled = Withdrawn { keys: *keys, floor: 0, date_ms: 0, current: *keys };
        for known in &self.withdrawn {
            if known.keys == *keys {
                recalled.current = known.current;
            }
            if known.keys == *keys || known.current == *keys {
                recalled.floor = recalled.floor.max(known.floor);
                recalled.date_ms = recalled.date_ms.max(known.date_ms);
            }
        }
        recalled
    }

    /// Remembers what signatures proved under a set of keys. Numbers only rise, and nothing is ever forgotten: there is no room for a
    /// set too many.
    #[inline(never)]
    pub(crate) fn learn(&mut self, keys: &[u8; 32], floor: u64, date_ms: u64, current: Option<[u8; 32]>) {
        let mut learned = self.recall(keys);
        learned.floor = learned.floor.max(floor);
        learned.date_ms = learned.date_ms.max(date_ms);
        learned.current = current.unwrap_or(learned.current);
        let has_room = self.withdrawn.len() < MAX_ENTRIES;
        let position = self.withdrawn.iter().take_while(|known| known.keys < *keys).count();
        match self.withdrawn.get_mut(position) {
            Some(known) if known.keys == *keys => *known = learned,
            _ if has_room => self.withdrawn.insert(position, learned),
            _ => self.is_full = true,
        }
    }

    /// How the key went back since it was remembered: the code of the first way that applies.
    pub(crate) fn regression(&self, seen: &AkState) -> Option<Code> {
        self.aks.iter().find(|kept| kept.name == seen.name).and_then(|kept| kept.regression(seen))
    }

    /// Remembers a key as it was seen just now. Answers may arrive out of order, so its clock never runs backwards in here.
    pub(crate) fn remember(&mut self, mut seen: AkState) {
        if let Some(position) = self.aks.iter().position(|kept| kept.name == seen.name) {
            let kept = self.aks.remove(position);
            if kept.regression(&seen) == Some(Code::STATE_CLOCK_BACK) {
                seen.clock = kept.clock;
            }
        } else if self.aks.len() == MAX_ENTRIES {
            self.aks.remove(0);
        }
        self.aks.push(seen);
    }
}

#[cfg(test)]
mod tests;
