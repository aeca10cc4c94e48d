use http::HeaderValue;

use super::*;

/// What is counted of `content` in pieces of every small size.
fn counted(media_type: &'static str, content: &str) -> (Option<u64>, u64) {
    let mut fields = HeaderMap::new();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    let count = |size: usize| {
        let mut meter = TokenMeter::of(&fields);
        content.as_bytes().chunks(size).for_each(|piece| meter.push(piece));
        (meter.stated(), meter.estimated())
    };
    let whole = count(content.len().max(1));
    for size in 1..9 {
        assert_eq!(count(size), whole, "in pieces of {size}");
    }
    whole
}

#[test]
fn the_usage_of_an_object_is_read_wherever_it_stands() {
    for (content, expected) in [
        (
            r#"{"choices":[{"text":"hi"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}"#,
            Some(12),
        ),
        (r#"{"usage":{"prompt_tokens":5,"total_tokens":5},"data":[]}"#, Some(5)),
        (r#"{"usage":{"input_tokens":5,"output_tokens":7,"output_tokens_details":{"reasoning_tokens":3}}}"#, Some(12)),
        (r#"{"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":1}}"#, Some(12)),
        (r#"{"\u0075sage":{"total_tokens":3}}"#, Some(3)),
        (r#"{"usage":{"total_tokens":3},"usage":{"total_tokens":4}}"#, Some(4)),
        (r#"{"response":{"usage":{"total_tokens":9}}}"#, Some(9)),
        (r#"{"usage":null}"#, None),
        (r#"{"usage":{"total_tokens":-3}}"#, None),
        (r#"{"usage":{"total_tokens":"3"}}"#, None),
        (r#"{"usage":{}}"#, None),
        (r#"{"usage":{"total_tokens":0}}"#, None),
        (r#"{"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#, None),
        (r#"{"usage":{"total_tokens":18446744073709551615,"prompt_tokens":1,"completion_tokens":1}}"#, Some(u64::MAX)),
        (r#"{"usage":{"total_tokens":18446744073709551616}}"#, None),
        (r#"{"choices":[{"usage":{"total_tokens":1}}],"text":"\"usage\":{\"total_tokens\":1}"}"#, None),
        (r#"[{"usage":{"total_tokens":1}}]"#, None),
        ("no object", None),
        ("", None),
    ] {
        let (stated, estimated) = counted("application/json; charset=utf-8", content);
        assert_eq!((stated, estimated), (expected, content.len().div_ceil(4) as u64), "{content}");
    }
}

#[test]
fn the_last_usage_of_a_stream_counts_and_else_its_events() {
    let chunk = r#"data: {"choices":[{"delta":{"content":"a"}}],"usage":null}"#;
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#;
    let zeros =
        r#"data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#;
    let continuous = r#"data: {"choices":[{"delta":{}}],"usage":{"total_tokens":6}}"#;
    for (content, expected) in [
        (format!("{chunk}\n\n{chunk}\n\n{usage}\n\ndata: [DONE]\n\n"), (Some(7), 4)),
        (format!(": comment\r\n\r\nevent: x\r\n{continuous}\r\n\r\n{usage}\r\n\r\n"), (Some(7), 2)),
        (format!("{chunk}\n\n{chunk}\n\n{chunk}\n\n"), (None, 3)),
        (format!("{zeros}\n\n{zeros}\n\n"), (None, 2)),
        (format!("{usage}\n\n{zeros}\n\n"), (Some(8), 2)),
        (format!("data:{}\n\n", r#"{"usage":{"total_tokens":6}}"#), (Some(6), 1)),
        ("data: {\"type\":\"response.completed\",\"response\":{\"output\":[],\"usage\":{\"input_tokens\":5,\"output_tokens\":6}}}\n\n".into(), (Some(11), 1)),
        // A line that has not ended states nothing.
        (usage.to_owned(), (None, 1)),
        (format!("x{usage}\n\nid: 1\ndata\n\n"), (None, 0)),
    ] {
        assert_eq!(counted("text/event-stream", &content), expected, "{content}");
    }
}

#[test]
fn a_statement_is_of_what_came_before_it() {
    let chunk = r#"data: {"choices":[{"delta":{"content":"a"}}]}"#;
    let prompt = r#"data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":0,"total_tokens":5}}"#;
    let usage = r#"data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}}"#;
    let text = "x".repeat(4096);
    for (content, expected) in [
        // Only the prompt is stated, before the answer: the answer is estimated.
        (format!("{prompt}\n\n{chunk}\n\n{chunk}\n\n{chunk}\n\ndata: [DONE]\n\n"), (Some(8), 5)),
        (format!("{prompt}\n\n{chunk}\n\n{usage}\n\ndata:[DONE]\n\n"), (Some(8), 4)),
        // Not less than what was said before.
        (format!("{usage}\n\n{prompt}\n\n{chunk}\n\n"), (Some(9), 3)),
        (format!("{prompt}\n\n{chunk}"), (Some(6), 2)),
        (format!("{prompt}\n\ndata: [DONE]"), (Some(5), 2)),
        (format!("{prompt}\n\ndata: [DONE] {chunk}\n\n: comment\n\nevent: end\n\n"), (Some(6), 2)),
    ] {
        assert_eq!(counted("text/event-stream", &content), expected, "{content}");
    }
    let (stated, _) = counted("text/event-stream", &format!("{prompt}\n\ndata: {{\"text\":\"{text}\"}}\n\n"));
    assert!((895..915).contains(&stated.unwrap()), "{stated:?}");
}

#[test]
fn a_long_event_is_taken_for_text_and_a_long_usage_for_none() {
    let text = "x".repeat(4096);
    let (stated, estimated) = counted("text/event-stream", &format!("data: {{\"text\":\"{text}\"}}\n\n"));
    assert_eq!(stated, None);
    assert!((890..910).contains(&estimated), "{estimated}");
    let blanks = " ".repeat(LONGEST);
    assert_eq!(counted("application/json", &format!("{{\"usage\":{{\"total_tokens\":{blanks}3}}}}")).0, None);
}

#[test]
fn what_is_no_text_is_estimated_by_its_length() {
    assert_eq!(counted("audio/mpeg", "12345"), (None, 2));
    let mut fields = HeaderMap::new();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    fields.insert(CONTENT_ENCODING, HeaderValue::from_static("unknown"));
    let mut meter = TokenMeter::of(&fields);
    meter.push(br#"{"usage":{"total_tokens":1}}"#);
    assert_eq!((meter.stated(), meter.estimated()), (None, 7));
}
