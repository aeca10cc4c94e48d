//! Both halves of the channel against each other: what [`encapsulate`] seals, the receiver opens, and the other way round.
use super::*;
use crate::ohttp::CHUNK_PLAINTEXT;
use crate::ohttp::one_key;

fn seal(mut sealer: Sealer, chunks: &[&[u8]]) -> BytesMut {
    let (last, others) = chunks.split_last().unwrap();
    let mut body = BytesMut::new();
    others.iter().for_each(|chunk| sealer.seal(&[chunk], &mut body).unwrap());
    sealer.seal_final(&[last], &mut body).unwrap();
    body
}

/// What a request of `chunks` under `suite` opens to, what opens its answer, and what seals it.
fn request(suite: Suite, chunks: &[&[u8]]) -> (Vec<BytesMut>, Opener, Sealer) {
    let (sealer, opener, mut decapsulator) = one_key::channel(suite);
    let body = seal(sealer, chunks);
    let opened = one_key::open(&mut decapsulator, body.chunks(1)).unwrap();
    (opened, opener, decapsulator.sealer().unwrap())
}

fn open(opener: &mut Opener, pieces: &[&[u8]]) -> Result<Vec<BytesMut>, Failure> {
    let mut opened = Vec::new();
    for piece in pieces {
        opener.push(&Bytes::copy_from_slice(piece));
        while let Some(chunk) = opener.next_chunk()? {
            opened.push(chunk);
        }
    }
    opened.push(opener.finish()?);
    Ok(opened)
}

#[test]
fn a_request_and_its_answer_pass_under_every_suite_however_their_bytes_come() {
    let long = [7; CHUNK_PLAINTEXT];
    let chunks = [&b"first"[..], &long, b"last"];
    for suite in Suite::ALL {
        let (opened, mut opener, sealer) = request(suite, &chunks);
        assert_eq!(opened, chunks, "{}", suite.name());
        let body = seal(sealer, &chunks);
        let pieces: Vec<_> = body.chunks(1000).collect();
        assert_eq!(open(&mut opener, &pieces).unwrap(), chunks, "{}", suite.name());
    }
}

#[test]
fn an_altered_truncated_or_repeated_answer_gives_nothing_more() {
    let genuine = || {
        let (_, opener, sealer) = request(Suite::ALL[0], &[b""]);
        (opener, seal(sealer, &[b"first", b"second", b"last"]))
    };
    let length = genuine().1.len();
    for at in 0..length {
        let (mut opener, mut body) = genuine();
        body[at] ^= 1;
        assert!(open(&mut opener, &[&body]).is_err(), "byte {at}");
        // The chunk behind an altered one would open by itself.
        assert!(!matches!(opener.next_chunk(), Ok(Some(_))), "nothing behind byte {at}");
        assert!(opener.finish().is_err(), "and no end");
    }
    for end in 0..length {
        let (mut opener, body) = genuine();
        assert!(open(&mut opener, &[&body[..end]]).is_err(), "the first {end} bytes");
    }
    let (mut opener, body) = genuine();
    assert!(open(&mut opener, &[&body]).is_ok());
    assert_eq!(opener.finish().unwrap_err().code, Code::CHANNEL_TRUNCATED);
}

#[test]
fn an_answer_to_another_request_opens_nothing() {
    let (_, mut opener, _) = request(Suite::ALL[3], &[b"one"]);
    let (_, _, sealer) = request(Suite::ALL[3], &[b"two"]);
    let opened = open(&mut opener, &[&seal(sealer, &[b"of another", b""])]);
    assert_eq!(opened.unwrap_err().code, Code::CHANNEL_DECRYPT);
}
