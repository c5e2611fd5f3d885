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

/// A sentence, or a part of one. Its methods add to its end.
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
    /// Adds text.
    pub fn text(mut self, text: impl Into<String>) -> Sentence {
        self.0.push(Piece::Text(text.into()));
        self
    }

    /// Adds a figure.
    pub fn number(mut self, number: Number) -> Sentence {
        self.0.push(Piece::Number(number));
        self
    }

    /// Adds a figure, and its interval in brackets.
    pub fn shown(self, Shown { number, interval }: Shown) -> Sentence {
        let sentence = self.number(number);
        match interval {
            Some([low, high]) => sentence.text(" (").number(low).text(" to ").number(high).text(")"),
            None => sentence,
        }
    }

    /// Adds a policy's name.
    pub fn policy(mut self, place: usize) -> Sentence {
        self.0.push(Piece::Policy(place));
        self
    }

    /// Adds another sentence, or a part of one.
    pub fn then(mut self, other: Sentence) -> Sentence {
        self.0.extend(other.0);
        self
    }

    /// Adds parts as a list, as in "a, b and c".
    pub fn list(mut self, parts: impl IntoIterator<Item = Sentence>) -> Sentence {
        let parts: Vec<Sentence> = parts.into_iter().collect();
        let last = parts.len().saturating_sub(1);
        for (index, part) in parts.into_iter().enumerate() {
            self = match index {
                0 => self,
                _ if index == last => self.text(" and "),
                _ => self.text(", "),
            };
            self = self.then(part);
        }
        self
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
