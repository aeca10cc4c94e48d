//! Encapsulated requests to keys that nobody sealed to: whatever the bytes and however they are cut, they are refused, with the same
//! code each time, and nothing is released.
#![no_main]

use std::sync::{Arc, LazyLock};

use blindllama_gateway::attestation::epoch::{EpochSettings, Epochs};
use blindllama_gateway::clock::SystemClock;
use blindllama_gateway::ohttp::request::Decapsulator;
use blindllama_gateway::ohttp::suite::Suite;
use blindllama_gateway_fuzz::pieces;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

static EPOCHS: LazyLock<Arc<Epochs>> = LazyLock::new(|| {
    let settings =
        EpochSettings { epoch_ms: u64::MAX, grace_ms: 0, replay_capacity: 1 << 20, suites: Suite::ALL.to_vec() };
    Arc::new(Epochs::new(settings, Arc::new(SystemClock)).expect("random numbers"))
});

fn refusal(pieces: &[Bytes]) -> &'static str {
    let mut decapsulator = Decapsulator::new(Arc::clone(&EPOCHS));
    for piece in pieces {
        decapsulator.push(piece);
        match decapsulator.next_chunk() {
            Ok(None) => {}
            Ok(Some(_)) => panic!("a chunk that nobody sealed"),
            Err(failure) => return failure.code.as_str(),
        }
    }
    assert!(decapsulator.sealer().is_err(), "nothing was opened");
    decapsulator.finish().map(|_| ()).expect_err("nobody sealed it").code.as_str()
}

fuzz_target!(|input: &[u8]| {
    let Some((message, pieces)) = pieces(input) else { return };
    let code = refusal(&pieces);
    assert_eq!(refusal(&[message]), code);
    assert_ne!(code, "channel.replayed", "what does not open is not remembered");
});
