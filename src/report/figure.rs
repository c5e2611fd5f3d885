//! How figures are written for people: one place for the digits, signs and units of all that is read.

use crate::metrics::Unit;
use crate::money;

/// How the figures of one statement are written, such as a mean and its interval: alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// What a value is multiplied by.
    factor: f64,
    decimals: usize,
    before: &'static str,
    after: &'static str,
}

impl Style {
    /// For values of a unit: with as many digits as the largest of them needs. Shares are written in per cent, seconds
    /// in the largest unit that they fill twice.
    pub fn of(unit: Unit, values: impl IntoIterator<Item = f64>) -> Style {
        let values: Vec<f64> = values.into_iter().collect();
        let largest = largest(values.iter().copied());
        match unit {
            Unit::Count => {
                let whole = values.iter().all(|value| value.fract() == 0.0);
                let (factor, after) = if largest < BILLION { (1.0, "") } else { (1.0 / BILLION, " billion") };
                let decimals = if whole && factor == 1.0 { 0 } else { decimals(largest * factor, 1) };
                Style { factor, decimals, before: "", after }
            }
            Unit::Usd if largest < BILLION => {
                Style { factor: 1.0, decimals: decimals(largest, 2), before: "$", after: "" }
            }
            Unit::Usd => {
                let factor = 1.0 / BILLION;
                Style { factor, decimals: decimals(largest * factor, 2), before: "$", after: " billion" }
            }
            Unit::Seconds => {
                const LENGTHS: [(f64, &str); 3] = [(86_400.0, " days"), (3600.0, " h"), (60.0, " min")];
                let fitting = LENGTHS.into_iter().find(|(length, _)| largest >= 2.0 * length);
                let (length, after) = fitting.unwrap_or((1.0, " s"));
                Style { factor: 1.0 / length, decimals: decimals(largest / length, 1), before: "", after }
            }
            // What is nearly everything needs the digits of what is missing.
            Unit::Share => {
                Style::percent(values.iter().map(|share| share.abs().min((1.0 - share).abs())), " %")
            }
        }
    }

    /// For differences of values of a unit: those of shares are percentage points.
    pub fn of_difference(unit: Unit, values: impl IntoIterator<Item = f64>) -> Style {
        match unit {
            Unit::Share => Style::percent(values, " points"),
            _ => Style::of(unit, values),
        }
    }

    /// With as many decimals as show two digits of half the width of an interval: what is below them is not known.
    #[must_use]
    pub fn as_sure_as(self, half_width: f64) -> Style {
        let size = (half_width * self.factor).abs();
        let decimals = match decimals(size, if size < 9.95 { 1 } else { 0 }) {
            _ if size == 0.0 => self.decimals,
            1 if self.before == "$" => 2,
            decimals => decimals,
        };
        Style { decimals, ..self }
    }

    /// For relative differences, written in per cent.
    pub fn relative(values: impl IntoIterator<Item = f64>) -> Style {
        Style::percent(values, " %")
    }

    fn percent(values: impl IntoIterator<Item = f64>, after: &'static str) -> Style {
        Style { factor: 100.0, decimals: decimals(100.0 * largest(values), 1), before: "", after }
    }

    /// A value with its unit, as in `-$1,234` and `12.3 %`.
    pub fn figure(&self, value: f64) -> String {
        let number = self.number(value);
        match number.strip_prefix('-') {
            Some(number) => format!("-{}{number}{}", self.before, self.after),
            None => format!("{}{number}{}", self.before, self.after),
        }
    }

    /// A value with half the width of its interval, as in `$1,234 ± 56` and `12.3 ± 1.4 %`.
    pub fn estimate(&self, value: f64, half_width: f64) -> String {
        let figure = self.figure(value);
        let without_unit = figure.strip_suffix(self.after).expect("a figure ends with its unit");
        format!("{without_unit} ± {}{}", self.number(half_width), self.after)
    }

    /// A value without its unit, as within an interval that stands beside one.
    pub fn number(&self, value: f64) -> String {
        grouped(value * self.factor, self.decimals)
    }
}

const BILLION: f64 = 1e9;

fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().map(f64::abs).fold(0.0, f64::max)
}

/// How many decimals a number of that size is worth: none from a thousand on, then the ordinary number, and below 1
/// enough for two digits that are not 0.
fn decimals(size: f64, ordinary: usize) -> usize {
    // Rounded to these decimals, a larger number would be written as a thousand.
    const THOUSAND: f64 = 999.5;
    if size == 0.0 || size >= THOUSAND {
        return 0;
    }
    let mut decimals = 1;
    let mut scaled = size;
    while scaled < 1.0 && decimals < 10 {
        scaled *= 10.0;
        decimals += 1;
    }
    if decimals == 1 { ordinary } else { decimals }
}

/// A number with thousands separators.
pub fn grouped(value: f64, decimals: usize) -> String {
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let is_negative = value < 0.0 && plain.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    let sign = if is_negative { "-" } else { "" };
    format!("{sign}{}{fraction}", money::grouped(whole))
}

/// The text without characters that would steer what shows it.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_separators_and_no_negative_zero() {
        for (value, decimals, text) in [
            (0.0, 2, "0.00"),
            (-0.001, 2, "0.00"),
            (999.999, 2, "1,000.00"),
            (-1_234_567.891, 1, "-1,234,567.9"),
            (123_456.0, 0, "123,456"),
        ] {
            assert_eq!(grouped(value, decimals), text);
        }
    }

    #[test]
    fn figures_have_as_many_digits_as_their_size_is_worth() {
        for (unit, value, text) in [
            (Unit::Usd, 0.0, "$0"),
            (Unit::Usd, -1234.56, "-$1,235"),
            (Unit::Usd, 12.345, "$12.35"),
            (Unit::Usd, 999.7, "$1,000"),
            (Unit::Usd, 0.5, "$0.50"),
            (Unit::Usd, 0.000_123, "$0.00012"),
            (Unit::Usd, 12_345_678_901.0, "$12.35 billion"),
            (Unit::Count, 716.0, "716"),
            (Unit::Count, 12.25, "12.2"),
            (Unit::Count, 1_085_427.55, "1,085,428"),
            (Unit::Count, 0.05, "0.050"),
            (Unit::Count, 2e9, "2.0 billion"),
            (Unit::Share, 0.0, "0 %"),
            (Unit::Share, 1.0, "100 %"),
            (Unit::Share, 0.123, "12.3 %"),
            (Unit::Share, 0.004, "0.40 %"),
            (Unit::Share, 0.9997, "99.970 %"),
            (Unit::Seconds, 45.0, "45.0 s"),
            (Unit::Seconds, 7200.0, "2.0 h"),
            (Unit::Seconds, 864_000_000.0, "10,000 days"),
        ] {
            assert_eq!(Style::of(unit, [value]).figure(value), text);
        }
    }

    #[test]
    fn the_figures_of_a_statement_are_written_alike() {
        let style = Style::of(Unit::Usd, [5.0, -200.0, 1300.0]);
        assert_eq!([5.0, -200.0, 1300.0].map(|value| style.number(value)), ["5", "-200", "1,300"]);
        let style = Style::relative([0.123, 0.109, 0.138]);
        assert_eq!((style.figure(0.123), style.number(0.109)), ("12.3 %".to_owned(), "10.9".to_owned()));
        let sure =
            |half_width| Style::of(Unit::Usd, [6131.4]).as_sure_as(half_width).estimate(6131.4, half_width);
        assert_eq!(
            [654.2, 12.34, 1.25, 0.0123].map(sure),
            ["$6,131 ± 654", "$6,131 ± 12", "$6,131.40 ± 1.25", "$6,131.400 ± 0.012"]
        );
        assert_eq!(style.as_sure_as(0.0004).estimate(0.12345, 0.0004), "12.345 ± 0.040 %");
        assert_eq!(style.as_sure_as(0.0), style);
        assert_eq!(style.estimate(0.123, 0.014), "12.3 ± 1.4 %");
        assert_eq!(Style::of(Unit::Usd, [-7.0, 0.5]).estimate(-7.0, 0.5), "-$7.00 ± 0.50");
        assert_eq!(Style::of_difference(Unit::Share, [-0.057]).figure(-0.057), "-5.7 points");
    }

    #[test]
    fn a_name_cannot_steer_what_shows_it() {
        assert_eq!(printable("\u{1b}[31mred\n"), "\u{fffd}[31mred\u{fffd}");
    }
}
