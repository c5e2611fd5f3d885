//! What a run gives.

use crate::metrics::{AccountFigure, Bin, MEASURES, Measure, Quantity, SizeClass};
use crate::money::Money;
use crate::statistics::{Comparison, Moments, compare, holm, linearised};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// What a run gave.
#[derive(Default)]
pub struct Outcome {
    /// A row per policy, cohort (in the order of the scenario, then `all`) and replication, in this order.
    pub rows: Vec<Row>,
    /// A row per policy, cohort and day.
    pub days: Vec<DayRow>,
    /// A row per policy, cohort (without `all`: they add up) and figure, over all replications.
    pub distributions: Vec<Distribution>,
    /// A row per policy, cohort (then `all`) and class of sizes that has accounts.
    pub sizes: Vec<SizeRow>,
    /// Where asked for: a row per policy, cohort and account of replication 0.
    pub accounts: Vec<AccountRow>,
    /// The balance of a few sample accounts of replication 0, over time.
    pub balances: Vec<BalancePoint>,
    /// How many replications there were.
    pub replications: u32,
    /// Records of traces that came before their account's signup, in all replications.
    pub dropped_records: u64,
    /// Requests simulated, each counted once for all policies together.
    pub requests: u64,
}

/// The measures of a policy in a cohort and replication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name, or `all`.
    pub cohort: String,
    /// From 0.
    pub replication: u32,
    /// A value for each of [`MEASURES`].
    pub values: Vec<Quantity>,
}

impl Row {
    /// The value of the measure of that name, such as `usage_usd`; `None` where there is no such measure.
    pub fn value(&self, measure: &str) -> Option<Quantity> {
        let index = MEASURES.iter().position(|known| known.name == measure)?;
        Some(self.values[index])
    }
}

/// One policy in one cohort: its rows over replications.
#[derive(Clone, Copy, Debug)]
pub struct Group<'o> {
    /// The policy's name.
    pub policy: &'o str,
    /// The cohort's name, or `all`.
    pub cohort: &'o str,
    /// A row for each replication, in their order.
    pub rows: &'o [Row],
}

impl<'o> Group<'o> {
    /// The groups of an outcome's rows, in their order.
    pub fn of_rows(rows: &'o [Row]) -> impl Iterator<Item = Group<'o>> {
        rows.chunk_by(|a, b| (&a.policy, &a.cohort) == (&b.policy, &b.cohort)).map(|rows| Group {
            policy: &rows[0].policy,
            cohort: &rows[0].cohort,
            rows,
        })
    }

    /// The values of the measure at an index of [`MEASURES`], one for each replication; of a share, values that
    /// stand for the ratio of the sums over all replications (see [`linearised`]).
    pub fn values(&self, measure: usize) -> Vec<f64> {
        values_over_replications(self.rows.iter().map(|row| row.values[measure]))
    }

    /// The moments over replications of the measure of that name.
    pub fn moments(&self, measure: &str) -> Moments {
        Moments::of(self.values(Measure::index_of(measure)))
    }

    /// The sum over replications of the measure of that name: exact, of ratios by their parts.
    pub fn total(&self, measure: &str) -> Quantity {
        let index = Measure::index_of(measure);
        let values = self.rows.iter().map(|row| row.values[index]);
        values.reduce(|sum, value| sum + value).expect("a group has rows")
    }
}

/// The values of a measure, one for each replication, as statistics take them; of a ratio, those that are
/// [`linearised`].
pub(super) fn values_over_replications(values: impl Iterator<Item = Quantity> + Clone) -> Vec<f64> {
    let Some(Quantity::Ratio(_, _, otherwise)) = values.clone().next() else {
        return values.map(Quantity::as_f64).collect();
    };
    let parts = values.map(|value| match value {
        Quantity::Ratio(numerator, denominator, _) => (numerator as f64, denominator as f64),
        _ => unreachable!("a measure has one unit"),
    });
    linearised(&parts.collect::<Vec<_>>(), otherwise)
}

/// A measure of two policies in a cohort, compared within replications.
#[derive(Clone, Copy)]
pub struct Pair<'o> {
    /// The cohort's name, or `all`.
    pub cohort: &'o str,
    /// What is compared.
    pub measure: &'static Measure,
    /// The policy that is compared with another.
    pub policy: &'o str,
    /// The other, which comes earlier in the scenario.
    pub baseline: &'o str,
    /// How they compare.
    pub comparison: Comparison,
    /// The p-value of the difference, adjusted by [`holm`] for all pairs of policies of this cohort and measure;
    /// `None` where there is only one replication.
    pub p_adjusted: Option<f64>,
}

impl<'o> Pair<'o> {
    /// Every pair of policies, for each cohort and measure, of an outcome's rows: those with the first policy first.
    pub fn of_rows(rows: &'o [Row]) -> impl Iterator<Item = Pair<'o>> {
        let groups: Vec<Group<'o>> = Group::of_rows(rows).collect();
        let first = groups.first().map(|group| group.policy);
        let cohorts: Vec<&str> =
            groups.iter().take_while(|group| Some(group.policy) == first).map(|group| group.cohort).collect();
        cohorts.into_iter().flat_map(move |cohort| {
            let of_cohort: Vec<Group> =
                groups.iter().filter(|group| group.cohort == cohort).copied().collect();
            (0..MEASURES.len()).flat_map(move |measure| Pair::of_measure(&of_cohort, measure))
        })
    }

    /// Every pair of policies for a measure in a cohort.
    fn of_measure(groups: &[Group<'o>], measure: usize) -> Vec<Pair<'o>> {
        let values: Vec<Vec<f64>> = groups.iter().map(|group| group.values(measure)).collect();
        let mut pairs = Vec::new();
        for (number, baseline) in groups.iter().enumerate() {
            for (policy, of_policy) in groups.iter().zip(&values).skip(number + 1) {
                pairs.push(Pair {
                    cohort: policy.cohort,
                    measure: &MEASURES[measure],
                    policy: policy.policy,
                    baseline: baseline.policy,
                    comparison: compare(of_policy, &values[number]),
                    p_adjusted: None,
                });
            }
        }
        let p_values: Option<Vec<f64>> =
            pairs.iter().map(|pair| pair.comparison.difference.p_value()).collect();
        for (pair, adjusted) in pairs.iter_mut().zip(holm(&p_values.unwrap_or_default())) {
            pair.p_adjusted = Some(adjusted);
        }
        pairs
    }
}

/// The daily measures of a policy in a cohort, over replications.
#[derive(Clone, Debug)]
pub struct DayRow {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name, or `all`.
    pub cohort: String,
    /// From 0, the UTC day of the start.
    pub day: usize,
    /// Moments over replications for each of the [daily measures](super::daily_measures), in their order, then for
    /// each of [`crate::metrics::Levels::COLUMNS`].
    pub values: Vec<Moments>,
}

/// How a figure is spread over the accounts of a cohort, in all replications together.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name.
    pub cohort: String,
    /// The figure.
    pub figure: AccountFigure,
    /// The bins that have accounts, in ascending order.
    pub bins: Vec<Bin>,
}

/// The measures of the accounts of a size under a policy.
#[derive(Clone, Debug)]
pub struct SizeRow {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name, or `all`.
    pub cohort: String,
    /// How large the accounts are.
    pub class: SizeClass,
    /// Moments over replications for each of [`SIZE_MEASURES`].
    pub values: Vec<Moments>,
}

/// The measures that are told by the size of accounts.
pub const SIZE_MEASURES: [&str; 11] = [
    "accounts",
    "requests",
    "usage_usd",
    "net_revenue_usd",
    "contribution_usd",
    "lost_share",
    "active_share",
    "stopped_share",
    "churned_share",
    "overshoot_usd",
    "bad_debt_usd",
];

/// The measures of one account of replication 0.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name.
    pub cohort: String,
    /// Its number in the cohort, from 0.
    pub account: u32,
    /// A value for each measure that [is a sum](Measure::is_sum), in the order of [`MEASURES`].
    pub values: Vec<Quantity>,
}

/// A point of a sample account's balance.
#[derive(Clone, Debug)]
pub struct BalancePoint {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name.
    pub cohort: String,
    /// Its number in the cohort, from 0.
    pub account: u32,
    /// When.
    pub at: Time,
    /// The balance just after.
    pub balance: Money,
    /// What happened: `signup`, `usage`, `top_up`, `purchase`, `stop`, `resume`, `invoice`, `churn`, `close` ...
    pub event: &'static str,
}
