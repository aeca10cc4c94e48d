//! Names of counters, which say nothing to whoever keeps them.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

use crate::hex::hex;

/// In front of what is hashed.
const LABEL: &[u8] = b"blindllama-shared-limit/1";

/// In front of each name, so that an access list of Redis can name them.
const PREFIX: &str = "blindllama:";

/// What is counted; the number is the one of PROTOCOL.md §11.2.
#[derive(Clone, Copy)]
pub(super) enum What {
    Requests = 0,
    Tokens = 1,
}

/// Whose requests and tokens are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    /// Those of the API key with this SHA-256.
    Key([u8; 32]),
    /// Those of all keys.
    All,
}

/// Derives names from the secret of the fleet.
pub(super) struct Names(Key);

impl Names {
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        Self(Key::new(HMAC_SHA256, secret))
    }

    /// The counter of one window. Without the secret, nobody can tell it from that of another key or window.
    pub(super) fn name(&self, what: What, whose: Whose, window: u64) -> String {
        let (kind, hash) = match whose {
            Whose::Key(hash) => (0, hash),
            Whose::All => (1, [0; 32]),
        };
        let parts = [LABEL, &[what as u8, kind], &hash, &window.to_be_bytes()].concat();
        format!("{PREFIX}{}", hex(sign(&self.0, &parts).as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Expected from `python3 -c "import hmac; …"` over the octets of PROTOCOL.md §11.2.
    #[test]
    fn names_are_those_of_the_specification() {
        let names = Names::new(&[7; 32]);
        let of_a_key = names.name(What::Requests, Whose::Key([0xab; 32]), 29_000_000);
        assert_eq!(of_a_key, "blindllama:177d2abf516c8bfa666c70c9471889caaed426264fa637f77c4ba89498b18978");
        let of_all = names.name(What::Tokens, Whose::All, 1);
        assert_eq!(of_all, "blindllama:d982ed5839cea5a355388737c39be81508685cda33f96170f8395c481f172beb");
    }

    #[test]
    fn every_part_makes_another_name() {
        let (one, other) = (Names::new(&[7; 32]), Names::new(&[8; 32]));
        let names: BTreeSet<_> = [
            one.name(What::Requests, Whose::Key([0; 32]), 1),
            one.name(What::Tokens, Whose::Key([0; 32]), 1),
            one.name(What::Requests, Whose::Key([1; 32]), 1),
            one.name(What::Requests, Whose::Key([0; 32]), 2),
            one.name(What::Requests, Whose::All, 1),
            other.name(What::Requests, Whose::Key([0; 32]), 1),
        ]
        .into();
        assert_eq!(names.len(), 6);
    }
}
