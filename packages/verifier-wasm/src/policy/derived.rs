//! PCRs whose value follows from the claims (PROTOCOL.md §7.2).

use alloc::{vec, vec::Vec};

use super::named;
use crate::{
    Code,
    evidence::{
        bundle::Bank,
        claims::Claims,
        instance::{config_event, instance_event},
    },
    rejection::Rejection,
};

/// A PCR that stands for a member of the claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Derived {
    /// `config_digest`.
    Config,
    /// `instance_key`.
    Instance,
}

impl Derived {
    /// The one PCR that may have the rule.
    pub(super) const fn index(self) -> u8 {
        match self {
            Self::Config => 14,
            Self::Instance => 15,
        }
    }

    /// The name of the rule.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Instance => "instance",
        }
    }

    /// Whether the PCR was extended once with what the claims say, and with nothing else.
    ///
    /// # Errors
    /// `pcr.derived`.
    pub(super) fn check(self, bank: Bank, claims: &Claims<'_>, actual: &[u8]) -> Result<(), Rejection> {
        let event = match self {
            Self::Config => Some(config_event(claims.config_digest)),
            Self::Instance => claims.instance_key.map(instance_event),
        };
        let expected = event.map(|event| value(bank, &event));
        if expected.as_deref() == Some(actual) {
            return Ok(());
        }
        let mut place = named(1 << self.index());
        place.own(" is ").hex(actual);
        match expected {
            Some(expected) => place.own(", not ").hex(&expected),
            None => place.own("; no instance_key"),
        };
        Err(Rejection::at(Code::PCR_DERIVED, place))
    }
}

/// What TPM2_PCR_Event (TPM 2.0 Part 3 §22.3) leaves in a PCR that was reset before: `H(00… || H(event))`, H of the bank.
fn value(bank: Bank, event: &[u8]) -> Vec<u8> {
    let hash = bank.hash();
    hash.digest(&[&vec![0; bank.digest_length()], &hash.digest(&[event])])
}

#[cfg(test)]
mod tests {
    use super::{Bank, config_event, instance_event, value};
    use alloc::string::String;

    /// PROTOCOL.md §7.2; the values were computed by another implementation (Python's hashlib).
    #[test]
    fn worked_example_of_the_specification() {
        let member = core::array::from_fn(|i| i as u8);
        let hex =
            |bank, event: &[u8]| value(bank, event).iter().map(|byte| alloc::format!("{byte:02x}")).collect::<String>();
        let config = config_event(&member);
        assert_eq!(hex(Bank::Sha256, &config), "fdb6fe7fde2629a86162d114cb5028f1ae0219d4f2a358687525eea6c30e97fd");
        assert_eq!(
            hex(Bank::Sha384, &config),
            "8874a183547f0fac79a8618cef08daedc817a8c89c8a8d4d1bd215a89b3d8967593d04648d0a1c740b0bfc5620f556f5"
        );
        assert_eq!(
            hex(Bank::Sha256, &instance_event(&member)),
            "a36c7f38e6c510dd6cfa2677e5028435e352c30b02876c215c69472b36102d14"
        );
    }
}
