//! The steps of PROTOCOL.md §8, and the one place that decides to stop.

use alloc::string::String;

use super::Report;
use crate::{
    Code,
    lines::{line, split},
    rejection::Rejection,
};

macro_rules! steps {
    ($($id:ident $name:literal $proves:literal)*) => {
        /// A step of PROTOCOL.md §8.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum StepId {
            $(#[doc = $proves] $id,)*
        }

        impl StepId {
            /// Every step, in the order in which they run.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// The id in verdicts.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.line().0
            }

            /// What a pass proves, in a sentence for a person.
            fn proves(self) -> &'static str {
                self.line().1
            }

            fn line(self) -> (&'static str, &'static str) {
                split(line(concat!($($name, " ", $proves, "\n"),*), self as u32), b' ')
            }
        }
    };
}

steps! {
    Policy "policy" "The policy was read strictly and demands something safe."
    Bundle "bundle" "The evidence is complete and has exactly the form of the protocol."
    ReleaseKeys "release.keys" "The keys that may release now follow from those that the policy pins."
    Status "status" "What was withdrawn is known, and not long ago."
    AkPublic "ak.public" "The attestation key is of an accepted kind and size."
    AkTrust "ak.trust" "The policy vouches for this attestation key."
    Platform "platform" "A processor proved that named firmware of a confidential machine holds this key."
    AkAssurance "ak.assurance" "The policy accepts what this trust anchor is worth."
    AkAttributes "ak.attributes" "The public area describes a key that never leaves its TPM and signs only what the TPM measured."
    Attest "attest" "The statement is a quote that a TPM generated."
    AkQualifiedName "ak.qualified_name" "The quote names this public area as that of its signer, a primary of the endorsement hierarchy."
    Signature "signature" "The attestation key signed this quote."
    AttestFirmware "attest.firmware" "The TPM's firmware is not older than the policy accepts."
    Clock "clock" "The clock of the TPM has not gone back."
    BindingNonce "binding.nonce" "The nonce of this page leads to one root."
    BindingExtraData "binding.extra_data" "The quote is fresh: it covers the nonce of this page, and it covers the claims."
    Claims "claims" "The claims are complete and have exactly the form of the protocol."
    ClaimsAudience "claims.audience" "The service proves itself for this audience."
    ClaimsUpstream "claims.upstream" "The policy accepts where the gateway hands prompts to."
    PcrSelection "pcr.selection" "The quote covers exactly the measurements that the policy has rules for."
    PcrDigest "pcr.digest" "The measurements shown are those that the TPM signed."
    Release "release" "The manifest is signed by those who may release, in its time, and was not withdrawn."
    ReleaseLog "release.log" "The manifest stands in the public log, and witnesses saw it there."
    PcrCoverage "pcr.coverage" "The policy leaves no measurement open that decides what runs."
    PcrRules "pcr.rules" "The measurements are those of one accepted release as a whole."
    ClaimsConfig "claims.config" "The gateway runs with an accepted configuration."
    EventLog "eventlog" "The log explains the measurements."
    State "state" "The TPM has not gone back since the last visit."
    Receipt "receipt" "The gateway signed this request and this answer."
    Freshness "freshness" "The keys are still to be used, and both clocks agree."
    Key "key" "A channel key of an accepted encryption suite was chosen."
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
    /// A sentence for a person.
    pub detail: String,
}

/// The verification ends here, for the reason that the step noted last tells.
#[derive(Debug)]
pub(crate) struct Stop(Rejection);

impl Stop {
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// A sentence for a person.
    pub(crate) fn detail(&self) -> String {
        sentence(&self.0)
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
        self.note(id, Status::Pass, Code::OK, id.proves().into());
    }

    #[cold]
    fn fail(&mut self, id: StepId, rejection: Rejection) -> Stop {
        self.note(id, Status::Fail, rejection.code, sentence(&rejection));
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
            step.detail = code.sentence().into();
        }
    }

    /// A step that passes, with a warning where there is a `finding`, unless the policy is strict about it.
    pub(crate) fn judge(&mut self, id: StepId, finding: Option<Rejection>, is_strict: bool) -> Result<(), Stop> {
        match finding {
            Some(finding) if is_strict => return Err(self.fail(id, finding)),
            Some(finding) => self.note(id, Status::Warn, finding.code, sentence(&finding)),
            None => self.pass(id),
        }
        Ok(())
    }

    /// A step that is made where the policy asks for it: None where it does not.
    pub(crate) fn demanded<T, E: Into<Rejection>>(
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
        self.note(id, Status::Skipped, code, code.sentence().into());
    }

    /// What was proven, with all steps: those not reached are noted as such.
    pub(crate) fn finish(mut self) -> Report {
        let code = Code::VERDICT_NOT_REACHED;
        for id in StepId::ALL.iter().skip(self.report.steps.len()) {
            self.note(*id, Status::Skipped, code, code.sentence().into());
        }
        self.report
    }
}

fn sentence(rejection: &Rejection) -> String {
    let mut text = String::from(rejection.code.sentence());
    let place = rejection.place.as_str();
    if !place.is_empty() {
        text.push_str(" (");
        text.push_str(place);
        text.push(')');
    }
    text
}
