//! What is read on the page: figures that know where they come from, and sentences made of them.

use crate::metrics::Unit;
use crate::report::figure::Style;
use crate::report::results::{Difference, Estimate};
use crate::statistics::Interval;
use serde::{Serialize, Serializer};
use serde_json::json;

/// A figure as it is shown, with what it is made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Number {
    /// What is read.
    pub text: String,
    /// The figure as it stands in the file.
    #[serde(serialize_with = "as_in_the_file")]
    pub value: f64,
    /// Where it stands, as JSON: the file, the column, the cohort, the measure, the policies.
    pub at: String,
}

/// A figure with its interval, where it has one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// The figure, with its unit.
    pub number: Number,
    /// Both ends, without it.
    pub interval: Option<[Number; 2]>,
}

impl Shown {
    /// A measure under a policy.
    pub fn estimate(estimate: &Estimate, style: Style) -> Shown {
        let Estimate { policy, cohort, measure, mean, .. } = estimate;
        Shown::new(style, *mean, estimate.interval(), ["mean", "ci_low", "ci_high"], |column| {
            json!(["summary.csv", column, cohort, measure, policy])
        })
    }

    /// By how much a policy differs from another, in the unit of the measure.
    pub fn difference(difference: &Difference, unit: Unit) -> Shown {
        let (value, interval) = (difference.difference, difference.interval().map(ends));
        let style = Style::of_difference(unit, values(value, interval));
        Shown::new(style, value, interval, ["difference", "ci_low", "ci_high"], at(difference))
    }

    /// By how much a policy differs from another, in per cent of that; `None` where that means nothing.
    pub fn relative(difference: &Difference) -> Option<Shown> {
        let (value, interval) = (difference.relative?, difference.relative_interval().map(ends));
        let style = Style::relative(values(value, interval));
        let columns = ["relative", "relative_low", "relative_high"];
        Some(Shown::new(style, value, interval, columns, at(difference)))
    }

    fn new(
        style: Style,
        value: f64,
        interval: Option<(f64, f64)>,
        columns: [&str; 3],
        at: impl Fn(&str) -> serde_json::Value,
    ) -> Shown {
        let number = |value: f64, column, text: String| Number {
            text: text.replace('-', MINUS.encode_utf8(&mut [0; 4])),
            value,
            at: at(column).to_string(),
        };
        let interval = interval.map(|(low, high)| {
            [number(low, columns[1], style.number(low)), number(high, columns[2], style.number(high))]
        });
        Shown { number: number(value, columns[0], style.figure(value)), interval }
    }

    /// The same without its interval.
    pub fn bare(self) -> Shown {
        Shown { interval: None, ..self }
    }

    /// The same with a plus sign where it is above 0.
    pub fn signed(mut self) -> Shown {
        if self.number.value > 0.0 {
            self.number.text.insert(0, '+');
        }
        self
    }

    /// The same without its sign, for sentences that say "less".
    pub fn unsigned(mut self) -> Shown {
        if self.number.value < 0.0 {
            self.interval = self.interval.map(|[low, high]| [high, low]);
            let numbers = [&mut self.number].into_iter().chain(self.interval.iter_mut().flatten());
            numbers.for_each(|number| number.text = number.text.replace(MINUS, ""));
        }
        self
    }
}

const MINUS: char = '\u{2212}';

/// The shortest decimal that reads back as the same number, without a negative zero.
fn as_in_the_file<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&(value + 0.0))
}

fn values(value: f64, interval: Option<(f64, f64)>) -> impl Iterator<Item = f64> {
    [Some(value), interval.map(|(low, _)| low), interval.map(|(_, high)| high)].into_iter().flatten()
}

fn ends(interval: Interval) -> (f64, f64) {
    (interval.low, interval.high)
}

fn at(difference: &Difference) -> impl Fn(&str) -> serde_json::Value {
    let Difference { cohort, measure, policy, baseline, .. } = difference;
    move |column| json!(["comparison.csv", column, cohort, measure, policy, baseline])
}

/// A sentence, or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Sentence(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Piece {
    Text(String),
    Number(Number),
    /// A policy, by its place in the scenario.
    Policy(usize),
}

impl Sentence {
    /// A pattern with parts in the places of its `{}`.
    ///
    /// # Panics
    /// If there are not as many parts as places.
    pub fn of<const N: usize>(pattern: &str, parts: [Sentence; N]) -> Sentence {
        let texts: Vec<&str> = pattern.split("{}").collect();
        assert_eq!(texts.len(), N + 1, "{pattern} has a place for each part");
        let mut pieces = Sentence::from(texts[0]).0;
        for (part, text) in parts.into_iter().zip(&texts[1..]) {
            pieces.extend(part.0);
            pieces.extend(Sentence::from(*text).0);
        }
        Sentence(pieces)
    }

    /// A policy's name, by its place in the scenario.
    pub fn policy(place: usize) -> Sentence {
        Sentence(vec![Piece::Policy(place)])
    }

    /// Names of policies as a list, as in "a, b and c"; of many, how many they are.
    pub fn policies(places: &[usize]) -> Sentence {
        const MANY: usize = 5;
        match places.len() {
            many @ MANY.. => Sentence::from(format!("{many} policies")),
            _ => Sentence::list(places.iter().copied().map(Sentence::policy)),
        }
    }

    /// Parts as a list, as in "a, b and c".
    pub fn list(parts: impl IntoIterator<Item = Sentence>) -> Sentence {
        let mut parts: Vec<Sentence> = parts.into_iter().collect();
        let last = parts.pop().unwrap_or_default();
        match Sentence::joined(parts, ", ") {
            others if others.0.is_empty() => last,
            others => Sentence::of("{} and {}", [others, last]),
        }
    }

    /// Parts with a text between each and the next.
    pub fn joined(parts: impl IntoIterator<Item = Sentence>, between: &str) -> Sentence {
        let join = |before: Sentence, part| Sentence::of("{}{}{}", [before, between.into(), part]);
        parts.into_iter().reduce(join).unwrap_or_default()
    }
}

impl From<&str> for Sentence {
    fn from(text: &str) -> Sentence {
        text.to_owned().into()
    }
}

impl From<String> for Sentence {
    fn from(text: String) -> Sentence {
        Sentence(if text.is_empty() { Vec::new() } else { vec![Piece::Text(text)] })
    }
}

/// A figure, and its interval in brackets.
impl From<Shown> for Sentence {
    fn from(shown: Shown) -> Sentence {
        let number = |number| Sentence(vec![Piece::Number(number)]);
        match shown.interval.map(|ends| ends.map(number)) {
            Some([low, high]) => Sentence::of("{} ({} to {})", [number(shown.number), low, high]),
            None => number(shown.number),
        }
    }
}

#[cfg(test)]
impl Sentence {
    /// What is read, where policies have these names.
    pub fn read(&self, policies: &[String]) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Number(number) => number.text.clone(),
            Piece::Policy(place) => policies[*place].clone(),
        };
        self.0.iter().map(piece).collect()
    }
}
