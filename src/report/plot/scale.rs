//! Axes: which range, which ticks, how they are labelled.

use super::super::figure::grouped;
use super::picture::{TEXT, text_width};
use crate::metrics::Unit;
use jiff::ToSpan;
use jiff::civil::Date;

/// What the numbers of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// US dollars, with k, M, B, T for thousands and more.
    Usd,
    /// Numbers of things, likewise.
    Count,
    /// Percentages, never outside of 0..100.
    Percent,
    /// Differences of percentages.
    PercentagePoints,
    /// Seconds, shown in seconds, minutes, hours or days.
    Seconds,
}

/// How an axis shows the values of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// What its numbers are.
    pub numbers: Numbers,
    /// How many of them one of the unit is.
    pub factor: f64,
    /// Their unit; empty where each number tells it.
    pub sign: &'static str,
}

impl Axis {
    /// For values of a unit.
    pub fn of(unit: Unit) -> Axis {
        let (numbers, factor, sign) = match unit {
            Unit::Usd => (Numbers::Usd, 1.0, "USD"),
            Unit::Count => (Numbers::Count, 1.0, ""),
            Unit::Seconds => (Numbers::Seconds, 1.0, ""),
            Unit::Share => (Numbers::Percent, 100.0, "%"),
        };
        Axis { numbers, factor, sign }
    }

    /// For differences of values of a unit.
    pub fn of_difference(unit: Unit) -> Axis {
        match unit {
            Unit::Share => Axis { numbers: Numbers::PercentagePoints, factor: 100.0, sign: "points" },
            _ => Axis::of(unit),
        }
    }
}

impl Numbers {
    /// What numbers of this size are shown in: so many of one, and its sign.
    fn unit(self, largest: f64) -> (f64, &'static str) {
        match self {
            Numbers::Usd | Numbers::Count => match largest {
                size if size < 1e4 => (1.0, ""),
                size if size < 1e6 => (1e3, "k"),
                size if size < 1e9 => (1e6, "M"),
                size if size < 1e12 => (1e9, "B"),
                _ => (1e12, "T"),
            },
            Numbers::Percent | Numbers::PercentagePoints => (1.0, ""),
            Numbers::Seconds => match largest {
                size if size < 2.0 * MINUTE => (1.0, " s"),
                size if size < 2.0 * HOUR => (MINUTE, " min"),
                size if size < 2.0 * DAY => (HOUR, " h"),
                _ => (DAY, " d"),
            },
        }
    }
}

/// From which ratio of the largest to the smallest number on a scale may be logarithmic that need not be.
const MUCH: f64 = 30.0;
/// How many decades such a scale has at most.
const DECADES: i32 = 4;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// The ticks that a logarithmic axis of durations may have, with their labels.
const DURATIONS: [(f64, &str); 14] = [
    (1e-6, "1 µs"),
    (1e-3, "1 ms"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (MINUTE, "1 min"),
    (10.0 * MINUTE, "10 min"),
    (HOUR, "1 h"),
    (6.0 * HOUR, "6 h"),
    (DAY, "1 d"),
    (7.0 * DAY, "1 w"),
    (30.0 * DAY, "30 d"),
    (365.0 * DAY, "1 y"),
    (3650.0 * DAY, "10 y"),
    (36_500.0 * DAY, "100 y"),
];

/// A range of numbers with its ticks.
pub struct Scale {
    low: f64,
    high: f64,
    kind: Kind,
    /// Where ticks are, with their labels, in ascending order.
    pub ticks: Vec<(f64, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Linear,
    /// Zero, and all below it, has a place of its own: at the lower end, so much of the length away from the
    /// least of the others.
    Logarithmic {
        zero: f64,
    },
    /// Logarithmic both ways from zero, but linear about zero: up to about so much.
    Symmetric {
        linear: f64,
    },
}

impl Scale {
    /// A scale from left to right over so many pixels that covers the values; its labels do not touch.
    pub fn horizontal(values: impl IntoIterator<Item = f64>, numbers: Numbers, pixels: i32) -> Scale {
        let mut scale = Scale::fitting(values, numbers, |scale| scale.is_legible(pixels));
        // The ends alone, or one of them, where there is no room for more.
        while !scale.is_legible(pixels) {
            scale.ticks.remove(if scale.ticks.len() > 2 { 1 } else { 0 });
        }
        scale
    }

    /// A scale from bottom to top over so many pixels that covers the values.
    pub fn vertical(values: impl IntoIterator<Item = f64>, numbers: Numbers, pixels: i32) -> Scale {
        Scale::fitting(values, numbers, |scale| 2 * TEXT * (scale.ticks.len() as i32 - 1) <= pixels)
    }

    /// A logarithmic scale from left to right over so many pixels that covers the values; its labels do not
    /// touch. Values that are zero or less share a place apart from the others.
    pub fn logarithmic(values: impl IntoIterator<Item = f64>, numbers: Numbers, pixels: i32) -> Scale {
        let (mut low, mut high, mut has_zero) = (f64::INFINITY, 0.0_f64, false);
        for value in values {
            if value > 0.0 {
                (low, high) = (low.min(value), high.max(value.min(1e300)));
            } else {
                has_zero = true;
            }
        }
        if high == 0.0 {
            (low, high) = (1.0, 10.0);
        }
        if numbers == Numbers::Seconds {
            let [(shortest, _), .., (longest, _)] = DURATIONS;
            (low, high) = (low.clamp(shortest, longest), high.clamp(shortest, longest));
        }
        if low == high {
            (low, high) = (low / 2.0, high * 2.0);
        }
        let all = logarithmic_ticks(low, high, numbers);
        low = low.min(all.first().map_or(low, |(first, _)| *first));
        high = high.max(all.last().map_or(high, |(last, _)| *last));
        let zero = if has_zero { f64::from(widest(&all) / 2 + TEXT) / f64::from(pixels) } else { 0.0 };
        let mut scale = Scale { low, high, kind: Kind::Logarithmic { zero }, ticks: Vec::new() };
        for step in 1..=all.len() {
            let origin = has_zero.then(|| (0.0, "0".to_owned()));
            scale.ticks = origin.into_iter().chain(all.iter().step_by(step).cloned()).collect();
            if scale.is_legible(pixels) {
                break;
            }
        }
        scale
    }

    /// A scale from bottom to top over so many pixels that covers the values, of either sign: linear, or
    /// where some are much larger than others, logarithmic both ways from zero, but for the smallest.
    pub fn symmetric(values: impl IntoIterator<Item = f64>, numbers: Numbers, pixels: i32) -> Scale {
        let values: Vec<f64> = values.into_iter().map(|value| value.clamp(-1e300, 1e300)).collect();
        let sizes = || values.iter().map(|value| value.abs()).filter(|size| *size > 0.0);
        let (least, most) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max));
        if most < MUCH * least || most == 0.0 {
            return Scale::vertical(values, numbers, pixels);
        }
        let exponent = |size: f64| libm::floor(libm::log10(size)) as i32;
        let last = libm::ceil(libm::log10(most)) as i32;
        let first = exponent(least).max(last - DECADES);
        // Both ends are powers of ten, so that they have ticks.
        let end = |value: f64| match value.abs() {
            0.0 => 0.0,
            size => decimal(1.0, (libm::ceil(libm::log10(size)) as i32).max(first)).copysign(value),
        };
        let (low, high) = values
            .iter()
            .fold((0.0, 0.0), |(low, high): (f64, f64), value| (low.min(end(*value)), high.max(end(*value))));
        let mut scale =
            Scale { low, high, kind: Kind::Symmetric { linear: decimal(1.0, first) }, ticks: Vec::new() };
        // The smallest sizes may be too near to zero to be told.
        let ticks = |step: usize, skipped: i32| -> Vec<(f64, String)> {
            let sizes =
                || (first + skipped..=last).rev().step_by(step).map(|exponent| decimal(1.0, exponent));
            let down = sizes().map(|size| (-size, format!("−{}", logarithmic_label(size, numbers))));
            let up: Vec<_> = sizes().map(|size| (size, logarithmic_label(size, numbers))).collect();
            let ticks = down.chain([(0.0, "0".to_owned())]).chain(up.into_iter().rev());
            ticks.filter(|(value, _)| (low..=high).contains(value)).collect()
        };
        let fits = |ticks: &Vec<(f64, String)>| {
            let gap = |pair: &[(f64, String)]| {
                scale.pixel(pair[1].0, 0, pixels) - scale.pixel(pair[0].0, 0, pixels)
            };
            ticks.windows(2).all(|pair| gap(pair) >= TEXT + TEXT / 3)
        };
        let choices = (1..=DECADES as usize + 1).flat_map(|step| [(step, 0), (step, 1)]);
        let fitting = choices.map(|(step, skipped)| ticks(step, skipped)).find(fits);
        let ticks = fitting.unwrap_or_else(|| ticks(usize::MAX, 0));
        scale.ticks = ticks;
        scale
    }

    fn fitting(
        values: impl IntoIterator<Item = f64>,
        numbers: Numbers,
        fits: impl Fn(&Scale) -> bool,
    ) -> Scale {
        let (low, high) = range(values, numbers);
        let mut scale = Scale::with_intervals(low, high, 6, numbers);
        for intervals in (1..6).rev() {
            if fits(&scale) {
                break;
            }
            scale = Scale::with_intervals(low, high, intervals, numbers);
        }
        scale
    }

    /// About so many intervals between ticks, each 1, 2 or 5 times a power of ten of the unit shown.
    fn with_intervals(low: f64, high: f64, intervals: i32, numbers: Numbers) -> Scale {
        let (unit, suffix) = numbers.unit(low.abs().max(high.abs()));
        let (low, high) = (low / unit, high / unit);
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
        let decimals = (-exponent).max(0) as usize;
        let is_scientific = first.abs().max(last.abs()) * step >= 1e6 || decimals > 6;
        let label = |value: f64| match value {
            0.0 => "0".to_owned(),
            value if is_scientific => with_minus_sign(&format!("{:e}", value * unit)),
            value => with_minus_sign(&(grouped(value, decimals) + suffix)),
        };
        let ticks = (0..=(last - first) as i32)
            .map(|index| decimal((first + f64::from(index)) * digit, exponent))
            .map(|value| (value * unit, label(value)))
            .collect();
        let (low, high) = (low.min(first * step), high.max(last * step));
        Scale { low: low * unit, high: high * unit, kind: Kind::Linear, ticks }
    }

    /// Whether its labels do not touch over so many pixels from left to right.
    fn is_legible(&self, pixels: i32) -> bool {
        self.ticks.windows(2).all(|pair| {
            let [one, other] = [&pair[0], &pair[1]].map(|(value, _)| self.pixel(*value, 0, pixels));
            let widths = text_width(&pair[0].1, TEXT) + text_width(&pair[1].1, TEXT);
            other - one >= widths / 2 + TEXT
        })
    }

    /// Where a value lies between two pixels.
    pub fn pixel(&self, value: f64, from: i32, to: i32) -> i32 {
        let share = match self.kind {
            Kind::Linear => (value - self.low) / (self.high - self.low),
            Kind::Logarithmic { .. } if value <= 0.0 => 0.0,
            Kind::Logarithmic { zero } => {
                let [low, high, value] = [self.low, self.high, value].map(libm::log);
                let share = (value - low) / (high - low);
                zero + (1.0 - zero) * share.clamp(0.0, 1.0)
            }
            Kind::Symmetric { linear } => {
                let [low, high, value] = [self.low, self.high, value].map(|end| libm::asinh(end / linear));
                (value - low) / (high - low)
            }
        };
        from + (share.clamp(0.0, 1.0) * f64::from(to - from)).round() as i32
    }

    /// Whether zero is within the range, not at its ends.
    pub fn crosses_zero(&self) -> bool {
        !matches!(self.kind, Kind::Logarithmic { .. }) && self.low < 0.0 && self.high > 0.0
    }
}

/// The width of the widest label, with what parts it from the next.
fn widest(ticks: &[(f64, String)]) -> i32 {
    ticks.iter().map(|(_, label)| text_width(label, TEXT)).max().unwrap_or(0) + TEXT
}

/// Ticks for numbers from `low`, which is more than zero, to `high`, which is more: durations that people
/// speak of, powers of ten, or 1, 2 and 5 times these if there are few. If less than two are among the
/// numbers, the nearest around them.
fn logarithmic_ticks(low: f64, high: f64, numbers: Numbers) -> Vec<(f64, String)> {
    let exponent = |value: f64| libm::floor(libm::log10(value)) as i32;
    let digits: &[f64] = if high / low < 100.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let ticks: Vec<(f64, String)> = if numbers == Numbers::Seconds {
        DURATIONS.iter().map(|(value, label)| (*value, (*label).to_owned())).collect()
    } else {
        (exponent(low)..=exponent(high) + 1)
            .flat_map(|exponent| digits.iter().map(move |digit| decimal(*digit, exponent)))
            .map(|value| (value, logarithmic_label(value, numbers)))
            .collect()
    };
    let first = ticks.partition_point(|(value, _)| *value < low);
    let end = ticks.partition_point(|(value, _)| *value <= high);
    let (first, end) = if end - first >= 2 { (first, end) } else { (first.saturating_sub(1), end + 1) };
    ticks[first..end.min(ticks.len())].to_vec()
}

/// The label of 1, 2 or 5 times a power of ten.
fn logarithmic_label(value: f64, numbers: Numbers) -> String {
    let (unit, suffix) = numbers.unit(if value < 1e6 { 0.0 } else { value });
    let shown = value / unit;
    if !(1e-4..1e6).contains(&shown) {
        return with_minus_sign(&format!("{value:e}"));
    }
    let decimals = (-libm::floor(libm::log10(shown))).max(0.0) as usize;
    grouped(shown, decimals) + suffix
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

/// How numbers that stand together are written alike, and short.
#[derive(Clone, Copy, Debug)]
pub struct Short {
    unit: f64,
    suffix: &'static str,
    decimals: usize,
    digits: usize,
    is_scientific: bool,
}

impl Short {
    /// In the unit, and with the decimals, in which the largest of them has so many significant digits.
    pub fn of(values: impl IntoIterator<Item = f64>, numbers: Numbers, digits: usize) -> Short {
        let largest = values.into_iter().map(f64::abs).fold(0.0, f64::max);
        let (unit, suffix) = numbers.unit(largest);
        Short { unit, suffix, decimals: 0, digits, is_scientific: false }.precise_for(largest)
    }

    /// In the same unit, with the decimals that this number needs.
    pub fn precise_for(self, value: f64) -> Short {
        let shown = value.abs() / self.unit;
        let exponent = if shown > 0.0 { libm::floor(libm::log10(shown)) as i32 } else { 0 };
        let decimals = (self.digits as i32 - 1 - exponent).max(0) as usize;
        Short { decimals, is_scientific: !(-4..6).contains(&exponent), ..self }
    }

    /// A number with the sign of its unit.
    pub fn write(&self, value: f64) -> String {
        let text = match value {
            0.0 => "0".to_owned(),
            _ if self.is_scientific => format!("{value:.*e}", self.digits - 1),
            _ => grouped(value / self.unit, self.decimals) + self.suffix,
        };
        with_minus_sign(&text)
    }
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
    fn durations_are_told_in_the_unit_that_suits_them() {
        assert_eq!(
            labels(&[0.0, 200_000.0], Numbers::Seconds),
            ["0", "0.5 d", "1.0 d", "1.5 d", "2.0 d", "2.5 d"]
        );
        assert_eq!(labels(&[0.0, 7200.0], Numbers::Seconds), ["0", "0.5 h", "1.0 h", "1.5 h", "2.0 h"]);
        assert_eq!(labels(&[0.0, 30.0], Numbers::Seconds), ["0", "10 s", "20 s", "30 s"]);
        let short = |value: f64| Short::of([value], Numbers::Seconds, 4).write(value);
        assert_eq!(short(5400.0), "90.00 min");
        assert_eq!(short(-3.0 * DAY), "−3.000 d");
    }

    fn logarithmic(values: &[f64], numbers: Numbers, pixels: i32) -> Vec<String> {
        let scale = Scale::logarithmic(values.iter().copied(), numbers, pixels);
        scale.ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten_or_durations_with_zero_apart() {
        assert_eq!(logarithmic(&[0.0, 0.03, 250.0], Numbers::Usd, 900), ["0", "0.1", "1", "10", "100"]);
        assert_eq!(logarithmic(&[3.0, 40.0], Numbers::Usd, 900), ["5", "10", "20"]);
        assert_eq!(logarithmic(&[1e-9, 1e12], Numbers::Usd, 500), ["1e−9", "0.0001", "10", "1M", "100B"]);
        assert_eq!(
            logarithmic(&[0.0, 45.0, 3e6], Numbers::Seconds, 1000),
            ["0", "1 min", "10 min", "1 h", "6 h", "1 d", "1 w", "30 d"]
        );
        assert_eq!(logarithmic(&[0.0], Numbers::Count, 500), ["0", "1", "2", "5", "10"]);
    }

    #[test]
    fn a_logarithmic_scale_keeps_zero_away_from_all_others_and_equal_ratios_equally_far() {
        let scale = Scale::logarithmic([0.0, 1.0, 10_000.0], Numbers::Usd, 1000);
        let pixel = |value| scale.pixel(value, 0, 1000);
        assert_eq!((pixel(-1.0), pixel(0.0), pixel(10_000.0)), (0, 0, 1000));
        assert!(pixel(1.0) >= 2 * TEXT && pixel(0.5) == pixel(1.0));
        assert!((pixel(100.0) - pixel(1.0)).abs_diff(pixel(10_000.0) - pixel(100.0)) <= 1);
    }

    #[test]
    fn a_symmetric_scale_is_logarithmic_both_ways_where_some_are_much_larger_than_others() {
        let labels = |values: &[f64]| -> Vec<String> {
            let scale = Scale::symmetric(values.iter().copied(), Numbers::Usd, 300);
            scale.ticks.into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(&[-3.0, 0.5, 400.0]), ["−10", "−1", "0", "1", "10", "100", "1,000"]);
        assert_eq!(labels(&[0.02, 1500.0]), ["0", "10", "100", "1,000", "10,000"]);
        assert_eq!(labels(&[-2e-9, 2e12]), ["0", "10B", "100B", "1T", "10T"]);
        assert_eq!(labels(&[3.0, 20.0]), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(&[0.0]), labels(&[]));
        let scale = Scale::symmetric([-100.0, 0.1, 100.0], Numbers::Usd, 1000);
        let pixel = |value| scale.pixel(value, 0, 1000);
        assert_eq!((pixel(-100.0), pixel(0.0), pixel(100.0)), (0, 500, 1000));
        assert!((pixel(100.0) - pixel(10.0)).abs_diff(pixel(10.0) - pixel(1.0)) <= 10);
        assert!(scale.crosses_zero());
    }

    #[test]
    fn every_logarithmic_scale_has_ticks_that_do_not_touch() {
        let ranges = [(1e-300, 1e300), (5.0, 5.0), (1.0, 1.1), (1e-9, 2e-9), (86_400.0, 1e9), (0.2, 0.9)];
        for (low, high) in ranges {
            for numbers in [Numbers::Usd, Numbers::Count, Numbers::Percent, Numbers::Seconds] {
                for values in [vec![low, high], vec![0.0, low, high]] {
                    let scale = Scale::logarithmic(values.iter().copied(), numbers, 700);
                    assert!(scale.ticks.len() >= 2, "{values:?} {numbers:?}");
                    let places = scale.ticks.iter().map(|(value, label)| {
                        let (middle, half) = (scale.pixel(*value, 0, 700), text_width(label, TEXT) / 2);
                        (middle - half, middle + half)
                    });
                    let places: Vec<(i32, i32)> = places.collect();
                    assert!(
                        places.windows(2).all(|pair| pair[0].1 < pair[1].0),
                        "{values:?} {:?}",
                        scale.ticks
                    );
                    assert!(values.iter().all(|value| (0..=700).contains(&scale.pixel(*value, 0, 700))));
                }
            }
        }
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
            (0.0, "0"),
            (-0.001, "−0.001000"),
            (12.345, "12.35"),
            (-12_345.6, "−12.35k"),
            (-1234.0, "−1,234"),
            (1e20, "1.000e20"),
        ] {
            assert_eq!(Short::of([value], Numbers::Usd, 4).write(value), text);
        }
    }

    #[test]
    fn numbers_that_stand_together_have_the_same_unit_and_decimals() {
        let values = [12_345.0, -80.0, 0.0, 0.4];
        let short = Short::of(values, Numbers::Usd, 3);
        assert_eq!(values.map(|value| short.write(value)), ["12.3k", "−0.1k", "0", "0.0k"]);
        assert_eq!(short.precise_for(-80.0).write(-80.0), "−0.0800k");
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
