//! Commands that a TPM asks to send again (TPM 2.0 Part 2 §6.6.3: TPM_RC_RETRY, TPM_RC_TESTING, TPM_RC_YIELDED).

use std::thread::sleep;
use std::time::Duration;

use tss_esapi::Error;
use tss_esapi::constants::response_code::Tss2ResponseCodeKind;

const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
const ATTEMPTS: usize = 20;

/// Runs `command` until the TPM takes it, with growing pauses and at most [`ATTEMPTS`] times (about three seconds).
pub(super) fn retry<T>(mut command: impl FnMut() -> tss_esapi::Result<T>) -> tss_esapi::Result<T> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match command() {
            Err(error) if asks_for_patience(error) => sleep(pause),
            result => return result,
        }
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
    command()
}

fn asks_for_patience(error: Error) -> bool {
    let Error::Tss2Error(code) = error else { return false };
    matches!(
        code.kind(),
        Some(Tss2ResponseCodeKind::Retry | Tss2ResponseCodeKind::Testing | Tss2ResponseCodeKind::Yielded)
    )
}

#[cfg(test)]
mod tests {
    use tss_esapi::WrapperErrorKind;
    use tss_esapi::constants::response_code::Tss2ResponseCode;

    use super::*;

    /// TPM_RC_YIELDED, TPM_RC_TESTING, TPM_RC_RETRY (TPM 2.0 Part 2 §6.6.3).
    const BUSY: [u32; 3] = [0x908, 0x90a, 0x922];

    fn says(code: u32) -> Error {
        Error::Tss2Error(Tss2ResponseCode::from(code))
    }

    #[test]
    fn a_busy_tpm_is_asked_again_until_it_answers() {
        for code in BUSY {
            let mut calls = 0;
            let result = retry(|| {
                calls += 1;
                if calls < 4 { Err(says(code)) } else { Ok(calls) }
            });
            assert_eq!(result.unwrap(), 4, "{code:#x}");
        }
    }

    #[test]
    fn a_tpm_that_stays_busy_is_given_up() {
        let mut calls = 0;
        let result: tss_esapi::Result<()> = retry(|| {
            calls += 1;
            Err(says(0x922))
        });
        assert_eq!((result.unwrap_err(), calls), (says(0x922), ATTEMPTS));
    }

    #[test]
    fn other_errors_are_final_at_once() {
        let mut calls = 0;
        let result: tss_esapi::Result<()> = retry(|| {
            calls += 1;
            Err(Error::WrapperError(WrapperErrorKind::InvalidParam))
        });
        assert_eq!((result.is_err(), calls), (true, 1));
        // TPM_RC_NV_RATE waits for the TPM's wear, not for a moment.
        let result: tss_esapi::Result<()> = retry(|| {
            calls += 1;
            Err(says(0x920))
        });
        assert_eq!((result.is_err(), calls), (true, 2));
    }
}
