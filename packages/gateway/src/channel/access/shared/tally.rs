//! Tokens that the fleet's counter does not know yet.

use std::collections::HashMap;

use super::names::Whose;

/// Entries of one message to the counter.
const AT_ONCE: usize = 256;

/// More tokens at once are a slip of the model server, and would in the end not fit into a counter.
const MOST: i64 = 1 << 40;

/// By window and owner; no more than two windows of each, also where nothing takes them for hours.
#[derive(Default)]
pub(super) struct Tally {
    waiting: HashMap<(u64, Whose), i64>,
    /// The window that was counted into last.
    last: u64,
}

impl Tally {
    /// Counts so many tokens more (or fewer) in `window`.
    pub(super) fn add(&mut self, window: u64, whose: Whose, tokens: i64) {
        if window != self.last {
            self.last = window;
            self.forget_older(window);
        }
        let sum = self.waiting.entry((window, whose)).or_default();
        *sum = sum.saturating_add(tokens).clamp(-MOST, MOST);
    }

    /// Takes entries of one window, not older than the one before `now`: nothing older is looked at any more.
    pub(super) fn take(&mut self, now: u64) -> Vec<(u64, Whose, i64)> {
        self.forget_older(now);
        let Some(first) = self.waiting.keys().map(|(window, _)| *window).min() else { return Vec::new() };
        let mut taken = Vec::new();
        self.waiting.retain(|(window, whose), tokens| {
            let stays = *window != first || taken.len() >= AT_ONCE;
            if !stays {
                taken.push((*window, *whose, *tokens));
            }
            stays
        });
        taken
    }

    /// Forgets what nobody looks at any more: windows before the one before `now`, and what came to nothing.
    fn forget_older(&mut self, now: u64) {
        self.waiting.retain(|(window, _), tokens| window.saturating_add(1) >= now && *tokens != 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_summed_taken_once_by_window_and_forgotten_when_old() {
        let mut tally = Tally::default();
        let key = Whose::Key([1; 32]);
        tally.add(4, key, 9);
        tally.add(5, key, 30);
        tally.add(5, key, -10);
        tally.add(6, key, 7);
        tally.add(6, Whose::All, 0);
        assert_eq!(tally.take(6), [(5, key, 20)], "4 is too old");
        assert_eq!(tally.take(6), [(6, key, 7)]);
        assert!(tally.take(6).is_empty());
        tally.add(6, key, i64::MAX);
        assert_eq!(tally.take(6), [(6, key, MOST)]);
    }

    #[test]
    fn what_nobody_takes_does_not_grow_with_time() {
        let mut tally = Tally::default();
        for window in 0..1000 {
            for key in [1, 2] {
                tally.add(window, Whose::Key([key; 32]), 1);
            }
        }
        assert_eq!(tally.waiting.len(), 4, "two windows of two keys");
        tally.add(5, Whose::All, 1);
        assert_eq!(tally.waiting.len(), 5, "a clock that goes back forgets nothing newer");
    }

    #[test]
    fn a_message_has_an_end() {
        let mut tally = Tally::default();
        for key in 0..=255 {
            tally.add(1, Whose::Key([key; 32]), 1);
        }
        tally.add(1, Whose::All, 1);
        assert_eq!((tally.take(1).len(), tally.take(1).len(), tally.take(1).len()), (AT_ONCE, 1, 0));
    }
}
