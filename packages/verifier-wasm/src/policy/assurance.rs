//! What a trust anchor is worth (PROTOCOL.md §1).

/// What a trust anchor is worth: a property of the policy's entry, never of the evidence. From the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assurance {
    /// A software TPM signs whatever it is told.
    Simulated,
    /// As good as whoever runs the certificate authority.
    OperatorCa,
    /// As good as the cloud operator.
    CloudVtpm,
    /// A virtual TPM bound to a verified report of a processor.
    CvmBound,
    /// A TPM of its own.
    HardwareTpm,
}

impl Assurance {
    /// From the least to the most.
    pub const ALL: [Self; 5] = [Self::Simulated, Self::OperatorCa, Self::CloudVtpm, Self::CvmBound, Self::HardwareTpm];

    /// The name in policies and verdicts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::OperatorCa => "operator-ca",
            Self::CloudVtpm => "cloud-vtpm",
            Self::CvmBound => "cvm-bound",
            Self::HardwareTpm => "hardware-tpm",
        }
    }

    /// What it becomes where a processor proved which firmware holds the key (PROTOCOL.md §18): the cloud operator, who runs
    /// every virtual TPM otherwise, is out of it.
    pub(crate) const fn bound_to_machine(self) -> Self {
        match self {
            Self::CloudVtpm => Self::CvmBound,
            other => other,
        }
    }

    /// Who could still lie about the key, in a sentence for a person; [`FIRMWARE_CAVEAT`] is about what runs beside it.
    #[must_use]
    pub const fn caveat(self) -> &'static str {
        match self {
            Self::Simulated => "Anybody who runs the host could lie: a software TPM signs whatever it is told.",
            Self::OperatorCa => {
                "Whoever runs the certificate authority that the policy names, or a TPM that it certified, could lie."
            }
            Self::CloudVtpm => "The cloud operator, who runs the virtual TPM, could lie.",
            Self::CvmBound => {
                "The maker of the processor could lie, and whoever makes or signs the firmware that the policy names: at Azure, the cloud operator."
            }
            Self::HardwareTpm => "The maker of the TPM could lie, and whoever can reset it or touch its pins.",
        }
    }
}

/// Who could lie under every assurance but `simulated`, behind [`ALONE`] or [`AS_WELL`]: firmware makes the first measurements, and
/// whoever controls it, or brings it to leave the bank unextended, chooses all others.
pub(crate) const FIRMWARE_CAVEAT: &str = " makes, can replace or exploit the machine's firmware.";
/// Beside a single voucher.
pub(crate) const AS_WELL: &str = " So could whoever";
/// Beside several vouchers. All of them vouch for the machine's true key as well, which its TPM uses alone.
pub(crate) const ALONE: &str = " Alone could lie whoever makes or runs the TPM, or";
