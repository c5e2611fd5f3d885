//! Which part of an account's time is shown, where all of it would be too much to see.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Something that happens to an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Happening {
    /// When, in days.
    pub day: f64,
    /// The number of its kind.
    pub kind: usize,
    /// Whether the balance jumps.
    pub is_tooth: bool,
}

/// A span of time, in days since the midnight before the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// When it begins.
    pub from: f64,
    /// How long it is.
    pub days: f64,
}

const HOUR: f64 = 1.0 / 24.0;
/// How long windows are that are not the whole.
const LENGTHS: [f64; 15] = [
    730.0,
    365.0,
    182.0,
    91.0,
    61.0,
    30.0,
    14.0,
    7.0,
    4.0,
    2.0,
    1.0,
    12.0 * HOUR,
    6.0 * HOUR,
    3.0 * HOUR,
    HOUR,
];
/// What parts ticks, in days.
const STEPS: [f64; 20] = [
    HOUR / 12.0,
    HOUR / 6.0,
    HOUR / 2.0,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    1.0,
    2.0,
    4.0,
    7.0,
    14.0,
    28.0,
    56.0,
    91.0,
    182.0,
    365.0,
    730.0,
    3650.0,
];

/// So many jumps within a quarter of a window are too many.
const CROWD: usize = 4;

impl Window {
    /// From the day or hour of an instant to that after another, and a little longer.
    pub fn around(first: f64, last: f64) -> Window {
        let unit = unit(last - first);
        let from = (first / unit).floor() * unit;
        let days = 1.02 * (last - from);
        Window { from, days: (days / unit).ceil().max(1.0) * unit }
    }

    /// The longest window, the whole at most, in which jumps can be told apart under each policy; of those as long, the
    /// one that has most kinds of what happens under most policies, and of these the first.
    pub fn best(self, policies: &[Vec<Happening>]) -> Window {
        let windows = |days: f64| {
            let happenings = policies.iter().flatten();
            let mut starts: Vec<f64> = happenings.map(|event| self.start(event.day, days)).collect();
            starts.sort_by(f64::total_cmp);
            starts.dedup();
            starts.into_iter().map(move |from| Window { from, days })
        };
        let is_clear = |window: &Window| policies.iter().all(|policy| window.is_clear(policy));
        let richest = |windows: &mut dyn Iterator<Item = Window>| {
            windows.fold(None, |best: Option<(Window, usize)>, window| {
                let kinds = window.kinds(policies);
                if best.is_some_and(|(_, most)| most >= kinds) { best } else { Some((window, kinds)) }
            })
        };
        if is_clear(&self) {
            return self;
        }
        let mut shorter = LENGTHS.into_iter().filter(|days| *days < self.days);
        let clear = shorter.clone().find_map(|days| richest(&mut windows(days).filter(is_clear)));
        let shortest = || shorter.next_back().and_then(|days| richest(&mut windows(days)));
        clear.or_else(shortest).map_or(self, |(window, _)| window)
    }

    /// Where a window of so many days begins that shows what happens at a time, and a little of what was before.
    fn start(&self, day: f64, days: f64) -> f64 {
        let unit = unit(days);
        let start = ((day - days / 8.0) / unit).floor() * unit;
        start.min(self.from + self.days - days).max(self.from)
    }

    /// What of one policy happens in it.
    fn part<'h>(&self, policy: &'h [Happening]) -> &'h [Happening] {
        let until = |day: f64| policy.partition_point(|event| event.day < day);
        &policy[until(self.from)..until(self.from + self.days)]
    }

    /// Whether jumps can be told apart.
    fn is_clear(&self, policy: &[Happening]) -> bool {
        let teeth = self.part(policy).iter().filter(|event| event.is_tooth);
        let teeth: Vec<f64> = teeth.map(|tooth| tooth.day).collect();
        teeth.windows(CROWD).all(|crowd| crowd[CROWD - 1] - crowd[0] >= self.days / 4.0)
    }

    /// How many kinds of what happens it has, each counted for each policy.
    pub fn kinds(&self, policies: &[Vec<Happening>]) -> usize {
        let kinds = policies.iter().map(|policy| {
            let mut kinds: Vec<usize> = self.part(policy).iter().map(|event| event.kind).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds.len()
        });
        kinds.sum()
    }

    /// From when to when, in words.
    pub fn dates(&self, midnight: Timestamp) -> String {
        let (from, to) = (self.from, self.from + self.days);
        if self.days > 2.0 {
            return format!(
                "{} to {}",
                told(midnight, from, "%Y-%m-%d"),
                told(midnight, to - 1.0, "%Y-%m-%d")
            );
        }
        let day = |at: f64| told(midnight, at, "%Y-%m-%d");
        let end = if day(from) == day(to) { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        format!("{} to {}", told(midnight, from, "%Y-%m-%d %H:%M"), told(midnight, to, end))
    }

    /// Ticks over so many pixels: at which share of it, and what is written there.
    pub fn ticks(&self, midnight: Timestamp, pixels: i32) -> Vec<(f64, String)> {
        // A label such as `28 Jan` or `Jan 2026` with some room.
        let most = f64::from(pixels) / 130.0;
        let step = STEPS.into_iter().find(|step| self.days / step <= most).unwrap_or(self.days);
        let format = match step {
            step if step < 1.0 => "%H:%M",
            step if step < 182.0 => "%-d %b",
            _ => "%b %Y",
        };
        let count = (self.days / step + 1e-9).floor() as i32;
        let ticks = (0..=count).map(|tick| f64::from(tick) * step);
        ticks.map(|day| (day / self.days, told(midnight, self.from + day, format))).collect()
    }
}

/// What windows of about so many days begin and end with: days or hours.
fn unit(days: f64) -> f64 {
    if days > 2.0 { 1.0 } else { HOUR }
}

/// The instant so many days after midnight, in a format of `strftime`, in UTC.
pub fn told(midnight: Timestamp, days: f64, format: &str) -> String {
    let since = SignedDuration::from_secs((days * 86_400.0).round() as i64);
    let at = midnight.saturating_add(since).unwrap_or(Timestamp::MAX);
    at.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teeth(days: &[f64]) -> Vec<Happening> {
        days.iter().map(|day| Happening { day: *day, kind: 0, is_tooth: true }).collect()
    }

    fn daily(from: i32, to: i32) -> Vec<f64> {
        (from..to).map(|day| f64::from(day) + 0.5).collect()
    }

    #[test]
    fn all_is_shown_as_long_as_jumps_can_be_told_apart() {
        let whole = Window::around(0.3, 80.4);
        assert_eq!(whole, Window { from: 0.0, days: 83.0 });
        let weekly: Vec<f64> = (0..11).map(|week| f64::from(7 * week)).collect();
        assert_eq!(whole.best(&[teeth(&weekly), Vec::new()]), whole);
        assert_eq!(whole.best(&[teeth(&daily(0, 80))]).days, 7.0);
        assert_eq!(Window::around(5.26, 5.5), Window { from: 5.25, days: 7.0 * HOUR });
        assert_eq!(Window::around(3.0, 3.0).days, HOUR);
    }

    #[test]
    fn of_windows_as_long_the_one_that_shows_most_is_taken() {
        let mut days = teeth(&daily(0, 80));
        days.insert(50, Happening { day: 50.0, kind: 1, is_tooth: false });
        let window = Window::around(0.0, 80.0).best(&[days.clone(), teeth(&[70.0])]);
        assert!(window.days == 7.0 && (43.0..=50.0).contains(&window.from), "{window:?}");
        assert_eq!(window.kinds(&[days, Vec::new()]), 2);
    }

    #[test]
    fn where_even_an_hour_has_too_many_jumps_an_hour_is_shown() {
        let minutes: Vec<f64> = (0..2000).map(|minute| f64::from(minute) / 1440.0).collect();
        let window = Window::around(0.0, 80.0).best(&[teeth(&minutes)]);
        assert_eq!(window, Window { from: 0.0, days: HOUR });
    }

    #[test]
    fn windows_are_told_by_dates_or_times() {
        let midnight: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let labels = |window: Window| -> Vec<String> {
            window.ticks(midnight, 600).into_iter().map(|(_, label)| label).collect()
        };
        let month = Window { from: 31.0, days: 28.0 };
        assert_eq!(month.dates(midnight), "2026-02-01 to 2026-02-28");
        assert_eq!(labels(month), ["1 Feb", "8 Feb", "15 Feb", "22 Feb", "1 Mar"]);
        let morning = Window { from: 1.25, days: 0.25 };
        assert_eq!(morning.dates(midnight), "2026-01-02 06:00 to 12:00");
        assert_eq!(labels(morning), ["06:00", "08:00", "10:00", "12:00"]);
        let years = Window { from: 0.0, days: 2000.0 };
        assert_eq!(labels(years), ["Jan 2026", "Jan 2028", "Dec 2029"]);
    }
}
