use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use futures::stream;
use http::HeaderValue;
use http_body_util::{BodyExt, Full, StreamBody};

use super::*;

/// `TEXT` and 64 MiB of zeros as Node.js compresses them: the crate only decodes.
const BROTLI_TEXT: &str = include_str!("../../../tests/brotli/text.hex");
const BROTLI_ZEROS: &str = include_str!("../../../tests/brotli/zeros.hex");
const TEXT: &str = "data: one\n\ndata: two\n\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 3).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.trim().chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// What arrives as `parts`, decoded; None where it cannot be read to its end.
async fn decoded(codings: &[Coding], parts: Vec<Vec<u8>>) -> Option<Vec<u8>> {
    let frames = parts.into_iter().map(|part| Ok::<_, std::io::Error>(Frame::data(Bytes::from(part))));
    let mut content = Content::new(Box::pin(StreamBody::new(stream::iter(frames))), codings);
    let mut whole = Vec::new();
    while let Some(frame) = content.frame().await {
        whole.extend_from_slice(frame.ok()?.data_ref().unwrap());
    }
    Some(whole)
}

fn bytewise(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.iter().map(|byte| vec![*byte]).collect()
}

#[tokio::test]
async fn every_coding_is_undone_however_its_bytes_arrive() {
    let text = TEXT.as_bytes();
    for (coding, bytes) in [
        (Coding::Gzip, gzip(text)),
        (Coding::Deflate, zlib(text)),
        (Coding::Deflate, deflate(text)),
        (Coding::Brotli, unhex(BROTLI_TEXT)),
        (Coding::Zstd, zstd(text)),
    ] {
        assert_eq!(decoded(&[coding], vec![bytes.clone()]).await.unwrap(), text, "{coding:?}");
        assert_eq!(decoded(&[coding], bytewise(&bytes)).await.unwrap(), text, "{coding:?}");
    }
}

#[tokio::test]
async fn what_ends_too_early_or_is_damaged_is_no_whole_content() {
    let text = TEXT.repeat(50);
    for (coding, bytes) in [
        (Coding::Gzip, gzip(text.as_bytes())),
        (Coding::Deflate, zlib(text.as_bytes())),
        (Coding::Brotli, unhex(BROTLI_TEXT)),
        (Coding::Zstd, zstd(text.as_bytes())),
    ] {
        let cut = bytes[..bytes.len() - 1].to_vec();
        assert_eq!(decoded(&[coding], vec![cut]).await, None, "{coding:?}");
        assert_eq!(decoded(&[coding], vec![b"{\"error\": 1}".to_vec()]).await, None, "{coding:?}");
    }
}

#[tokio::test]
async fn an_empty_content_is_empty_in_every_coding() {
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
        assert_eq!(decoded(&[coding], vec![]).await.unwrap(), b"", "{coding:?}");
    }
}

#[tokio::test]
async fn members_and_frames_behind_each_other_are_one_content() {
    let twice = TEXT.repeat(2).into_bytes();
    assert_eq!(
        decoded(&[Coding::Gzip], vec![[gzip(TEXT.as_bytes()), gzip(TEXT.as_bytes())].concat()]).await.unwrap(),
        twice
    );
    assert_eq!(
        decoded(&[Coding::Zstd], vec![[zstd(TEXT.as_bytes()), zstd(TEXT.as_bytes())].concat()]).await.unwrap(),
        twice
    );
}

#[tokio::test]
async fn codings_are_undone_in_their_order() {
    let bytes = gzip(&zstd(TEXT.as_bytes()));
    assert_eq!(decoded(&[Coding::Gzip, Coding::Zstd], bytewise(&bytes)).await.unwrap(), TEXT.as_bytes());
}

/// What a server flushed is there before the next byte comes.
#[tokio::test]
async fn what_was_flushed_does_not_wait_for_the_end() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(TEXT.as_bytes()).unwrap();
    gzip.flush().unwrap();
    let mut zstd = zstd::Encoder::new(Vec::new(), 3).unwrap();
    zstd.write_all(TEXT.as_bytes()).unwrap();
    zstd.flush().unwrap();
    for (coding, flushed) in [(Coding::Gzip, gzip.get_ref().clone()), (Coding::Zstd, zstd.get_ref().clone())] {
        let first = stream::iter([Ok::<_, std::io::Error>(Frame::data(Bytes::from(flushed)))]);
        let open = futures::StreamExt::chain(first, stream::pending());
        let mut content = Content::new(Box::pin(StreamBody::new(open)), &[coding]);
        let frame = tokio::time::timeout(std::time::Duration::from_secs(20), content.frame()).await;
        let frame = frame.expect("it does not wait").unwrap().unwrap();
        assert_eq!(frame.data_ref().unwrap(), TEXT, "{coding:?}");
    }
}

#[tokio::test]
async fn a_few_bytes_never_become_more_than_a_piece_at_once() {
    let zeros = vec![0; 64 << 20];
    for (coding, bytes) in [
        (Coding::Gzip, gzip(&zeros)),
        (Coding::Deflate, zlib(&zeros)),
        (Coding::Brotli, unhex(BROTLI_ZEROS)),
        (Coding::Zstd, zstd(&zeros)),
    ] {
        assert!(bytes.len() < 100_000);
        let mut content = Content::new(Full::new(Bytes::from(bytes)), &[coding]);
        let mut total = 0;
        while let Some(frame) = content.frame().await {
            let length =
                frame.unwrap_or_else(|error| panic!("{coding:?} at {total}: {error:?}")).data_ref().unwrap().len();
            assert!(length <= 16 * 1024, "{coding:?}: {length}");
            total += length;
        }
        assert_eq!(total, zeros.len(), "{coding:?}");
    }
}

#[test]
fn a_field_names_codings_from_the_inside_out() {
    let take = |value: &'static str| {
        let mut fields = HeaderMap::new();
        fields.insert(CONTENT_ENCODING, HeaderValue::from_static(value));
        fields.insert(CONTENT_LENGTH, HeaderValue::from_static("9"));
        (take_codings(&mut fields), fields.contains_key(CONTENT_ENCODING), fields.contains_key(CONTENT_LENGTH))
    };
    assert_eq!(take("gzip"), (vec![Coding::Gzip], false, false));
    assert_eq!(take("deflate, BR"), (vec![Coding::Brotli, Coding::Deflate], false, false));
    assert_eq!(take("identity"), (vec![], false, true));
    // What cannot be undone stays as it is, with what it says of itself.
    for unknown in ["compress", "gzip, dcb", "gzip,gzip,gzip,gzip", "\"gzip\""] {
        assert_eq!(take(unknown), (vec![], true, true), "{unknown}");
    }
}
