//! Durations as they are written: `90d`, `6h`, `1h 30m`, `250ms`.

use crate::time::Span;

/// The units with their microseconds, longest first.
const UNITS: [(&str, i64); 6] = [
    ("d", 86_400_000_000),
    ("h", 3_600_000_000),
    ("m", 60_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDuration {
    /// It is below zero.
    Negative,
    /// It is above [`Span::MAX`].
    TooLong,
    /// It is not numbers with units.
    Unreadable,
}

/// Reads whole numbers, each with a unit, such as `1h 30m`; the units descend.
pub fn parse(text: &str) -> Result<Span, NoDuration> {
    let text = text.trim();
    if let Some(positive) = text.strip_prefix('-') {
        return parse(positive).and(Err(NoDuration::Negative));
    }
    let mut total: i64 = 0;
    let mut rest = text;
    let mut units = UNITS.iter();
    loop {
        let (number, after) = rest.split_at(length(rest, |byte| byte.is_ascii_digit()));
        let (unit, after) = after.split_at(length(after, |byte| byte.is_ascii_alphabetic()));
        let (_, micros) = units.find(|(name, _)| *name == unit).ok_or(NoDuration::Unreadable)?;
        if number.is_empty() {
            return Err(NoDuration::Unreadable);
        }
        let part = number.parse().ok().and_then(|number: i64| number.checked_mul(*micros));
        total = part.and_then(|part| total.checked_add(part)).ok_or(NoDuration::TooLong)?;
        rest = after.trim_start();
        if rest.is_empty() {
            let span = Span::from_micros(total);
            return if span <= Span::MAX { Ok(span) } else { Err(NoDuration::TooLong) };
        }
    }
}

/// The duration that a text says, such as `1h 30m`, if it says one.
pub fn duration(text: &str) -> Option<Span> {
    parse(text).ok()
}

/// A regular expression for what can be read, but for durations that are too long.
pub fn pattern() -> String {
    let parts = UNITS.map(|(unit, _)| format!("([0-9]+{unit}\\s*)?"));
    format!("^\\s*(?=[0-9]){}$", parts.concat())
}

/// How many bytes at the start are of a class of ASCII characters.
fn length(text: &str, class: impl Fn(&u8) -> bool) -> usize {
    text.bytes().take_while(class).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_numbers_with_units() {
        for (text, micros) in [
            ("0s", 0),
            ("90d", 90 * 86_400_000_000),
            ("6h", 21_600_000_000),
            ("1h 30m", 5_400_000_000),
            ("1h30m", 5_400_000_000),
            ("250ms", 250_000),
            ("7us", 7),
            ("1d 2h 3m 4s 5ms 6us", 93_784_005_006),
            (" 2m ", 120_000_000),
        ] {
            assert_eq!(parse(text), Ok(Span::from_micros(micros)), "{text}");
        }
    }

    #[test]
    fn what_is_printed_is_read_again() {
        for micros in [0, 1, 999, 1_000, 86_399_999_999, 93_784_005_006, Span::MAX.micros()] {
            let span = Span::from_micros(micros);
            assert_eq!(parse(&span.to_string()), Ok(span));
        }
    }

    #[test]
    fn other_texts_are_no_durations() {
        for (text, why) in [
            ("", NoDuration::Unreadable),
            ("90", NoDuration::Unreadable),
            ("d", NoDuration::Unreadable),
            ("3 days", NoDuration::Unreadable),
            ("1.5h", NoDuration::Unreadable),
            ("30m 1h", NoDuration::Unreadable),
            ("1h 1h", NoDuration::Unreadable),
            ("1h,", NoDuration::Unreadable),
            ("5µs", NoDuration::Unreadable),
            ("-3d", NoDuration::Negative),
            ("- days", NoDuration::Unreadable),
            ("99999999999999999999d", NoDuration::TooLong),
            ("200000000d", NoDuration::TooLong),
            ("10675200d", NoDuration::TooLong),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }
}
