#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = blindllama_verifier::fuzzing::event_log(bytes);
});
