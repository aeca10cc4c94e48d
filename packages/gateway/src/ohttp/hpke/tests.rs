//! The vectors of draft-ietf-hpke-pq where they are installed: the Go toolchain carries them (with `REQUIRE_EVIDENCE=1` their
//! absence is a failure).
use std::process::Command;

use serde_json::Value;

use super::*;

/// The hybrid KEM with HKDF-SHA256, of which the draft has one vector.
fn vector() -> Option<Value> {
    let root = Command::new("go").args(["env", "GOROOT"]).output().ok()?.stdout;
    let path = format!("{}/src/crypto/hpke/testdata/hpke-pq.json", String::from_utf8(root).ok()?.trim());
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).ok()?).unwrap();
    let hybrid = |vector: &&Value| {
        vector["kem_id"] == KemId::MlKem768X25519.number() && vector["kdf_id"] == HKDF_SHA256 && vector["mode"] == 0
    };
    Some(vectors.as_array().unwrap().iter().find(hybrid).expect("the draft has one").clone())
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_hybrid_vector_of_the_draft_holds() {
    let Some(vector) = vector() else {
        assert!(
            std::env::var_os("REQUIRE_EVIDENCE").is_none_or(|value| value != "1"),
            "no Go toolchain with the vectors of draft-ietf-hpke-pq"
        );
        eprintln!("no Go toolchain with the vectors of draft-ietf-hpke-pq: nothing to compare with");
        return;
    };
    assert_eq!(vector["aead_id"], AeadId::ChaCha20Poly1305.number());
    let (private, public) = PrivateKey::derive(KemId::MlKem768X25519, &bytes(&vector["ikmR"]));
    assert_eq!(public, bytes(&vector["pkRm"]));
    let Inner::MlKem768X25519(private) = private.0 else { panic!("the wrong KEM") };
    assert_eq!(private.to_bytes().to_vec(), bytes(&vector["skRm"]));
    let encapsulated = bytes(&vector["enc"]);
    assert_eq!(encapsulated.len(), KemId::MlKem768X25519.encapsulated_key_length());
    let opener = set_up::<XWing>(&private, AeadId::ChaCha20Poly1305, &encapsulated, &bytes(&vector["info"])).unwrap();
    let mut context = Context { opener, aead: AeadId::ChaCha20Poly1305 };
    for message in vector["encryptions"].as_array().unwrap() {
        let mut chunk = BytesMut::from(&bytes(&message["ct"])[..]);
        context.open(&mut chunk, &bytes(&message["aad"])).unwrap();
        assert_eq!(chunk, bytes(&message["pt"])[..]);
    }
    for export in vector["exports"].as_array().unwrap() {
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
