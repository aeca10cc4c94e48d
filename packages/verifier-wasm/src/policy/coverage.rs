//! Which PCRs a policy has to compare, so that software that it does not compare cannot forge what it does (PROTOCOL.md §7.1).

use super::{Policy, Rule, named};
use crate::{Code, rejection::Rejection};

const FIRMWARE: u32 = 1;
/// Code that runs before the image and what decides how it acts: the firmware, its configuration with the ACPI tables, drivers of
/// devices, boot manager, Secure Boot.
const BOOT: u32 = FIRMWARE | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 7;
/// A unified kernel image,
const UNIFIED: u32 = 1 << 11;
/// or the commands of a boot loader and the kernel's command line,
const COMMANDS: u32 = 1 << 8;
/// with the files that it loads.
const LOADED: u32 = 1 << 9;
/// What the stub of an image takes from outside of it: command line, credentials, extensions.
const OUTSIDE: u32 = 1 << 12 | 1 << 13;

impl Policy<'_> {
    /// The PCRs that the policy leaves open although other measurements mean nothing without them; None where there are none.
    pub(crate) fn uncovered(&self) -> Option<Rejection> {
        let mut open = BOOT | COMMANDS | LOADED | OUTSIDE;
        for (index, rule) in &self.rules {
            let bit = 1 << index;
            let closed = match rule {
                Rule::Golden if bit == UNIFIED => COMMANDS | LOADED,
                Rule::Golden | Rule::Events => bit,
                Rule::Untouched => bit & (COMMANDS | OUTSIDE),
                // The processor's report names this firmware. The bank is still one that the firmware extends.
                Rule::Unchecked if self.platform.is_some() => bit & FIRMWARE,
                Rule::Unchecked | Rule::Derived(_) => 0,
            };
            open &= !closed;
        }
        (open != 0).then(|| Rejection::at(Code::PCR_COVERAGE, named(open)))
    }
}
