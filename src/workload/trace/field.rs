//! Single values: token counts and times, read from text without passing through floats.

use super::error::Fault;
use crate::time::Span;
use jiff::civil::{self, Date};

const MICROS: i64 = 1_000_000;

/// The farthest that a time may lie from the zero of its clock, in microseconds: so two are at most
/// [`Span::MAX`] apart.
const FARTHEST: i64 = Span::MAX.micros() / 2;

/// What a token count may be.
pub const COUNT_HINT: &str = "write a whole number of tokens, from 0 to 4294967295";

/// How a column tells the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Seconds since some instant, whole or decimal.
    Seconds,
    /// Date and time with their zone (RFC 3339).
    Zoned,
    /// Date and time, in UTC where no zone follows.
    Utc,
}

impl Clock {
    /// How a first value tells the time.
    pub fn of(text: &[u8]) -> Clock {
        if text.contains(&b':') { Clock::Zoned } else { Clock::Seconds }
    }

    /// What is wrong with a value that does not tell the time so.
    #[cold]
    fn fault(self, column: &str, text: &[u8]) -> Fault {
        let hint = match self {
            Clock::Seconds => "write seconds, as in `12` or `12.345678`",
            Clock::Zoned => "write date, time and zone, as in `2026-01-31T08:00:00.25Z`",
            Clock::Utc => "write date and time, as in `2023-11-16 18:15:46.6805900`",
        };
        if text.is_empty() {
            return Fault::missing(column, hint);
        }
        if self != Clock::Utc && Clock::of(text) != self {
            let hint = "tell the time of each row in the same way: all in RFC 3339, or all in seconds";
            return Fault::value(column, quoted(text), hint);
        }
        Fault::value(column, quoted(text), hint)
    }
}

/// Reads the times of a column.
pub struct Times {
    clock: Clock,
    /// The date that was read last: mostly it is also the next.
    date: [u8; 10],
    /// When that began, in seconds since 1970.
    midnight: i64,
}

impl Times {
    /// Times told by that clock.
    pub fn by(clock: Clock) -> Times {
        Times { clock, date: *b"1970-01-01", midnight: 0 }
    }

    /// The time that a value of the column tells, in microseconds by the clock, cut toward the past.
    #[inline]
    pub fn read(&mut self, column: &str, text: &[u8]) -> Result<i64, Fault> {
        let micros = match self.clock {
            Clock::Seconds => seconds(text),
            Clock::Zoned => self.instant(text, None),
            Clock::Utc => self.instant(text, Some(0)),
        };
        match micros {
            Some(micros) => within_reach(column, micros),
            None => Err(self.clock.fault(column, text)),
        }
    }

    /// Date and time, in microseconds since 1970; `zone` is the offset in seconds where the text has none.
    #[inline]
    fn instant(&mut self, text: &[u8], zone: Option<i64>) -> Option<i64> {
        let (date, text) = text.split_first_chunk()?;
        let (b'T' | b't' | b' ', text) = text.split_first()? else { return None };
        let (clock, text) = text.split_first_chunk()?;
        let second = second_of_day(*clock)?;
        if *date != self.date {
            self.midnight = midnight(date)?;
            self.date = *date;
        }
        let (micros, _, rest) = fraction(text)?;
        let zone = match *rest {
            [] => zone?,
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let zone = second_of_day([h1, h2, b':', m1, m2, b':', b'0', b'0'])?;
                if sign == b'-' { -zone } else { zone }
            }
            _ => return None,
        };
        Some((self.midnight + second - zone) * MICROS + micros)
    }
}

/// When a date begins, in seconds since 1970.
fn midnight(date: &[u8; 10]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *date else { return None };
    let year = i16::try_from(digits(&[y1, y2, y3, y4])?).ok()?;
    let (month, day) = (i8::try_from(digits(&[m1, m2])?).ok()?, i8::try_from(digits(&[d1, d2])?).ok()?);
    let days = civil::date(1970, 1, 1).until(Date::new(year, month, day).ok()?).ok()?.get_days();
    Some(i64::from(days) * 86_400)
}

/// The same time, if it is not so far off that differences of times would overflow.
#[inline]
pub fn within_reach(column: &str, micros: i64) -> Result<i64, Fault> {
    if (-FARTHEST..=FARTHEST).contains(&micros) { Ok(micros) } else { Err(out_of_reach(column)) }
}

#[cold]
fn out_of_reach(column: &str) -> Fault {
    Fault::new(format!("`{column}` is out of reach"), "stay within 14,000 years of zero")
}

/// A token count.
#[inline]
pub fn count(column: &str, text: &[u8]) -> Result<u32, Fault> {
    digits(text).and_then(|count| u32::try_from(count).ok()).ok_or_else(|| no_count(column, text))
}

#[cold]
fn no_count(column: &str, text: &[u8]) -> Fault {
    if text.is_empty() {
        return Fault::missing(column, COUNT_HINT);
    }
    Fault::value(column, quoted(text), COUNT_HINT)
}

/// A value as it is shown in a message: its beginning, with control characters escaped.
pub fn quoted(text: &[u8]) -> String {
    const SHOWN: usize = 60;
    let text = String::from_utf8_lossy(text);
    let mut chars = text.chars();
    let mut shown = String::new();
    for char in chars.by_ref().take(SHOWN) {
        if char.is_control() {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    if chars.next().is_some() {
        shown.push_str("...");
    }
    shown
}

/// A whole number of up to 12 digits, and nothing else.
#[inline]
fn digits(text: &[u8]) -> Option<i64> {
    let (high, low) = text.split_at(text.len().saturating_sub(8));
    let low = eight_digits(low)?;
    match high.len() {
        0 => Some(low),
        1..=4 => Some(eight_digits(high)? * 100_000_000 + low),
        _ => None,
    }
}

/// A whole number of one to eight digits, which are taken all at once.
#[inline]
fn eight_digits(text: &[u8]) -> Option<i64> {
    let len = text.len();
    let (first, last) = (text.first()?, text.last()?);
    // A word with the last byte of the text in its highest byte, and so on down.
    let place = |bytes: u64, index: usize| bytes << (8 * (8 - len + index));
    let word = match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => {
            place(u32::from_le_bytes(*first).into(), 0) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => {
            place((*first).into(), 0) | place(text[len / 2].into(), len / 2) | place((*last).into(), len - 1)
        }
    };
    let digits = of_digits(word ^ place(u64::from_le_bytes(*b"00000000"), 0))?;
    // Neighbours are put together: to pairs, to fours, to eight.
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some(((fours * 10_000 + (fours >> 32)) & 0xffff_ffff) as i64)
}

/// The time of day that a clock shows, as in `23:59:59`, in seconds.
#[inline]
fn second_of_day(clock: [u8; 8]) -> Option<i64> {
    let [_, _, b':', _, _, b':', _, _] = clock else { return None };
    let digits = of_digits(u64::from_le_bytes(clock) ^ u64::from_le_bytes(*b"00:00:00"))?;
    let pairs = digits * 10 + (digits >> 8);
    let [hour, _, _, minute, _, _, second, _] = pairs.to_le_bytes().map(i64::from);
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

/// The same word, if each of its bytes is the value of a digit.
#[inline]
fn of_digits(word: u64) -> Option<u64> {
    // A byte above 9 carries into its highest bit, unless it has that already.
    let above = (word.wrapping_add(u64::from_le_bytes([0x76; 8])) | word) & u64::from_le_bytes([0x80; 8]);
    (above == 0).then_some(word)
}

/// The fraction of a second that a text begins with: its whole microseconds, whether anything was cut off,
/// and the rest of the text. Where there is no point there is no fraction.
fn fraction(text: &[u8]) -> Option<(i64, bool, &[u8])> {
    let Some((b'.', text)) = text.split_first() else {
        return Some((0, false, text));
    };
    /// Microseconds in the last of so many decimals.
    const UNITS: [i64; 7] = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (decimals, rest) = text.split_at(end);
    let (kept, cut) = decimals.split_at(end.min(6));
    let micros = digits(kept)? * UNITS[kept.len()];
    Some((micros, cut.iter().any(|digit| *digit != b'0'), rest))
}

/// Seconds, whole or decimal, in microseconds.
fn seconds(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let point = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
    let (whole, text) = text.split_at(point);
    let whole = digits(whole)?;
    let (micros, cut, rest) = fraction(text)?;
    let micros = whole * MICROS + micros;
    rest.is_empty().then_some(if negative { -micros - i64::from(cut) } else { micros })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_exact_and_cut_toward_the_past() {
        for (text, micros) in [
            ("0", 0),
            ("5", 5_000_000),
            ("007", 7_000_000),
            ("1.5", 1_500_000),
            ("0.1", 100_000),
            ("19440110.3", 19_440_110_300_000),
            ("0.1234569", 123_456),
            ("1700000000.999999999999999999", 1_700_000_000_999_999),
            ("-1.5", -1_500_000),
            ("-0.0000001", -1),
            ("-0.1234560", -123_456),
        ] {
            assert_eq!(seconds(text.as_bytes()), Some(micros), "{text}");
        }
    }

    #[test]
    fn what_is_not_seconds_is_refused() {
        for text in
            ["", "-", ".5", "5.", "1e3", "+5", "1_000", "1,5", "5s", "1.2.3", "--1", "inf", "NaN", " 1"]
        {
            assert_eq!(seconds(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn instants_know_zones_and_any_number_of_decimals() {
        let second = 1_700_158_546; // 2023-11-16T18:15:46Z
        for (text, micros) in [
            ("2023-11-16T18:15:46Z", 0),
            ("2023-11-16t18:15:46z", 0),
            ("2023-11-16 18:15:46.6805900Z", 680_590),
            ("2023-11-16T18:15:46.1234569+00:00", 123_456),
            ("2023-11-16T18:15:46.5-00:00", 500_000),
            ("2023-11-16T23:45:46+05:30", 0),
            ("2023-11-16T10:15:46.25-08:00", 250_000),
        ] {
            assert_eq!(
                Times::by(Clock::Zoned).instant(text.as_bytes(), None),
                Some(second * MICROS + micros),
                "{text}"
            );
        }
        assert_eq!(Times::by(Clock::Utc).instant(b"2023-11-16 18:15:46", Some(0)), Some(second * MICROS));
        assert_eq!(Times::by(Clock::Utc).instant(b"1969-12-31T23:59:59.9999999Z", None), Some(-1));
        assert_eq!(
            Times::by(Clock::Utc).instant(b"2024-02-29T00:00:00Z", None),
            Some(1_709_164_800 * MICROS)
        );
    }

    #[test]
    fn what_is_not_an_instant_is_refused() {
        for text in [
            "",
            "2023-11-16",
            "2023-11-16T18:15:46",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-11-16T24:00:00Z",
            "2023-11-16T18:60:00Z",
            "2023-11-16T18:15:60Z",
            "2023-11-16T18:15:46.Z",
            "2023-11-16T18:15:46,5Z",
            "2023-11-16T18:15:46 UTC",
            "2023-11-16T18:15:46+1:00",
            "2023-11-16T18:15:46+24:00",
            "2023-11-16T18:15:46Z!",
            "16/11/2023 18:15:46Z",
        ] {
            assert_eq!(Times::by(Clock::Zoned).instant(text.as_bytes(), None), None, "{text}");
        }
    }

    #[test]
    fn counts_are_whole_and_fit_32_bits() {
        for (text, expected) in [("0", 0), ("17", 17), ("4294967295", u32::MAX)] {
            assert_eq!(count("n", text.as_bytes()), Ok(expected));
        }
        for text in ["-3", "1.5", "1.0", "4294967296", "99999999999999999999", "many", "+1", "1e3"] {
            let fault = count("n", text.as_bytes()).unwrap_err();
            assert_eq!(fault.wrong, format!("`n` is `{text}`"));
            assert_eq!(fault.hint, COUNT_HINT);
        }
        assert_eq!(count("n", b"").unwrap_err().wrong, "`n` is missing");
    }

    #[test]
    fn times_that_could_overflow_are_out_of_reach() {
        assert_eq!(
            Times::by(Clock::Seconds).read("t", b"999999999999").unwrap_err().wrong,
            "`t` is out of reach"
        );
        assert_eq!(Times::by(Clock::Seconds).read("t", b"461168601842"), Ok(461_168_601_842_000_000));
        assert_eq!(
            Times::by(Clock::Seconds).read("t", b"-461168601843").unwrap_err().wrong,
            "`t` is out of reach"
        );
    }

    #[test]
    fn long_and_unprintable_values_are_shown_in_brief() {
        assert_eq!(quoted(b"a\x07b"), "a\\u{7}b");
        assert_eq!(quoted(&[b'x'; 100]), format!("{}...", "x".repeat(60)));
    }
}
