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

    /// Who could still lie, in a sentence for a person.
    #[must_use]
    pub const fn caveat(self) -> &'static str {
        match self {
            Self::Simulated => "Anybody who runs the host could lie: a software TPM signs whatever it is told.",
            Self::OperatorCa => "Whoever runs the certificate authority that the policy names could lie.",
            Self::CloudVtpm => "The cloud operator, who runs the virtual TPM, could lie.",
            Self::CvmBound => "The maker of the processor, and who made the firmware that the policy names, could lie.",
            Self::HardwareTpm => "The maker of the TPM, and whoever can touch its pins, could lie.",
        }
    }
}
