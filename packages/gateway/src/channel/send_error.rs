//! Why the upstream gave no answer, and whether it can have run the request.

use std::error::Error;
use std::io;

use blindllama_verifier::Code;
use h2::Reason;

use crate::failure::Failure;
use crate::files;

/// Why the upstream gave no answer.
pub(super) enum SendError {
    /// It said that it did not look at the request (RFC 9113 §8.7).
    Refused,
    /// A party on the way to a proven upstream says so, which nothing authenticates: the request may have been run.
    Unproven,
    Failed(Failure),
}

impl SendError {
    /// Often it is the request's own end, which it could not outlive.
    pub(super) fn of(error: &(dyn Error + 'static), connecting: bool) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(failure) = error.downcast_ref::<Failure>() {
                return Self::Failed(failure.clone());
            }
            if error.downcast_ref::<h2::Error>().is_some_and(is_refusal) {
                return Self::Refused;
            }
            if let Some(error) = error.downcast_ref::<io::Error>().filter(|_| connecting) {
                // Without files of its own, the gateway has not asked the model server, which is not to blame.
                return Self::Failed(if files::ran_out(error) {
                    Failure::with(Code::CHANNEL_BUSY, files::RAN_OUT)
                } else {
                    Failure::with(Code::REQUEST_UPSTREAM_UNREACHABLE, error.to_string())
                });
            }
            cause = error.source();
        }
        let code = if connecting { Code::REQUEST_UPSTREAM_UNREACHABLE } else { Code::REQUEST_UPSTREAM_BROKEN };
        Self::Failed(Failure::new(code))
    }
}

impl SendError {
    /// Whether nothing of the request was sent, or the upstream itself says that it did not look at it: another server may get it, under
    /// every rule for resends.
    pub(super) fn is_unsent(&self) -> bool {
        match self {
            Self::Refused => true,
            Self::Unproven => false,
            Self::Failed(failure) => {
                matches!(failure.code, Code::REQUEST_UPSTREAM_UNREACHABLE | Code::REQUEST_UPSTREAM_UNPROVEN)
            }
        }
    }

    /// The code that the log names, and the cause where there is more to say.
    pub(super) fn reason(&self) -> String {
        let code = match self {
            Self::Refused => Code::REQUEST_UPSTREAM_UNREACHABLE,
            Self::Unproven => Code::REQUEST_UPSTREAM_BROKEN,
            Self::Failed(failure) if !failure.detail.is_empty() => {
                return format!("{}: {}", failure.code, failure.detail);
            }
            Self::Failed(failure) => failure.code,
        };
        code.to_string()
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            // As with a port that nobody listens on: nothing was run.
            SendError::Refused => {
                Self::new(Code::REQUEST_UPSTREAM_UNREACHABLE).telling("It refused the request unseen.")
            }
            SendError::Unproven => Self::new(Code::REQUEST_UPSTREAM_BROKEN)
                .telling("Something on the way to it says that the request was not run, and nothing proves that."),
            SendError::Failed(failure) => failure,
        }
    }
}

/// Whether the peer says that it will not have looked at the stream: it refused it, or it closes the connection in order and the stream is
/// behind the last one that it serves.
fn is_refusal(error: &h2::Error) -> bool {
    error.is_remote()
        && (error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM)
            || error.is_go_away() && error.reason() == Some(Reason::NO_ERROR))
}

/// Whether a request that failed so was certainly not run: nobody was there, or the request has no end, or the upstream sent it elsewhere.
pub(super) fn never_ran(code: Code) -> bool {
    !matches!(
        code,
        Code::REQUEST_UPSTREAM_BROKEN
            | Code::REQUEST_UPSTREAM_TIMEOUT
            | Code::REQUEST_UPSTREAM_STATUS
            | Code::GATEWAY_DRAINED
    )
}
