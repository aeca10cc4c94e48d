//! Who asks: the field that stands before the content, so that a stranger's content is never read (PROTOCOL.md §26.1).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use blindllama_verifier::Code;
use blindllama_verifier::evidence::operation;
use http::HeaderMap;

use crate::base64url::decode;
use crate::failure::Failure;

/// Name of the field.
pub const FIELD: &str = "blindllama-operator";

/// Challenge, key, digest and signature.
const LENGTH: usize = 160;

pub(super) struct Authorization {
    pub(super) challenge: [u8; 32],
    pub(super) key: [u8; 32],
    pub(super) content_sha256: [u8; 32],
    signature: [u8; 64],
}

impl Authorization {
    /// # Errors
    /// `operate.request`.
    pub(super) fn read(fields: &HeaderMap) -> Result<Self, Failure> {
        let mut values = fields.get_all(FIELD).iter();
        let only = values.next().filter(|_| values.next().is_none());
        only.and_then(|value| Self::of(value.as_bytes())).ok_or(Failure::new(Code::OPERATE_REQUEST))
    }

    fn of(text: &[u8]) -> Option<Self> {
        let bytes = decode(text).filter(|bytes| bytes.len() == LENGTH)?;
        let (challenge, rest) = bytes.split_first_chunk()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (content_sha256, signature) = rest.split_first_chunk()?;
        Some(Self {
            challenge: *challenge,
            key: *key,
            content_sha256: *content_sha256,
            signature: signature.try_into().ok()?,
        })
    }

    pub(super) fn is_signed_by_one_of(&self, keys: &[[u8; 32]]) -> bool {
        let message = operation::message(&self.challenge, &self.content_sha256);
        keys.contains(&self.key) && UnparsedPublicKey::new(&ED25519, self.key).verify(&message, &self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use http::HeaderValue;

    use super::*;
    use crate::base64url::encode;

    fn signer() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    fn key() -> [u8; 32] {
        signer().public_key().as_ref().try_into().unwrap()
    }

    fn signed(context: &[u8]) -> Vec<u8> {
        // Written out, as a stranger would implement it.
        let parts = [context, &[1; 32], &[2; 32]];
        let message: Vec<u8> =
            parts.iter().flat_map(|part| [&(part.len() as u32).to_be_bytes(), *part].concat()).collect();
        [&[1; 32][..], &key(), &[2; 32], signer().sign(&message).as_ref()].concat()
    }

    fn read(bytes: &[u8]) -> Result<Authorization, Failure> {
        let mut fields = HeaderMap::new();
        fields.insert(FIELD, HeaderValue::from_str(&encode(bytes)).unwrap());
        Authorization::read(&fields)
    }

    #[test]
    fn every_byte_is_signed_by_a_key_of_the_configuration() {
        let good = signed(b"blindllama/operate/v1");
        assert!(read(&good).unwrap().is_signed_by_one_of(&[[9; 32], key()]));
        assert!(!read(&good).unwrap().is_signed_by_one_of(&[[9; 32]]));
        for index in 0..good.len() {
            let mut changed = good.clone();
            changed[index] ^= 1;
            assert!(!read(&changed).unwrap().is_signed_by_one_of(&[key()]), "byte {index}");
        }
        let for_another_endpoint = signed(b"blindllama/enrol/v1");
        assert!(!read(&for_another_endpoint).unwrap().is_signed_by_one_of(&[key()]));
    }

    #[test]
    fn another_form_is_refused() {
        let good = signed(b"blindllama/operate/v1");
        assert!(read(&good[1..]).is_err() && read(&[&good[..], &[0]].concat()).is_err());
        assert!(Authorization::read(&HeaderMap::new()).is_err());
        let mut twice = HeaderMap::new();
        for _ in 0..2 {
            twice.append(FIELD, HeaderValue::from_str(&encode(&good)).unwrap());
        }
        assert!(Authorization::read(&twice).is_err());
    }
}
