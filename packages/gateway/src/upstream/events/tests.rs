use super::*;

fn pieces(kind: Kind, arrivals: &[&str]) -> Vec<Vec<String>> {
    let mut cutter = Cutter::new(kind);
    let mut all: Vec<Vec<String>> = arrivals
        .iter()
        .map(|arrival| {
            cutter.push(&Bytes::copy_from_slice(arrival.as_bytes()));
            std::iter::from_fn(|| cutter.next_piece()).map(text).collect()
        })
        .collect();
    all.push(std::iter::from_fn(|| cutter.rest()).map(text).collect());
    all
}

fn text(piece: Bytes) -> String {
    String::from_utf8(piece.into()).unwrap()
}

#[test]
fn each_event_leaves_with_its_blank_line_whatever_the_line_endings() {
    for end in ["\n", "\r\n", "\r"] {
        let event = |name: &str| format!("event: {name}{end}data: x{end}{end}");
        let stream = [event("a"), event("b"), format!(": comment{end}{end}"), event("c")];
        let cut = pieces(Kind::Events, &[&stream.concat()]);
        assert_eq!(cut, [stream.to_vec(), vec![]], "{end:?}");
    }
}

#[test]
fn an_event_leaves_with_the_arrival_that_completes_it() {
    let cut = pieces(Kind::Events, &["data: a\n", "\n", "data: ", "b", "\n\ndata: c\n\nda", "ta: d\n\n"]);
    let expected: [&[&str]; 7] =
        [&[], &["data: a\n\n"], &[], &[], &["data: b\n\n", "data: c\n\n"], &["data: d\n\n"], &[]];
    assert_eq!(cut, expected);
}

#[test]
fn an_event_that_a_return_completes_does_not_wait_for_a_line_feed() {
    let cut = pieces(Kind::Events, &["data: a\r\n\r", "\ndata: b\r\n\r\n", "data: c\r\r", "data: d\r\r"]);
    let expected: [&[&str]; 5] = [&["data: a\r\n\r"], &["\ndata: b\r\n\r\n"], &["data: c\r\r"], &["data: d\r\r"], &[]];
    assert_eq!(cut, expected);
}

#[test]
fn every_split_gives_the_same_bytes_and_each_event_as_soon_as_it_is_whole() {
    let stream = "data: a\n\ndata: b\r\n\r\n: c\r\rid: 4\ndata: d\r\n\ndata: [DONE]\n\n";
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            let cut = pieces(Kind::Events, &[&stream[..first], &stream[first..second], &stream[second..]]);
            assert_eq!(cut.concat().concat(), stream, "cut at {first} and {second}");
            assert!(cut[3].is_empty(), "nothing waits for the end");
        }
    }
}

#[test]
fn a_stream_that_ends_inside_an_event_keeps_its_rest() {
    assert_eq!(pieces(Kind::Events, &["data: a\n\ndata: b"])[1], ["data: b"]);
}

#[test]
fn an_event_longer_than_a_chunk_travels_in_parts() {
    let long = format!("data: {}\n\n", "x".repeat(2 * PIECE));
    let cut = pieces(Kind::Events, &[&long, "data: y\n\n"]).concat();
    assert_eq!(cut.iter().map(String::len).collect::<Vec<_>>(), [PIECE, PIECE, 8, 9]);
    assert_eq!(cut.concat(), format!("{long}data: y\n\n"));
}

#[test]
fn other_bodies_travel_as_they_come_in_pieces_that_fit() {
    let cut = pieces(Kind::Bytes, &["ab\n\ncd", &"z".repeat(PIECE + 1)]);
    assert_eq!(cut[0], ["ab\n\ncd"]);
    assert_eq!(cut[1].iter().map(String::len).collect::<Vec<_>>(), [PIECE, 1]);
}
