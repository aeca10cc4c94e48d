#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;

fn sealer(id: AeadId) -> Sealer {
    Sealer::derive(id, &vec![1; id.key_length()], &[2; 32], &vec![3; id.key_length()]).unwrap()
}

fn seal(sealer: &mut Sealer, parts: &[&[u8]]) -> Result<BytesMut, Failure> {
    let mut out = BytesMut::new();
    sealer.seal(parts, &mut out).map(|()| out)
}

fn seal_final(sealer: Sealer, parts: &[&[u8]]) -> BytesMut {
    let mut out = BytesMut::new();
    sealer.seal_final(parts, &mut out).unwrap();
    out
}

#[test]
fn chunks_that_the_other_side_must_refuse_are_never_made() {
    let mut sealer = sealer(AeadId::Aes256Gcm);
    assert_eq!(seal(&mut sealer, &[b"", b""]).unwrap_err().code, Code::GATEWAY_INTERNAL);
    assert_eq!(seal(&mut sealer, &[&[0; 1], &[0; CHUNK_PLAINTEXT]]).unwrap_err().code, Code::GATEWAY_INTERNAL);
    assert!(seal(&mut sealer, &[&[0; CHUNK_PLAINTEXT]]).is_ok());
}

#[test]
fn the_response_nonce_travels_once_in_front() {
    let mut sealer = sealer(AeadId::Aes128Gcm);
    let first = seal(&mut sealer, &[b"ab", b"c"]).unwrap();
    assert_eq!(first[..17], [[3; 16].as_slice(), &[19]].concat());
    assert_eq!(first.len(), 16 + 1 + 3 + TAG);
    assert_eq!(seal(&mut sealer, &[b"d"]).unwrap().len(), 1 + 1 + TAG);
    let last = seal_final(sealer, &[]);
    assert_eq!((last.len(), last[0]), (1 + TAG, 0));
}

#[test]
fn a_chunk_stands_behind_what_is_there() {
    let mut apart = sealer(AeadId::Aes128Gcm);
    let chunks = [seal(&mut apart, &[b"one"]).unwrap(), seal(&mut apart, &[b"two"]).unwrap(), seal_final(apart, &[])];
    let (mut together, mut out) = (sealer(AeadId::Aes128Gcm), BytesMut::new());
    together.seal(&[b"o", b"ne"], &mut out).unwrap();
    together.seal(&[b"two"], &mut out).unwrap();
    together.seal_final(&[], &mut out).unwrap();
    assert_eq!(out, chunks.concat()[..]);
}

#[test]
fn an_answer_of_nothing_still_has_its_nonce() {
    assert_eq!(seal_final(sealer(AeadId::Aes128Gcm), &[]).len(), 16 + 1 + TAG);
}
