use std::task::Waker;
use std::time::Duration;

use http::HeaderValue;
use tokio::time::advance;

use super::*;
use crate::ohttp::TAG;
use crate::ohttp::hpke::AeadId;
use crate::ohttp::response::Sealer;

const BATCH: Duration = Duration::from_millis(100);

fn sealer() -> ResponseSealer {
    ResponseSealer::new(Sealer::derive(AeadId::Aes128Gcm, &[1; 16], &[2; 32], &[3; 16]).unwrap(), None)
}

/// A flow with its sealer, and the lengths of the plaintexts that came out.
struct Run {
    flow: Flow,
    sealer: ResponseSealer,
    preamble: usize,
}

impl Run {
    fn new(media_type: &'static str, sized: bool, event_bucket: usize, batch: Option<Duration>) -> Self {
        let mut fields = HeaderMap::new();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        let flow = Flow::new(Bytes::from_static(&[9; 30]), &fields, sized, &Padding { event_bucket, batch });
        Self { flow, sealer: sealer(), preamble: 16 }
    }

    fn events(event_bucket: usize, batch: Option<Duration>) -> Self {
        let mut run = Self::new("Text/Event-Stream; charset=utf-8", false, event_bucket, batch);
        assert_eq!(run.chunks(Source::Open), [30], "the head at once");
        run
    }

    fn chunks(&mut self, source: Source) -> Vec<usize> {
        let mut context = Context::from_waker(Waker::noop());
        let next = || {
            let mut out = BytesMut::new();
            self.flow.next(&mut self.sealer, source, &mut context, &mut out).unwrap().then_some(out)
        };
        let sealed: Vec<BytesMut> = std::iter::from_fn(next).collect();
        sealed.iter().map(|chunk| self.plaintext(chunk)).collect()
    }

    fn push(&mut self, text: &str) -> Vec<usize> {
        self.flow.push(Bytes::copy_from_slice(text.as_bytes()));
        self.chunks(Source::Open)
    }

    /// All chunks to the end, the final one last.
    fn end(mut self) -> Vec<usize> {
        let mut lengths = self.chunks(Source::Ended);
        let preamble = std::mem::take(&mut self.preamble);
        let mut out = BytesMut::new();
        self.flow.finish(self.sealer, &mut out).unwrap();
        lengths.push(out.len() - preamble - 1 - TAG);
        lengths
    }

    fn plaintext(&mut self, chunk: &[u8]) -> usize {
        let (length, size) = crate::varint::peek(&chunk[self.preamble..]).unwrap();
        assert_eq!(chunk.len() - std::mem::take(&mut self.preamble) - size, length as usize);
        length as usize - TAG
    }
}

fn event(length: usize) -> String {
    format!("data: {}\n\n", "x".repeat(length - 8))
}

#[test]
fn events_of_any_length_leave_as_full_buckets_each_at_once() {
    let mut run = Run::events(512, None);
    for length in [9, 60, 70, 300, 507, 510] {
        assert_eq!(run.push(&event(length)), [512], "{length}");
    }
    assert_eq!(run.push(&event(509)), [1024]);
    assert_eq!(run.push(&event(511)), [1024]);
    assert_eq!(run.push("data: half of "), [0; 0]);
    assert_eq!(run.push("an event\n\n"), [512]);
    assert_eq!(run.push("data: no end"), [0; 0]);
    assert_eq!(run.end(), [512, 2]);
}

#[test]
fn events_that_are_there_together_show_the_lengths_that_they_have_apart() {
    let apart = |lengths: &[usize]| -> usize {
        let mut run = Run::events(512, None);
        lengths.iter().flat_map(|length| run.push(&event(*length))).sum()
    };
    for lengths in [&[20, 30][..], &[20, 500, 700], &[510, 20], &[100; 32], &[504, 505, 506, 507, 508, 509, 511]] {
        let events: String = lengths.iter().map(|length| event(*length)).collect();
        assert_eq!(Run::events(512, None).push(&events), [apart(lengths)], "{lengths:?}");
    }
    let events = event(100).repeat(70);
    assert_eq!(Run::events(512, None).push(&events), [16_384, 16_384, 3072], "as many as fill a chunk apart");
    assert_eq!(Run::events(0, None).push(&events), [7002], "without a bucket as long as they are");
    assert_eq!(Run::events(512, None).push(&[event(16_000), event(16_000)].concat()), [16_384, 16_384]);
    // Two chunks that are full to the byte leave less between them than the shortest comment.
    assert_eq!(Run::events(512, None).push(&[event(510), event(510)].concat()), [1536]);
}

#[test]
fn an_event_longer_than_a_chunk_shows_its_length_in_buckets_too() {
    let lengths = |length| Run::events(512, None).push(&event(length));
    assert_eq!(lengths(16_376), [16_384]);
    assert_eq!(lengths(16_377), [16_384]);
    assert_eq!(lengths(16_378), [16_379, 512]);
    assert_eq!(lengths(40_000), lengths(40_100));
}

#[test]
fn without_a_bucket_events_are_as_long_as_they_are() {
    let mut run = Run::events(0, None);
    assert_eq!([20, 63, 64, 300].map(|length| run.push(&event(length))[0]), [21, 64, 66, 302]);
}

#[tokio::test(start_paused = true)]
async fn events_of_one_moment_leave_together_at_times_that_say_nothing_of_theirs() {
    let mut run = Run::events(512, Some(BATCH));
    for wait in [3, 40, 20] {
        advance(Duration::from_millis(wait)).await;
        assert_eq!(run.push(&event(100)), [0; 0]);
    }
    advance(Duration::from_millis(36)).await;
    assert_eq!(run.chunks(Source::Open), [0; 0], "99 ms");
    advance(Duration::from_millis(2)).await;
    assert_eq!(run.chunks(Source::Open), [512]);
    // The next tick is counted from the start, not from the event.
    advance(Duration::from_millis(70)).await;
    assert_eq!(run.push(&event(100)), [0; 0], "171 ms");
    advance(Duration::from_millis(30)).await;
    assert_eq!(run.chunks(Source::Open), [512], "201 ms");
    advance(Duration::from_millis(500)).await;
    assert_eq!(run.chunks(Source::Open), [0; 0], "a tick without an event sends nothing");
    assert_eq!(run.push(&event(100)), [0; 0], "and does not count for later ones");
}

#[tokio::test(start_paused = true)]
async fn the_end_and_a_full_chunk_do_not_wait() {
    let mut run = Run::events(512, Some(BATCH));
    assert_eq!(run.push(&event(100)), [0; 0]);
    assert_eq!(run.push(&event(100).repeat(400)), [16_384, 16_384, 7680], "401 events");
    assert_eq!(run.push(&event(100)), [0; 0]);
    assert_eq!(run.end(), [512, 2]);
}

#[test]
fn a_whole_answer_shows_its_padded_length_however_it_came() {
    for length in [1, 300, 400, 5000, 16_300, 16_384, 32_768, 100_000] {
        let content = "x".repeat(length);
        let lengths: Vec<_> = [(1 << 20, "application/json"), (16_384, "audio/mpeg"), (1000, "application/json")]
            .iter()
            .map(|(size, media_type)| {
                let mut run = Run::new(media_type, true, 512, Some(BATCH));
                let mut lengths = Vec::new();
                for part in content.as_bytes().chunks(*size) {
                    lengths.extend(run.push(std::str::from_utf8(part).unwrap()));
                }
                [lengths, run.end()].concat()
            })
            .collect();
        let (last, others) = lengths[0].split_last().unwrap();
        assert!(others.iter().all(|chunk| *chunk == CHUNK_PLAINTEXT) && *last <= CHUNK_PLAINTEXT);
        let total: usize = lengths[0].iter().sum();
        assert!(total >= 512 && (total <= 512 || (total - length) * 100 <= length * 12 + 4000), "{length}: {total}");
        assert_eq!(crate::bhttp::padme(total as u64), total as u64);
        assert_eq!(lengths[0], lengths[1], "{length}");
    }
}

#[tokio::test(start_paused = true)]
async fn short_whole_answers_look_the_same() {
    let of = |length| {
        let mut run = Run::new("application/json", false, 512, None);
        assert_eq!(run.push(&"x".repeat(length)), [0; 0], "nothing leaves before the end");
        run.end()
    };
    assert_eq!(of(1), [512]);
    assert_eq!(of(450), [512]);
    assert_eq!(of(481), [544]);
}

#[tokio::test(start_paused = true)]
async fn json_that_takes_its_time_leaves_in_parts_and_nothing_of_known_length_does() {
    let mut run = Run::new("application/vnd.x+json", false, 512, None);
    assert_eq!(run.push("\n"), [0; 0]);
    advance(Duration::from_millis(49)).await;
    assert_eq!(run.push("{"), [0; 0]);
    advance(Duration::from_millis(2)).await;
    assert_eq!(run.chunks(Source::Open), [34], "the head of 30 bytes, and two pieces");
    assert_eq!(run.push("}"), [0; 0], "the time begins anew");
    assert_eq!(run.end(), [478], "padded to 512 bytes in all");

    let mut run = Run::new("application/json", true, 512, None);
    assert_eq!(run.push("{"), [0; 0]);
    advance(Duration::from_secs(100)).await;
    assert_eq!(run.chunks(Source::Open), [0; 0]);
    assert_eq!(run.end(), [512]);
}

#[test]
fn what_is_there_of_a_broken_answer_leaves() {
    let broken = |media_type, sized, text: &str| {
        let mut run = Run::new(media_type, sized, 512, None);
        let mut lengths = run.push(text);
        lengths.extend(run.chunks(Source::Broken));
        lengths
    };
    assert_eq!(broken("application/json", true, "{\"half\":"), [30 + 1 + 8]);
    assert_eq!(broken("text/event-stream", false, "data: 1\n\ndata: ha"), [30, 512, 512]);
    assert_eq!(broken("text/plain", false, "half"), [30, 5]);
}

#[tokio::test(start_paused = true)]
async fn what_is_labelled_as_events_and_holds_none_is_whole() {
    for text in ["{\"error\": 1}\n\n", "\n\n[]", "error\n\n", "<html>\n\n", "dat: 1\n\n"] {
        let mut run = Run::events(512, Some(BATCH));
        assert_eq!(run.push(text), [0; 0], "{text}");
        assert_eq!(run.end(), [512], "{text}");
    }
}

#[test]
fn blank_lines_before_the_first_event_are_not_padded_and_do_not_wait() {
    let mut run = Run::events(512, None);
    assert_eq!(run.push("\n"), [2], "it may be JSON that follows");
    assert_eq!(run.push("da"), [0; 0]);
    assert_eq!(run.push("ta: 1\n\n"), [512]);
    assert_eq!(run.push("\n"), [512]);
}

#[test]
fn what_is_neither_events_nor_whole_travels_as_it_comes() {
    let mut run = Run::new("application/octet-stream", false, 512, Some(BATCH));
    assert_eq!(run.push("ab\n\ncd"), [30, 7]);
    assert_eq!(run.push(&"z".repeat(16_383)), [16_384, 2]);
    assert_eq!(run.end(), [2]);
}

#[test]
fn a_head_longer_than_a_chunk_is_split() {
    for media_type in ["text/event-stream", "x/y"] {
        let mut fields = HeaderMap::new();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        let padding = Padding { event_bucket: 512, batch: None };
        let flow = Flow::new(Bytes::from(vec![9; 40_000]), &fields, false, &padding);
        let chunks = Run { flow, sealer: sealer(), preamble: 16 }.chunks(Source::Open);
        assert_eq!(chunks, [16_384, 16_384, 7_232]);
    }
}

#[test]
fn an_interruption_follows_whole_events_and_never_the_part_of_one() {
    const LAST: &str = "data: {}";
    for batch in [None, Some(BATCH)] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _guard = runtime.enter();
        let mut run = Run::events(0, batch);
        let left: usize = run.push("data: a\n\ndata: unfi").iter().sum();
        run.flow.interrupt(LAST);
        let left = left + run.chunks(Source::Ended).iter().sum::<usize>();
        let prefixes = if batch.is_some() { 1 } else { 2 };
        assert_eq!(left, prefixes + "data: a\n\n".len() + LAST.len() + 2, "{batch:?}");
    }
    let mut run = Run::events(0, None);
    assert_eq!(run.push(&format!("data: {}", "x".repeat(20_000))).len(), 1, "one part");
    run.flow.interrupt(LAST);
    assert_eq!(run.chunks(Source::Ended), [0; 0]);
}
