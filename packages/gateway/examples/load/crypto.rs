//! The least that a request costs: its key agreement, without anything around it.

use std::hint::black_box;
use std::time::Instant;

use aws_lc_rs::agreement::{PrivateKey as Agreement, UnparsedPublicKey, X25519, agree};
use blindllama_gateway::ohttp::hpke::{AeadId, KemId, PrivateKey};
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable, setup_receiver, setup_sender};
use serde_json::{Value, json};

/// Best times of each, in microseconds.
pub fn measure() -> Value {
    let header = [1, 0, 0x20, 0, 1, 0, 1];
    let (portable, public) = X25519HkdfSha256::gen_keypair();
    let (encapsulated, _) =
        setup_sender::<AesGcm128, HkdfSha256, X25519HkdfSha256>(&OpModeS::Base, &public, b"").unwrap();
    let enc = encapsulated.to_bytes();
    let agreement = Agreement::generate(&X25519).unwrap();
    let (ours, _) = PrivateKey::generate(KemId::X25519).unwrap();
    let (portable_hybrid, portable_hybrid_public) = XWing::gen_keypair();
    let (portable_hybrid_enc, _) =
        setup_sender::<AesGcm128, HkdfSha256, XWing>(&OpModeS::Base, &portable_hybrid_public, b"").unwrap();
    let (hybrid, hybrid_public) = PrivateKey::generate(KemId::MlKem768X25519).unwrap();
    let hybrid_public = <XWing as Kem>::PublicKey::from_bytes(&hybrid_public).unwrap();
    let (hybrid_enc, _) = setup_sender::<AesGcm128, HkdfSha256, XWing>(&OpModeS::Base, &hybrid_public, b"").unwrap();
    let hybrid_enc = hybrid_enc.to_bytes();
    json!({
        "x25519Us": best_us(|| {
            agree(&agreement, UnparsedPublicKey::new(&X25519, &enc), (), |secret| Ok(black_box(secret.len()))).unwrap();
        }),
        "receiveUs": best_us(|| drop(black_box(ours.receive(AeadId::Aes128Gcm, &enc, &header).unwrap()))),
        "portableReceiveUs": best_us(|| {
            let context = setup_receiver::<AesGcm128, HkdfSha256, X25519HkdfSha256>(
                &OpModeR::Base, &portable, &encapsulated, b"",
            );
            drop(black_box(context.unwrap()));
        }),
        "portableHybridUs": best_us(|| {
            let context = setup_receiver::<AesGcm128, HkdfSha256, XWing>(
                &OpModeR::Base, &portable_hybrid, &portable_hybrid_enc, b"",
            );
            drop(black_box(context.unwrap()));
        }),
        "hybridReceiveUs": best_us(|| drop(black_box(hybrid.receive(AeadId::Aes128Gcm, &hybrid_enc, &header).unwrap()))),
    })
}

fn best_us(mut work: impl FnMut()) -> f64 {
    const WORKS: usize = 200;
    let run = |_| {
        let start = Instant::now();
        for _ in 0..WORKS {
            work();
        }
        start.elapsed().as_secs_f64() * 1e6 / WORKS as f64
    };
    (0..20).map(run).fold(f64::INFINITY, f64::min)
}
