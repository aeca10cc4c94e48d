#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use super::*;

/// A request in both forms, with one field, content `abc` and one trailer.
fn messages() -> [Vec<u8>; 2] {
    let control = b"\x04POST\x05https\x0dohttp.invalid\x05/path";
    let known = [&[0], &control[..], b"\x04\x01a\x01b", b"\x03abc", b"\x04\x01t\x01u"].concat();
    let indeterminate = [&[2], &control[..], b"\x01a\x01b\x00", b"\x02ab\x01c\x00", b"\x01t\x01u\x00"].concat();
    [known, indeterminate]
}

struct Decoded {
    head: Option<RequestHead>,
    content: Vec<u8>,
}

fn decode_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Decoded, Failure> {
    let mut decoder = Decoder::<RequestHead>::new(1024);
    let mut decoded = Decoded { head: None, content: Vec::new() };
    for piece in pieces {
        decoder.push(BytesMut::from(piece));
        while let Some(part) = decoder.next_part()? {
            match part {
                Part::Head(head) => assert!(decoded.head.replace(*head).is_none(), "one head"),
                Part::Content(bytes) => decoded.content.extend(bytes),
            }
        }
    }
    decoder.finish().map(|()| decoded)
}

fn decode(message: &[u8]) -> Result<Decoded, Failure> {
    decode_pieces([message])
}

fn assert_complete(decoded: &Decoded) {
    let head = decoded.head.as_ref().unwrap();
    assert_eq!([&head.method, &head.scheme, &head.authority, &head.path], ["POST", "https", "ohttp.invalid", "/path"]);
    assert_eq!(head.fields.len(), 1, "trailers are not fields");
    assert_eq!(head.fields["a"], "b");
    assert_eq!(decoded.content, b"abc");
}

#[test]
fn both_forms_decode_however_they_are_split() {
    for message in messages() {
        assert_complete(&decode(&message).unwrap());
        assert_complete(&decode_pieces(message.chunks(1)).unwrap());
        for cut in 0..=message.len() {
            assert_complete(&decode_pieces([&message[..cut], &message[cut..]]).unwrap());
        }
    }
}

#[test]
fn a_message_ends_early_only_where_nothing_but_empty_parts_is_left_out() {
    let [known, indeterminate] = messages();
    // Behind the header section, behind the content, behind the trailers.
    for (message, ends) in [(&known, [37, 41, 46]), (&indeterminate, [37, 43, 48])] {
        for cut in 0..=message.len() {
            let result = decode(&message[..cut]);
            assert_eq!(result.is_ok(), ends.contains(&cut), "cut at {cut} of {}", message.len());
            if let Err(failure) = result {
                assert_eq!(failure.code, Code::CHANNEL_MESSAGE);
            }
        }
        assert_eq!(ends[2], message.len());
    }
}

#[test]
fn zero_bytes_may_follow_and_nothing_else() {
    for message in messages() {
        for padding in [1, 7, 5000] {
            let padded = [message.clone(), vec![0; padding]].concat();
            assert_complete(&decode(&padded).unwrap());
            assert_complete(&decode_pieces(padded.chunks(13)).unwrap());
        }
        let soiled = [&message[..], &[0, 0, 1]].concat();
        assert_eq!(decode(&soiled).err().unwrap().code, Code::CHANNEL_MESSAGE);
        assert_eq!(decode_pieces(soiled.chunks(1)).err().unwrap().code, Code::CHANNEL_MESSAGE);
    }
}

#[test]
fn a_response_is_not_a_request() {
    for indicator in [1, 3, 4, 63] {
        assert_eq!(decode(&[indicator]).err().unwrap().code, Code::CHANNEL_MESSAGE);
    }
}

fn with_field(line: &[u8]) -> Result<Decoded, Failure> {
    decode(&[b"\x02\x03GET\x05https\x0dohttp.invalid\x01/", line, b"\x00\x00\x00"].concat())
}

#[test]
fn fields_that_could_smuggle_are_refused() {
    let lines: [&[u8]; 11] = [
        b"\x01a\x03b\rc",
        b"\x01a\x03b\nc",
        b"\x01a\x03b\x00c",
        b"\x01a\x02\x7fb",
        b"\x03a\r\n\x01b",
        b"\x02a:\x01b",
        b"\x05:path\x01b",
        b"\x01A\x01b",
        b"\x02a \x01b",
        b"\x01a\x02 b",
        b"\x01a\x02b\t",
    ];
    for line in lines {
        assert_eq!(with_field(line).err().unwrap().code, Code::REQUEST_FIELD, "{line:?}");
    }
    assert!(with_field(b"\x01a\x03b c\x01d\x00").is_ok(), "blanks inside and empty values are legal");
}

#[test]
fn a_line_of_a_known_length_section_must_not_reach_beyond_it() {
    let message = b"\x00\x03GET\x05https\x0dohttp.invalid\x01/\x03\x01a\x01b\x00\x00";
    assert_eq!(decode(message).err().unwrap().code, Code::CHANNEL_MESSAGE);
    let nameless = b"\x00\x03GET\x05https\x0dohttp.invalid\x01/\x03\x00\x01b\x00\x00";
    assert_eq!(decode(nameless).err().unwrap().code, Code::CHANNEL_MESSAGE);
}

#[test]
fn a_header_section_beyond_its_limit_is_refused_at_its_length() {
    let announced = [0x02, 0x80, 0, 0x04, 0x01];
    assert_eq!(decode(&announced).err().unwrap().code, Code::REQUEST_TOO_LARGE);
    let mut many = b"\x02\x03GET\x05https\x0dohttp.invalid\x01/".to_vec();
    (0..300).for_each(|_| many.extend(b"\x01a\x01b"));
    assert_eq!(decode(&many).err().unwrap().code, Code::REQUEST_TOO_LARGE);
}

#[test]
fn more_field_lines_than_a_server_needs_are_refused() {
    let mut decoder = Decoder::<RequestHead>::new(1 << 20);
    let mut message = b"\x02\x03GET\x05https\x0dohttp.invalid\x01/".to_vec();
    (0..513).for_each(|_| message.extend(b"\x01a\x01b"));
    decoder.push(BytesMut::from(&message[..]));
    assert_eq!(decoder.next_part().unwrap_err().code, Code::REQUEST_TOO_LARGE);
}

#[test]
fn content_is_handed_on_before_the_message_ends() {
    let mut decoder = Decoder::<RequestHead>::new(1024);
    decoder.push(BytesMut::from(&b"\x02\x04POST\x05https\x0dohttp.invalid\x01/\x00\x44\x00ab"[..]));
    assert!(matches!(decoder.next_part(), Ok(Some(Part::Head(_)))));
    assert_eq!(decoder.next_part(), Ok(Some(Part::Content(Bytes::from_static(b"ab")))));
    assert_eq!(decoder.next_part(), Ok(None));
    assert!(decoder.finish().is_err());
}
