//! Grids: the keys that are swept, and their values.

use crate::document::{KeyPath, duration, quoted, scaled};
use crate::time::Span;
use std::str::FromStr;
use toml::de::DeValue;

/// How keys and values are written, for people.
pub const GRAMMAR: &str = "\
KEY is the way to a key of the scenario, with dots between; the file need not give it. A policy or
cohort goes by its name, an item of an array by its place; what has dots in it stands in quotes:

  policy.top-up.threshold              cohort.agents.customer.patience     metering.delay
  policy.post-paid.tiers.0.limit       prices.\"gpt-4.1\".input

VALUES are divided by commas. Each is a value as in the file, where words and durations need no
quotes, or stands for several:

  10  0.5  30s  true  balance  { hold = { output_tokens = 512 } }
  5..50:5     0s..10m:2m     from end to end in steps, both ends included
  1..1000:log7   1m..1h:log5   so many values at about equal ratios, ends included; rounded to two
                               digits where these tell them apart, with no more decimals than the
                               ends have

Several keys make a grid: every value of one with every value of the others.";

/// The most values of a key.
const MOST_VALUES: usize = 1_000;
/// The most points of a grid.
const MOST_POINTS: usize = 2_500;

/// A key that is swept, with its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The key.
    pub key: KeyPath,
    /// Its values: ascending where all are numbers, or all durations, else in the order given; no two alike.
    pub values: Vec<AxisValue>,
}

impl Axis {
    /// Where its values lie, if they lie on a line.
    pub fn positions(&self) -> Option<(Line, Vec<f64>)> {
        let shown: Vec<&str> = self.values.iter().map(|value| value.shown.as_str()).collect();
        positions(&shown)
    }

    /// Values that lie just below the lowest and just above the highest, as TOML, where there are several and
    /// they lie on a line.
    pub fn beyond(&self) -> Option<[String; 2]> {
        let (line, _) = self.positions()?;
        let [lowest, .., highest] = &self.values[..] else { return None };
        let next = |value: &AxisValue, way: i128| match line {
            Line::Numbers => {
                let decimals = decimals(&value.shown);
                let step = way * 10_i128.pow(PLACES as u32 - decimals as u32);
                Some(written(scaled(&value.shown, PLACES).ok()? + step, decimals))
            }
            Line::Durations => {
                let seconds = Span::from_micros(way as i64 * Span::SECOND.micros());
                Some(quoted(&(duration(&value.shown)? + seconds).to_string()))
            }
        };
        Some([next(lowest, -1)?, next(highest, 1)?])
    }
}

/// A value of a swept key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisValue {
    /// As TOML.
    pub toml: String,
    /// As people read it: a text without its quotes.
    pub shown: String,
}

/// All combinations of the values of some keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// The keys, no two alike; without any, the grid has a single point.
    pub axes: Vec<Axis>,
}

impl Grid {
    /// A grid of these keys.
    ///
    /// # Errors
    /// If a key comes twice, or there are too many points.
    pub fn new(axes: Vec<Axis>) -> Result<Grid, String> {
        for (index, axis) in axes.iter().enumerate() {
            if axes[..index].iter().any(|other| other.key == axis.key) {
                return Err(format!("{}: swept twice\nhint: give all its values in one --set", axis.key));
            }
        }
        let points = axes.iter().try_fold(1_usize, |points, axis| points.checked_mul(axis.values.len()));
        match points {
            Some(points) if points <= MOST_POINTS => Ok(Grid { axes }),
            _ => Err(format!("the grid has more than {MOST_POINTS} points\nhint: sweep fewer values")),
        }
    }

    /// How many points it has.
    pub fn points(&self) -> usize {
        self.axes.iter().map(|axis| axis.values.len()).product()
    }

    /// Which value each key has at a point, as indices; the last key varies fastest.
    pub fn at(&self, point: usize) -> Vec<usize> {
        let mut rest = point;
        let mut indices: Vec<usize> = Vec::new();
        for axis in self.axes.iter().rev() {
            indices.push(rest % axis.values.len());
            rest /= axis.values.len();
        }
        indices.reverse();
        indices
    }

    /// The point at which each key has this value, as indices.
    pub fn point_at(&self, indices: &[usize]) -> usize {
        self.axes.iter().zip(indices).fold(0, |point, (axis, index)| point * axis.values.len() + index)
    }

    /// The values of the keys at a point, as people read them.
    pub fn shown(&self, point: usize) -> Vec<&str> {
        let values = self.axes.iter().zip(self.at(point));
        values.map(|(axis, index)| axis.values[index].shown.as_str()).collect()
    }
}

impl FromStr for Axis {
    type Err = String;

    /// Reads a key and its values: see [`GRAMMAR`].
    fn from_str(text: &str) -> Result<Axis, String> {
        let faulty = |wrong: String| {
            let (wrong, hint) = wrong.split_once('\n').unwrap_or((&wrong, "see `billsim sweep --help`"));
            format!("--set {text}: {wrong}\nhint: {hint}")
        };
        let (key, values) = split_at(text, '=').ok_or_else(|| {
            faulty("there is no value\nwrite it as in policy.top-up.threshold=1,2,5".into())
        })?;
        let key: KeyPath = key.parse().map_err(|wrong| faulty(format!("the key cannot be read: {wrong}")))?;
        let mut read = Vec::new();
        for item in divided(values, ',') {
            read.extend(item_values(item.trim()).map_err(faulty)?);
            if read.len() > MOST_VALUES {
                return Err(faulty(format!("more than {MOST_VALUES} values\nsweep fewer")));
            }
        }
        let shown: Vec<&str> = read.iter().map(|value| value.shown.as_str()).collect();
        let order: Vec<usize> = match positions(&shown) {
            Some((_, at)) => {
                let mut order: Vec<usize> = (0..at.len()).collect();
                order.sort_by(|a, b| at[*a].total_cmp(&at[*b]));
                if let Some(pair) = order.windows(2).find(|pair| at[pair[0]] == at[pair[1]]) {
                    return Err(faulty(format!("{} comes twice\nleave it out once", shown[pair[1]])));
                }
                order
            }
            None => (0..shown.len()).collect(),
        };
        if let Some(twice) = (1..shown.len()).find(|index| shown[..*index].contains(&shown[*index])) {
            return Err(faulty(format!("{} comes twice\nleave it out once", shown[twice])));
        }
        Ok(Axis { key, values: order.into_iter().map(|index| read[index].clone()).collect() })
    }
}

/// What the values of a key are, where they have places on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Numbers.
    Numbers,
    /// Durations, in seconds.
    Durations,
}

/// Where values lie, as people read them: `None` unless all are numbers or all durations.
pub fn positions(shown: &[&str]) -> Option<(Line, Vec<f64>)> {
    let number = |text: &&str| text.parse().ok().filter(|number: &f64| number.is_finite());
    let seconds = |text: &&str| duration(text).map(|span| span.micros() as f64 / 1e6);
    let numbers: Option<Vec<f64>> = shown.iter().map(number).collect();
    let numbers = numbers.map(|numbers| (Line::Numbers, numbers));
    numbers.or_else(|| Some((Line::Durations, shown.iter().map(seconds).collect::<Option<_>>()?)))
}

/// A text cut at the first of a character that is not within quotes.
fn split_at(text: &str, at: char) -> Option<(&str, &str)> {
    let parts = divided(text, at);
    let first = parts.first().filter(|_| parts.len() > 1)?;
    Some((first, &text[first.len() + 1..]))
}

/// A text cut at each of a character that is within neither quotes nor brackets.
fn divided(text: &str, at: char) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut quote, mut depth) = (None, 0_i32);
    for (index, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            _ if character == at && depth == 0 => {
                parts.push(&text[start..index]);
                start = index + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// What an item of a list stands for: a value as TOML, a range, or a word or duration without quotes.
fn item_values(item: &str) -> Result<Vec<AxisValue>, String> {
    let text = |text: &str| AxisValue { toml: quoted(text), shown: text.to_owned() };
    let as_written = |shown: &str| AxisValue { toml: item.to_owned(), shown: shown.to_owned() };
    let is_word_part = |c: char| c.is_alphanumeric() || " -_.+".contains(c);
    let value = match (DeValue::parse(item), item.split_once("..")) {
        (Ok(value), _) => match value.get_ref() {
            DeValue::String(content) => text(content),
            DeValue::Integer(integer) if integer.radix() == 10 => as_written(integer.as_str()),
            DeValue::Float(float) => as_written(float.as_str()),
            _ => as_written(item),
        },
        (Err(_), Some((from, rest))) => return range(item, from, rest),
        _ if item.is_empty() => return Err("a value is empty\nwrite values with commas between".to_owned()),
        _ if item.starts_with(char::is_alphanumeric) && item.chars().all(is_word_part) => text(item),
        (Err(error), None) => {
            let wrong = error.message().trim();
            return Err(format!("`{item}` is no value: {wrong}\nwrite it as in the file"));
        }
    };
    Ok(vec![value])
}

/// The values of a range, written `from..rest`.
fn range(item: &str, from: &str, rest: &str) -> Result<Vec<AxisValue>, String> {
    let example = "write a step, as in 5..50:5, or a number of points, as in 1..1000:log7";
    let Some((to, by)) = rest.rsplit_once(':') else {
        return Err(format!("the range {item} does not say which values it has\n{example}"));
    };
    let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let (from, to, by) = (unquoted(from), unquoted(to), unquoted(by));
    let points = by.strip_prefix("log").map(|points| points.trim().parse::<usize>());
    if let Some((from, to)) = duration(&from).zip(duration(&to)) {
        let (from, to) = (from.micros().into(), to.micros().into());
        let micros = match (points, duration(&by)) {
            (Some(Ok(points)), _) => logarithmic(item, from, to, points, nice_durations)?,
            (None, Some(step)) => stepwise(item, from, to, step.micros().into())?,
            _ => return Err(format!("`{by}` is neither a duration nor `log` with a number\n{example}")),
        };
        let span = |micros: i128| Span::from_micros(i64::try_from(micros).expect("within the ends"));
        let shown = micros.into_iter().map(|micros| span(micros).to_string());
        return Ok(shown.map(|shown| AxisValue { toml: quoted(&shown), shown }).collect());
    }
    let number = |text: &str| Some((scaled(text, PLACES).ok()?, decimals(text)));
    let (Some((from, from_decimals)), Some((to, to_decimals))) = (number(&from), number(&to)) else {
        let wrong = "has ends that are neither two numbers of at most nine decimals nor two durations";
        return Err(format!("the range {item} {wrong}\n{example}"));
    };
    let mut most_decimals = from_decimals.max(to_decimals);
    let nanos = match (points, number(&by)) {
        (Some(Ok(points)), _) => {
            let quantum = 10_i128.pow(PLACES as u32 - most_decimals as u32);
            logarithmic(item, from, to, points, |value, digits| nice_numbers(value, digits, quantum))?
        }
        (None, Some((step, step_decimals))) => {
            most_decimals = most_decimals.max(step_decimals);
            stepwise(item, from, to, step)?
        }
        _ => return Err(format!("`{by}` is neither a number nor `log` with a number\n{example}")),
    };
    let shown = nanos.into_iter().map(|nanos| written(nanos, most_decimals));
    Ok(shown.map(|shown| AxisValue { toml: shown.clone(), shown }).collect())
}

/// How many decimals numbers are reckoned with.
const PLACES: u8 = 9;

/// How many decimals a number is written with.
fn decimals(number: &str) -> usize {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let written = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let shift: i64 = exponent.parse().unwrap_or(0);
    (written as i64 - shift).clamp(0, PLACES.into()) as usize
}

/// A number of billionths with so many decimals.
fn written(billionths: i128, decimals: usize) -> String {
    let sign = if billionths < 0 { "-" } else { "" };
    let (whole, fraction) = (billionths.abs() / 1_000_000_000, billionths.abs() % 1_000_000_000);
    let fraction = &format!("{fraction:09}")[..decimals];
    if decimals == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// From end to end in steps, which must meet it.
fn stepwise(item: &str, from: i128, to: i128, step: i128) -> Result<Vec<i128>, String> {
    if step <= 0 || to < from {
        return Err(format!("the range {item} does not rise\nwrite the lower end first, and a step above 0"));
    }
    if (to - from) % step != 0 {
        return Err(format!("the steps of {item} do not meet its end\nend it where a step does"));
    }
    let count = (to - from) / step;
    if count >= MOST_VALUES as i128 {
        return Err(format!("the range {item} has more than {MOST_VALUES} values\nmake its step larger"));
    }
    Ok((0..=count).map(|index| from + index * step).collect())
}

/// So many points from end to end at equal ratios, each but the ends rounded by `nice` to about so many
/// digits: to as few as tell them apart.
fn logarithmic(
    item: &str,
    from: i128,
    to: i128,
    points: usize,
    nice: impl Fn(f64, i32) -> i128,
) -> Result<Vec<i128>, String> {
    if from <= 0 || to <= from {
        return Err(format!("the range {item} does not rise from above 0\nlog takes ends above 0"));
    }
    if !(2..=MOST_VALUES).contains(&points) {
        return Err(format!("log{points} has no points between its ends\nask for 2 to {MOST_VALUES}"));
    }
    let (low, high) = (libm::log(from as f64), libm::log(to as f64));
    let exact = |index: usize| libm::exp(low + (high - low) * index as f64 / (points - 1) as f64);
    let rounded = |digits: i32| {
        let inner = (1..points - 1).map(|index| nice(exact(index), digits));
        let all: Vec<i128> = [from].into_iter().chain(inner).chain([to]).collect();
        all.windows(2).all(|pair| pair[0] < pair[1]).then_some(all)
    };
    let too_many =
        "has points that are equal once rounded\nask for fewer, or write its ends with more decimals";
    (2..=9).find_map(rounded).ok_or_else(|| format!("the range {item} {too_many}"))
}

/// The nearest number of so many digits that is a multiple of a quantum.
fn nice_numbers(value: f64, digits: i32, quantum: i128) -> i128 {
    let magnitude = libm::floor(libm::log10(value)) as i32;
    let unit = 10_i128.pow((magnitude + 1 - digits).max(0) as u32).max(quantum);
    (value / unit as f64).round() as i128 * unit
}

/// The nearest multiple of a unit of clocks, of about a tenth of the duration (both in microseconds), or of
/// less for more than two digits.
fn nice_durations(value: f64, digits: i32) -> i128 {
    const SECOND: i128 = 1_000_000;
    const MINUTE: i128 = 60 * SECOND;
    const HOUR: i128 = 60 * MINUTE;
    let of_clocks = [1, 5, 15, 30].into_iter().flat_map(|n| [n * SECOND, n * MINUTE]);
    let of_days = [1, 3, 6, 12, 24, 5 * 24, 10 * 24, 50 * 24, 100 * 24].into_iter().map(|n| n * HOUR);
    let below = (0..6).map(|exponent| 10_i128.pow(exponent));
    let most = value / libm::pow(10.0, f64::from(digits) - 1.1);
    let units = below.chain(of_clocks).chain(of_days);
    let unit = units.filter(|unit| *unit as f64 <= most).max().unwrap_or(1);
    (value / unit as f64).round() as i128 * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(text: &str) -> Axis {
        text.parse().unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    fn shown(values: &str) -> Vec<String> {
        axis(&format!("a.b={values}")).values.into_iter().map(|value| value.shown).collect()
    }

    fn toml(values: &str) -> Vec<String> {
        axis(&format!("a.b={values}")).values.into_iter().map(|value| value.toml).collect()
    }

    #[test]
    fn values_are_those_of_the_file_but_for_quotes_around_texts() {
        assert_eq!(toml("1,2.50, 1_000"), ["1", "2.50", "1_000"]);
        assert_eq!(toml("0s,\"1h 30m\",10m"), ["\"0s\"", "\"10m\"", "\"1h 30m\""]);
        assert_eq!(shown("0s,'1h 30m',10m"), ["0s", "10m", "1h 30m"]);
        assert_eq!(toml("true,false"), ["true", "false"]);
        assert_eq!(toml("2026-01-01,2026-02-01"), ["2026-01-01", "2026-02-01"]);
        assert_eq!(toml("balance,{ hold = { factor = 2 } }"), ["\"balance\"", "{ hold = { factor = 2 } }"]);
        assert_eq!(toml("[],[\"1d\", \"2d\"],['a,b']"), ["[]", "[\"1d\", \"2d\"]", "['a,b']"]);
        assert_eq!(toml("\"a..b:c\",'x=y'"), ["\"a..b:c\"", "\"x=y\""]);
    }

    #[test]
    fn numbers_and_durations_ascend_and_others_stay_as_they_are_given() {
        assert_eq!(shown("10,2,5.5"), ["2", "5.5", "10"]);
        assert_eq!(shown("1d,90s,2h"), ["90s", "2h", "1d"]);
        assert_eq!(shown("openai,groq,10"), ["openai", "groq", "10"]);
    }

    #[test]
    fn ranges_have_steps_that_are_exact_and_include_both_ends() {
        assert_eq!(shown("5..25:5"), ["5", "10", "15", "20", "25"]);
        assert_eq!(shown("0.1..0.3:0.1"), ["0.1", "0.2", "0.3"]);
        assert_eq!(shown("-0.5..0.5:0.25"), ["-0.50", "-0.25", "0.00", "0.25", "0.50"]);
        assert_eq!(shown("1e-3..3e-3:1e-3"), ["0.001", "0.002", "0.003"]);
        assert_eq!(shown("0s..10m:2m 30s"), ["0s", "2m 30s", "5m", "7m 30s", "10m"]);
        assert_eq!(shown("1,2,5..15:5,100"), ["1", "2", "5", "10", "15", "100"]);
        assert_eq!(shown("7..7:1"), ["7"]);
    }

    #[test]
    fn logarithmic_ranges_are_round_between_exact_ends() {
        assert_eq!(shown("1..1000:log7"), ["1", "3", "10", "32", "100", "320", "1000"]);
        assert_eq!(shown("1.0..1000:log7"), ["1.0", "3.2", "10.0", "32.0", "100.0", "320.0", "1000.0"]);
        assert_eq!(shown("0.01..7.77:log4"), ["0.01", "0.09", "0.85", "7.77"]);
        assert_eq!(shown("100..110:log5"), ["100", "102", "105", "107", "110"]);
        assert_eq!(shown("1m..1h:log5"), ["1m", "2m 45s", "7m 30s", "22m", "1h"]);
        assert_eq!(shown("1s..1d:log6"), ["1s", "10s", "1m 35s", "15m", "2h 30m", "1d"]);
        assert_eq!(shown("1..8:log2"), ["1", "8"]);
    }

    #[test]
    fn what_lies_beyond_the_values_is_near() {
        let beyond = |values: &str| axis(&format!("a.b={values}")).beyond();
        assert_eq!(beyond("2,1,5"), Some(["0", "6"].map(str::to_owned)));
        assert_eq!(beyond("0.0,0.95"), Some(["-0.1", "0.96"].map(str::to_owned)));
        assert_eq!(beyond("0s,1m"), Some(["\"-1s\"", "\"1m 1s\""].map(str::to_owned)));
        assert_eq!(beyond("x,y"), None);
        assert_eq!(beyond("5"), None);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_would_be_right() {
        for (text, wrong) in [
            ("policy.top-up.threshold", "there is no value\nhint: write it as in"),
            ("a..b=1", "the key cannot be read: a part of it is empty"),
            ("a.b=", "a value is empty\nhint: write values with commas between"),
            ("a.b=1,,2", "a value is empty"),
            ("a.b=1,2,1", "1 comes twice"),
            ("a.b=1,1.0", "1.0 comes twice"),
            ("a.b=60s,1m", "1m comes twice"),
            ("a.b=x,x", "x comes twice"),
            ("a.b={ c = 1", "`{ c = 1` is no value"),
            (
                "a.b=5..50",
                "the range 5..50 does not say which values it has\nhint: write a step, as in 5..50:5",
            ),
            ("a.b=50..5:5", "does not rise"),
            ("a.b=5..52:5", "the steps of 5..52:5 do not meet its end"),
            ("a.b=5..50:0", "does not rise"),
            ("a.b=5..50:x", "`x` is neither a number nor `log` with a number"),
            ("a.b=1s..50s:5", "`5` is neither a duration nor `log`"),
            ("a.b=1s..50:5", "has ends that are neither two numbers"),
            ("a.b=1..50:logx", "`logx` is neither"),
            ("a.b=0..50:log5", "does not rise from above 0"),
            ("a.b=1..50:log1", "log1 has no points between its ends"),
            ("a.b=1..5:log9", "has points that are equal once rounded"),
            ("a.b=0..100000:1", "has more than 1000 values"),
            ("a.b=0..500:1,1000..1500:1", "more than 1000 values"),
        ] {
            let told = text.parse::<Axis>().expect_err(text);
            assert!(told.starts_with(&format!("--set {text}: ")), "{told}");
            assert!(told.contains(wrong) && told.contains("\nhint: "), "{text}: {told}");
        }
    }

    #[test]
    fn a_grid_has_every_value_of_one_key_with_every_value_of_the_others() {
        let grid = Grid::new(vec![axis("a.x=1,2"), axis("b.y=p,q,r")]).unwrap();
        assert_eq!(grid.points(), 6);
        let shown: Vec<Vec<&str>> = (0..6).map(|point| grid.shown(point)).collect();
        assert_eq!(shown, [["1", "p"], ["1", "q"], ["1", "r"], ["2", "p"], ["2", "q"], ["2", "r"]]);
        assert_eq!(Grid::new(vec![]).unwrap().points(), 1);
        assert!(Grid::new(vec![axis("a.x=1"), axis("a.'x'=2")]).unwrap_err().contains("swept twice"));
        let wide = |key: &str| axis(&format!("a.{key}=1..200:1"));
        assert!(Grid::new(vec![wide("x"), wide("y")]).unwrap_err().contains("more than 2500 points"));
    }
}
