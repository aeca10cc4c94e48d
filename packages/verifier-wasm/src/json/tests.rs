//! That nothing leaves a document with a fault, and that the first fault is the one that is told.

use alloc::string::String;

use super::{
    documents::{Documents, Flaw, Kind},
    item::Item,
};
use crate::Code;

const KIND: Kind = Kind { name: "status", syntax: Code::RELEASE_SYNTAX, invalid: Code::RELEASE_INVALID };

/// What reading the text ends with: a code and a place, `ok` where it is read.
fn read(text: &str, read: impl for<'d> FnOnce(&'d Item<'d>)) -> (&'static str, String) {
    let documents = Documents::default();
    let outcome = KIND.read(text.as_bytes(), &documents, read);
    outcome.map_or_else(
        |rejection| (rejection.code.as_str(), rejection.place.as_str().to_owned()),
        |()| ("ok", String::new()),
    )
}

fn syntax(place: &str) -> (&'static str, String) {
    ("release.syntax", place.into())
}

#[test]
fn the_first_fault_is_told_whatever_follows() {
    let text = r#"{"a":[1,{"b":"x"}],"c":2,"d":null}"#;
    assert_eq!(read(text, |top| assert!(top.is_object())), ("ok", String::new()));
    let first = read(text, |top| {
        for item in top.required("a").each(2, 2) {
            item.required("b").digest();
        }
        top.required("c").ensure(false, Flaw::Invalid);
        top.end();
    });
    assert_eq!(first, syntax("status a[0]"));
    let second = read(text, |top| {
        top.required("a").each(1, 2).iter().skip(1).for_each(|item| assert_eq!(item.required("b").digest(), &[0; 32]));
        top.end();
    });
    assert_eq!(second, syntax("status a[1].b"));
    assert_eq!(
        read(text, |top| top.required("c").ensure(false, Flaw::Invalid)),
        ("release.invalid", "status c".into())
    );
    assert_eq!(
        read(text, |top| top.required("c").ensure(false, Flaw::Unsupported)),
        ("policy.unsupported", "status c".into())
    );
}

#[test]
fn what_is_missing_unknown_or_something_else_is_told_by_its_path() {
    let text = r#"{"a":{"b":1},"c":[]}"#;
    assert_eq!(read(text, |top| assert_eq!(top.required("x").integer(7, 9), 7)), syntax("status x"));
    assert_eq!(read(text, |top| assert_eq!(top.required("a").required("x").text(), "")), syntax("status a.x"));
    assert_eq!(read(text, |top| top.required("a").end()), syntax("status a.b"));
    assert_eq!(read(text, |top| assert!(top.required("c").optional("x").is_none())), syntax("status c"));
    assert_eq!(read(text, |top| assert!(top.required("c").each(1, 2).is_empty())), syntax("status c"));
    assert_eq!(read(text, |top| assert!(top.required("c").entries(0, 2).is_empty())), syntax("status c"));
    assert_eq!(read(text, |top| assert!(!top.required("a").required("b").bool())), syntax("status a.b"));
    assert_eq!(read("{} x", |_| ()), syntax("status byte 3"));
}

#[test]
fn a_fault_is_forgotten_with_its_document() {
    let documents = Documents::default();
    assert!(KIND.read(b"{}", &documents, |top| top.required("a").bool()).is_err());
    assert_eq!(KIND.read(br#"{"a":true}"#, &documents, |top| top.required("a").bool()), Ok(true));
    let kept = KIND.read(br#"{"a":"00ff"}"#, &documents, |top| top.required("a").hex());
    assert_eq!(kept, Ok(&[0x00, 0xff][..]));
}
