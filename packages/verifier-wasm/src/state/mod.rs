//! What a verifier remembers of earlier verdicts (PROTOCOL.md §20), so that a machine cannot quietly go back.

mod ak;

use alloc::vec::Vec;

pub(crate) use ak::AkState;

use crate::{
    Code,
    evidence::cbor::{self, Decoder, Encoder, Error},
};

/// Of the format of the bytes.
const VERSION: u64 = 1;
/// Largest encoded state, in bytes.
const MAX_STATE: usize = 64 << 10;
/// Most attestation keys, and most sets of release keys.
const MAX_ENTRIES: usize = 64;

/// The state that the caller kept, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State<'a> {
    /// Of distinct names, the one verified last at the end.
    aks: Vec<AkState<'a>>,
    /// The highest signed `minVersion` seen for a set of release keys, ascending by the set.
    floors: Vec<Floor<'a>>,
}

/// A set of release keys, and the highest `minVersion` that it signed.
pub(crate) type Floor<'a> = (&'a [u8; 32], u64);

impl<'a> State<'a> {
    /// Zero bytes are the state of a first visit.
    ///
    /// # Errors
    /// `state.encoding`
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Code> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        if bytes.len() > MAX_STATE {
            return Err(Code::STATE_ENCODING);
        }
        cbor::decode(bytes, Self::read).map_err(|Error { .. }| Code::STATE_ENCODING)
    }

    fn read(decoder: &mut Decoder<'a>) -> Self {
        let state = decoder.map(|map| {
            map.required(0, "version").version(VERSION);
            Self {
                aks: map.required(1, "aks").list(0, MAX_ENTRIES, AkState::read),
                floors: map.required(2, "floors").list(0, MAX_ENTRIES, |decoder| {
                    decoder.map(|map| (map.required(0, "keys").array_of_bytes(), map.required(1, "floor").uint()))
                }),
            }
        });
        for (i, ak) in state.aks.iter().enumerate() {
            decoder.ensure(state.aks.iter().take(i).all(|other| other.name != ak.name));
        }
        decoder.ensure(state.floors.is_sorted_by(|(a, _), (b, _)| a < b));
        state
    }

    /// The deterministic encoding.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::default();
        out.map(3);
        out.member(0).uint(VERSION);
        out.member(1).array(self.aks.len());
        self.aks.iter().for_each(|ak| ak.write(&mut out));
        out.member(2).array(self.floors.len());
        for (keys, floor) in &self.floors {
            out.map(2);
            out.member(0).bytes(*keys);
            out.member(1).uint(*floor);
        }
        out.finish()
    }

    /// The highest signed `minVersion` seen for a set of release keys; 0 where none was.
    pub(crate) fn floor(&self, keys: &[u8; 32]) -> u64 {
        self.floors.iter().find(|(known, _)| *known == keys).map_or(0, |(_, floor)| *floor)
    }

    /// Remembers that a `minVersion` was signed. A floor is never forgotten, so there is no room for a set too many.
    ///
    /// # Errors
    /// `state.full`
    pub(crate) fn raise_floor(&mut self, (keys, min_version): Floor<'a>) -> Result<(), Code> {
        let position = self.floors.iter().take_while(|(known, _)| *known < keys).count();
        let is_full = self.floors.len() == MAX_ENTRIES;
        match self.floors.get_mut(position) {
            Some((known, floor)) if *known == keys => *floor = min_version.max(*floor),
            _ if is_full => return Err(Code::STATE_FULL),
            _ => self.floors.insert(position, (keys, min_version)),
        }
        Ok(())
    }

    /// How the key went back since it was remembered: the code of the first way that applies.
    pub(crate) fn regression(&self, seen: &AkState<'_>) -> Option<Code> {
        self.aks.iter().find(|kept| kept.name == seen.name).and_then(|kept| kept.regression(seen))
    }

    /// Remembers a key as it was seen just now. Answers may arrive out of order, so its clock never runs backwards in here.
    pub(crate) fn remember(&mut self, mut seen: AkState<'a>) {
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
