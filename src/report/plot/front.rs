//! The Pareto front: which policies are not beaten, as far as differences are sure.

use super::super::results::Results;
use super::picture::Pixel;
use crate::metrics::{Better, Measure};
use std::cmp::Ordering;

/// Where a policy stands among the others in two measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Surely on the front: against each other policy, it is surely better in one of the measures, or surely equal in
    /// both.
    Sure,
    /// Neither.
    Unsure,
    /// Another policy is surely better in one of the measures, and not surely worse in the other.
    Dominated,
}

/// Where each policy stands in two measures; sure is what [is real](super::super::results::Difference::is_real).
pub fn standings(data: &Results, measures: [&str; 2]) -> Vec<Standing> {
    let standing = |policy: &String| {
        let others = data.policies.iter().filter(|other| *other != policy);
        let orders: Vec<[Option<Ordering>; 2]> =
            others.map(|other| measures.map(|measure| order(data, policy, other, measure))).collect();
        let is_ahead = |orders: &[_; 2]| orders.contains(&Some(Ordering::Greater));
        let is_equal = |orders: &[_; 2]| *orders == [Some(Ordering::Equal); 2];
        let is_beaten = |orders: &[_; 2]| orders.contains(&Some(Ordering::Less)) && !is_ahead(orders);
        if orders.iter().any(is_beaten) {
            Standing::Dominated
        } else if orders.iter().all(|orders| is_ahead(orders) || is_equal(orders)) {
            Standing::Sure
        } else {
            Standing::Unsure
        }
    };
    data.policies.iter().map(standing).collect()
}

/// How good a policy is against another, if that is sure.
fn order(data: &Results, policy: &str, other: &str, measure: &str) -> Option<Ordering> {
    let difference = data.difference(policy, other, measure)?;
    let better = Measure::named(measure)?.better?;
    if difference.is_real() {
        let is_better = (better == Better::Higher) == (difference.difference > 0.0);
        return Some(if is_better { Ordering::Greater } else { Ordering::Less });
    }
    let is_equal = difference.interval().is_some() && difference.values().all(|value| value == 0.0);
    is_equal.then_some(Ordering::Equal)
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

    /// Policies `a`, `b` and so on; each difference is real unless it is 0 or said to be doubtful.
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
    fn who_is_surely_worse_in_one_and_not_surely_better_in_the_other_is_dominated() {
        let data =
            results(&["a", "b"], &[("b", "a", MEASURES[0], 0.1, true), ("b", "a", MEASURES[1], 5.0, false)]);
        assert_eq!(standings(&data, MEASURES), [Standing::Sure, Standing::Dominated]);
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
