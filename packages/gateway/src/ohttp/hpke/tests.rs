//! The vector of draft-ietf-hpke-pq for the hybrid KEM, and encapsulated keys that give no context.
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
    let (private, public) = PrivateKey::derive(KemId::MlKem768X25519, &bytes(&vector["ikmR"]));
    assert_eq!(public, bytes(&vector["pkRm"]));
    let Inner::MlKem768X25519(private) = private.0 else { panic!("the wrong KEM") };
    assert_eq!(private.to_bytes().to_vec(), bytes(&vector["skRm"]));
    let encapsulated = bytes(&vector["enc"]);
    assert_eq!(encapsulated.len(), KemId::MlKem768X25519.encapsulated_key_length());
    let opener = set_up::<XWing>(&private, AeadId::ChaCha20Poly1305, &encapsulated, &bytes(&vector["info"])).unwrap();
    let mut context = Context { opener, aead: AeadId::ChaCha20Poly1305 };
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
        let mut secret = vec![0; export["L"].as_u64().unwrap().try_into().unwrap()];
        assert!(context.opener.export(&bytes(&export["exporter_context"]), &mut secret));
        assert_eq!(secret, bytes(&export["exported_value"]));
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
