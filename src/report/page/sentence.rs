//! What is read on the page: figures that know where they come from, and sentences made of them.

use crate::metrics::Unit;
use crate::report::figure::Style;
use crate::report::results::{Comparison, Estimate};
use serde::Serialize;
use serde_json::json;

/// A figure as it is shown, with what it is made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Number {
    /// What is read.
    pub text: String,
    /// The figure as it stands in the file.
    pub value: String,
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
    pub fn estimate(estimate: &Estimate, unit: Unit) -> Shown {
        let Estimate { policy, cohort, measure, mean, .. } = estimate;
        let interval = estimate.interval();
        Shown::new(Style::of(unit, values(*mean, interval)), *mean, interval, ["mean", "ci_low", "ci_high"], |column| {
            json!(["summary.csv", column, cohort, measure, policy])
        })
    }

    /// By how much a policy differs from another, in the unit of the measure.
    pub fn difference(comparison: &Comparison, unit: Unit) -> Shown {
        let (difference, interval) = (comparison.difference, comparison.interval());
        let style = Style::of_difference(unit, values(difference, interval));
        Shown::new(style, difference, interval, ["difference", "ci_low", "ci_high"], at(comparison))
    }

    /// By how much a policy differs from another, in per cent of that; `None` where the other might be nothing.
    pub fn relative(comparison: &Comparison) -> Option<Shown> {
        let (relative, interval) = (comparison.relative?, comparison.relative_interval());
        let style = Style::relative(values(relative, interval));
        let columns = ["relative", "relative_low", "relative_high"];
        Some(Shown::new(style, relative, interval, columns, at(comparison)))
    }

    fn new(
        style: Style,
        value: f64,
        interval: Option<(f64, f64)>,
        columns: [&str; 3],
        at: impl Fn(&str) -> serde_json::Value,
    ) -> Shown {
        let number = |value: f64, column, text: String| Number {
            text: text.replace('-', "\u{2212}"),
            value: (value + 0.0).to_string(),
            at: at(column).to_string(),
        };
        let interval = interval.map(|(low, high)| {
            [number(low, columns[1], style.number(low)), number(high, columns[2], style.number(high))]
        });
        Shown { number: number(value, columns[0], style.figure(value)), interval }
    }

    /// The same without its sign, where the figure and its interval are on one side of 0: for sentences that say "less".
    pub fn unsigned(mut self) -> Shown {
        let numbers = || [&self.number].into_iter().chain(self.interval.iter().flatten());
        if numbers().all(|number| number.value.starts_with('-')) {
            self.interval = self.interval.map(|[low, high]| [high, low]);
            let numbers = [&mut self.number].into_iter().chain(self.interval.iter_mut().flatten());
            numbers.for_each(|number| number.text = number.text.replace('\u{2212}', ""));
        }
        self
    }
}

fn values(value: f64, interval: Option<(f64, f64)>) -> impl Iterator<Item = f64> {
    [Some(value), interval.map(|(low, _)| low), interval.map(|(_, high)| high)].into_iter().flatten()
}

fn at(comparison: &Comparison) -> impl Fn(&str) -> serde_json::Value {
    let Comparison { cohort, measure, policy, baseline, .. } = comparison;
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
