//! The two forms of Time (RFC 5280 §4.1.2.5).
#![expect(clippy::arithmetic_side_effects, reason = "years have four digits and everything else two")]

use super::der::{Element, Reader, tag};

/// Days from the first of January of the year 1, proleptic, to that of 1970.
const DAYS_TO_1970: i64 = 719_162;

/// Seconds since 1970-01-01T00:00:00Z.
///
/// UTCTime through 2049 and GeneralizedTime from 2050 on, in Zulu and with seconds, without fractions: each instant has one
/// form. None for any other form and for what no calendar has.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<i64> {
    let Element { tag: form, content, .. } = reader.next()?;
    let [digits @ .., b'Z'] = content else { return None };
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (year, rest) = match (form, pairs) {
        (tag::UTC_TIME, [year, rest @ ..]) => match number(year) {
            year @ 50.. => (1900 + year, rest),
            year => (2000 + year, rest),
        },
        (tag::GENERALIZED_TIME, [century, year, rest @ ..]) => (number(century) * 100 + number(year), rest),
        _ => return None,
    };
    let [month, day, hour, minute, second] = rest else { return None };
    let (month, day) = (number(month), number(day));
    let (hour, minute, second) = (number(hour), number(minute), number(second));
    let first_day = days_before(year, month);
    let exists = (form == tag::UTC_TIME || year >= 2050)
        && matches!(month, 1..=12)
        && matches!(day, 1..)
        && first_day + day <= days_before(year, month + 1)
        && hour < 24
        && minute < 60
        && second < 60;
    exists.then(|| (((first_day + day - 1) * 24 + hour) * 60 + minute) * 60 + second)
}

/// Of two digits.
fn number([tens, units]: &[u8; 2]) -> i64 {
    i64::from(tens & 0x0f) * 10 + i64::from(units & 0x0f)
}

/// Days from 1970-01-01 to the first of a month, of which 13 is the next year's January.
fn days_before(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let short_february = if month <= 2 { 0 } else { 2 - i64::from(leap) };
    // Months of 30 and 31 days alternate as the fractions of 367 / 12 do, were February 30 days long.
    let months = (367 * month - 362) / 12 - short_february;
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400 + months - DAYS_TO_1970
}
