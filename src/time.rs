//! Time: whole microseconds since the start of the run, and the civil calendar (UTC) that they fall in.

use jiff::ToSpan;
use jiff::civil::Date;
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A length of time, in whole microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// One second: the least time that a customer takes to answer, or a client to try again.
    pub const SECOND: Span = Span(1_000_000);
    /// One minute: the least time, on average, after which a card is renewed or credit that lapsed is topped up.
    pub const MINUTE: Span = Span(60 * 1_000_000);
    /// One hour.
    pub const HOUR: Span = Span(3_600 * 1_000_000);
    /// One UTC day.
    pub const DAY: Span = Span(24 * 3_600 * 1_000_000);
    /// The longest span that a scenario may ask for (about 28,000 years); sums of several still fit.
    pub const MAX: Span = Span(i64::MAX / 10);

    /// So many microseconds.
    pub const fn from_micros(micros: i64) -> Span {
        Span(micros)
    }

    /// So many whole days.
    pub const fn days(days: i64) -> Span {
        Span(days * Span::DAY.0)
    }

    /// So many whole hours.
    pub const fn hours(hours: i64) -> Span {
        Span(hours * Span::HOUR.0)
    }

    /// The length in microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// A drawn length: rounded half up to a microsecond, within [0, [`Span::MAX`]].
    pub fn from_micros_f64(micros: f64) -> Span {
        Span(((micros + 0.5).max(0.0) as i64).min(Span::MAX.0))
    }

    /// The length to its two largest units, for reading: `about 1d 1h` where that is not all of it.
    pub fn roughly(self) -> String {
        let exact = self.to_string();
        let parts: Vec<&str> = exact.split(' ').collect();
        if parts.len() <= 2 { exact } else { format!("about {}", parts[..2].join(" ")) }
    }

    /// The length in days, as near as a float comes.
    pub fn as_days_f64(self) -> f64 {
        self.0 as f64 / Span::DAY.0 as f64
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

/// Writes as in a scenario: `1h 30m`, `250ms`, `0s`. With `#` as in a text: `1 hour 30 minutes`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut parts = Vec::new();
        for (unit, word, micros) in [
            ("d", "day", Span::DAY.0),
            ("h", "hour", Span::HOUR.0),
            ("m", "minute", 60_000_000),
            ("s", "second", 1_000_000),
            ("ms", "millisecond", 1_000),
            ("us", "microsecond", 1),
        ] {
            let count = rest / micros;
            rest %= micros;
            match count {
                0 => {}
                _ if !f.alternate() => parts.push(format!("{count}{unit}")),
                1 => parts.push(format!("1 {word}")),
                _ => parts.push(format!("{count} {word}s")),
            }
        }
        let none = if f.alternate() { "0 seconds" } else { "0s" };
        f.pad(&if parts.is_empty() { none.to_owned() } else { parts.join(" ") })
    }
}

/// An instant: microseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Time(i64);

impl Time {
    /// The start of the run, 00:00 UTC of the scenario's `start`.
    pub const START: Time = Time(0);
    /// After everything.
    pub const NEVER: Time = Time(i64::MAX);

    /// So many microseconds after the start.
    pub const fn from_micros(micros: i64) -> Time {
        Time(micros)
    }

    /// Microseconds since the start.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The UTC day that the instant falls in; the day of the start is 0.
    pub const fn day(self) -> usize {
        (self.0 / Span::DAY.0) as usize
    }

    /// The hour since the start that the instant falls in; the first hour is 0.
    pub const fn hour(self) -> usize {
        (self.0 / Span::HOUR.0) as usize
    }

    /// The first multiple of a span since the start that is not before; itself where the span is zero.
    pub const fn next_multiple(self, span: Span) -> Time {
        if span.0 == 0 { self } else { Time((self.0 + span.0 - 1) / span.0 * span.0) }
    }

    /// 00:00 UTC of the next day.
    pub const fn next_midnight(self) -> Time {
        Time((self.0 / Span::DAY.0 + 1) * Span::DAY.0)
    }
}

impl Add<Span> for Time {
    type Output = Time;
    /// The instant so much later; [`Time::NEVER`] where it is beyond reckoning.
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub for Time {
    type Output = Span;
    fn sub(self, earlier: Time) -> Span {
        Span(self.0 - earlier.0)
    }
}

/// The civil calendar of a run: which date it starts on, where its periods (civil months in UTC) begin, where its
/// measuring, its requests and its run-off end.
#[derive(Clone, Debug)]
pub struct Calendar {
    start: Date,
    /// When the measures begin to count.
    pub warmup: Time,
    /// When the requests end.
    pub horizon: Time,
    /// When everything ends: the horizon and the run-off after it.
    pub end: Time,
    /// The boundaries between periods, ascending: the first instant of each month after the first.
    boundaries: Vec<Time>,
}

impl Calendar {
    /// The calendar of a run that starts at 00:00 UTC of `start`.
    pub fn new(start: Date, warmup: Span, horizon: Span, runoff: Span) -> Calendar {
        let end = Time::START + horizon + runoff;
        let mut boundaries = Vec::new();
        let mut month = start.first_of_month();
        while let Ok(next) = month.checked_add(1.month()) {
            let days = i64::from(start.until(next).expect("dates of the calendar are days apart").get_days());
            let boundary = Time::START + Span::days(days);
            if boundary >= end {
                break;
            }
            boundaries.push(boundary);
            month = next;
        }
        Calendar { start, warmup: Time::START + warmup, horizon: Time::START + horizon, end, boundaries }
    }

    /// The first boundary of a period after `now` and before the end of the run.
    pub fn next_period(&self, now: Time) -> Option<Time> {
        self.boundaries.get(self.boundaries.partition_point(|boundary| *boundary <= now)).copied()
    }

    /// How many UTC days the run touches, its run-off included.
    pub fn days(&self) -> usize {
        usize::try_from((self.end.0 + Span::DAY.0 - 1) / Span::DAY.0).expect("a run has days")
    }

    /// The date of a day of the run.
    pub fn date(&self, day: usize) -> Date {
        self.start.saturating_add(i64::try_from(day).expect("days fit").days())
    }

    /// 00:00 UTC of a civil date; before the start for an earlier one.
    pub fn instant(&self, date: Date) -> Time {
        let days = self.start.until(date).expect("dates of the calendar are days apart").get_days();
        Time::START + Span::days(i64::from(days))
    }

    /// The weekday of a day of the run, 0 for Monday.
    pub fn weekday(&self, day: usize) -> usize {
        (self.start.weekday().to_monday_zero_offset() as usize + day) % 7
    }

    /// The instant in RFC 3339, to the microsecond, in UTC.
    pub fn timestamp(&self, at: Time) -> String {
        let within = at.0.rem_euclid(Span::DAY.0);
        let (seconds, micros) = (within / 1_000_000, within % 1_000_000);
        format!(
            "{}T{:02}:{:02}:{:02}.{micros:06}Z",
            self.date(at.day()),
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn lengths_are_exact_where_two_units_do_and_say_where_they_do_not() {
        assert_eq!(Span::hours(25).roughly(), "1d 1h");
        assert_eq!((Span::hours(25) + Span::SECOND).roughly(), "about 1d 1h");
    }

    #[test]
    fn periods_are_civil_months_also_when_the_first_begins_in_mid_month() {
        let calendar = Calendar::new(date(2028, 2, 10), Span::ZERO, Span::days(70), Span::ZERO);
        assert_eq!(calendar.next_period(Time::START), Some(Time::START + Span::days(20))); // a leap year
        assert_eq!(calendar.next_period(Time::START + Span::days(20)), Some(Time::START + Span::days(51)));
        assert_eq!(calendar.next_period(Time::START + Span::days(51)), None); // 1 May is beyond the end
    }

    #[test]
    fn a_boundary_at_the_very_end_does_not_happen() {
        let calendar = Calendar::new(date(2026, 1, 1), Span::ZERO, Span::days(31), Span::ZERO);
        assert_eq!(calendar.next_period(Time::START), None);
    }

    #[test]
    fn days_dates_and_weekdays_follow_the_calendar() {
        let calendar = Calendar::new(date(2026, 1, 1), Span::ZERO, Span::days(59), Span::hours(1));
        assert_eq!(calendar.days(), 60);
        assert_eq!(calendar.date(58), date(2026, 2, 28));
        assert_eq!(calendar.weekday(0), 3); // a Thursday
        assert_eq!(calendar.weekday(4), 0);
        assert_eq!(
            calendar.timestamp(Time::from_micros(86_400_000_000 + 3_661_000_001)),
            "2026-01-02T01:01:01.000001Z"
        );
    }

    #[test]
    fn spans_print_as_they_are_written() {
        for (span, text) in [
            (Span::ZERO, "0s"),
            (Span::hours(1) + Span::from_micros(30 * 60_000_000), "1h 30m"),
            (Span::days(90), "90d"),
            (Span::from_micros(250_000), "250ms"),
            (Span::from_micros(1), "1us"),
        ] {
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn spans_are_spelled_out_in_a_text() {
        for (span, text) in [
            (Span::ZERO, "0 seconds"),
            (Span::hours(1) + Span::from_micros(30 * 60_000_000), "1 hour 30 minutes"),
            (Span::days(90), "90 days"),
            (Span::from_micros(1_001), "1 millisecond 1 microsecond"),
        ] {
            assert_eq!(format!("{span:#}"), text);
        }
    }

    #[test]
    fn drawn_lengths_round_half_up_and_never_fall_below_zero() {
        assert_eq!(Span::from_micros_f64(1.5), Span::from_micros(2));
        assert_eq!(Span::from_micros_f64(1.49), Span::from_micros(1));
        assert_eq!(Span::from_micros_f64(-3.0), Span::ZERO);
        assert_eq!(Span::from_micros_f64(f64::INFINITY), Span::MAX);
    }
}
