//! Time (RFC 5280 §4.1.2.5).

use super::{
    assert_refused,
    builder::{Chain, sequence, tlv},
    outcome,
};
use crate::{
    Code,
    x509::{
        der::{Reader, tag},
        time,
    },
};

fn seconds(form: u8, text: &str) -> Option<i64> {
    let sequence = sequence(&[&tlv(form, text)]);
    time::read(&mut Reader::decode(&sequence)?.enter(tag::SEQUENCE))
}

fn utc(text: &str) -> Option<i64> {
    seconds(tag::UTC_TIME, text)
}

fn generalized(text: &str) -> Option<i64> {
    seconds(tag::GENERALIZED_TIME, text)
}

#[test]
fn instants_are_seconds_since_1970() {
    // Expected values by `date -u +%s`.
    assert_eq!(utc("700101000000Z"), Some(0));
    assert_eq!(utc("691231235959Z"), Some(-1));
    assert_eq!(utc("500101000000Z"), Some(-631_152_000));
    assert_eq!(utc("000229123456Z"), Some(951_827_696));
    assert_eq!(utc("260101000000Z"), Some(1_767_225_600));
    assert_eq!(utc("491231235959Z"), Some(2_524_607_999));
    assert_eq!(generalized("20500101000000Z"), Some(2_524_608_000));
    assert_eq!(generalized("21220708055723Z"), Some(4_812_933_443));
    assert_eq!(generalized("99991231235959Z"), Some(253_402_300_799));
}

#[test]
fn every_day_is_one_day_after_the_day_before() {
    let mut expected = generalized("20500101000000Z").unwrap();
    for year in 2050..2110 {
        for month in 1..=12 {
            for day in 1..=31 {
                let text = format!("{year}{month:02}{day:02}000000Z");
                let Some(instant) = generalized(&text) else { continue };
                assert_eq!(instant, expected, "{text}");
                expected += 24 * 60 * 60;
            }
        }
    }
    assert_eq!(expected, generalized("21100101000000Z").unwrap());
}

#[test]
fn years_through_2049_are_utc_time_and_later_ones_generalized_time() {
    assert_eq!(generalized("20491231235959Z"), None);
    assert_eq!(generalized("19700101000000Z"), None);
    assert_eq!(seconds(tag::UTF8_STRING, "260101000000Z"), None);
}

#[test]
fn what_no_calendar_has_is_refused() {
    for text in [
        "260001000000Z",
        "261301000000Z",
        "260100000000Z",
        "260132000000Z",
        "260229000000Z",
        "260431000000Z",
        "260101240000Z",
        "260101006000Z",
        "260101000060Z",
    ] {
        assert_eq!(utc(text), None, "{text}");
    }
    assert_eq!(generalized("21000229000000Z"), None);
    assert!(utc("280229000000Z").is_some());
}

#[test]
fn times_have_seconds_and_are_zulu() {
    for text in [
        "",
        "Z",
        "2601010000Z",
        "260101000000",
        "260101000000+0000",
        "260101000000.0Z",
        "26010100000Z",
        "2601010000000Z",
        "26010100000aZ",
        "2601 1000000Z",
        "26010100000000Z",
    ] {
        assert_eq!(utc(text), None, "{text}");
    }
    for text in ["205001010000Z", "20500101000000", "20500101000000.5Z", "2050010100000000Z"] {
        assert_eq!(generalized(text), None, "{text}");
    }
}

#[test]
fn a_malformed_validity_has_its_own_code() {
    let chain = Chain::with(1, |draft| draft.not_after = tlv(tag::GENERALIZED_TIME, "20270101000000Z"));
    assert_refused(&chain.signed(), Code::CHAIN_TIME, 1);
    let three = Chain::with(1, |draft| draft.not_after.extend(tlv(tag::UTC_TIME, "270101000000Z")));
    assert_refused(&three.signed(), Code::CHAIN_TIME, 1);
    let late = Chain::with(1, |draft| draft.not_after = tlv(tag::GENERALIZED_TIME, "99991231235959Z"));
    assert!(outcome(&late.signed()).is_ok());
}
