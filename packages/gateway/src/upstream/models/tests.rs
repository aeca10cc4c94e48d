use http::{HeaderName, HeaderValue};

use super::*;

fn models() -> Models {
    Models::new(vec!["a".into(), "meta/Llama é".into()])
}

/// What is told of `content`, in pieces of every small size; None where it may pass.
fn told(content: &str) -> Option<String> {
    let check = |size: usize| {
        let mut check = models().check(ModelPlace::Json, "/", &HeaderMap::new()).unwrap().unwrap();
        let passed =
            content.as_bytes().chunks(size).try_for_each(|piece| check.pass(piece)).and_then(|()| check.finish());
        passed.err().map(|failure| {
            assert_eq!(failure.code, Code::REQUEST_MODEL);
            failure.told.into_owned()
        })
    };
    let whole = check(content.len().max(1));
    for size in 1..9 {
        assert_eq!(check(size), whole, "in pieces of {size}");
    }
    whole
}

#[test]
fn a_model_of_the_list_may_be_named_in_every_spelling() {
    for content in [
        r#"{"model":"a"}"#,
        r#" { "messages" : [{"model":"x"}] , "model" : "a" } "#,
        r#"{"model":"\u0061","model":"a"}"#,
        r#"{"mod\u0065l":"meta\/Llama \u00e9"}"#,
        r#"{"model":"meta/Llama é","metadata":{"model":"x","Model":"x"},"models":"x"}"#,
    ] {
        assert_eq!(told(content), None, "{content}");
    }
}

#[test]
fn everything_else_is_refused() {
    let long = format!(r#"{{"model":"{}"}}"#, "a".repeat(4096));
    for (content, expected) in [
        (r#"{"model":"b"}"#, "names another one"),
        (r#"{"model":"A"}"#, "names another one"),
        (r#"{"model":"a "}"#, "names another one"),
        (r#"{"model":"a","model":"b"}"#, "names another one"),
        (r#"{"model":"b","model":"a"}"#, "names another one"),
        (r#"{"model":"a","\u006dodel":"b"}"#, "names another one"),
        (r#"{"model":["a"]}"#, "names another one"),
        (r#"{"model":null}"#, "names another one"),
        (r#"{"model":"a}"#, "no JSON object"),
        (r#"{"Model":"a"}"#, "other letters"),
        (r#"{"model":"a","Model":"b"}"#, "other letters"),
        (r#"{"MODEL":"b","model":"a"}"#, "other letters"),
        (r#"{"model":"a","\u004dodel":"b"}"#, "other letters"),
        ("{}", "names none"),
        (r#"{"model":"a""#, "no JSON object"),
        (r#"{"model":"a"}{"model":"b"}"#, "no JSON object"),
        (r#"["a"]"#, "no JSON object"),
        ("--boundary\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\na", "no JSON object"),
        ("", "no JSON object"),
        (&long, "longer name"),
    ] {
        let told = told(content).unwrap_or_default();
        assert!(told.contains(expected), "{content}: {told}");
    }
}

#[test]
fn an_id_in_a_path_is_compared_as_it_is_decoded() {
    for (path, known) in [
        ("/v1/models/a", true),
        ("/v1/models/%61", true),
        ("/v1/models/meta%2FLlama%20%C3%A9?limit=1", true),
        ("/v1/models/b", false),
        ("/v1/models/A", false),
        ("/v1/models/", false),
    ] {
        assert_eq!(models().check(ModelPlace::Path, path, &HeaderMap::new()).is_ok(), known, "{path}");
    }
    assert!(models().check(ModelPlace::Hidden, "/v1/batches", &HeaderMap::new()).is_err());
    assert!(models().check(ModelPlace::None, "/v1/files", &HeaderMap::new()).unwrap().is_none());
}

#[test]
fn a_list_has_the_models_of_the_list_alone() {
    let answer = json!({
        "object": "list",
        "models": [{ "name": "b" }],
        "first_id": "b",
        "data": [{ "id": "b" }, { "id": "a", "owned_by": "x" }, { "name": "a" }, "a", { "id": ["a"] }],
    });
    let filtered: Value = serde_json::from_slice(&models().filtered(answer.to_string().as_bytes()).unwrap()).unwrap();
    assert_eq!(filtered, json!({ "object": "list", "data": [{ "id": "a", "owned_by": "x" }] }));
    for none in ["", "[]", "{}", r#"{"data":{}}"#, r#"{"data":[]"#, "null"] {
        assert_eq!(models().filtered(none.as_bytes()), None, "{none}");
    }
}

#[test]
fn content_that_a_server_may_read_as_anything_but_json_is_refused() {
    let check = |lines: &[(&'static str, &'static str)]| {
        let mut fields = HeaderMap::new();
        for (name, value) in lines {
            fields.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        models().check(ModelPlace::Json, "/", &fields)
    };
    let json = ("content-type", "application/json");
    for value in ["application/json", "Application/JSON; charset=UTF-8", "text/plain;charset=UTF-8", "text/plain"] {
        assert!(check(&[("content-type", value)]).is_ok(), "{value}");
    }
    assert!(check(&[]).is_ok());
    for lines in [
        &[("content-type", "application/x-www-form-urlencoded")][..],
        &[("content-type", "multipart/form-data; boundary=b")],
        &[("content-type", "application/json; charset=utf-7")],
        &[("content-type", "application/json, multipart/form-data; boundary=b")],
        &[("content-type", "application/yaml")],
        &[("content-type", "")],
        &[json, json],
        &[json, ("content-encoding", "deflate")],
    ] {
        assert_eq!(check(lines).err().map(|failure| failure.code), Some(Code::REQUEST_MODEL), "{lines:?}");
    }
}
