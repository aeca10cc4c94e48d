//! The two forms of Time (RFC 5280 §4.1.2.5).
#![expect(clippy::arithmetic_side_effects, reason = "years have four digits and everything else two")]

use super::der::{Element, Reader, tag};

/// Seconds since 1970-01-01T00:00:00Z.
///
/// UTCTime through 2049 and GeneralizedTime from 2050 on, in Zulu and with seconds, without fractions: each instant has one
/// form. None for any other form and for what no calendar has.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<i64> {
    let Element { tag: form, content, .. } = reader.next()?;
    let digits = content.strip_suffix(b"Z")?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let mut pairs = pairs.iter();
    let mut pair = || match *pairs.next()? {
        [tens @ b'0'..=b'9', units @ b'0'..=b'9'] => Some(i64::from(tens & 0x0f) * 10 + i64::from(units & 0x0f)),
        _ => None,
    };
    let year = match form {
        tag::UTC_TIME => match pair()? {
            year @ 50.. => 1900 + year,
            year => 2000 + year,
        },
        tag::GENERALIZED_TIME => Some(pair()? * 100 + pair()?).filter(|year| *year >= 2050)?,
        _ => return None,
    };
    let (month, day, hour, minute, second) = (pair()?, pair()?, pair()?, pair()?, pair()?);
    let exists = matches!(month, 1..=12)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && pair().is_none()
        && digits.len() == if form == tag::UTC_TIME { 12 } else { 14 };
    exists.then(|| ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    let months: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    years + months + day - 1
}
