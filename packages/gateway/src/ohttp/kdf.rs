//! HKDF-SHA256 (RFC 5869), also with the labels of HPKE (RFC 9180 §4). Everything that the channel derives fits into one block, so that
//! `Expand` is one HMAC.

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use zeroize::Zeroizing;

/// What `Extract` gives, or the first block of `Expand` (Nh = 32 bytes).
pub(super) type Block = Zeroizing<[u8; 32]>;

const VERSION: &[u8] = b"HPKE-v1";

/// What `Expand` expands. It keeps the key of the HMAC, which takes as long to set up as a short message to authenticate.
pub(super) struct Prk(Key);

impl Prk {
    /// `Extract` (RFC 5869 §2.2) of the concatenation of `input`.
    pub(super) fn extract(salt: &[u8], input: &[&[u8]]) -> Self {
        Self::new(&extract(salt, input))
    }

    pub(super) fn new(secret: &Block) -> Self {
        Self(Key::new(HMAC_SHA256, secret.as_slice()))
    }

    /// The first block of `Expand` (RFC 5869 §2.3); an output of `L <= 32` bytes is its beginning.
    pub(super) fn expand(&self, info: &[&[u8]]) -> Block {
        hmac(&self.0, info, &[1])
    }
}

fn extract(salt: &[u8], input: &[&[u8]]) -> Block {
    hmac(&Key::new(HMAC_SHA256, salt), input, &[])
}

/// `LabeledExtract` and `LabeledExpand` (RFC 9180 §4) of one suite.
#[derive(Clone, Copy)]
pub(super) struct Labeled<'a>(pub(super) &'a [u8]);

impl Labeled<'_> {
    pub(super) fn extract(self, salt: &[u8], label: &[u8], input: &[u8]) -> Block {
        extract(salt, &[VERSION, self.0, label, input])
    }

    /// The output of `length` bytes, at most 32, and what stands behind it in its block.
    pub(super) fn expand(self, secret: &Prk, label: &[u8], info: &[u8], length: u16) -> Block {
        secret.expand(&[&length.to_be_bytes(), VERSION, self.0, label, info])
    }
}

fn hmac(key: &Key, parts: &[&[u8]], end: &[u8]) -> Block {
    let mut context = Context::with_key(key);
    parts.iter().for_each(|part| context.update(part));
    context.update(end);
    let tag = context.sign();
    let mut block = Block::default();
    block.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869, Appendix A.1; the first 32 of its 42 bytes.
    #[test]
    fn the_first_vector_of_hkdf_holds() {
        let salt: Vec<u8> = (0..13).collect();
        let info: Vec<u8> = (0xf0..0xfa).collect();
        let prk = extract(&salt, &[&[0x0b; 10], &[0x0b; 12]]);
        assert_eq!(crate::hex::hex(prk.as_slice()), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
        let okm = Prk::new(&prk).expand(&[&info[..3], &info[3..]]);
        assert_eq!(crate::hex::hex(okm.as_slice()), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    }
}
