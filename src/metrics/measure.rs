//! Measures: each figure that a run gives, defined once, by what is counted.

use super::spread::{AccountFigure, Rank, Spread};
use super::{Flow, Flows, MEASURES, Tally};
use crate::money::{Share, Total};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the scenario contributes to a figure.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Cost of serving, as a share of the list price.
    pub serving_cost: Share,
    /// Length of [warm-up, horizon) in microseconds; more than zero.
    pub measured_micros: i128,
}

/// The unit of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// US dollars.
    Usd,
    /// Seconds of account time.
    Seconds,
    /// A share in 0..1.
    Share,
}

impl Unit {
    /// The name used in output files.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Count => "count",
            Unit::Usd => "usd",
            Unit::Seconds => "seconds",
            Unit::Share => "share",
        }
    }
}

/// The value of a measure: exact but for shares.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Quantity {
    /// So many.
    Count(i128),
    /// So much money.
    Usd(Total),
    /// So many microseconds of account time; written in seconds.
    Micros(i128),
    /// A ratio of two sums: (numerator, denominator, what it is where there is nothing to divide).
    Ratio(i128, i128, f64),
}

impl Quantity {
    /// The value as a float, in its unit: for statistics and plots.
    pub fn as_f64(self) -> f64 {
        match self {
            Quantity::Count(count) => count as f64,
            Quantity::Usd(total) => total.as_dollars_f64(),
            Quantity::Micros(micros) => micros as f64 / 1e6,
            Quantity::Ratio(_, 0, otherwise) => otherwise,
            Quantity::Ratio(numerator, denominator, _) => numerator as f64 / denominator as f64,
        }
    }
}

/// Adds two values of one measure: counts, money and time as they are, ratios by their parts.
impl std::ops::Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        match (self, other) {
            (Quantity::Count(a), Quantity::Count(b)) => Quantity::Count(a + b),
            (Quantity::Usd(a), Quantity::Usd(b)) => Quantity::Usd(a + b),
            (Quantity::Micros(a), Quantity::Micros(b)) => Quantity::Micros(a + b),
            (Quantity::Ratio(a, b, otherwise), Quantity::Ratio(c, d, _)) => {
                Quantity::Ratio(a + c, b + d, otherwise)
            }
            _ => unreachable!("a measure has one unit"),
        }
    }
}

/// Writes counts and dollars exactly, seconds with six decimals, shares as the shortest decimal that reads back the
/// same float.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Quantity::Count(count) => count.fmt(f),
            Quantity::Usd(total) => total.fmt(f),
            Quantity::Micros(micros) => f.pad(&format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)),
            Quantity::Ratio(..) => self.as_f64().fmt(f),
        }
    }
}

/// Which way a measure is better, all else being equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// One column of the results.
pub struct Measure {
    /// The name of the column.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Which way it is better for the provider, or for its customers; `None` where that depends.
    pub better: Option<Better>,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    source: Source,
}

/// What a measure follows from.
enum Source {
    /// The sums of a day, or of a run.
    Daily(fn(&Flows, &Context) -> Quantity),
    /// Only what is counted of a whole run.
    Run(fn(&Tally, &Context) -> Quantity),
    /// A share of all accounts: those that something happened to.
    ShareOfAccounts(Flow),
    /// How a figure is spread over the accounts.
    Accounts(AccountFigure, Rank),
}

impl Measure {
    /// Whether a single day has it: whether it is a column of the time series.
    pub fn is_daily(&self) -> bool {
        matches!(self.source, Source::Daily(_))
    }

    /// Whether it is a sum over accounts, or a ratio of such: whether a single account has it.
    pub fn is_sum(&self) -> bool {
        !matches!(self.source, Source::Accounts(..))
    }

    /// The value for a run, or for some of its accounts.
    ///
    /// # Panics
    /// If the measure is no [sum](Measure::is_sum).
    pub fn of_sums(&self, tally: &Tally, context: &Context) -> Quantity {
        match self.source {
            Source::Daily(of) => of(&tally.flows, context),
            Source::Run(of) => of(tally, context),
            Source::ShareOfAccounts(flow) => {
                Quantity::Ratio(tally.flows[flow], tally.flows[Flow::Accounts], 0.0)
            }
            Source::Accounts(..) => panic!("{} is no sum over accounts", self.name),
        }
    }

    /// The value over accounts, for a measure that is no [sum](Measure::is_sum); `None` for one that is.
    pub fn of_spread(&self, spread: &Spread) -> Option<Quantity> {
        match self.source {
            Source::Accounts(figure, rank) => Some(figure.quantity(spread.quantile(figure, rank))),
            _ => None,
        }
    }

    /// The value for a day.
    ///
    /// # Panics
    /// If the measure is not [daily](Measure::is_daily).
    pub fn of_day(&self, flows: &Flows, context: &Context) -> Quantity {
        let Source::Daily(of) = self.source else { panic!("{} has no value for a day", self.name) };
        of(flows, context)
    }

    /// The measure of that name.
    pub fn named(name: &str) -> Option<&'static Measure> {
        MEASURES.iter().find(|measure| measure.name == name)
    }

    /// The measure whose name is most like one that there is not.
    pub fn nearest(name: &str) -> &'static Measure {
        let likeness = |known: &Measure| strsim::jaro_winkler(known.name, name);
        let nearest = MEASURES.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        nearest.expect("there are measures")
    }

    /// Its place in [`MEASURES`].
    ///
    /// # Panics
    /// If there is no measure of that name.
    pub fn index_of(name: &str) -> usize {
        MEASURES.iter().position(|known| known.name == name).expect("only measures that there are are named")
    }

    /// A measure of a day or a run.
    pub(super) const fn daily(
        unit: Unit,
        name: &'static str,
        label: &'static str,
        better: Option<Better>,
        meaning: &'static str,
        of: fn(&Flows, &Context) -> Quantity,
    ) -> Measure {
        Measure { name, label, unit, better, meaning, source: Source::Daily(of) }
    }

    /// Dollars that only a whole run has.
    pub(super) const fn level(
        name: &'static str,
        label: &'static str,
        better: Option<Better>,
        meaning: &'static str,
        of: fn(&Tally, &Context) -> Quantity,
    ) -> Measure {
        Measure { name, label, unit: Unit::Usd, better, meaning, source: Source::Run(of) }
    }

    /// The share of accounts that something happened to.
    pub(super) const fn share_of_accounts(
        name: &'static str,
        label: &'static str,
        better: Option<Better>,
        meaning: &'static str,
        flow: Flow,
    ) -> Measure {
        Measure { name, label, unit: Unit::Share, better, meaning, source: Source::ShareOfAccounts(flow) }
    }

    /// The account of a rank, by a figure.
    pub(super) const fn quantile(
        name: &'static str,
        label: &'static str,
        meaning: &'static str,
        figure: AccountFigure,
        rank: Rank,
    ) -> Measure {
        Measure {
            name,
            label,
            unit: figure.unit(),
            better: Some(Better::Lower),
            meaning,
            source: Source::Accounts(figure, rank),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_served_or_lost_and_contribution_adds_up() {
        let context = Context { serving_cost: Share::from_billionths(500_000_000), measured_micros: 1 };
        let mut tally = Tally::default();
        for (flow, value) in [
            (Flow::Requests, 10),
            (Flow::Served, 7),
            (Flow::Usage, 1001),
            (Flow::Promotional, 100),
            (Flow::Fees, 7),
            (Flow::BadDebt, 11),
        ] {
            tally.flows[flow] += value;
        }
        let value = |name| Measure::named(name).unwrap().of_sums(&tally, &context);
        assert_eq!(value("lost"), Quantity::Count(3));
        assert_eq!(value("serving_cost_usd"), Quantity::Usd(Total::from_nanos(501))); // 500.5, half up
        assert_eq!(value("contribution_usd"), Quantity::Usd(Total::from_nanos(1001 - 100 - 501 - 7 - 11)));
        assert_eq!(value("lost_share").as_f64(), 0.3);
        assert_eq!(value("active_share").as_f64(), 1.0);
    }

    #[test]
    fn measures_have_names_of_their_own() {
        for (index, measure) in MEASURES.iter().enumerate() {
            assert!(MEASURES[..index].iter().all(|other| other.name != measure.name), "{}", measure.name);
        }
    }
}
