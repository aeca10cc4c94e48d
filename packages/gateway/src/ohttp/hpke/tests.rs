//! The vector of draft-ietf-hpke-pq-04 for the hybrid KEM, senders of another implementation, and encapsulated keys that give no context.
use ::hpke::aead::{Aead, AesGcm128, AesGcm256, ChaCha20Poly1305};
use ::hpke::kdf::HkdfSha256;
use ::hpke::kem::{X25519HkdfSha256, XWing};
use ::hpke::{Deserializable, Kem, OpModeS, Serializable, setup_sender};
use serde_json::Value;

use super::*;

/// MLKEM768-X25519 with HKDF-SHA256 in base mode, of which the draft has one vector.
const HYBRID_VECTOR: &str = include_str!("mlkem768-x25519.json");

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_hybrid_vector_of_the_draft_holds() {
    let vector: Value = serde_json::from_str(HYBRID_VECTOR).unwrap();
    assert_eq!((&vector["kem_id"], &vector["mode"]), (&KemId::MlKem768X25519.number().into(), &0.into()));
    assert_eq!(vector["kdf_id"], HKDF_SHA256);
    assert_eq!(vector["aead_id"], AeadId::ChaCha20Poly1305.number());
    let (private, public) = PrivateKey::of_vector(KemId::MlKem768X25519, &bytes(&vector["skRm"]));
    assert_eq!(public, bytes(&vector["pkRm"]));
    let encapsulated = bytes(&vector["enc"]);
    assert_eq!(encapsulated.len(), KemId::MlKem768X25519.encapsulated_key_length());
    let secret = private.decapsulate(&encapsulated).unwrap();
    assert_eq!(secret[..], bytes(&vector["shared_secret"]));
    let (kem, aead) = (KemId::MlKem768X25519, AeadId::ChaCha20Poly1305);
    let mut context = Context::schedule(kem, aead, &secret, &bytes(&vector["info"])).unwrap();
    let messages = vector["encryptions"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    for message in messages {
        let mut chunk = BytesMut::from(&bytes(&message["ct"])[..]);
        context.open(&mut chunk, &bytes(&message["aad"])).unwrap();
        assert_eq!(chunk, bytes(&message["pt"])[..]);
    }
    let exports = vector["exports"].as_array().unwrap();
    assert_eq!(exports.len(), 5);
    for export in exports {
        let length = export["L"].as_u64().unwrap().try_into().unwrap();
        let secret = context.export(&bytes(&export["exporter_context"]), length).unwrap();
        assert_eq!(secret.to_vec(), bytes(&export["exported_value"]));
    }
}

/// A chunk and the response secret of a sender of the crate `hpke`, with every AEAD.
fn opens<A: Aead, K: Kem>(kem: KemId, aead: AeadId) {
    let header = [3, 0, 0, 0, 1, 0, 0];
    let info = [&b"message/bhttp chunked request\0"[..], &header].concat();
    let (private, public) = PrivateKey::generate(kem).unwrap();
    let public = K::PublicKey::from_bytes(&public).unwrap();
    let (encapsulated, mut sender) = setup_sender::<A, HkdfSha256, K>(&OpModeS::Base, &public, &info).unwrap();
    let mut context = private.receive(aead, &encapsulated.to_bytes(), &header).unwrap();
    for text in ["one", "", "three"] {
        let mut chunk = BytesMut::from(&sender.seal(text.as_bytes(), b"aad").unwrap()[..]);
        context.open(&mut chunk, b"aad").unwrap();
        assert_eq!(chunk, text);
    }
    let mut secret = vec![0; aead.key_length()];
    sender.export(b"message/bhttp chunked response", &mut secret).unwrap();
    assert_eq!(*context.response_secret().unwrap(), secret);
    let mut altered = BytesMut::from(&sender.seal(b"four", b"").unwrap()[..]);
    altered[0] ^= 1;
    assert_eq!(context.open(&mut altered, b"").unwrap_err().code, Code::CHANNEL_DECRYPT);
    assert!(altered.is_empty());
}

#[test]
fn what_another_implementation_seals_is_opened() {
    opens::<AesGcm128, X25519HkdfSha256>(KemId::X25519, AeadId::Aes128Gcm);
    opens::<AesGcm256, X25519HkdfSha256>(KemId::X25519, AeadId::Aes256Gcm);
    opens::<ChaCha20Poly1305, X25519HkdfSha256>(KemId::X25519, AeadId::ChaCha20Poly1305);
    opens::<AesGcm128, XWing>(KemId::MlKem768X25519, AeadId::Aes128Gcm);
    opens::<AesGcm256, XWing>(KemId::MlKem768X25519, AeadId::Aes256Gcm);
    opens::<ChaCha20Poly1305, XWing>(KemId::MlKem768X25519, AeadId::ChaCha20Poly1305);
}

#[test]
fn a_chunk_shorter_than_its_tag_does_not_open() {
    let (private, _) = PrivateKey::generate(KemId::X25519).unwrap();
    let mut context = private.receive(AeadId::Aes128Gcm, &[9; 32], &[0; 7]).unwrap();
    for length in [0, 15] {
        let mut chunk = BytesMut::from(&vec![7; length][..]);
        assert_eq!(context.open(&mut chunk, b"").unwrap_err().code, Code::CHANNEL_DECRYPT);
    }
}

#[test]
fn an_encapsulated_key_of_another_length_gives_no_context() {
    for kem in [KemId::X25519, KemId::MlKem768X25519] {
        let (private, _) = PrivateKey::generate(kem).unwrap();
        let right = kem.encapsulated_key_length();
        for length in [0, 31, right - 1, right + 1] {
            let refused = private.receive(AeadId::Aes128Gcm, &vec![9; length], &[0; 7]).err().unwrap();
            assert_eq!(refused.code, Code::CHANNEL_DECRYPT, "{kem:?} {length}");
        }
    }
}
