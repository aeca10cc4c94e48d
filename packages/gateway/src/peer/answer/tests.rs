//! Answers as another gateway seals them, and broken ones.
use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};

use super::*;
use crate::bhttp::{message_end, response_head};
use crate::ohttp::one_key;
use crate::ohttp::suite::Suite;

/// A response of indeterminate length with an informational one before it.
fn message() -> Vec<u8> {
    let mut fields = HeaderMap::new();
    fields.insert("x-a", HeaderValue::from_static("b"));
    let mut message = response_head(StatusCode::EARLY_HINTS, &fields);
    message.extend(&response_head(StatusCode::ACCEPTED, &fields)[1..]);
    message.extend(b"\x03abc\x02de");
    message.extend(message_end(&fields));
    message.extend([0; 9]);
    message
}

/// The outer answer that holds `message` in chunks of these lengths, cut behind `kept` bytes, and what opens it.
fn sealed(message: &[u8], chunk: usize, kept: usize) -> (Response<Full<Bytes>>, Opener) {
    let (sealer, opener, mut decapsulator) = one_key::channel(Suite::ALL[3]);
    let mut request = BytesMut::new();
    sealer.seal_final(&[b"asked"], &mut request).unwrap();
    one_key::open(&mut decapsulator, [&request[..]]).unwrap();
    let mut sealer = decapsulator.sealer().unwrap();
    let mut body = BytesMut::new();
    message.chunks(chunk).for_each(|chunk| sealer.seal(&[chunk], &mut body).unwrap());
    sealer.seal_final(&[], &mut body).unwrap();
    body.truncate(body.len() - kept);
    (Response::new(Full::new(body.freeze())), opener)
}

async fn read((answer, opener): (Response<Full<Bytes>>, Opener)) -> Result<(StatusCode, HeaderMap, Bytes), Failure> {
    let answer = open(answer, opener, 1024).await?;
    let (parts, content) = answer.into_parts();
    Ok((parts.status, parts.headers, content.collect().await?.to_bytes()))
}

#[tokio::test]
async fn the_final_response_arrives_as_it_is_however_it_was_cut() {
    let message = message();
    for chunk in [1, 7, message.len()] {
        let (status, fields, content) = read(sealed(&message, chunk, 0)).await.unwrap();
        assert_eq!((status, &content[..]), (StatusCode::ACCEPTED, &b"abcde"[..]));
        assert_eq!(fields.len(), 1);
        assert_eq!(fields["x-a"], "b");
    }
}

#[tokio::test]
async fn a_response_of_known_length_is_read_too() {
    let message = [&b"\x01\x40\xc8"[..], b"\x08\x03x-a\x03b c", b"\x02hi", b"\x00"].concat();
    let (status, fields, content) = read(sealed(&message, 5, 0)).await.unwrap();
    assert_eq!((status, &content[..]), (StatusCode::OK, &b"hi"[..]));
    assert_eq!(fields["x-a"], "b c");
}

#[tokio::test]
async fn an_answer_without_its_authenticated_end_is_broken() {
    let message = message();
    for missing in [1, 16, 17, 40] {
        let failure = read(sealed(&message, 7, missing)).await.unwrap_err();
        assert_eq!(failure.code, Code::REQUEST_UPSTREAM_BROKEN, "{missing}");
    }
    // Sealed to its end, but not a whole message.
    for end in [1, 3, 20, message.len() - 13] {
        assert!(read(sealed(&message[..end], 7, 0)).await.is_err(), "{end}");
    }
}

#[tokio::test]
async fn what_is_no_response_is_broken() {
    // A request, a status that HTTP has not, a head beyond the limit, padding that is not zero.
    let long = [&b"\x03\x40\xc8\x01a\x47\xd0"[..], &[b'x'; 2000], b"\x00\x00\x00"].concat();
    let request = b"\x02\x03GET\x05https\x01a\x01/\x00\x00\x00";
    for message in [&request[..], b"\x03\x42\x58\x00\x00\x00", &long, b"\x03\x40\xc8\x00\x00\x00\x01"] {
        let failure = read(sealed(message, 100, 0)).await.unwrap_err();
        assert_eq!(failure.code, Code::REQUEST_UPSTREAM_BROKEN);
    }
}
