//! Axes: which range, which ticks, how they are labelled.

use super::super::figure::grouped;
use super::picture::{TEXT, text_width};
use jiff::ToSpan;
use jiff::civil::Date;

/// What the numbers of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// US dollars, with k, M, B, T for thousands and more.
    Usd,
    /// Percentages, never outside of 0..100.
    Percent,
}

/// A range of numbers with its ticks.
pub struct Scale {
    low: f64,
    high: f64,
    /// Where ticks are, with their labels, in ascending order.
    pub ticks: Vec<(f64, String)>,
}

impl Scale {
    /// A scale from left to right over so many pixels that covers the values; its labels do not touch.
    pub fn horizontal(values: impl IntoIterator<Item = f64>, numbers: Numbers, pixels: i32) -> Scale {
        Scale::fitting(values, numbers, |ticks| {
            let widest = ticks.iter().map(|(_, label)| text_width(label, TEXT)).max().unwrap_or(0);
            (widest + TEXT) * (ticks.len() as i32 - 1) <= pixels
        })
    }

    /// A scale from bottom to top over so many pixels that covers the values.
    pub fn vertical(values: impl IntoIterator<Item = f64>, numbers: Numbers, pixels: i32) -> Scale {
        Scale::fitting(values, numbers, |ticks| 2 * TEXT * (ticks.len() as i32 - 1) <= pixels)
    }

    fn fitting(
        values: impl IntoIterator<Item = f64>,
        numbers: Numbers,
        fits: impl Fn(&[(f64, String)]) -> bool,
    ) -> Scale {
        let (low, high) = range(values, numbers);
        let scales = (1..=6).rev().map(|intervals| Scale::with_intervals(low, high, intervals, numbers));
        let mut coarsest = Scale::with_intervals(low, high, 1, numbers);
        for scale in scales {
            if fits(&scale.ticks) {
                return scale;
            }
            coarsest = scale;
        }
        coarsest
    }

    /// About so many intervals between ticks, each 1, 2 or 5 times a power of ten.
    fn with_intervals(low: f64, high: f64, intervals: i32, numbers: Numbers) -> Scale {
        let rough = (high - low) / f64::from(intervals);
        let exponent = libm::floor(libm::log10(rough)) as i32;
        let (digit, exponent) = match rough / decimal(1.0, exponent) {
            mantissa if mantissa <= 1.000_001 => (1.0, exponent),
            mantissa if mantissa <= 2.000_001 => (2.0, exponent),
            mantissa if mantissa <= 5.000_001 => (5.0, exponent),
            _ => (1.0, exponent + 1),
        };
        let step = decimal(digit, exponent);
        // A value that is hardly beyond a tick does not need another one.
        let (first, last) = ((low / step + 0.15).floor(), (high / step - 0.15).ceil());
        let labels = Labels::new(numbers, first.abs().max(last.abs()) * step, exponent);
        let ticks = (0..=(last - first) as i32)
            .map(|index| decimal((first + f64::from(index)) * digit, exponent))
            .map(|value| (value, labels.label(value)))
            .collect();
        Scale { low: low.min(first * step), high: high.max(last * step), ticks }
    }

    /// Where a value lies between two pixels.
    pub fn pixel(&self, value: f64, from: i32, to: i32) -> i32 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        from + (share * f64::from(to - from)).round() as i32
    }

    /// Whether zero is within the range, not at its ends.
    pub fn crosses_zero(&self) -> bool {
        self.low < 0.0 && self.high > 0.0
    }
}

/// The float nearest to a whole number times a power of ten.
fn decimal(number: f64, exponent: i32) -> f64 {
    format!("{number}e{exponent}").parse().expect("digits with an exponent are a number")
}

/// A range of some width that holds the values, and zero where it is not far.
fn range(values: impl IntoIterator<Item = f64>, numbers: Numbers) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        let value = value.clamp(-1e300, 1e300);
        (low, high) = (low.min(value), high.max(value));
    }
    if low > high {
        (low, high) = (0.0, 0.0);
    }
    let least_width = 1e-6 * low.abs().max(high.abs());
    if high - low <= least_width {
        let margin = if high == 0.0 { 0.0 } else { 0.1 * high.abs() };
        (low, high) = (low - margin, high + margin);
    }
    if low > 0.0 && low < 0.5 * high {
        low = 0.0;
    }
    if high < 0.0 && high > 0.5 * low {
        high = 0.0;
    }
    if numbers == Numbers::Percent {
        (low, high) = (low.clamp(0.0, 100.0), high.clamp(0.0, 100.0));
    }
    if low == high { (low, low + 1.0) } else { (low, high) }
}

/// How the ticks of one axis are labelled.
struct Labels {
    divisor: f64,
    suffix: &'static str,
    decimals: usize,
    scientific: bool,
}

impl Labels {
    fn new(numbers: Numbers, largest: f64, exponent_of_step: i32) -> Labels {
        let (exponent, suffix) = match numbers {
            Numbers::Usd => unit(largest),
            Numbers::Percent => (0, ""),
        };
        let decimals = (exponent - exponent_of_step).max(0) as usize;
        let scientific = largest >= 1e18 || decimals > 6;
        Labels { divisor: decimal(1.0, exponent), suffix, decimals, scientific }
    }

    fn label(&self, value: f64) -> String {
        let text = if value == 0.0 {
            return "0".to_owned();
        } else if self.scientific {
            format!("{value:e}")
        } else {
            grouped(value / self.divisor, self.decimals) + self.suffix
        };
        with_minus_sign(&text)
    }
}

/// The power of ten that large amounts are shown in.
fn unit(largest: f64) -> (i32, &'static str) {
    match largest {
        size if size < 1e4 => (0, ""),
        size if size < 1e6 => (3, "k"),
        size if size < 1e9 => (6, "M"),
        size if size < 1e12 => (9, "B"),
        _ => (12, "T"),
    }
}

/// A single number in four significant digits.
pub fn short(value: f64, numbers: Numbers) -> String {
    let largest = value.abs();
    if largest >= 1e16 || (largest > 0.0 && largest < 1e-4) {
        return with_minus_sign(&format!("{value:.2e}"));
    }
    let (exponent, suffix) = if numbers == Numbers::Usd { unit(largest) } else { (0, "") };
    let shown = value / decimal(1.0, exponent);
    let decimals = match shown.abs() {
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 1.0 || size == 0.0 => 2,
        _ => 4,
    };
    with_minus_sign(&(grouped(shown, decimals) + suffix))
}

fn with_minus_sign(text: &str) -> String {
    text.replace('-', "−")
}

/// Dates at which a time axis has ticks: days since `start`, with labels that do not touch over so many
/// pixels.
pub fn date_ticks(start: Date, days: f64, pixels: i32) -> Vec<(f64, String)> {
    let room = pixels / (text_width("2026-12-28", TEXT) + TEXT);
    let daily = [1, 2, 7, 14].into_iter().map(|step| by_days(start, days, step));
    let monthly = [1, 2, 3, 6, 12, 24, 60, 120, 600, 2400, 12_000].map(|step| by_months(start, days, step));
    let mut ticks = daily.chain(monthly);
    let ticks = ticks.find(|ticks| ticks.len() as i32 <= room.max(1) && !ticks.is_empty());
    ticks.unwrap_or_else(|| vec![(0.0, start.to_string())])
}

/// Times of day at which the axis of a few days has ticks: days since midnight, with labels that do not touch
/// over so many pixels.
pub fn clock_ticks(_: Date, days: f64, pixels: i32) -> Vec<(f64, String)> {
    let minutes = (days * 1440.0).round() as u32;
    let fits = |step: &u32| f64::from(pixels * *step as i32) / f64::from(minutes) >= 130.0;
    let step = [5, 10, 20, 30, 60, 120, 180, 360, 720].into_iter().find(fits).unwrap_or(1440);
    let label = |minute: u32| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    (0..=minutes / step).map(|tick| (f64::from(tick * step) / 1440.0, label(tick * step))).collect()
}

fn by_days(start: Date, days: f64, step: i64) -> Vec<(f64, String)> {
    let offsets = (0..).map(|index| index * step).take_while(|offset| (*offset as f64) < days);
    // More than fit any picture: enough to tell that there are too many.
    offsets.take(100).map(|offset| (offset as f64, start.saturating_add(offset.days()).to_string())).collect()
}

fn by_months(start: Date, days: f64, step: i32) -> Vec<(f64, String)> {
    let mut ticks = Vec::new();
    let mut date = start.first_of_month();
    while ticks.len() < 100 {
        let offset = start.until(date).map_or(f64::INFINITY, |span| f64::from(span.get_days()));
        if offset >= days {
            break;
        }
        if offset >= 0.0 {
            ticks.push((offset, date.to_string()));
        }
        let Ok(next) = date.checked_add(step.months()) else { break };
        date = next;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn labels(values: &[f64], numbers: Numbers) -> Vec<String> {
        let scale = Scale::vertical(values.iter().copied(), numbers, 300);
        scale.ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_money_has_a_unit() {
        assert_eq!(labels(&[0.0, 12_300.0], Numbers::Usd), ["0", "5k", "10k", "15k"]);
        assert_eq!(labels(&[-1.5e6, 2.2e6], Numbers::Usd), ["−2M", "−1M", "0", "1M", "2M", "3M"]);
        assert_eq!(labels(&[0.0, 8.0], Numbers::Usd), ["0", "2", "4", "6", "8"]);
        assert_eq!(labels(&[0.0, 3e-4], Numbers::Usd), ["0", "0.0001", "0.0002", "0.0003"]);
        assert_eq!(labels(&[2e-9, 9e-9], Numbers::Usd).last().unwrap(), "1e−8");
    }

    #[test]
    fn shares_stay_within_their_range_also_where_all_are_equal() {
        assert_eq!(labels(&[100.0, 100.0], Numbers::Percent).last().unwrap(), "100");
        assert_eq!(labels(&[0.0], Numbers::Percent).first().unwrap(), "0");
        assert_eq!(labels(&[-3.0, 104.0], Numbers::Percent), ["0", "20", "40", "60", "80", "100"]);
    }

    #[test]
    fn every_range_has_some_ticks_and_holds_its_values() {
        for values in [
            vec![],
            vec![0.0],
            vec![-5.0],
            vec![1e6, 1e6 + 1e-9],
            vec![1e-12],
            vec![-1e308, 1e308],
            vec![f64::MIN_POSITIVE],
            vec![99_999.99, 100_000.01],
        ] {
            let scale = Scale::horizontal(values.iter().copied(), Numbers::Usd, 400);
            assert!((2..=12).contains(&scale.ticks.len()), "{values:?}: {:?}", scale.ticks);
            assert!(
                values.iter().all(|v| scale.low <= v.max(-1e300) && v.min(1e300) <= scale.high),
                "{values:?}"
            );
        }
    }

    #[test]
    fn single_numbers_have_four_digits() {
        for (value, text) in [
            (0.0, "0.00"),
            (-0.001, "−0.0010"),
            (12.345, "12.35"),
            (-12_345.6, "−12.35k"),
            (-1234.0, "−1,234"),
            (1e20, "1.00e20"),
        ] {
            assert_eq!(short(value, Numbers::Usd), text);
        }
    }

    #[test]
    fn times_of_day_are_told_as_they_fit() {
        let labels = |hours: f64, pixels| -> Vec<String> {
            clock_ticks(date(2026, 1, 1), hours / 24.0, pixels).into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(1.0, 600), ["00:00", "00:20", "00:40", "01:00"]);
        assert_eq!(labels(48.0, 600), ["00:00", "12:00", "00:00", "12:00", "00:00"]);
        assert_eq!(labels(1.0, 100), ["00:00"]);
    }

    #[test]
    fn dates_are_days_weeks_or_months_as_they_fit() {
        let start = date(2026, 1, 15);
        let labels =
            |days| date_ticks(start, days, 1400).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(1.0), ["2026-01-15"]);
        assert_eq!(labels(3.0), ["2026-01-15", "2026-01-16", "2026-01-17"]);
        assert_eq!(labels(90.0)[..2], ["2026-01-15", "2026-01-29"]);
        assert_eq!(labels(200.0)[..2], ["2026-02-01", "2026-03-01"]);
        assert!(labels(3e6).len() <= 7);
    }
}
