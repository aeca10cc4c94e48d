//! That a release stands in a public log which witnesses watch (PROTOCOL.md §19.6): C2SP tlog-proof@v1, offline.

mod base64;
mod inclusion;
mod note;

use alloc::{string::String, vec::Vec};

use self::note::{Line, Proof};
use super::key_set::public_key;
use crate::{
    Code,
    digits::push_decimal,
    hash::sha256,
    json::{
        documents::Flaw,
        item::{Item, are_distinct},
    },
    rejection::{Place, Rejection, ensure},
    signature::ed25519,
};

/// Ed25519 over the text of a note (C2SP signed-note).
const ED25519: u8 = 0x01;
/// Ed25519 over a time and the text of a checkpoint (C2SP tlog-cosignature).
const COSIGNATURE: u8 = 0x04;

/// Whether `bytes` are a proof in form.
#[cfg(feature = "fuzzing")]
pub(crate) fn is_proof(bytes: &[u8]) -> bool {
    Proof::parse(bytes).is_some()
}

/// The log that releases have to stand in, and who has to have seen it.
#[derive(Clone, Debug)]
pub(super) struct Log<'d> {
    key: NoteKey<'d>,
    witnesses: Vec<NoteKey<'d>>,
    threshold: u64,
}

/// A key that signs notes under a name.
#[derive(Clone, Debug)]
struct NoteKey<'d> {
    name: &'d str,
    bytes: &'d [u8; 32],
}

impl<'d> NoteKey<'d> {
    fn read(object: &'d Item<'d>, name: &'static str) -> Self {
        let item = object.required(name);
        let name = item.name();
        let bytes = public_key(object.required("key"));
        let is_name = name.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'+');
        item.ensure(is_name, Flaw::Syntax);
        Self { name, bytes }
    }

    /// Whether this key signed `text`: false where no line is of it, an error where one is that does not verify.
    fn signed(&self, kind: u8, text: &[u8], lines: &[Line<'_>]) -> Result<bool, ()> {
        let digest = sha256(&[self.name.as_bytes(), &[b'\n', kind], self.bytes]);
        let mut signed = false;
        for line in lines {
            let Some((id, signature)) = line.value.split_first_chunk::<4>() else { continue };
            if line.name == self.name.as_bytes() && digest.starts_with(id) {
                self.verify(kind, text, signature).ok_or(())?;
                signed = true;
            }
        }
        Ok(signed)
    }

    fn verify(&self, kind: u8, text: &[u8], signature: &[u8]) -> Option<()> {
        let verifies = if kind == COSIGNATURE {
            let (time, signature) = signature.split_first_chunk()?;
            let message = cosigned(u64::from_be_bytes(*time), text)?;
            ed25519::verifies(self.bytes, &message, signature)
        } else {
            ed25519::verifies(self.bytes, text, signature)
        };
        verifies.then_some(())
    }
}

/// What a witness signs: that it saw this checkpoint at this time, in seconds since 1970, below 2^63.
fn cosigned(timestamp: u64, text: &[u8]) -> Option<Vec<u8>> {
    if timestamp > i64::MAX as u64 {
        return None;
    }
    let mut head = String::from("cosignature/v1\ntime ");
    push_decimal(&mut head, timestamp);
    head.push('\n');
    let mut message = head.into_bytes();
    message.extend_from_slice(text);
    Some(message)
}

impl<'d> Log<'d> {
    pub(super) fn read(item: &'d Item<'d>) -> Self {
        let key = NoteKey::read(item, "origin");
        let listed = item.required("witnesses");
        let items = listed.each(1, 16);
        let mut witnesses = Vec::new();
        for item in items {
            let witness = NoteKey::read(item, "name");
            item.end();
            witnesses.push(witness);
        }
        let least = item.required("threshold");
        let threshold = least.integer(1, witnesses.len() as u64);
        item.end();
        // Else two halves of honest witnesses could each see a history of its own.
        least.ensure(threshold.saturating_mul(2) > witnesses.len() as u64, Flaw::Invalid);
        let is_distinct = are_distinct(items, "name") && are_distinct(items, "key");
        let is_another = |witness: &NoteKey<'_>| witness.bytes != key.bytes;
        listed.ensure(is_distinct && witnesses.iter().all(is_another), Flaw::Invalid);
        Self { key, witnesses, threshold }
    }

    /// Whether `proof` shows that `entry` stands in the log.
    ///
    /// # Errors
    /// `release.log_format`, `release.log_origin`, `release.log_signature`, `release.log_witness` or `release.log_inclusion`.
    pub(super) fn verify(&self, proof: &[u8], entry: &[u8]) -> Result<(), Rejection> {
        let proof = Proof::parse(proof).ok_or(Code::RELEASE_LOG_FORMAT)?;
        ensure(proof.origin == self.key.name.as_bytes(), Code::RELEASE_LOG_ORIGIN)?;
        let signed = |key: &NoteKey<'_>, kind| key.signed(kind, proof.text, &proof.signatures);
        ensure(signed(&self.key, ED25519) == Ok(true), Code::RELEASE_LOG_SIGNATURE)?;

        let mut seen = 0_u64;
        for witness in &self.witnesses {
            match signed(witness, COSIGNATURE) {
                Ok(signed) => seen = seen.saturating_add(signed.into()),
                Err(()) => {
                    let mut place = Place::default();
                    place.foreign(witness.name);
                    return Err(Rejection::at(Code::RELEASE_LOG_WITNESS, place));
                }
            }
        }
        ensure(seen >= self.threshold, Code::RELEASE_LOG_WITNESS)?;
        let is_included = inclusion::root(entry, proof.index, proof.size, &proof.path) == Some(proof.root);
        ensure(is_included, Code::RELEASE_LOG_INCLUSION)
    }
}
