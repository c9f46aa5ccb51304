//! Text of files from outside: what may be in it, and small values that stand in it.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::{Faults, MOST_BYTES};
use crate::db::types::Instant;
use crate::error::ExchangeRule;
use crate::text::tidy;

/// Characters that a comment may have, as in DHIS2.
pub(super) const LONGEST_COMMENT: usize = 50_000;
/// Characters that an identifier may have: the longest name in DHIS2.
const LONGEST_IDENTIFIER: usize = 230;

/// The text of a file, without a byte order mark.
pub(super) fn of_file(bytes: &[u8]) -> Result<&str, Faults> {
    if bytes.len() > MOST_BYTES {
        return Err(Faults::one("file", ExchangeRule::Size { mebibytes: MOST_BYTES / (1024 * 1024) }));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (text, end) = match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text), bytes.len()),
        Err(error) => (None, error.valid_up_to()),
    };
    match text.map(|text| (text, text.char_indices().find(|(_, c)| is_forbidden(*c)))) {
        Some((text, None)) => Ok(text),
        Some((_, Some((at, _)))) => Err(Faults::of_line(line_of(bytes, at), ExchangeRule::Encoding)),
        None => Err(Faults::of_line(line_of(bytes, end), ExchangeRule::Encoding)),
    }
}

/// The line, from 1, in which the byte at `offset` stands.
pub(super) fn line_of(bytes: &[u8], offset: usize) -> usize {
    let before = bytes.get(..offset).unwrap_or(bytes);
    before.split(|byte| *byte == b'\n').count()
}

/// Characters that XML cannot hold, or that nobody types.
pub(super) fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// Whether this may name something in a mapping.
pub(super) fn is_identifier(text: &str) -> bool {
    let length = text.chars().count();
    (1..=LONGEST_IDENTIFIER).contains(&length)
        && text.trim().len() == text.len()
        && !text.chars().any(|c| c.is_control() || is_forbidden(c))
}

/// A comment as it is kept: composed, without outer white space; none when nothing is left.
pub(super) fn comment(text: &str) -> Option<String> {
    Some(tidy(text)).filter(|text| !text.is_empty())
}

/// A whole number in the one way to write it: no sign but `-`, no leading zeros, no spaces.
pub(super) fn whole(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    Some(number).filter(|number| number.to_string() == text)
}

/// A day that a record can hold, `2025-01-31`.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    any_day(text).filter(|day| is_on_record(*day))
}

/// Any day. The first of the earliest period may lie before those that records hold.
pub(super) fn any_day(text: &str) -> Option<NaiveDate> {
    let shaped = text.len() == 10 && text.bytes().enumerate().all(|(at, byte)| shape(at, byte));
    shaped.then(|| text.parse().ok()).flatten()
}

fn shape(at: usize, byte: u8) -> bool {
    if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
}

fn is_on_record(day: NaiveDate) -> bool {
    use chrono::Datelike as _;
    (1900..=2200).contains(&day.year())
}

/// A day, or the day in Vietnam of a moment as DHIS2 writes one (`2025-01-31T17:00:00.000+0000`).
pub(super) fn day_of_moment(text: &str) -> Option<NaiveDate> {
    let moment = || {
        let at = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z").ok()?;
        Some(Instant::new(at.with_timezone(&Utc)).civil_date())
    };
    let without_zone = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|at| at.date());
    let begins = text.split_once('T').is_some_and(|(date, _)| day(date).is_some());
    day(text).or_else(|| if begins { moment().or_else(without_zone) } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_one_way() {
        assert_eq!(whole("0"), Some(0));
        assert_eq!(whole("-12"), Some(-12));
        assert_eq!(whole("9223372036854775807"), Some(i64::MAX));
        for text in
            ["", " 7", "7 ", "+7", "-0", "007", "1.5", "1.0", "1e3", "0x1f", "١٢", "9223372036854775808", "-", "1,250"]
        {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_lies_on_its_day_in_vietnam() {
        let days = [
            ("2025-04-14", "2025-04-14"),
            ("2025-04-14T17:00:00.000+0000", "2025-04-15"),
            ("2025-04-14T16:59:59Z", "2025-04-14"),
            ("2025-04-14T23:30:00.000+07:00", "2025-04-14"),
            ("2025-04-14T23:30:00", "2025-04-14"),
        ];
        for (text, expected) in days {
            assert_eq!(day_of_moment(text).map(|day| day.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["true", "", "2025-4-14", "2025-02-30", "14/04/2025", "2025-04-14 ", "2025-04-14T", "1066-10-14"] {
            assert_eq!(day_of_moment(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_at_its_line() {
        let place = |bytes: &[u8]| of_file(bytes).expect_err("no text").all()[0].field.clone();
        assert_eq!(place(b"a\nb\nc\0d"), "lines[3]");
        assert_eq!(place(b"\xff\xfe<\0"), "lines[1]");
        assert_eq!(place("\u{feff}<\u{1}".as_bytes()), "lines[1]");
        assert_eq!(place(b"ab\n\xc3"), "lines[2]");
        assert_eq!(place(&vec![b' '; MOST_BYTES + 1]), "file");
        assert_eq!(of_file("\u{feff}{}".as_bytes()), Ok("{}"));
    }
}
