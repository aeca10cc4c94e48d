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

    use super::*;

    #[test]
    fn other_errors_are_final_at_once() {
        let mut calls = 0;
        let result: tss_esapi::Result<()> = retry(|| {
            calls += 1;
            Err(Error::WrapperError(WrapperErrorKind::InvalidParam))
        });
        assert_eq!((result.is_err(), calls), (true, 1));
    }
}
