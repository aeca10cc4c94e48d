//! The bytes of an answer on their way into chunks: which of them travel together, and how much filler comes with them, by what
//! the answer is (PROTOCOL.md §10).

mod batch_timer;
mod events;
mod stream;
mod whole;

use std::task::Context;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use self::events::Events;
use self::stream::Stream;
use self::whole::Whole;
use crate::channel::response_sealer::ResponseSealer;
use crate::config::Padding;
use crate::failure::Failure;
use crate::ohttp::CHUNK_PLAINTEXT;

/// What can still be expected of the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// More bytes.
    Open,
    /// Nothing: the answer is whole.
    Ended,
    /// Nothing, and the answer is not whole: what is there leaves, and no end.
    Broken,
}

/// One answer, from its head to the end of its content.
pub(super) enum Flow {
    /// `text/event-stream`: events, each at once or all of a moment together, padded to buckets.
    Events(Box<Events>),
    /// Whatever else a client may read while it is made: as it comes.
    Stream(Stream),
    /// What nobody reads before it is whole: full chunks, padded at its end.
    Whole(Whole),
}

/// How long an answer that may be whole at once, and does not say so, is waited for. What takes longer is read while it is made: JSON
/// before which blanks keep the connection alive, events under the name of JSON.
const WHOLE_WITHIN: Duration = Duration::from_millis(50);

impl Flow {
    /// For an answer with this head, encoded. `sized` says whether the upstream announced its length.
    pub(super) fn new(head: Bytes, fields: &HeaderMap, sized: bool, padding: &Padding) -> Self {
        let media_type = fields.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // What is still coded is neither events nor JSON.
        let coded = fields.contains_key(CONTENT_ENCODING);
        if essence == "text/event-stream" && !coded {
            Self::Events(Box::new(Events::new(head, sized, padding)))
        } else if sized {
            Self::Whole(Whole::new(head, None))
        } else if (essence == "application/json" || essence.ends_with("+json")) && !coded {
            Self::Whole(Whole::new(head, Some(WHOLE_WITHIN)))
        } else {
            Self::Stream(Stream::new(head))
        }
    }

    /// For an answer that is there already.
    pub(super) fn of(head: Bytes, content: Bytes) -> Self {
        let mut whole = Whole::new(head, None);
        whole.push(content);
        Self::Whole(whole)
    }

    /// Adds content.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Events(events) => {
                if !events.push(&bytes) {
                    let events = std::mem::replace(self, Self::Stream(Stream::new(Bytes::new())));
                    *self = events.without_events();
                }
            }
            Self::Stream(stream) => stream.push(bytes),
            Self::Whole(whole) => whole.push(bytes),
        }
    }

    /// What goes on with an answer that is labelled as events and holds none: as JSON, which servers send so with their refusals.
    fn without_events(self) -> Self {
        let Self::Events(events) = self else { return self };
        let patience = if events.is_sized() { None } else { Some(WHOLE_WITHIN) };
        let (head, content) = events.into_rest();
        let mut whole = Whole::new(head, patience);
        content.into_iter().for_each(|bytes| whole.push(bytes));
        Self::Whole(whole)
    }

    /// Ends a stream of events with `event`, which has no blank line yet; other answers have no place for one.
    pub(super) fn interrupt(&mut self, event: &str) {
        if let Self::Events(events) = self {
            events.interrupt(event);
        }
    }

    /// Seals the next chunk before the final one at the end of `out`; returns whether there was one. If not, more content has to be
    /// pushed, or the moment for what waits has to come, which wakes the task of `context`.
    pub(super) fn next(
        &mut self,
        sealer: &mut ResponseSealer,
        source: Source,
        context: &mut Context<'_>,
        out: &mut BytesMut,
    ) -> Result<bool, Failure> {
        match self {
            Self::Events(events) => events.next(sealer, source, context, out),
            Self::Stream(stream) => stream.next(sealer, out),
            Self::Whole(whole) => whole.next(sealer, source, context, out),
        }
    }

    /// Seals the final chunk: to be called when the source ended and [`Self::next`] had no more.
    pub(super) fn finish(self, mut sealer: ResponseSealer, out: &mut BytesMut) -> Result<(), Failure> {
        match self {
            Self::Events(_) | Self::Stream(_) => {
                let end = sealer.end(&[]);
                sealer.seal_final(&[&end], out)
            }
            Self::Whole(whole) => whole.finish(sealer, out),
        }
    }
}

/// Seals the next part of an encoded head that may be longer than a chunk; false when nothing of it is left.
fn next_of_head(head: &mut Bytes, sealer: &mut ResponseSealer, out: &mut BytesMut) -> Result<bool, Failure> {
    let part = head.split_to(head.len().min(CHUNK_PLAINTEXT));
    if part.is_empty() { Ok(false) } else { sealer.seal(&[&part], out).map(|()| true) }
}

/// The length of a piece of content as it stands in front of it (RFC 9292 §3.2): one for each event, so without an allocation.
struct Length([u8; 8], usize);

impl Length {
    fn of(content: usize) -> Self {
        let mut bytes = [0; 8];
        let mut rest = bytes.as_mut_slice();
        crate::varint::encode(content, &mut rest);
        let left = rest.len();
        Self(bytes, bytes.len().saturating_sub(left))
    }
}

impl AsRef<[u8]> for Length {
    fn as_ref(&self) -> &[u8] {
        self.0.get(..self.1).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
