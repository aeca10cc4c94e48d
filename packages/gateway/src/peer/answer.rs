//! The answer of the other gateway, opened as it comes.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use blindllama_verifier::Code;
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame};
use hyper::body::Incoming;

use crate::bhttp::ResponseHead;
use crate::bhttp::decode::{Decoder, Part};
use crate::failure::Failure;
use crate::ohttp::encapsulate::Opener;

/// The content of an answer. It ends without an error only behind an authenticated end.
pub struct OpenedAnswer<B = Incoming> {
    body: B,
    opener: Opener,
    decoder: Decoder<ResponseHead>,
    /// Whether the final chunk is open.
    is_complete: bool,
    /// Whether nothing more may be read.
    is_ended: bool,
}

/// Reads the head of an answer, at most `field_bytes` of it.
///
/// # Errors
/// `request.upstream_broken`.
pub(super) async fn open<B>(
    answer: Response<B>,
    opener: Opener,
    field_bytes: u64,
) -> Result<Response<OpenedAnswer<B>>, Failure>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut content = OpenedAnswer {
        body: answer.into_body(),
        opener,
        decoder: Decoder::new(field_bytes),
        is_complete: false,
        is_ended: false,
    };
    match poll_fn(|context| content.poll_part(context)).await {
        Some(Ok(Part::Head(head))) => {
            let mut answer = Response::new(content);
            *answer.status_mut() = head.status;
            *answer.headers_mut() = head.fields;
            Ok(answer)
        }
        Some(Err(failure)) => Err(failure),
        _ => Err(broken("no head")),
    }
}

fn broken(why: &'static str) -> Failure {
    Failure::with(Code::REQUEST_UPSTREAM_BROKEN, why)
}

impl<B: Body<Data = Bytes> + Unpin> OpenedAnswer<B> {
    /// The next part; None behind the authenticated end.
    fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Part<ResponseHead>, Failure>>> {
        if self.is_ended {
            return Poll::Ready(None);
        }
        let part = ready!(self.poll_next(context)).transpose();
        self.is_ended = !matches!(part, Some(Ok(_)));
        Poll::Ready(part)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Part<ResponseHead>>, Failure>> {
        loop {
            if let Some(part) = self.decoder.next_part().map_err(|_| broken("no response of Binary HTTP"))? {
                return Poll::Ready(Ok(Some(part)));
            }
            if self.is_complete {
                self.decoder.finish().map_err(|_| broken("a response without its end"))?;
                return Poll::Ready(Ok(None));
            }
            if let Some(chunk) = self.opener.next_chunk().map_err(|_| broken("a chunk that does not open"))? {
                self.decoder.push(chunk);
                continue;
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.opener.push(&bytes);
                    }
                }
                Some(Err(_)) => return Poll::Ready(Err(broken("the connection ended"))),
                None => {
                    let last = self.opener.finish().map_err(|_| broken("no final chunk"))?;
                    self.decoder.push(last);
                    self.is_complete = true;
                }
            }
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for OpenedAnswer<B> {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let part = ready!(self.poll_part(context));
        Poll::Ready(part.map(|part| match part? {
            Part::Content(bytes) => Ok(Frame::data(bytes)),
            Part::Head(_) => Err(broken("a second head")),
        }))
    }
}

#[cfg(test)]
mod tests;
