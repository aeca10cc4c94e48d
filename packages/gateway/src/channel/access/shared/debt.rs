//! Tokens beyond a limit of the fleet, which later windows owe (PROTOCOL.md §11.2). Each process carries what its own tokens added there, so
//! that the processes together carry all of it once, and no message names counters of two windows.

use std::collections::HashMap;

use super::names::Whose;

/// By window and owner: of the last window, and of the present one.
#[derive(Default)]
pub(super) struct Debts {
    owed: HashMap<(u64, Whose), i64>,
}

impl Debts {
    /// A counter with this limit holds `count` since this process added `added` to it, or took so many back.
    pub(super) fn note(&mut self, window: u64, whose: Whose, added: i64, count: i64, limit: u64) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let beyond = |count: i64| count.saturating_sub(limit).max(0);
        let change = beyond(count).saturating_sub(beyond(count.saturating_sub(added)));
        if change != 0 {
            let owed = self.owed.entry((window, whose)).or_default();
            *owed = owed.saturating_add(change);
        }
    }

    /// Takes what earlier windows left to window `now`. The windows between them cover their limit each. What is taken back waits until the
    /// window is `settled`: before the debt that it reduces, it would be lost at 0.
    pub(super) fn take(&mut self, now: u64, settled: bool, limit: impl Fn(Whose) -> u64) -> Vec<(Whose, i64)> {
        let mut due = Vec::new();
        self.owed.retain(|(window, whose), owed| {
            let Some(between) = now.checked_sub(*window).and_then(|passed| passed.checked_sub(1)) else { return true };
            if *owed < 0 && !settled {
                return true;
            }
            let covered = i64::try_from(limit(*whose).saturating_mul(between)).unwrap_or(i64::MAX);
            let left =
                if *owed < 0 { owed.saturating_add(covered).min(0) } else { owed.saturating_sub(covered).max(0) };
            if left != 0 {
                due.push((*whose, left));
            }
            false
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Whose = Whose::Key([1; 32]);

    #[test]
    fn a_window_owes_what_was_beyond_the_limit_of_the_one_before() {
        let mut debts = Debts::default();
        debts.note(7, KEY, 90, 90, 100);
        assert!(debts.take(8, true, |_| 100).is_empty(), "within the limit");
        debts.note(7, KEY, 60, 150, 100);
        debts.note(7, KEY, 30, 180, 100);
        assert!(debts.take(7, true, |_| 100).is_empty(), "the window is not over");
        assert_eq!(debts.take(8, false, |_| 100), [(KEY, 80)]);
        assert!(debts.take(8, true, |_| 100).is_empty(), "once");
    }

    #[test]
    fn windows_between_cover_their_limit() {
        let mut debts = Debts::default();
        for (now, left) in [(8, vec![(KEY, 250)]), (9, vec![(KEY, 150)]), (10, vec![(KEY, 50)]), (11, vec![])] {
            debts.note(7, KEY, 350, 350, 100);
            assert_eq!(debts.take(now, false, |_| 100), left, "{now}");
        }
    }

    #[test]
    fn processes_carry_together_what_is_beyond_however_their_messages_mix() {
        let (limit, mut count, mut debts) = (100, 0, [Debts::default(), Debts::default()]);
        for (process, added) in [(0, 70), (1, 60), (0, 40), (1, -50), (0, -30), (1, 80), (0, -10)] {
            count += added;
            debts[process].note(7, KEY, added, count, limit);
        }
        let due =
            |debts: &mut Debts, settled| debts.take(8, settled, |_| limit).iter().map(|(_, owed)| owed).sum::<i64>();
        assert_eq!((count, due(&mut debts[0], true) + due(&mut debts[1], true)), (160, 60));
    }

    #[test]
    fn what_is_taken_back_waits_for_the_debt_of_others() {
        let mut debts = Debts::default();
        debts.note(7, KEY, -50, 120, 100);
        assert!(debts.take(8, false, |_| 100).is_empty());
        assert_eq!(debts.take(8, true, |_| 100), [(KEY, -50)]);
        // A counter that was lost meanwhile has nothing beyond.
        debts.note(8, KEY, -500, -490, 100);
        assert!(debts.take(9, true, |_| 100).is_empty());
    }
}
