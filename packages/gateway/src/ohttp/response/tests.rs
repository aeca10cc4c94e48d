#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;

fn sealer(id: AeadId) -> Sealer {
    Sealer::derive(id, &vec![1; id.key_length()], &[2; 32], &vec![3; id.key_length()]).unwrap()
}

#[test]
fn nonces_count_in_the_last_bytes() {
    let mut sealer = sealer(AeadId::Aes128Gcm);
    let base = *sealer.nonce;
    sealer.chunks = 0x0102;
    let nonce = *sealer.next_nonce().unwrap().as_ref();
    assert_eq!(nonce[..10], base[..10]);
    assert_eq!([nonce[10] ^ base[10], nonce[11] ^ base[11]], [1, 2]);
}

#[test]
fn counting_stops_before_a_nonce_repeats() {
    let mut sealer = sealer(AeadId::ChaCha20Poly1305);
    sealer.chunks = u64::MAX;
    assert_eq!(sealer.seal(&[b"x"]).unwrap_err().code, Code::GATEWAY_INTERNAL);
}

#[test]
fn chunks_that_the_other_side_must_refuse_are_never_made() {
    let mut sealer = sealer(AeadId::Aes256Gcm);
    assert_eq!(sealer.seal(&[b"", b""]).unwrap_err().code, Code::GATEWAY_INTERNAL);
    assert_eq!(sealer.seal(&[&[0; 1], &[0; CHUNK_PLAINTEXT]]).unwrap_err().code, Code::GATEWAY_INTERNAL);
    assert!(sealer.seal(&[&[0; CHUNK_PLAINTEXT]]).is_ok());
}

#[test]
fn the_response_nonce_travels_once_in_front() {
    let mut sealer = sealer(AeadId::Aes128Gcm);
    let first = sealer.seal(&[b"ab", b"c"]).unwrap();
    assert_eq!(first[..17], [[3; 16].as_slice(), &[19]].concat());
    assert_eq!(first.len(), 16 + 1 + 3 + TAG);
    assert_eq!(sealer.seal(&[b"d"]).unwrap().len(), 1 + 1 + TAG);
    let last = sealer.seal_final(&[]).unwrap();
    assert_eq!((last.len(), last[0]), (1 + TAG, 0));
}

#[test]
fn an_answer_of_nothing_still_has_its_nonce() {
    assert_eq!(sealer(AeadId::Aes128Gcm).seal_final(&[]).unwrap().len(), 16 + 1 + TAG);
}
