//! An answer that is there as a whole: bytes of its own, and bytes that it shares with the answers to others.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::budget::Place;

/// The body of such an answer.
#[derive(Default)]
pub(super) struct Plain {
    /// In order; what is sent is empty.
    parts: [Bytes; 3],
    place: Option<Place>,
}

impl Plain {
    /// These parts, one behind the other; none is copied.
    pub(super) const fn of(parts: [Bytes; 3]) -> Self {
        Self { parts, place: None }
    }

    /// Keeps `place` until the answer is sent.
    pub(super) fn keep(&mut self, place: Place) {
        self.place = Some(place);
    }
}

impl Body for Plain {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = self.parts.iter_mut().find(|part| !part.is_empty());
        Poll::Ready(part.map(|part| Ok(Frame::data(std::mem::take(part)))))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.iter().all(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.parts.iter().map(|part| part.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn the_parts_leave_in_order_and_the_shared_one_is_not_copied() {
        let shared = Bytes::from(vec![7; 1000]);
        let [before, behind] = [&b"own"[..], b"proof"].map(Bytes::from_static);
        let mut body = Plain::of([before, shared.clone(), behind]);
        assert_eq!(body.size_hint().exact(), Some(1008));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "own");
        assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(1005), false));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().as_ptr(), shared.as_ptr());
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "proof");
        assert!(body.is_end_stream() && body.frame().await.is_none());
    }
}
