//! Challenges of those who sign requests, to enrol or to operate: fresh for each signed request, and two of them in memory however many strangers ask.

use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::random;

/// How long a challenge is given out; the one before it is accepted for as long again.
const GIVEN: Duration = Duration::from_secs(30);

/// How long a challenge is accepted.
const VALID: Duration = Duration::from_secs(60);

struct Challenge {
    bytes: [u8; 32],
    made: Instant,
}

/// The one that is given out, and the one before it.
#[derive(Default)]
pub(crate) struct Challenges {
    current: Option<Challenge>,
    previous: Option<Challenge>,
}

impl Challenges {
    /// A challenge for whoever asks. Many may get the same one: the first signature over it uses it up.
    ///
    /// # Errors
    /// `gateway.internal` without random numbers.
    pub(crate) fn give(&mut self, now: Instant) -> Result<[u8; 32], Failure> {
        if let Some(current) = &self.current
            && now.saturating_duration_since(current.made) < GIVEN
        {
            return Ok(current.bytes);
        }
        let bytes = random::bytes()?;
        self.previous = self.current.replace(Challenge { bytes, made: now });
        Ok(bytes)
    }

    /// Whether `challenge` was given out, is young enough, and neither it nor a later one was taken before: a request that was held back
    /// does not undo the one that came after it.
    pub(crate) fn take(&mut self, challenge: &[u8; 32], now: Instant) -> bool {
        let is_it = |held: &mut Challenge| verify_slices_are_equal(&held.bytes, challenge).is_ok();
        let taken = match self.current.take_if(is_it) {
            Some(current) => {
                self.previous = None;
                Some(current)
            }
            None => self.previous.take_if(is_it),
        };
        taken.is_some_and(|taken| now.saturating_duration_since(taken.made) < VALID)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(now: Instant, seconds: u64) -> Instant {
        now + Duration::from_secs(seconds)
    }

    #[test]
    fn a_challenge_is_taken_once() {
        let (mut challenges, now) = (Challenges::default(), Instant::now());
        let first = challenges.give(now).unwrap();
        assert_eq!(challenges.give(later(now, 29)).unwrap(), first, "strangers who ask change nothing");
        assert!(!challenges.take(&[0; 32], now));
        assert!(challenges.take(&first, later(now, 29)));
        assert!(!challenges.take(&first, later(now, 29)));
        assert_ne!(challenges.give(later(now, 29)).unwrap(), first);
    }

    #[test]
    fn a_challenge_ends_with_a_later_one() {
        let (mut challenges, now) = (Challenges::default(), Instant::now());
        let held_back = challenges.give(now).unwrap();
        let later_one = challenges.give(later(now, 30)).unwrap();
        assert!(challenges.take(&later_one, later(now, 31)));
        assert!(!challenges.take(&held_back, later(now, 32)));
    }

    #[test]
    fn a_challenge_ends_after_a_minute() {
        let (mut challenges, now) = (Challenges::default(), Instant::now());
        let first = challenges.give(now).unwrap();
        let second = challenges.give(later(now, 30)).unwrap();
        assert_ne!(first, second);
        assert!(challenges.take(&first, later(now, 59)), "the one before is accepted as well");
        let (mut challenges, now) = (Challenges::default(), Instant::now());
        let first = challenges.give(now).unwrap();
        assert!(!challenges.take(&first, later(now, 60)));
    }
}
