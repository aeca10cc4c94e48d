//! Whose signatures count (PROTOCOL.md §19.1), and how keys are replaced (§19.2).

use alloc::{string::String, vec::Vec};

use super::document::{Document, KEY_SET};
use crate::{
    Code,
    evidence::{bundle::Signed, cbor::Encoder},
    hash::sha256,
    json::members::{Item, Members},
    rejection::{Rejection, ensure},
    signature::ed25519,
};

/// What the hash of a key set begins with, so that it is the hash of nothing else.
const ID_DOMAIN: &[u8] = b"blindllama/key-set/v1";

/// Keys, each with one role, and how many of each role have to sign.
#[derive(Clone, Debug)]
pub(super) struct KeySet {
    /// Ascending by their bytes, distinct.
    keys: Vec<Key>,
    /// Ascending by role.
    thresholds: Vec<(String, u64)>,
}

#[derive(Clone, Debug)]
struct Key {
    bytes: [u8; 32],
    point: ed25519::PublicKey,
    role: String,
}

/// A public key, at the place where it stands.
pub(super) fn public_key(item: &Item<'_>) -> Result<([u8; 32], ed25519::PublicKey), Rejection> {
    let bytes = item.digest()?;
    ed25519::PublicKey::new(&bytes).map(|point| (bytes, point)).ok_or_else(|| item.invalid())
}

fn is_role(text: &str) -> bool {
    matches!(text.len(), 1..=32) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn key(item: &Item<'_>) -> Result<Key, Rejection> {
    let members = item.object()?;
    let (bytes, point) = public_key(&members.required("key")?)?;
    let role = members.required("role")?;
    let named = role.text()?;
    if !is_role(named) {
        return Err(role.syntax());
    }
    members.end(&[])?;
    Ok(Key { bytes, point, role: named.into() })
}

/// In order: few items, so that the library's sorts would be most of the code.
fn ascending<T>(items: Vec<T>, is_before: fn(&T, &T) -> bool) -> Vec<T> {
    let mut sorted = Vec::new();
    for item in items {
        let position = sorted.iter().take_while(|other| is_before(other, &item)).count();
        sorted.insert(position, item);
    }
    sorted
}

impl KeySet {
    /// The members `keys` and `threshold` of an object, whose other members are the caller's to read.
    pub(super) fn read(members: &Members<'_>) -> Result<Self, Rejection> {
        let listed = members.required("keys")?;
        let keys = ascending(listed.each(1..=16, key)?, |one, other| one.bytes < other.bytes);
        if keys.windows(2).any(|pair| matches!(pair, [one, other] if one.bytes == other.bytes)) {
            return Err(listed.invalid());
        }
        let demanded = members.required("threshold")?;
        let threshold = |role: &str, item: &Item<'_>| match item.integer(1..=16)? {
            threshold if is_role(role) => Ok((role.into(), threshold)),
            _ => Err(item.syntax()),
        };
        let thresholds: Vec<(String, u64)> = demanded.object()?.entries(1..=16, threshold)?;
        let thresholds = ascending(thresholds, |(one, _), (other, _)| one < other);
        let set = Self { keys, thresholds };
        let reachable = set.thresholds.iter().all(|(role, threshold)| set.signing(role, |_| true) >= *threshold);
        let needed = |key: &Key| set.thresholds.iter().any(|(role, _)| *role == key.role);
        if reachable && set.keys.iter().all(needed) { Ok(set) } else { Err(demanded.invalid()) }
    }

    /// How many keys of a role have signed.
    fn signing(&self, role: &str, signed: impl Fn(&Key) -> bool) -> u64 {
        self.keys.iter().filter(|key| key.role == role && signed(key)).count() as u64
    }

    /// What names this set, whatever the order in which it was written.
    pub(super) fn id(&self) -> [u8; 32] {
        let mut description = Encoder::default();
        description.map(2);
        description.member(0).array(self.keys.len());
        for key in &self.keys {
            description.array(2);
            description.bytes(&key.bytes);
            description.text(&key.role);
        }
        description.member(1).array(self.thresholds.len());
        for (role, least) in &self.thresholds {
            description.array(2);
            description.text(role);
            description.uint(*least);
        }
        let description = description.finish();
        let length = |bytes: &[u8]| (bytes.len() as u32).to_be_bytes();
        sha256(&[&length(ID_DOMAIN), ID_DOMAIN, &length(&description), &description])
    }

    /// Whether enough keys of every role signed. One wrong signature of a known key is an error whatever the others are; those
    /// of unknown keys are nobody's.
    pub(super) fn verify(&self, document: &Document, signed: &Signed<'_>) -> Result<(), Rejection> {
        let message = document.message(signed.payload);
        let signatures: Vec<_> = signed.signatures.iter().filter_map(|bytes| bytes.split_first_chunk::<32>()).collect();
        for key in &self.keys {
            let mut own = signatures.iter().filter(|(signer, _)| **signer == key.bytes);
            let verifies = own
                .all(|(_, value)| <&[u8; 64]>::try_from(*value).is_ok_and(|value| key.point.verifies(&message, value)));
            if !verifies {
                return Err(Rejection::at(Code::RELEASE_SIGNATURE, document.json.name));
            }
        }
        for (role, threshold) in &self.thresholds {
            let signed = |key: &Key| signatures.iter().any(|(signer, _)| **signer == key.bytes);
            if self.signing(role, signed) < *threshold {
                let place = [document.json.name, role].join(" ");
                return Err(Rejection::at(Code::RELEASE_THRESHOLD, place));
            }
        }
        Ok(())
    }

    /// The set that is in force after the successors that evidence brings, oldest first.
    pub(super) fn current(&self, successors: &[Signed<'_>]) -> Result<Self, Rejection> {
        let mut current = self.clone();
        let mut has_moved = false;
        for document in successors {
            let (previous, successor) = KEY_SET.json.read(document.payload, |item| {
                let members = item.object()?;
                let previous = members.required("previous")?.digest()?;
                let successor = Self::read(&members)?;
                members.end(&[])?;
                Ok((previous, successor))
            })?;
            if previous == current.id() {
                current.verify(&KEY_SET, document)?;
                current = successor;
                has_moved = true;
            } else {
                // Before the first step these are of older pages, which pin an older set.
                ensure(!has_moved, Code::RELEASE_KEY_SET)?;
            }
        }
        Ok(current)
    }
}
