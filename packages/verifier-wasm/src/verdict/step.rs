//! The steps of PROTOCOL.md §8, and the one place that decides to stop.

use alloc::string::String;

use super::Report;
use crate::{Code, lines::line, rejection::Rejection};

macro_rules! steps {
    ($($id:ident $name:literal)*) => {
        /// A step of PROTOCOL.md §8. What a pass of each proves stands in steps.toml.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum StepId {
            $(#[doc = $name] $id,)*
        }

        impl StepId {
            /// Every step, in the order in which they run.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// The id in verdicts.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                line(concat!($($name, "\n"),*), self as u32)
            }
        }
    };
}

steps! {
    Policy "policy"
    Bundle "bundle"
    ReleaseKeys "release.keys"
    Status "status"
    AkPublic "ak.public"
    AkTrust "ak.trust"
    Platform "platform"
    AkAssurance "ak.assurance"
    AkAttributes "ak.attributes"
    Attest "attest"
    AkQualifiedName "ak.qualified_name"
    Signature "signature"
    AttestFirmware "attest.firmware"
    Clock "clock"
    BindingNonce "binding.nonce"
    BindingExtraData "binding.extra_data"
    Claims "claims"
    ClaimsAudience "claims.audience"
    ClaimsUpstream "claims.upstream"
    PcrSelection "pcr.selection"
    PcrDigest "pcr.digest"
    Release "release"
    ReleaseLog "release.log"
    PcrCoverage "pcr.coverage"
    PcrRules "pcr.rules"
    ClaimsConfig "claims.config"
    EventLog "eventlog"
    State "state"
    Receipt "receipt"
    Freshness "freshness"
    Key "key"
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It proved what it should.
    Pass,
    /// It passed, and a person should know something.
    Warn,
    /// It failed and ended the verification.
    Fail,
    /// It was not made.
    Skipped,
}

impl Status {
    /// The name in verdicts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// A step that was made or passed over.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which step.
    pub id: StepId,
    /// How it ended.
    pub status: Status,
    /// `ok` for a pass.
    pub code: Code,
    /// Where exactly, for a person; empty where the code says it all.
    pub detail: String,
}

/// The verification ends here, for the reason that the step noted last tells.
#[derive(Debug)]
pub(crate) struct Stop(Rejection);

impl Stop {
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// Where exactly, for a person; empty where the code says it all.
    pub(crate) fn detail(&self) -> String {
        place(&self.0)
    }
}

/// Notes the outcome of each step, in order, beside what the steps proved.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) report: Report,
}

impl Recorder {
    fn note(&mut self, id: StepId, status: Status, code: Code, detail: String) {
        self.report.steps.push(Step { id, status, code, detail });
    }

    /// A step that passed because those before it did.
    pub(crate) fn pass(&mut self, id: StepId) {
        self.note(id, Status::Pass, Code::OK, String::new());
    }

    #[cold]
    fn fail(&mut self, id: StepId, rejection: Rejection) -> Stop {
        self.note(id, Status::Fail, rejection.code, place(&rejection));
        Stop(rejection)
    }

    /// A step that only decides: whether the verification goes on is said here, for all such steps alike.
    pub(crate) fn check(&mut self, id: StepId, outcome: Result<(), Rejection>) -> Result<(), Stop> {
        match outcome {
            Ok(()) => self.pass(id),
            Err(rejection) => return Err(self.fail(id, rejection)),
        }
        Ok(())
    }

    /// A step that decodes or selects something without which no later one can run.
    pub(crate) fn obtain<T, E: Into<Rejection>>(&mut self, id: StepId, outcome: Result<T, E>) -> Result<T, Stop> {
        match outcome {
            Ok(value) => {
                self.pass(id);
                Ok(value)
            }
            Err(fault) => Err(self.fail(id, fault.into())),
        }
    }

    /// Makes the pass just noted a warning where `applies`: a person should know `code`.
    pub(crate) fn remark(&mut self, applies: bool, code: Code) {
        if let Some(step) = self.report.steps.last_mut().filter(|step| applies && step.status == Status::Pass) {
            step.status = Status::Warn;
            step.code = code;
        }
    }

    /// A step that passes, with a warning where there is a `finding`, unless the policy is strict about it.
    pub(crate) fn judge(&mut self, id: StepId, finding: Option<Rejection>, is_strict: bool) -> Result<(), Stop> {
        match finding {
            Some(finding) if is_strict => return Err(self.fail(id, finding)),
            Some(finding) => self.note(id, Status::Warn, finding.code, place(&finding)),
            None => self.pass(id),
        }
        Ok(())
    }

    /// A step that is made where the policy asks for it: None where it does not.
    pub(crate) fn obtain_if_required<T, E: Into<Rejection>>(
        &mut self,
        id: StepId,
        outcome: Option<Result<T, E>>,
    ) -> Result<Option<T>, Stop> {
        match outcome {
            Some(outcome) => self.obtain(id, outcome).map(Some),
            None => {
                self.not_required(id);
                Ok(None)
            }
        }
    }

    /// A step that the policy does not ask for.
    pub(crate) fn not_required(&mut self, id: StepId) {
        let code = Code::VERDICT_NOT_REQUIRED;
        self.note(id, Status::Skipped, code, String::new());
    }

    /// What was proven, with all steps: those not reached are noted as such.
    pub(crate) fn finish(mut self) -> Report {
        let code = Code::VERDICT_NOT_REACHED;
        for id in StepId::ALL.iter().skip(self.report.steps.len()) {
            self.note(*id, Status::Skipped, code, String::new());
        }
        self.report
    }
}

fn place(rejection: &Rejection) -> String {
    rejection.place.as_str().into()
}
