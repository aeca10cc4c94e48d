//! RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2) and RSASSA-PSS (§8.1.2) with the exponent 65537.
//!
//! Verification handles public values only, so nothing here needs constant time.

use alloc::vec::Vec;

use crypto_bigint::{
    Odd, U4096,
    modular::{FixedMontyForm, FixedMontyParams},
};

use super::{pss, roca};
use crate::{Code, hash::HashAlgorithm};

const MIN_BYTES: usize = 2048 / 8;
const MAX_BYTES: usize = 4096 / 8;

/// An RSA modulus of 2048 to 4096 bits; the exponent is 65537.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey<'a> {
    modulus: &'a [u8],
}

/// `OS2IP` (RFC 8017 §4.2); None for more than 4096 bits.
fn integer(bytes: &[u8]) -> Option<U4096> {
    let mut padded = [0; MAX_BYTES];
    padded.get_mut(MAX_BYTES.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(U4096::from_be_slice(&padded))
}

impl<'a> PublicKey<'a> {
    /// None unless the modulus is odd, has 2048 to 4096 bits, all of its bytes used, and was not made by a generator whose
    /// keys are factored.
    pub(crate) fn new(modulus: &'a [u8]) -> Option<Self> {
        let sized = (MIN_BYTES..=MAX_BYTES).contains(&modulus.len());
        let full = modulus.first().is_some_and(|first| first & 0x80 != 0);
        let odd = modulus.last().is_some_and(|last| last & 1 == 1);
        (sized && full && odd && !roca::has_fingerprint(modulus)).then_some(Self { modulus })
    }

    /// Big-endian, its first bit set.
    pub(crate) const fn modulus(&self) -> &'a [u8] {
        self.modulus
    }

    /// Size of the modulus.
    pub(crate) const fn bits(&self) -> usize {
        self.modulus.len().saturating_mul(8)
    }

    /// RSAVP1 (RFC 8017 §5.2.2), `signature ^ 65537 mod modulus`: as long as the modulus.
    fn recover(&self, signature: &[u8]) -> Option<Vec<u8>> {
        // Step 1 of §8.1.2 and §8.2.2: the signature is exactly as long as the modulus.
        if signature.len() != self.modulus.len() {
            return None;
        }
        let (modulus, signature) = (integer(self.modulus)?, integer(signature)?);
        if signature >= modulus {
            return None;
        }
        let modulus: Option<Odd<U4096>> = Odd::new(modulus).into();
        let base = FixedMontyForm::new(&signature, &FixedMontyParams::new_vartime(modulus?));
        let bytes = base.square_repeat_vartime(16).mul(&base).retrieve().to_be_bytes();
        bytes.as_ref().get(MAX_BYTES.checked_sub(self.modulus.len())?..).map(Vec::from)
    }

    /// Encodes what a valid signature must recover to and compares it whole: padding is never parsed.
    ///
    /// # Errors
    /// `signature.value` when the signature is not a number below the modulus of the modulus's length, else
    /// `signature.invalid`.
    pub(crate) fn verify(&self, hash: HashAlgorithm, digest: &[u8], signature: &[u8]) -> Result<(), Code> {
        let recovered = self.recover(signature).ok_or(Code::SIGNATURE_VALUE)?;
        if recovered == encode(hash, digest, self.modulus.len()) { Ok(()) } else { Err(Code::SIGNATURE_INVALID) }
    }

    /// The longest salt that RSASSA-PSS has room for under this key.
    pub(crate) const fn largest_salt(&self, hash: HashAlgorithm) -> usize {
        pss::largest_salt(hash, self.modulus.len())
    }

    /// RSASSA-PSS with MGF1 over the same hash and a salt of one of the lengths, in bytes.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub(crate) fn verify_pss(
        &self,
        hash: HashAlgorithm,
        digest: &[u8],
        signature: &[u8],
        salts: &[usize],
    ) -> Result<(), Code> {
        let recovered = self.recover(signature).ok_or(Code::SIGNATURE_VALUE)?;
        if pss::verifies(hash, digest, &recovered, salts) { Ok(()) } else { Err(Code::SIGNATURE_INVALID) }
    }
}

/// EMSA-PKCS1-v1_5-ENCODE (RFC 8017 §9.2): `00 01 ff…ff 00 || DigestInfo`, `length` bytes in all.
fn encode(hash: HashAlgorithm, digest: &[u8], length: usize) -> Vec<u8> {
    let info: &[u8; 19] = match hash {
        HashAlgorithm::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        HashAlgorithm::Sha384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        HashAlgorithm::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    };
    let tail = [&[0], &info[..], digest].concat();
    let mut encoded = alloc::vec![0, 1];
    encoded.resize(length.saturating_sub(tail.len()), 0xff);
    encoded.extend(tail);
    encoded
}
