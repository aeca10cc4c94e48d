//! Sealed requests, opened by a receiver and decoded.
use std::collections::VecDeque;

use blindllama_verifier::Code;
use http_body_util::BodyExt;

use super::*;
use crate::bhttp::decode::{Decoder, Part};
use crate::bhttp::{RequestHead, request_head};
use crate::ohttp::one_key;
use crate::ohttp::suite::Suite;

/// Content that comes in these pieces, after each of which it waits once.
struct Pieces {
    left: VecDeque<Result<Bytes, Failure>>,
    waits: bool,
}

impl Pieces {
    fn of(pieces: impl IntoIterator<Item = Result<Bytes, Failure>>) -> Self {
        Self { left: pieces.into_iter().collect(), waits: false }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        self.waits = !self.waits;
        if !self.waits {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.left.pop_front().map(|piece| piece.map(Frame::data)))
    }
}

fn head() -> RequestHead {
    let text = |text: &str| text.to_owned();
    let mut fields = HeaderMap::new();
    fields.insert("content-type", http::HeaderValue::from_static("application/json"));
    RequestHead {
        method: text("POST"),
        scheme: text("https"),
        authority: text("ohttp.invalid"),
        path: text("/v1/chat/completions?a=b"),
        fields,
    }
}

/// Head, content and length of what the other side opens.
async fn received(content: &[&[u8]]) -> (RequestHead, Vec<u8>, usize) {
    let (sealer, _, mut decapsulator) = one_key::channel(Suite::ALL[3]);
    let content = Pieces::of(content.iter().map(|piece| Ok(Bytes::copy_from_slice(piece))));
    let body = PeerBody::sealed(SealedRequest::new(sealer, request_head(&head()), content));
    let body = body.collect().await.unwrap().to_bytes();
    let chunks = one_key::open(&mut decapsulator, [&body[..]]).unwrap();
    let length = chunks.iter().map(|chunk| chunk.len()).sum();
    let (mut decoder, mut head, mut content) = (Decoder::<RequestHead>::new(1024), None, Vec::new());
    for chunk in chunks {
        decoder.push(chunk);
        while let Some(part) = decoder.next_part().unwrap() {
            match part {
                Part::Head(it) => assert!(head.replace(*it).is_none()),
                Part::Content(bytes) => content.extend(bytes),
            }
        }
    }
    decoder.finish().unwrap();
    (head.unwrap(), content, length)
}

#[tokio::test]
async fn head_and_content_arrive_as_they_are_and_show_a_padded_length() {
    let long = vec![7; 3 * CHUNK_PLAINTEXT];
    let contents: [&[&[u8]]; 5] =
        [&[], &[b"{}"], &[b"", b"one", b"two"], &[&long], &[&long[..16_000], &long[..400], &long]];
    for content in contents {
        let (received_head, received, length) = received(content).await;
        assert_eq!(received_head, head());
        assert_eq!(received, content.concat());
        assert_eq!(padme(length as u64), length as u64);
    }
    let (_, _, short) = received(&[b"{}"]).await;
    let (_, _, longer) = received(&[&[b'x'; 300]]).await;
    assert_eq!((short, longer), (512, 512));
}

#[tokio::test]
async fn content_that_fails_has_no_end_on_the_other_side() {
    let (sealer, _, mut decapsulator) = one_key::channel(Suite::ALL[0]);
    let pieces = [Ok(Bytes::from_static(b"half")), Err(Failure::new(Code::CHANNEL_TRUNCATED))];
    let mut body = PeerBody::sealed(SealedRequest::new(sealer, request_head(&head()), Pieces::of(pieces)));
    let mut sent = Vec::new();
    let failure = loop {
        match body.frame().await.unwrap() {
            Ok(frame) => sent.extend(frame.into_data().unwrap()),
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure.code, Code::CHANNEL_TRUNCATED);
    assert!(body.frame().await.is_none());
    let opened = one_key::open(&mut decapsulator, [&sent[..]]);
    assert_eq!(opened.unwrap_err().code, Code::CHANNEL_TRUNCATED);
}

#[tokio::test]
async fn what_is_there_leaves_before_what_comes() {
    let (sealer, _, _) = one_key::channel(Suite::ALL[0]);
    let content = Pieces::of([Ok(Bytes::from_static(b"first"))]);
    let mut body = PeerBody::sealed(SealedRequest::new(sealer, request_head(&head()), content));
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(!first.is_empty() && !body.is_end_stream());
}
