//! Whether the machine is still the one that the gateway started on (PROTOCOL.md §24.2). Software that was measured after the start, or
//! a TPM that was started anew, ends the gateway's proof for good: PCRs do not go back.

use blindllama_verifier::Code;

use crate::failure::Failure;
use crate::tpm::{Counters, Quote};

/// PCRs that change in ordinary use: IMA's, and the two that anybody may reset (TCG PC Client PFP §3.3.4).
const RESTLESS: [u8; 3] = [10, 16, 23];

/// The machine as the first quote showed it.
#[derive(Debug)]
pub struct Machine {
    pcrs: Vec<(u8, Vec<u8>)>,
    counters: Counters,
}

impl Machine {
    /// What later quotes are compared with.
    #[must_use]
    pub fn of(quote: &Quote) -> Self {
        Self { pcrs: quote.pcrs.clone(), counters: quote.counters }
    }

    /// Whether a quote shows this machine.
    ///
    /// # Errors
    /// `tpm.changed`; the detail names the PCR or the counter.
    pub fn shows(&self, quote: &Quote) -> Result<(), Failure> {
        // A TPM that was started anew may have been extended to the same values again.
        let (was, is) = (self.counters, quote.counters);
        if was.resets != is.resets {
            return changed(format!("resetCount was {} and is {}", was.resets, is.resets));
        }
        if was.restarts != is.restarts {
            return changed(format!("restartCount was {} and is {}", was.restarts, is.restarts));
        }
        self.has(&quote.pcrs)
    }

    /// Whether these are the values of its PCRs.
    ///
    /// # Errors
    /// As [`Self::shows`].
    pub fn has(&self, values: &[(u8, Vec<u8>)]) -> Result<(), Failure> {
        let is_kept = |(index, value): &&(u8, Vec<u8>)| {
            !RESTLESS.contains(index) && !values.iter().any(|(other, now)| other == index && now == value)
        };
        match self.pcrs.iter().find(is_kept) {
            Some((index, _)) => changed(format!("PCR {index}")),
            None => Ok(()),
        }
    }
}

fn changed(detail: String) -> Result<(), Failure> {
    Err(Failure::with(Code::TPM_CHANGED, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(pcrs: &[(u8, u8)], resets: u32, restarts: u32) -> Quote {
        let pcrs = pcrs.iter().map(|&(index, byte)| (index, vec![byte; 32])).collect();
        Quote { attest: vec![], signature: vec![], pcrs, counters: Counters { resets, restarts } }
    }

    #[test]
    fn every_quoted_pcr_and_both_counters_belong_to_the_machine() {
        let all: Vec<(u8, u8)> = (0..24).map(|index| (index, 1)).collect();
        let machine = Machine::of(&quote(&all, 5, 6));
        machine.shows(&quote(&all, 5, 6)).unwrap();
        for index in 0..24_u8 {
            let mut other = all.clone();
            other[usize::from(index)].1 = 2;
            let shown = machine.shows(&quote(&other, 5, 6)).map_err(|failure| failure.detail.into_owned());
            let expected = if matches!(index, 10 | 16 | 23) { Ok(()) } else { Err(format!("PCR {index}")) };
            assert_eq!(shown, expected);
        }
        for (resets, restarts, detail) in [
            (6, 6, "resetCount was 5 and is 6"),
            (4, 6, "resetCount was 5 and is 4"),
            (5, 7, "restartCount was 6 and is 7"),
        ] {
            let failure = machine.shows(&quote(&all, resets, restarts)).unwrap_err();
            assert_eq!((failure.code, failure.detail.as_ref()), (Code::TPM_CHANGED, detail));
        }
    }

    #[test]
    fn a_value_that_is_missing_is_a_change() {
        let machine = Machine::of(&quote(&[(0, 1), (16, 1)], 0, 0));
        machine.has(&[(0, vec![1; 32])]).unwrap();
        assert!(machine.has(&[]).is_err());
    }
}
