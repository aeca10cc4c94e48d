//! Whose signatures count (PROTOCOL.md §19.1), and how keys are replaced (§19.2).

use alloc::vec::Vec;

use super::document::{Authentic, Document, KEY_SET};
use crate::{
    Code,
    evidence::{bundle::Signed, cbor::Encoder, length_prefix::length_prefixed},
    hash::sha256,
    json::{
        documents::{Documents, Flaw},
        item::{Item, are_distinct},
        reader::MAX_INTEGER,
    },
    rejection::{Place, Rejection, ensure},
    signature::ed25519,
};

/// What the hash of a key set begins with, so that it is the hash of nothing else.
const ID_DOMAIN: &[u8] = b"blindllama/key-set/v1";

/// Keys, each with one role, and how many of each role have to sign.
#[derive(Clone, Debug)]
pub(super) struct KeySet<'d> {
    /// Ascending by their bytes, distinct.
    keys: Vec<Key<'d>>,
    /// Ascending by role.
    thresholds: Vec<(&'d str, u64)>,
    /// In force before this, in milliseconds since 1970; without end: [`u64::MAX`].
    not_after: u64,
}

#[derive(Clone, Copy, Debug)]
struct Key<'d> {
    bytes: &'d [u8; 32],
    role: &'d str,
}

/// The bytes of a public key.
pub(super) fn public_key<'d>(item: &'d Item<'d>) -> &'d [u8; 32] {
    let bytes = item.digest();
    item.ensure(ed25519::PublicKey::new(bytes).is_some(), Flaw::Invalid);
    bytes
}

fn is_role(text: &str) -> bool {
    matches!(text.len(), 1..=32) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

impl<'d> Key<'d> {
    fn read(item: &'d Item<'d>) -> Self {
        let bytes = public_key(item.required("key"));
        let role = item.required("role");
        role.ensure(is_role(role.text()), Flaw::Syntax);
        item.end();
        Self { bytes, role: role.text() }
    }
}

/// The whole of a document that names the set before it.
#[inline(never)]
fn successor<'d>(document: &'d Item<'d>) -> KeySet<'d> {
    document.required("previous");
    document.required("notAfter");
    let set = KeySet::read(document);
    document.end();
    set
}

impl<'d> KeySet<'d> {
    /// What a successor says.
    ///
    /// # Errors
    /// `release.syntax` or `release.invalid`, and the member at fault.
    #[cfg(any(test, feature = "inspect"))]
    pub(super) fn decode(text: &Authentic<'_>, documents: &'d Documents<'d>) -> Result<Self, Rejection> {
        text.read(documents, |document| {
            document.required("previous").digest();
            successor(document)
        })
    }

    /// The members `keys`, `threshold` and `notAfter` of an object, whose other members are the caller's to read.
    #[inline(never)]
    pub(super) fn read(object: &'d Item<'d>) -> Self {
        let listed = object.required("keys");
        let items = listed.each(1, 16);
        let mut keys: Vec<Key<'_>> = Vec::new();
        for item in items {
            let key = Key::read(item);
            let position = keys.iter().take_while(|other| other.bytes < key.bytes).count();
            keys.insert(position, key);
        }
        listed.ensure(are_distinct(items, "key"), Flaw::Invalid);
        let demanded = object.required("threshold");
        let mut thresholds: Vec<(&str, u64)> = Vec::new();
        for item in demanded.entries(1, 16) {
            let role = item.key();
            let threshold = item.integer(1, 16);
            item.ensure(is_role(role), Flaw::Syntax);
            let position = thresholds.iter().take_while(|(other, _)| *other < role).count();
            thresholds.insert(position, (role, threshold));
        }
        let not_after = object.optional("notAfter").map_or(u64::MAX, |item| item.integer(0, MAX_INTEGER));
        let set = Self { keys, thresholds, not_after };
        let is_reachable = set.thresholds.iter().all(|(role, threshold)| set.signing(role, &|_| true) >= *threshold);
        let is_needed = |key: &Key<'_>| set.thresholds.iter().any(|(role, _)| *role == key.role);
        demanded.ensure(is_reachable && set.keys.iter().all(is_needed), Flaw::Invalid);
        set
    }

    /// How many keys of a role have signed.
    fn signing(&self, role: &str, signed: &dyn Fn(&Key<'_>) -> bool) -> u64 {
        self.keys.iter().filter(|key| key.role == role && signed(key)).count() as u64
    }

    /// What names this set, whatever the order in which it was written.
    pub(super) fn id(&self) -> [u8; 32] {
        let mut description = Encoder::default();
        let has_end = self.not_after < u64::MAX;
        description.map(if has_end { 3 } else { 2 });
        description.member(0).array(self.keys.len());
        for key in &self.keys {
            description.array(2);
            description.bytes(key.bytes);
            description.text(key.role);
        }
        description.member(1).array(self.thresholds.len());
        for (role, least) in &self.thresholds {
            description.array(2);
            description.text(role);
            description.uint(*least);
        }
        if has_end {
            description.member(2).uint(self.not_after);
        }
        sha256(&[&length_prefixed(&[ID_DOMAIN, &description.finish()])])
    }

    /// The text of a document, if enough keys of every role signed it. One wrong signature of a known key is an error whatever the
    /// others are; those of unknown keys are nobody's.
    ///
    /// # Errors
    /// `release.signature`, `release.threshold`
    pub(super) fn verify<'a>(
        &self,
        document: &'static Document,
        signed: &Signed<'a>,
    ) -> Result<Authentic<'a>, Rejection> {
        let message = document.message(signed.payload);
        for key in &self.keys {
            for signature in &signed.signatures {
                let own = signature.strip_prefix(key.bytes);
                if own.is_some_and(|signature| !ed25519::verifies(key.bytes, &message, signature)) {
                    return Err(Rejection::at(Code::RELEASE_SIGNATURE, document.name()));
                }
            }
        }
        let has_signed = |key: &Key<'_>| signed.signatures.iter().any(|signature| signature.starts_with(key.bytes));
        for (role, threshold) in &self.thresholds {
            if self.signing(role, &has_signed) < *threshold {
                let mut place = Place::from(document.name());
                place.own(" ").foreign(role);
                return Err(Rejection::at(Code::RELEASE_THRESHOLD, place));
            }
        }
        Ok(Authentic::new(document, signed.payload))
    }

    /// # Errors
    /// `release.key_set_expired`
    pub(super) fn is_in_force(&self, now_ms: u64) -> Result<(), Rejection> {
        ensure(now_ms < self.not_after, Code::RELEASE_KEY_SET_EXPIRED)
    }

    /// The last of the successors that evidence brings, oldest first, or this set. The way leads through the one of the id
    /// `newest`, which was known before.
    pub(super) fn current(
        &self,
        successors: &[Signed<'_>],
        newest: &[u8; 32],
        is_logged: &dyn Fn(&Signed<'_>) -> Result<(), Rejection>,
        documents: &'d Documents<'d>,
    ) -> Result<Self, Rejection> {
        let mut current = self.clone();
        let mut id = self.id();
        let mut has_moved = false;
        let mut is_known = id == *newest;
        for signed in successors {
            let previous = KEY_SET.unproven(signed.payload, documents, |item| *item.required("previous").digest())?;
            if previous == id {
                current = current.verify(&KEY_SET, signed)?.read(documents, successor)?;
                is_logged(signed)?;
                id = current.id();
                has_moved = true;
                is_known |= id == *newest;
            } else {
                // Before the first step these are of older pages, which pin an older set: nobody here can verify them.
                ensure(!has_moved, Code::RELEASE_KEY_SET)?;
                KEY_SET.unproven(signed.payload, documents, successor)?;
            }
        }
        ensure(is_known, Code::RELEASE_KEY_SET_BACK)?;
        Ok(current)
    }
}
