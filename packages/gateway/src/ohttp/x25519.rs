//! DHKEM(X25519, HKDF-SHA256) of RFC 9180 §4.1 for receivers in base mode, with the agreement of aws-lc, the library that seals and opens all
//! that follows. The KDF, the key schedule and the encodings stay those of the crate `hpke`, whose trait [`Kem`] is the seam.
//!
//! That crate's own arithmetic costs a request three times as much, the most of a short one: it derives the public key of the
//! receiver again each time, and its agreement takes twice as long (`pnpm bench:gateway` prints both).

use std::sync::Arc;

use aws_lc_rs::agreement::{self, UnparsedPublicKey, agree};
use hpke::kdf::{HkdfSha256, Kdf};
use hpke::kem::{SharedSecret, X25519HkdfSha256 as Portable};
use hpke::rand_core::CryptoRng;
use hpke::{Deserializable, HpkeError, Kem, Serializable};
use subtle::{Choice, ConstantTimeEq};

/// `suite_id` of RFC 9180 §4.1: "KEM" and the number of this KEM.
const SUITE_ID: &[u8] = b"KEM\x00\x20";

/// The KEM with the number 0x0020.
pub(super) struct X25519HkdfSha256;

/// A private key with what each request needs of it.
#[derive(Clone)]
pub(super) struct PrivateKey {
    portable: <Portable as Kem>::PrivateKey,
    /// The same key as aws-lc holds it; there is always one, since every 32 bytes are a key.
    agreement: Option<Arc<agreement::PrivateKey>>,
    /// `SerializePublicKey(pk(skR))`.
    public: Vec<u8>,
}

impl PrivateKey {
    fn new(portable: <Portable as Kem>::PrivateKey) -> Self {
        let agreement = agreement::PrivateKey::from_private_key(&agreement::X25519, &portable.to_bytes());
        let public = Portable::sk_to_pk(&portable).to_bytes().to_vec();
        Self { portable, agreement: agreement.ok().map(Arc::new), public }
    }
}

impl ConstantTimeEq for PrivateKey {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.portable.ct_eq(&other.portable)
    }
}

impl Serializable for PrivateKey {
    type OutputSize = <<Portable as Kem>::PrivateKey as Serializable>::OutputSize;

    fn write_exact(&self, out: &mut [u8]) {
        self.portable.write_exact(out);
    }
}

impl Deserializable for PrivateKey {
    fn from_bytes(bytes: &[u8]) -> Result<Self, HpkeError> {
        Deserializable::from_bytes(bytes).map(Self::new)
    }
}

impl Kem for X25519HkdfSha256 {
    type EncappedKey = <Portable as Kem>::EncappedKey;
    type NSecret = <Portable as Kem>::NSecret;
    type PrivateKey = PrivateKey;
    type PublicKey = <Portable as Kem>::PublicKey;

    const KEM_ID: u16 = Portable::KEM_ID;

    fn sk_to_pk(key: &PrivateKey) -> Self::PublicKey {
        Portable::sk_to_pk(&key.portable)
    }

    fn derive_keypair(seed: &[u8]) -> (PrivateKey, Self::PublicKey) {
        let (portable, public) = Portable::derive_keypair(seed);
        (PrivateKey::new(portable), public)
    }

    /// `Decap` of RFC 9180 §4.1. The agreement fails when its result is zero, as §7.1.4 demands.
    fn decap(
        key: &PrivateKey,
        sender: Option<&Self::PublicKey>,
        encapsulated: &Self::EncappedKey,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        let (Some(agreement), None) = (&key.agreement, sender) else { return Err(HpkeError::DecapError) };
        let encapsulated = encapsulated.to_bytes();
        let kem_context = [encapsulated.as_slice(), &key.public].concat();
        let peer = UnparsedPublicKey::new(&agreement::X25519, encapsulated);
        agree(agreement, peer, HpkeError::DecapError, |dh| {
            let mut secret = SharedSecret::default();
            HkdfSha256::extract_and_expand(dh, SUITE_ID, &kem_context, &mut secret.0)?;
            Ok(secret)
        })
    }

    fn encap_with_rng(
        recipient: &Self::PublicKey,
        sender: Option<(&PrivateKey, &Self::PublicKey)>,
        rng: &mut impl CryptoRng,
    ) -> Result<(SharedSecret<Self>, Self::EncappedKey), HpkeError> {
        let sender = sender.map(|(key, public)| (&key.portable, public));
        let (secret, encapsulated) = Portable::encap_with_rng(recipient, sender, rng)?;
        Ok((SharedSecret(secret.0), encapsulated))
    }
}

#[cfg(test)]
mod tests {
    use hpke::aead::AesGcm128;
    use hpke::{OpModeR, OpModeS, setup_receiver, setup_sender};

    use super::*;

    #[test]
    fn opens_what_is_sealed_to_keys_of_the_portable_arithmetic() {
        for seed in 0..32_u8 {
            let (portable, public) = Portable::derive_keypair(&[seed; 32]);
            let (key, same) = X25519HkdfSha256::derive_keypair(&[seed; 32]);
            assert_eq!(public, same);
            let (encapsulated, mut sender) =
                setup_sender::<AesGcm128, HkdfSha256, Portable>(&OpModeS::Base, &public, b"info").unwrap();
            let sealed = sender.seal(b"message", b"").unwrap();
            let mut receiver =
                setup_receiver::<AesGcm128, HkdfSha256, X25519HkdfSha256>(&OpModeR::Base, &key, &encapsulated, b"info")
                    .unwrap();
            assert_eq!(receiver.open(&sealed, b"").unwrap(), b"message");
            assert!(bool::from(key.portable.ct_eq(&portable)));
        }
    }

    /// RFC 7748 §6.1: points of small order, whose agreement with every key is zero.
    #[test]
    fn refuses_points_of_small_order() {
        let (key, _) = X25519HkdfSha256::derive_keypair(&[7; 32]);
        let order_8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
        let order_8: Vec<u8> =
            (0..32).map(|index| u8::from_str_radix(&order_8[index * 2..][..2], 16).unwrap()).collect();
        let mut one = [0; 32];
        one[0] = 1;
        for point in [&[0; 32][..], &one, &order_8] {
            let point = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(point).unwrap();
            assert!(X25519HkdfSha256::decap(&key, None, &point).is_err());
        }
    }

    #[test]
    fn knows_no_sender_by_its_key() {
        let (key, public) = X25519HkdfSha256::derive_keypair(&[7; 32]);
        let point = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&public.to_bytes()).unwrap();
        assert!(X25519HkdfSha256::decap(&key, Some(&public), &point).is_err());
    }
}
