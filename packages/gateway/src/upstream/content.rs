//! The content of an answer without its codings (RFC 9110 §8.4). The gateway asks for `identity`; a server that compresses all the same
//! is read as the browser's own `fetch` would read it.

mod coding;

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::{Body, Frame, SizeHint};

pub use self::coding::Coding;
use self::coding::{Decoder, InvalidCoding, Progress};

/// Most codings of one answer, one inside the other.
const MOST: usize = 3;

/// Takes the codings that this gateway can undo out of the head of an answer, in the order in which they are undone. None are taken, and
/// the field stays, where one of them is unknown: the content is passed on as it is.
pub fn take_codings(fields: &mut HeaderMap) -> Vec<Coding> {
    let names = fields.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("?"));
    let names = names.flat_map(|value| value.split(',')).map(str::trim);
    let codings: Option<Vec<Coding>> =
        names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity")).map(Coding::of).collect();
    match codings {
        Some(mut codings) if codings.len() <= MOST => {
            fields.remove(CONTENT_ENCODING);
            if !codings.is_empty() {
                fields.remove(CONTENT_LENGTH);
            }
            codings.reverse();
            codings
        }
        _ => Vec::new(),
    }
}

/// Why no more of the content can be read.
#[derive(Debug)]
pub enum Unreadable<E> {
    /// The body failed.
    Body(E),
    /// The coding is damaged, or ends too early.
    Coding,
}

/// A body without its codings. It holds one piece of bounded length for each of them, however much a few bytes decode to: who reads slowly
/// slows the decoding down.
pub struct Content<B> {
    body: B,
    stages: Vec<Stage>,
}

/// One coding.
struct Stage {
    decoder: Decoder,
    /// Whether any input came: many servers code an empty content as nothing.
    begun: bool,
}

impl<B: Body<Data = Bytes> + Unpin> Content<B> {
    /// The content of `body`, whose `codings` are undone in their order.
    pub fn new(body: B, codings: &[Coding]) -> Self {
        // What has no content has no coded one either, as the answers to HEAD.
        let codings = if body.is_end_stream() { &[] } else { codings };
        let stages = codings.iter().map(|coding| Stage { decoder: Decoder::new(*coding), begun: false });
        Self { body, stages: stages.collect() }
    }

    /// The next bytes behind the first `depth` stages; None at their end.
    fn poll_bytes(
        &mut self,
        depth: usize,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Unreadable<B::Error>>>> {
        let Some(below) = depth.checked_sub(1) else { return self.poll_body(context) };
        loop {
            let Some(stage) = self.stages.get_mut(below) else { return Poll::Ready(None) };
            match stage.decoder.next() {
                Ok(Progress::Bytes(bytes)) => return Poll::Ready(Some(Ok(bytes))),
                Ok(Progress::Ended) => return Poll::Ready(None),
                Ok(Progress::Waiting) => {}
                Err(InvalidCoding) => return Poll::Ready(Some(Err(Unreadable::Coding))),
            }
            let bytes = ready!(self.poll_bytes(below, context));
            let Some(stage) = self.stages.get_mut(below) else { return Poll::Ready(None) };
            match bytes {
                Some(Ok(bytes)) => {
                    stage.begun = true;
                    stage.decoder.push(Some(bytes));
                }
                None if !stage.begun => return Poll::Ready(None),
                None => stage.decoder.push(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    fn poll_body(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Unreadable<B::Error>>>> {
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                // Trailers of an answer are dropped.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if !bytes.is_empty() => return Poll::Ready(Some(Ok(bytes))),
                    _ => {}
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(Unreadable::Body(error)))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Content<B> {
    type Data = Bytes;
    type Error = Unreadable<B::Error>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let depth = self.stages.len();
        let bytes = ready!(self.poll_bytes(depth, context));
        Poll::Ready(bytes.map(|bytes| bytes.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        if self.stages.is_empty() { self.body.size_hint() } else { SizeHint::default() }
    }
}

#[cfg(test)]
mod tests;
