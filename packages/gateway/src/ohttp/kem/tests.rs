//! Keys of published vectors, senders of another implementation, and encapsulated keys that give no secret.
#![allow(deprecated, reason = "AWS-LC takes expanded keys alone")]
use ::hpke::kem::{X25519HkdfSha256, XWing};
use ::hpke::{Deserializable, Kem, Serializable};
use ml_kem::{ExpandedKeyEncoding, FromSeed, KeyExport, MlKem768};
use shake::{ExtendableOutput, Shake256, Update, XofReader};

use super::*;

impl PrivateKey {
    /// The key of a published vector. The product has no way to import one.
    pub(crate) fn of_vector(kem: KemId, bytes: &[u8]) -> (Self, Vec<u8>) {
        let classical = |scalar: &[u8]| {
            let private = agreement::PrivateKey::from_private_key(&agreement::X25519, scalar).unwrap();
            Classical::new(private).unwrap()
        };
        match kem {
            KemId::X25519 => {
                let key = classical(bytes);
                let public = key.public.to_vec();
                (Self(Inner::X25519(key)), public)
            }
            // `expandDecapsulationKey` of draft-connolly-cfrg-xwing-kem §5.2.
            KemId::MlKem768X25519 => {
                let mut expanded = [0; 96];
                let mut shake = Shake256::default();
                shake.update(bytes);
                shake.finalize_xof().read(&mut expanded);
                let (seed, scalar) = expanded.split_at(64);
                let (private, public) = MlKem768::from_seed(&seed.try_into().unwrap());
                let post_quantum = DecapsulationKey::new(&ML_KEM_768, &private.to_expanded_bytes()).unwrap();
                let classical = classical(scalar);
                let public = [public.to_bytes().as_slice(), &classical.public].concat();
                (Self(Inner::MlKem768X25519(Hybrid { post_quantum, classical })), public)
            }
        }
    }
}

/// What a sender of the crate `hpke` and the receiver share.
fn agreed<K: Kem>(kem: KemId) -> (Vec<u8>, Vec<u8>) {
    let (private, public) = PrivateKey::generate(kem).unwrap();
    let (sent, encapsulated) = K::encap(&K::PublicKey::from_bytes(&public).unwrap(), None).unwrap();
    (sent.0.to_vec(), private.decapsulate(&encapsulated.to_bytes()).unwrap().to_vec())
}

#[test]
fn a_sender_of_another_implementation_shares_the_secret() {
    for _ in 0..16 {
        let (sent, received) = agreed::<X25519HkdfSha256>(KemId::X25519);
        assert_eq!(sent, received);
        let (sent, received) = agreed::<XWing>(KemId::MlKem768X25519);
        assert_eq!(sent, received);
    }
}

/// What this sender and a receiver of the crate `hpke` share.
fn agreed_with<K: Kem>(kem: KemId) -> (Vec<u8>, Vec<u8>) {
    let (private, public) = K::gen_keypair();
    let (encapsulated, sent) = encapsulate(kem, &public.to_bytes()).unwrap();
    let encapsulated = K::EncappedKey::from_bytes(&encapsulated).unwrap();
    (sent.to_vec(), K::decap(&private, None, &encapsulated).unwrap().0.to_vec())
}

#[test]
fn a_receiver_of_another_implementation_shares_the_secret() {
    for _ in 0..16 {
        let (sent, received) = agreed_with::<X25519HkdfSha256>(KemId::X25519);
        assert_eq!(sent, received);
        let (sent, received) = agreed_with::<XWing>(KemId::MlKem768X25519);
        assert_eq!(sent, received);
    }
}

#[test]
fn nothing_is_sent_to_what_is_no_public_key() {
    let (_, public) = PrivateKey::generate(KemId::MlKem768X25519).unwrap();
    assert!(encapsulate(KemId::X25519, &[0; 32]).is_none(), "a point of small order");
    assert!(encapsulate(KemId::MlKem768X25519, &[&public[..1184], &[0; 32]].concat()).is_none());
    // FIPS 203 §7.2: coefficients are smaller than 3329.
    assert!(encapsulate(KemId::MlKem768X25519, &[&[0xff; 1184], &public[1184..]].concat()).is_none());
    for (kem, length) in [(KemId::X25519, 32), (KemId::MlKem768X25519, 1216)] {
        for length in [0, length - 1, length + 1] {
            assert!(encapsulate(kem, &vec![9; length]).is_none(), "{kem:?} {length}");
        }
    }
}

/// RFC 7748 §6.1: points of small order, whose agreement with every key is zero.
#[test]
fn refuses_points_of_small_order() {
    let order_8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    let order_8: Vec<u8> = (0..32).map(|index| u8::from_str_radix(&order_8[index * 2..][..2], 16).unwrap()).collect();
    let mut one = [0; 32];
    one[0] = 1;
    let (classical, _) = PrivateKey::generate(KemId::X25519).unwrap();
    let (hybrid, public) = PrivateKey::generate(KemId::MlKem768X25519).unwrap();
    let (_, genuine) = XWing::encap(&<XWing as Kem>::PublicKey::from_bytes(&public).unwrap(), None).unwrap();
    let genuine = genuine.to_bytes();
    assert!(hybrid.decapsulate(&genuine).is_some());
    for point in [&[0; 32][..], &one, &order_8] {
        assert!(classical.decapsulate(point).is_none());
        assert!(hybrid.decapsulate(&[&genuine[..1088], point].concat()).is_none());
    }
}

#[test]
fn an_encapsulated_key_of_another_length_gives_no_secret() {
    for kem in [KemId::X25519, KemId::MlKem768X25519] {
        let (private, _) = PrivateKey::generate(kem).unwrap();
        assert_eq!(private.kem(), kem);
        let right = kem.encapsulated_key_length();
        for length in [0, 31, 44, right - 1, right + 1, right + 32] {
            assert!(private.decapsulate(&vec![9; length]).is_none(), "{kem:?} {length}");
        }
        assert!(private.decapsulate(&vec![9; right]).is_some());
    }
}
