use super::*;

const LONGEST: usize = 100;

fn cut(arrivals: &[&[u8]]) -> Vec<Vec<Piece>> {
    let mut splitter = EventSplitter::new(LONGEST);
    let mut all: Vec<Vec<Piece>> = arrivals
        .iter()
        .map(|arrival| {
            splitter.push(&Bytes::copy_from_slice(arrival));
            std::iter::from_fn(|| splitter.next_piece()).collect()
        })
        .collect();
    all.push(splitter.rest().into_iter().collect());
    assert_eq!(splitter.rest(), None);
    all
}

fn pieces(arrivals: &[&str]) -> Vec<Vec<String>> {
    let arrivals: Vec<&[u8]> = arrivals.iter().map(|arrival| arrival.as_bytes()).collect();
    cut(&arrivals).into_iter().map(|pieces| pieces.into_iter().map(|piece| text(piece.bytes)).collect()).collect()
}

fn text(bytes: Bytes) -> String {
    String::from_utf8(bytes.into()).unwrap()
}

#[test]
fn each_event_leaves_with_its_blank_line_whatever_the_line_endings() {
    for end in ["\n", "\r\n", "\r"] {
        let event = |name: &str| format!("event: {name}{end}data: x{end}{end}");
        let stream = [event("a"), event("b"), format!(": comment{end}{end}"), event("c")];
        let cut = pieces(&[&stream.concat()]);
        assert_eq!(cut, [stream.to_vec(), vec![]], "{end:?}");
    }
}

#[test]
fn an_event_leaves_with_the_arrival_that_completes_it() {
    let cut = pieces(&["data: a\n", "\n", "data: ", "b", "\n\ndata: c\n\nda", "ta: d\n\n"]);
    let expected: [&[&str]; 7] =
        [&[], &["data: a\n\n"], &[], &[], &["data: b\n\n", "data: c\n\n"], &["data: d\n\n"], &[]];
    assert_eq!(cut, expected);
}

#[test]
fn an_event_that_a_return_completes_does_not_wait_for_a_line_feed() {
    let cut = pieces(&["data: a\r\n\r", "\ndata: b\r\n\r\n", "data: c\r\r", "data: d\r\r"]);
    let expected: [&[&str]; 5] = [&["data: a\r\n\r"], &["\ndata: b\r\n\r\n"], &["data: c\r\r"], &["data: d\r\r"], &[]];
    assert_eq!(cut, expected);
}

#[test]
fn every_split_gives_the_same_bytes_and_each_event_as_soon_as_it_is_whole() {
    let stream = "data: a\n\ndata: b\r\n\r\n: c\r\rid: 4\ndata: d\r\n\ndata: [DONE]\n\n";
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            let cut = pieces(&[&stream[..first], &stream[first..second], &stream[second..]]);
            assert_eq!(cut.concat().concat(), stream, "cut at {first} and {second}");
            assert!(cut[3].is_empty(), "nothing waits for the end");
        }
    }
}

#[test]
fn a_stream_that_ends_inside_an_event_keeps_its_rest() {
    assert_eq!(pieces(&["data: a\n\ndata: b"])[1], ["data: b"]);
}

#[test]
fn an_event_longer_than_a_piece_travels_in_parts() {
    let long = format!("data: {}\n\n", "x".repeat(2 * LONGEST));
    let cut = pieces(&[&long, "data: y\n\n"]).concat();
    assert_eq!(cut.iter().map(String::len).collect::<Vec<_>>(), [LONGEST, LONGEST, 8, 9]);
    assert_eq!(cut.concat(), format!("{long}data: y\n\n"));
}

/// What a stream says (HTML §9.2.6): its events with type, data and last id, and how long to wait before connecting again.
fn read(stream: &[u8]) -> (Vec<[String; 3]>, Option<String>) {
    let text = String::from_utf8_lossy(stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream)).into_owned();
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    // A line without an end is none, and neither is an event without a blank line.
    let whole = lines.rfind('\n').map_or("", |end| &lines[..=end]);
    let (mut events, mut retry, mut id) = (Vec::new(), None, String::new());
    let (mut data, mut kind) = (None::<String>, String::new());
    for line in whole.lines() {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" if line.is_empty() => {
                let kind = std::mem::take(&mut kind);
                if let Some(data) = data.take() {
                    events.push([kind, data, id.clone()]);
                }
            }
            "data" => data = Some(data.map_or(value.into(), |before| format!("{before}\n{value}"))),
            "event" => kind = value.into(),
            "id" if !value.contains('\0') => id = value.into(),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => retry = Some(value.into()),
            _ => {}
        }
    }
    (events, retry)
}

/// The stream with a comment in every gap.
fn filled(pieces: &[Piece], comment: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    for piece in pieces {
        let (front, back) = piece.bytes.split_at(piece.gap.unwrap_or(0));
        stream.extend_from_slice(front);
        stream.extend_from_slice(if piece.gap.is_some() { comment } else { b"" });
        stream.extend_from_slice(back);
    }
    stream
}

/// Numbers that look random and are the same in every run (xorshift64, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn one<'a>(&mut self, choices: &[&'a [u8]]) -> &'a [u8] {
        choices[self.below(choices.len())]
    }
}

/// Fields, comments, line ends of all kinds and bytes that are nothing, in an order that no server would choose.
fn any_stream(numbers: &mut Numbers) -> Vec<u8> {
    let ends: [&[u8]; 4] = [b"\n", b"\r\n", b"\r", b"\n\r"];
    let words: [&[u8]; 12] = [
        b"data: a",
        b"data",
        b"data:b:c",
        b"event: x",
        b"id: 7",
        b"retry: 10",
        b":",
        b": a comment",
        b"",
        b"",
        b"\xef\xbb\xbfdata: marked",
        b"data: \xff\xf0\x9f\x98\x80",
    ];
    let mut stream = Vec::new();
    for _ in 0..numbers.below(30) {
        stream.extend_from_slice(numbers.one(&words));
        if numbers.below(12) == 0 {
            stream.extend(std::iter::repeat_n(b'y', numbers.below(3 * LONGEST)));
        }
        stream.extend_from_slice(numbers.one(&ends));
    }
    stream.truncate(stream.len() - numbers.below(3).min(stream.len()));
    stream
}

#[test]
fn a_comment_in_every_gap_changes_no_event_of_any_stream_however_it_arrives() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for round in 0..5_000 {
        let stream = any_stream(&mut numbers);
        let mut arrivals: Vec<&[u8]> = Vec::new();
        let mut rest = &stream[..];
        while !rest.is_empty() {
            let (arrival, others) = rest.split_at(1 + numbers.below(rest.len().min(40)));
            arrivals.push(arrival);
            rest = others;
        }
        let pieces = cut(&arrivals).concat();
        let filler = b":\x01 filler that no stream has\n\n";
        let with_comments = filled(&pieces, filler);
        let shown = stream.escape_ascii();
        assert_eq!(read(&with_comments), read(&stream), "round {round}: {shown}");
        let mut without = with_comments;
        for piece in pieces.iter().filter(|piece| piece.gap.is_some()) {
            let at = without.windows(filler.len()).position(|window| window == filler).expect("one for each gap");
            // A comment is a line of its own: it begins the stream, or stands behind the end of another line.
            assert!(at == 0 || b"\r\n".contains(&without[at - 1]) || &without[..at] == BYTE_ORDER_MARK, "{piece:?}");
            without.drain(at..at + filler.len());
        }
        assert!(without == stream, "round {round}: {shown}");
        assert!(pieces.iter().all(|piece| piece.bytes.len() <= LONGEST));
    }
}

#[test]
fn every_event_has_a_gap_before_it_and_only_the_inside_of_a_long_one_has_none() {
    let long = format!("data: {}\n\n", "x".repeat(LONGEST));
    let all = cut(&[long.as_bytes(), b"data: a\r\n\r\ndata: b\r\r", b"\ndata: c\n\n:d\n\ndata: e"]).concat();
    let gaps: Vec<_> = all.iter().map(|piece| (piece.gap, piece.line_end)).collect();
    let (feed, both, cr) = (LineEnd::Feed, LineEnd::Both, LineEnd::Return);
    let behind = Some(long.len() - LONGEST);
    assert_eq!(
        gaps,
        [
            (None, feed),
            (behind, feed),
            (Some(0), both),
            (Some(0), cr),
            (Some(1), feed),
            (Some(0), feed),
            (Some(0), feed)
        ]
    );
}

#[test]
fn a_byte_order_mark_stays_the_first_of_its_stream() {
    let rest = cut(&[b"\xef\xbb\xbfdata: a"]).concat();
    assert_eq!(rest[0].gap, None);
    let whole = cut(&[b"\xef\xbb\xbfdata: a\n\ndata: b\n\n"]).concat();
    assert_eq!([whole[0].gap, whole[1].gap], [Some(12), Some(0)], "behind the first event");
    let behind = cut(&[b"data: a\n\n\xef\xbb\xbfdata: b"]).concat();
    assert_eq!(behind[1].gap, Some(0), "no mark but at the start");
}

#[test]
fn blocks_that_are_cut_at_blank_lines_are_events_or_filler() {
    for (end, name) in [(LineEnd::Feed, "\n\n"), (LineEnd::Both, "\r\n\r\n"), (LineEnd::Return, "\r\r")] {
        let events = ["data: a", "data: b", "event: x"].map(|event| format!("{event}{name}"));
        let pieces: Vec<Piece> = cut(&[events.concat().as_bytes()]).concat();
        let mut stream = String::new();
        for piece in &pieces {
            assert_eq!(piece.line_end, end);
            let filler = [b":  ", piece.line_end.twice()].concat();
            stream.push_str(std::str::from_utf8(&filled(std::slice::from_ref(piece), &filler)).unwrap());
        }
        let blocks: Vec<_> = stream.split(name).filter(|block| !block.starts_with(':')).collect();
        assert_eq!(blocks, ["data: a", "data: b", "event: x", ""]);
    }
}

#[test]
fn a_body_shows_with_its_first_line_whether_it_is_events() {
    for (text, events) in [
        ("data", None),
        ("", None),
        ("\n\r\n", None),
        ("\u{feff}", None),
        ("\n: x", Some(true)),
        ("data:", Some(true)),
        ("\u{feff}retry\r", Some(true)),
        ("{", Some(false)),
        ("datax:", Some(false)),
        ("\n[", Some(false)),
        ("error: 1", Some(false)),
        ("Internal", Some(false)),
    ] {
        assert_eq!(are_events(text.as_bytes()), events, "{text:?}");
    }
}
