//! Which build of the model server this processor runs. Both are on the verified disk: the choice changes the speed, and nothing that is
//! measured.

use std::num::NonZero;
use std::thread::available_parallelism;

/// A build of the model server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// For every x86-64 processor.
    Sse2,
    Avx2,
}

impl Build {
    /// The one for this processor. What the build for AVX2 uses, the processor has to have all of; a host can hide each.
    pub(crate) fn of_this_processor() -> Self {
        Self::with([
            is_x86_feature_detected!("avx2"),
            is_x86_feature_detected!("fma"),
            is_x86_feature_detected!("f16c"),
            is_x86_feature_detected!("bmi2"),
        ])
    }

    fn with(features: [bool; 4]) -> Self {
        if features.iter().all(|has| *has) { Self::Avx2 } else { Self::Sse2 }
    }

    pub(crate) const fn program(self) -> &'static str {
        match self {
            Self::Sse2 => "/model/llama-server",
            Self::Avx2 => "/model/llama-server-avx2",
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sse2 => "SSE2",
            Self::Avx2 => "AVX2",
        }
    }
}

/// How many processors the machine has: as many threads compute an answer.
pub(crate) fn count() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_for_avx2_needs_all_that_it_uses() {
        assert_eq!(Build::with([true; 4]), Build::Avx2);
        for missing in 0..4 {
            let features = std::array::from_fn(|feature| feature != missing);
            assert_eq!(Build::with(features), Build::Sse2, "{missing}");
        }
        assert_ne!(Build::Avx2.program(), Build::Sse2.program());
    }
}
