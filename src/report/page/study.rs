//! The results over all cohorts: which figures differ, and which policy is best at what.

use super::sentence::Shown;
use crate::metrics::{Better, Measure, Unit};
use crate::report::figure::Style;
use crate::report::results::{Difference, Results};
use serde::Serialize;

/// How a difference is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It is better.
    Gain,
    /// It is worse.
    Cost,
    /// It differs, which is neither better nor worse by itself.
    Differs,
    /// No difference is seen.
    Same,
    /// There is no telling.
    Unknown,
}

impl Mark {
    /// How it is to be taken by how much a policy differs from another.
    pub fn of(difference: &Difference, measure: &Measure) -> Mark {
        match (difference.p_adjusted, measure.better, difference.difference > 0.0) {
            (None, ..) => Mark::Unknown,
            (Some(_), ..) if !difference.is_real() => Mark::Same,
            (_, None, _) => Mark::Differs,
            (_, Some(Better::Higher), true) | (_, Some(Better::Lower), false) => Mark::Gain,
            (_, Some(Better::Higher), false) | (_, Some(Better::Lower), true) => Mark::Cost,
        }
    }

    /// How it is to be taken from the other side.
    fn mirrored(self) -> Mark {
        match self {
            Mark::Gain => Mark::Cost,
            Mark::Cost => Mark::Gain,
            other => other,
        }
    }
}

/// The results over all cohorts, and what can be said of them.
#[derive(Clone, Copy)]
pub struct Study<'r> {
    /// The files.
    pub results: &'r Results,
}

impl Study<'_> {
    /// The mean of a measure under a policy; 0 where the files do not have it.
    pub fn mean(&self, policy: usize, measure: &str) -> f64 {
        let estimate = self.results.estimate(&self.results.policies[policy], measure);
        estimate.map_or(0.0, |estimate| estimate.mean)
    }

    /// A measure under some policies, with figures that are written alike.
    pub fn shown<const N: usize>(&self, policies: [usize; N], measure: &Measure) -> Option<[Shown; N]> {
        let estimate = |policy: usize| self.results.estimate(&self.results.policies[policy], measure.name);
        if policies.iter().any(|policy| estimate(*policy).is_none()) {
            return None;
        }
        let estimates = policies.map(|policy| estimate(policy).expect("each has one"));
        let style = Style::of(measure.unit, estimates.iter().flat_map(|estimate| estimate.values()));
        Some(estimates.map(|estimate| Shown::estimate(estimate, style)))
    }

    /// Two policies against each other: the later against the earlier.
    pub fn difference(&self, one: usize, other: usize, measure: &Measure) -> Option<Difference> {
        let [earlier, later] = [one.min(other), one.max(other)].map(|place| &self.results.policies[place]);
        self.results.difference(later, earlier, measure.name)
    }

    /// How it is to be taken that a policy differs from another.
    pub fn mark(&self, policy: usize, other: usize, measure: &Measure) -> Option<Mark> {
        let mark = Mark::of(&self.difference(policy, other, measure)?, measure);
        Some(if policy < other { mark.mirrored() } else { mark })
    }

    /// Whether two policies differ by too little money to speak of.
    pub fn is_slight(&self, one: usize, other: usize, measure: &Measure) -> bool {
        /// As a share of net revenue.
        const SLIGHT: f64 = 0.001;
        let difference = self.mean(one, measure.name) - self.mean(other, measure.name);
        let revenue = self.mean(one, "net_revenue_usd").max(self.mean(other, "net_revenue_usd"));
        measure.unit == Unit::Usd && difference.abs() < SLIGHT * revenue
    }

    /// The policies from the best mean to the worst.
    pub fn ranking(&self, measure: &Measure) -> Vec<usize> {
        let mut ranking: Vec<usize> = (0..self.results.policies.len()).collect();
        ranking.sort_by(|&a, &b| {
            let rising = self.mean(a, measure.name).total_cmp(&self.mean(b, measure.name));
            if measure.better == Some(Better::Lower) { rising } else { rising.reverse() }
        });
        ranking
    }
}

#[cfg(test)]
impl Study<'_> {
    /// Results over all cohorts of policies by some measures, each with its means and the least difference
    /// that is real. Intervals reach a tenth to both sides; of one replication there are none.
    pub fn sample(replications: u64, policies: &[&str], measures: &[(&str, &[f64], f64)]) -> Results {
        let reach = |value: f64| match replications {
            1 => [None, None],
            _ => [Some(value - value.abs() / 10.0), Some(value + value.abs() / 10.0)],
        };
        let (mut estimates, mut differences) = (Vec::new(), Vec::new());
        for (measure, means, real_from) in measures {
            for (policy, mean) in policies.iter().zip(*means) {
                let [low, high] = reach(*mean);
                estimates.push(serde_json::json!({
                    "policy": policy, "cohort": "all", "measure": measure,
                    "mean": mean, "ci_low": low, "ci_high": high, "n": replications,
                }));
            }
            for later in 1..policies.len() {
                for earlier in 0..later {
                    let difference = means[later] - means[earlier];
                    let relative = (means[earlier] > 0.0).then(|| means[later] / means[earlier] - 1.0);
                    let [low, high] = reach(difference);
                    let [relative_low, relative_high] = relative.map_or([None; 2], reach);
                    let p = if difference.abs() < *real_from { 0.5 } else { 0.01 };
                    differences.push(serde_json::json!({
                        "cohort": "all", "measure": measure,
                        "policy": policies[later], "baseline": policies[earlier],
                        "difference": difference, "ci_low": low, "ci_high": high,
                        "p_adjusted": (replications > 1).then_some(p), "pairing": null,
                        "relative": relative, "relative_low": relative_low, "relative_high": relative_high,
                    }));
                }
            }
        }
        let read = "what is written is read";
        Results {
            policies: policies.iter().map(|policy| (*policy).to_owned()).collect(),
            cohorts: vec!["c".to_owned()],
            replications,
            estimates: estimates.into_iter().map(|line| serde_json::from_value(line).expect(read)).collect(),
            differences: differences
                .into_iter()
                .map(|line| serde_json::from_value(line).expect(read))
                .collect(),
            days: Vec::new(),
            bins: Vec::new(),
            sizes: Vec::new(),
            balances: Vec::new(),
        }
    }
}
