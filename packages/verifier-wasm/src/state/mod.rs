//! What a verifier remembers of earlier verdicts (PROTOCOL.md §20), so that a machine cannot quietly go back.

mod ak;

use alloc::vec::Vec;

pub(crate) use ak::AkState;

use crate::{
    Code,
    evidence::cbor::{self, Decoder, ErrorKind, Value},
};

/// Of the format of the bytes.
const VERSION: u64 = 1;
/// Largest encoded state, in bytes.
const MAX_STATE: usize = 64 << 10;
/// Most attestation keys, and most sets of release keys.
const MAX_ENTRIES: usize = 64;

/// The state that the caller kept, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Of distinct names, the one verified last at the end.
    aks: Vec<AkState>,
    /// The highest signed `minVersion` seen for a set of release keys, ascending by the set.
    floors: Vec<Floor>,
}

/// A set of release keys, and the highest `minVersion` that it signed.
pub(crate) type Floor = ([u8; 32], u64);

impl State {
    /// Zero bytes are the state of a first visit.
    ///
    /// # Errors
    /// `state.encoding`
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Code> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let state = if bytes.len() > MAX_STATE { None } else { cbor::decode(bytes, Self::read).ok() };
        state.ok_or(Code::STATE_ENCODING)
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, ErrorKind> {
        let most = 0..=MAX_ENTRIES as u64;
        let state = decoder.map(|map| {
            map.required(0, "version")?.version(VERSION)?;
            let aks = map.required(1, "aks")?.list(most.clone(), AkState::read)?;
            let floors = map.required(2, "floors")?.list(most, |decoder| {
                decoder.map(|map| Ok((map.required(0, "keys")?.array_of_bytes()?, map.required(1, "floor")?.uint()?)))
            })?;
            Ok(Self { aks, floors })
        })?;
        let is_distinct =
            |(i, ak): (usize, &AkState)| state.aks.iter().skip(i).skip(1).all(|other| other.name != ak.name);
        let is_sorted = state.floors.is_sorted_by(|(a, _), (b, _)| a < b);
        if is_sorted && state.aks.iter().enumerate().all(is_distinct) { Ok(state) } else { Err(ErrorKind::Schema) }
    }

    /// The deterministic encoding.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let floors = self.floors.iter().map(|(keys, floor)| Value::map([(0, (*keys).into()), (1, (*floor).into())]));
        let aks = self.aks.iter().map(AkState::value);
        Value::map([(0, VERSION.into()), (1, Value::array(aks)), (2, Value::array(floors))]).encode()
    }

    /// The highest signed `minVersion` seen for a set of release keys; 0 where none was.
    pub(crate) fn floor(&self, keys: &[u8; 32]) -> u64 {
        self.floors.iter().find(|(known, _)| known == keys).map_or(0, |(_, floor)| *floor)
    }

    /// Remembers that a `minVersion` was signed. A floor is never forgotten, so there is no room for a set too many.
    ///
    /// # Errors
    /// `state.full`
    pub(crate) fn raise_floor(&mut self, (keys, min_version): Floor) -> Result<(), Code> {
        match self.floors.binary_search_by_key(&keys, |(known, _)| *known) {
            Ok(position) => {
                if let Some((_, floor)) = self.floors.get_mut(position) {
                    *floor = min_version.max(*floor);
                }
            }
            Err(_) if self.floors.len() == MAX_ENTRIES => return Err(Code::STATE_FULL),
            Err(position) => self.floors.insert(position, (keys, min_version)),
        }
        Ok(())
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
