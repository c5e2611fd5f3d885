//! The Pareto front: which policies are not beaten, as far as differences are sure.

use super::super::results::Results;
use super::picture::Pixel;
use crate::metrics::{Better, Measure};
use std::cmp::Ordering;

/// Where a policy stands among the others in two measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Surely on the front: against each other policy, it is surely better in one of the measures, or surely
    /// equal in both.
    Sure,
    /// Neither.
    Unsure,
    /// Surely off the front: another policy is surely better in one of the measures, and on average no worse
    /// in the other.
    Dominated,
}

/// How good a policy is in a measure against another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Order {
    /// On average.
    mean: Ordering,
    is_sure: bool,
}

/// Where each policy stands in two measures; sure is a difference that
/// [is real](super::super::results::Difference::is_real), or always 0.
pub fn standings(data: &Results, measures: [&str; 2]) -> Vec<Standing> {
    let is = |order: Option<Order>, mean| order == Some(Order { mean, is_sure: true });
    let standing = |policy: &String| {
        let others = data.policies.iter().filter(|other| *other != policy);
        let orders: Vec<[Option<Order>; 2]> =
            others.map(|other| measures.map(|measure| order(data, policy, other, measure))).collect();
        let is_worse = |order| is(order, Ordering::Less);
        let is_no_better = |order: Option<Order>| order.is_some_and(|order| order.mean != Ordering::Greater);
        let is_beaten = |orders: &[_; 2]| {
            orders.iter().any(|order| is_worse(*order)) && orders.iter().all(|order| is_no_better(*order))
        };
        let stands = |orders: &[_; 2]| {
            orders.iter().any(|order| is(*order, Ordering::Greater))
                || orders.iter().all(|order| is(*order, Ordering::Equal))
        };
        if orders.iter().any(is_beaten) {
            Standing::Dominated
        } else if orders.iter().all(stands) {
            Standing::Sure
        } else {
            Standing::Unsure
        }
    };
    data.policies.iter().map(standing).collect()
}

fn order(data: &Results, policy: &str, other: &str, measure: &str) -> Option<Order> {
    let difference = data.difference(policy, other, measure)?;
    let better = Measure::named(measure)?.better?;
    let mean = difference.difference.total_cmp(&0.0);
    let mean = if better == Better::Higher { mean } else { mean.reverse() };
    let is_always_0 = difference.interval().is_some() && difference.values().all(|value| value == 0.0);
    Some(Order { mean, is_sure: difference.is_real() || is_always_0 })
}

/// The points that none is both above and to the left of, from left to right.
pub fn front(points: impl Iterator<Item = Pixel>) -> Vec<Pixel> {
    let mut points: Vec<Pixel> = points.collect();
    points.sort_unstable();
    let mut front: Vec<Pixel> = Vec::new();
    for point in points {
        if front.last().is_none_or(|last| point.1 < last.1) {
            front.push(point);
        }
    }
    front
}

#[cfg(test)]
mod tests {
    use super::super::super::results::Difference;
    use super::*;

    const MEASURES: [&str; 2] = ["lost_share", "contribution_usd"];

    /// Results with these policies and differences, of which the last part says whether they are real.
    fn results(policies: &[&str], differences: &[(&str, &str, &str, f64, bool)]) -> Results {
        let difference =
            |(policy, baseline, measure, difference, is_real): &(&str, &str, &str, f64, bool)| {
                let line = serde_json::json!({
                    "cohort": "all", "measure": measure, "policy": policy, "baseline": baseline,
                    "difference": difference, "ci_low": difference, "ci_high": difference,
                    "p_adjusted": if *is_real { 0.01 } else { 0.5 },
                    "relative": null, "relative_low": null, "relative_high": null, "pairing": null,
                });
                serde_json::from_value::<Difference>(line).unwrap()
            };
        Results {
            policies: policies.iter().map(|policy| (*policy).to_owned()).collect(),
            cohorts: Vec::new(),
            replications: 20,
            estimates: Vec::new(),
            differences: differences.iter().map(difference).collect(),
            days: Vec::new(),
            bins: Vec::new(),
            sizes: Vec::new(),
            balances: Vec::new(),
        }
    }

    #[test]
    fn who_is_better_in_one_and_worse_in_the_other_is_on_the_front_with_the_other() {
        let data =
            results(&["a", "b"], &[("b", "a", MEASURES[0], 0.1, true), ("b", "a", MEASURES[1], 5.0, true)]);
        assert_eq!(standings(&data, MEASURES), [Standing::Sure, Standing::Sure]);
    }

    #[test]
    fn who_is_surely_worse_in_one_and_no_better_in_the_other_is_dominated() {
        let standings_with = |contribution, is_real| {
            let lost = ("b", "a", MEASURES[0], 0.1, true);
            let contribution = ("b", "a", MEASURES[1], contribution, is_real);
            standings(&results(&["a", "b"], &[lost, contribution]), MEASURES)
        };
        assert_eq!(standings_with(-5.0, false), [Standing::Sure, Standing::Dominated]);
        assert_eq!(standings_with(0.0, false), [Standing::Sure, Standing::Dominated]);
        assert_eq!(standings_with(5.0, false), [Standing::Sure, Standing::Unsure]);
    }

    #[test]
    fn nothing_is_sure_of_those_that_cannot_be_told_apart_unless_they_are_equal() {
        let of = |difference| {
            let lines = MEASURES.map(|measure| ("b", "a", measure, difference, false));
            standings(&results(&["a", "b"], &lines), MEASURES)
        };
        assert_eq!(of(0.1), [Standing::Unsure, Standing::Unsure]);
        assert_eq!(of(0.0), [Standing::Sure, Standing::Sure]);
        assert_eq!(standings(&results(&["a"], &[]), MEASURES), [Standing::Sure]);
        assert_eq!(standings(&results(&["a", "b"], &[]), MEASURES), [Standing::Unsure, Standing::Unsure]);
    }

    #[test]
    fn the_front_rises_from_left_to_right() {
        let points = [(30, 10), (10, 50), (20, 60), (10, 40), (25, 40), (40, 10)];
        assert_eq!(front(points.into_iter()), [(10, 40), (30, 10)]);
    }
}
