use serde_json::Value;

use super::*;

fn salt() -> JsonMember {
    JsonMember::new("cache_salt", "\"fresh\"".into())
}

/// What becomes of `text` in pieces of `size` bytes; None where it is refused.
fn passed(text: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut member = salt();
    let mut passed = Vec::new();
    for piece in text.chunks(size) {
        passed.extend(member.pass(piece).ok()?);
    }
    member.finish().ok().map(|()| passed)
}

fn in_pieces(text: &[u8]) -> Option<Vec<u8>> {
    let whole = passed(text, usize::MAX);
    for size in 1..8 {
        assert_eq!(passed(text, size), whole, "in pieces of {size}");
    }
    whole
}

#[test]
fn an_object_gets_the_member_at_its_end_and_is_else_as_it_was() {
    for (text, expected) in [
        ("{}", r#"{"cache_salt":"fresh"}"#),
        (" \t\r\n{ \n} \n", " \t\r\n{ \n\"cache_salt\":\"fresh\"} \n"),
        (r#"{"a":1}"#, r#"{"a":1,"cache_salt":"fresh"}"#),
        (
            r#"{"a" : [1, {"b": "}]\"{"}] , "c":null }"#,
            r#"{"a" : [1, {"b": "}]\"{"}] , "c":null ,"cache_salt":"fresh"}"#,
        ),
        (r#"{"a":"\\","b":{},"c":[],"d":-1.5e3}"#, r#"{"a":"\\","b":{},"c":[],"d":-1.5e3,"cache_salt":"fresh"}"#),
        (r#"{"":"\u007d","é":"é"}"#, r#"{"":"\u007d","é":"é","cache_salt":"fresh"}"#),
    ] {
        assert_eq!(
            in_pieces(text.as_bytes()).map(|passed| String::from_utf8(passed).unwrap()).as_deref(),
            Some(expected)
        );
    }
}

#[test]
fn the_clients_own_gives_way_wherever_it_stands_and_however_it_is_spelled() {
    for (text, expected) in [
        (r#"{"cache_salt":"mine"}"#, r#"{"cache_salt":"fresh"}"#),
        (r#"{"cache_salt" : null , "a":1}"#, r#"{"cache_salt":"fresh", "a":1}"#),
        (r#"{"a":1,"cache_salt":{"x":["}"]},"b":2}"#, r#"{"a":1,"cache_salt":"fresh","b":2}"#),
        (r#"{"cache_salt":1,"cache_salt":2}"#, r#"{"cache_salt":"fresh","cache_salt":"fresh"}"#),
        (r#"{"\u0063ache\u005Fsalt":"mine"}"#, r#"{"\u0063ache\u005Fsalt":"fresh"}"#),
        (
            r#"{"\u0063\u0061\u0063\u0068\u0065\u005f\u0073\u0061\u006c\u0074":"mine"}"#,
            r#"{"\u0063\u0061\u0063\u0068\u0065\u005f\u0073\u0061\u006c\u0074":"fresh"}"#,
        ),
    ] {
        assert_eq!(
            in_pieces(text.as_bytes()).map(|passed| String::from_utf8(passed).unwrap()).as_deref(),
            Some(expected)
        );
    }
}

#[test]
fn a_member_of_another_name_or_inside_of_another_stays() {
    for text in [
        r#"{"cache_salts":1}"#,
        r#"{"cache_sal":1}"#,
        r#"{"Cache_salt":1}"#,
        r#"{"extra":{"cache_salt":1}}"#,
        r#"{"extra":"\"cache_salt\":1"}"#,
        r#"{"cache\\salt":1}"#,
    ] {
        let read: Value = serde_json::from_slice(&in_pieces(text.as_bytes()).unwrap()).unwrap();
        let mut expected: Value = serde_json::from_str(text).unwrap();
        expected["cache_salt"] = "fresh".into();
        assert_eq!(read, expected, "{text}");
    }
    let long = format!(r#"{{"{}\u0061":1}}"#, "x".repeat(1000));
    assert!(in_pieces(long.as_bytes()).is_some());
}

#[test]
fn what_another_reader_could_take_for_another_object_is_refused() {
    let compressed: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let utf16: Vec<u8> = r#"{"a":1}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for text in [
        &b""[..],
        b" ",
        b"null",
        b"[]",
        b"\"{}\"",
        b"{",
        b"{\"a\"",
        b"{\"a\":",
        b"{\"a\":1",
        b"{\"a\":1,",
        b"{\"a\":1,}",
        b"{,}",
        b"{\"a\"}",
        b"{\"a\":}",
        b"{\"a\":,\"b\":1}",
        b"{\"a\":1 2}",
        b"{\"a\":1\"b\":2}",
        b"{\"a\":\"x\" \"b\":2}",
        b"{\"a\":tr[ue]}",
        b"{a:1}",
        b"{'a':1}",
        b"{}{}",
        b"{},",
        b"{\"a\":1}{\"cache_salt\":\"mine\"}",
        b"{/*}*/}",
        b"\xef\xbb\xbf{}",
        b"{\"\\x\":1}",
        b"--boundary\r\n",
        compressed,
        &utf16,
    ] {
        assert_eq!(in_pieces(text), None, "{}", String::from_utf8_lossy(text));
    }
}

/// Each text of up to `length` bytes of `alphabet`, behind `start`.
fn texts(start: &str, alphabet: &[u8], length: usize) -> Vec<Vec<u8>> {
    let mut texts = vec![start.as_bytes().to_vec()];
    let mut from = 0;
    for _ in 0..length {
        let end = texts.len();
        for index in from..end {
            for byte in alphabet {
                let text = [&texts[index], std::slice::from_ref(byte)].concat();
                texts.push(text);
            }
        }
        from = end;
    }
    texts
}

/// serde_json is another reader: what it takes for an object it finds again with our member, and nothing else changed; what it takes for
/// anything else is refused, or by it as well.
#[test]
fn another_reader_finds_every_short_object_again_with_the_member() {
    let alphabet = br#"{}[]":,\ 1"#;
    let mut objects = 0;
    for start in ["", "{\"a\":", "{\"cache_salt\":", "{\"a\":{}"] {
        for text in texts(start, alphabet, 5) {
            let ours = passed(&text, usize::MAX);
            match serde_json::from_slice(&text) {
                Ok(Value::Object(mut expected)) => {
                    objects += 1;
                    expected.insert("cache_salt".into(), "fresh".into());
                    let read: Value = serde_json::from_slice(&ours.unwrap()).unwrap();
                    assert_eq!(read, Value::Object(expected), "{}", String::from_utf8_lossy(&text));
                }
                Ok(_) => assert_eq!(ours, None, "{}", String::from_utf8_lossy(&text)),
                // A fault inside of a value, or a name, is the server's to find.
                Err(_) => assert!(
                    ours.is_none_or(|ours| serde_json::from_slice::<Value>(&ours)
                        .map_or(true, |_| text.starts_with(b"{\"cache_salt\":"))),
                    "{}",
                    String::from_utf8_lossy(&text)
                ),
            }
        }
    }
    assert!(objects > 300, "{objects}");
}
