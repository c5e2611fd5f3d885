//! The best of the points, and what cannot be told from it.

use super::goal::Goal;
use super::plan::{Cell, Plan, Swept};
use crate::experiment::{ALL_COHORTS, Group, Row};
use crate::metrics::Measure;
use crate::statistics::{Moments, SIGNIFICANCE, holm, paired_difference};

/// A policy at a point, as it is rated by a goal, over all cohorts.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The policy, by its index in the plan.
    pub policy: usize,
    /// The first of the points that differ in nothing that concerns the policy.
    pub point: usize,
    /// What was simulated of it.
    pub cell: Cell,
    /// What the goal is about.
    pub value: Moments,
    /// What is bounded, in the order of the constraints.
    pub bounded: Vec<Moments>,
    /// How it stands to the best.
    pub standing: Standing,
}

/// How a candidate stands to the best one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// A constraint does not hold of it.
    Excluded,
    /// It is the best.
    Best,
    /// It is not, by this much less or more than the best in the same replications.
    Other {
        /// The differences from the best.
        difference: Moments,
        /// The p-value of the difference, adjusted by [`holm`] for all candidates that are not excluded;
        /// `None` where there is only one replication.
        p_adjusted: Option<f64>,
    },
}

impl Standing {
    /// Whether it can be told from the best, if it is neither the best nor excluded.
    pub fn is_told_apart(&self) -> Option<bool> {
        match self {
            Standing::Other { p_adjusted, .. } => Some(p_adjusted.is_some_and(|p| p < SIGNIFICANCE)),
            Standing::Excluded | Standing::Best => None,
        }
    }
}

/// All candidates, and the best of them.
pub struct Search<'p> {
    plan: &'p Plan,
    /// What is sought.
    pub goal: Goal,
    /// Every candidate, in the order of points and policies.
    pub candidates: Vec<Candidate>,
    /// The best, by its index; `None` where all are excluded.
    pub best: Option<usize>,
}

/// An end of the swept values of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The lowest value.
    Lowest,
    /// The highest value.
    Highest,
}

impl<'p> Search<'p> {
    /// Looks for the best of these policies (by their index) at the points of a sweep. Policies at points
    /// that differ in nothing that concerns them are one candidate.
    ///
    /// The best is that of the best mean among those whose means keep all constraints. Which of the others
    /// could be as good is told by their differences from it within replications.
    pub fn new(plan: &'p Plan, swept: &Swept, goal: Goal, policies: &[usize]) -> Search<'p> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut values: Vec<Vec<f64>> = Vec::new();
        for (point, policy) in (0..plan.grid.points()).flat_map(|p| policies.iter().map(move |q| (p, *q))) {
            let cell = plan.cell(point, policy);
            if candidates.iter().any(|known| known.cell == cell) {
                continue;
            }
            let everyone = of_all_cohorts(swept.rows(cell));
            let of = everyone.values(Measure::index_of(goal.objective.measure.name));
            let bounded: Vec<Moments> =
                goal.constraints.iter().map(|bound| everyone.moments(bound.measure.name)).collect();
            let value = Moments::of(of.iter().copied());
            candidates.push(Candidate { policy, point, cell, value, bounded, standing: Standing::Excluded });
            values.push(of);
        }
        let mut search = Search { plan, goal, candidates, best: None };
        search.rank(&values);
        search
    }

    fn rank(&mut self, values: &[Vec<f64>]) {
        let is_allowed = |candidate: &Candidate| {
            let mut bounded = self.goal.constraints.iter().zip(&candidate.bounded);
            bounded.all(|(constraint, moments)| constraint.holds(moments.mean))
        };
        let allowed: Vec<usize> =
            (0..self.candidates.len()).filter(|index| is_allowed(&self.candidates[*index])).collect();
        let mean = |index: usize| self.candidates[index].value.mean;
        let better = |best: usize, other: usize| {
            if self.goal.objective.prefers(mean(other), mean(best)) { other } else { best }
        };
        let Some(best) = allowed.iter().copied().reduce(better) else { return };
        self.best = Some(best);
        let others: Vec<usize> = allowed.into_iter().filter(|index| *index != best).collect();
        let differences: Vec<Moments> =
            others.iter().map(|index| paired_difference(&values[*index], &values[best])).collect();
        let p_values: Option<Vec<f64>> = differences.iter().map(Moments::p_value).collect();
        let adjusted = p_values.map(|p_values| holm(&p_values));
        self.candidates[best].standing = Standing::Best;
        for (number, (index, difference)) in others.into_iter().zip(differences).enumerate() {
            let p_adjusted = adjusted.as_ref().map(|adjusted| adjusted[number]);
            self.candidates[index].standing = Standing::Other { difference, p_adjusted };
        }
    }

    /// The best candidate.
    pub fn best(&self) -> Option<&Candidate> {
        self.best.map(|best| &self.candidates[best])
    }

    /// The keys whose lowest or highest value a candidate has, where the scenario could have values beyond.
    pub fn edges(&self, candidate: &Candidate) -> Vec<(usize, Edge)> {
        let at = self.plan.grid.at(candidate.point);
        let edge = |axis: usize| {
            let last = self.plan.grid.axes[axis].values.len() - 1;
            let [below, above] = self.plan.open_ends(axis);
            match at[axis] {
                _ if !self.plan.concerns(axis, candidate.policy) => None,
                0 if below => Some((axis, Edge::Lowest)),
                index if index == last && above => Some((axis, Edge::Highest)),
                _ => None,
            }
        };
        (0..at.len()).filter_map(edge).collect()
    }

    /// The candidates of the same policy that differ in one key: by one step where its values lie on a line,
    /// else in any way. With the index of the key.
    pub fn neighbours(&self, candidate: &Candidate) -> Vec<(usize, &Candidate)> {
        let grid = &self.plan.grid;
        let at = grid.at(candidate.point);
        let mut neighbours = Vec::new();
        for (axis, of_axis) in grid.axes.iter().enumerate() {
            let on_line = of_axis.positions().is_some();
            for index in (0..of_axis.values.len()).filter(|index| *index != at[axis]) {
                if on_line && index.abs_diff(at[axis]) > 1 || !self.plan.concerns(axis, candidate.policy) {
                    continue;
                }
                let mut other = at.clone();
                other[axis] = index;
                let cell = self.plan.cell(grid.point_at(&other), candidate.policy);
                neighbours.extend(self.candidates.iter().find(|known| known.cell == cell).map(|c| (axis, c)));
            }
        }
        neighbours
    }

    /// The candidate that comes nearest to keeping all constraints: the sum of what it misses of each bound,
    /// as a share of it, is the least.
    pub fn nearest_to_allowed(&self) -> Option<&Candidate> {
        let missed = |candidate: &Candidate| -> f64 {
            let bounded = self.goal.constraints.iter().zip(&candidate.bounded);
            bounded.map(|(constraint, moments)| constraint.shortfall(moments.mean)).sum()
        };
        self.candidates.iter().min_by(|a, b| missed(a).total_cmp(&missed(b)))
    }

    /// The values of the keys that concern a candidate, as in `policy.top-up.threshold = 5`, and its policy
    /// where several are looked at.
    pub fn label(&self, candidate: &Candidate) -> String {
        let shown = self.plan.grid.shown(candidate.point);
        let axes = self.plan.grid.axes.iter().zip(shown).enumerate();
        let concerned = axes.filter(|(axis, _)| self.plan.concerns(*axis, candidate.policy));
        let values: Vec<String> =
            concerned.map(|(_, (axis, value))| format!("{} = {value}", axis.key)).collect();
        let policy = &self.plan.policies[candidate.policy];
        let several = self.candidates.iter().any(|other| other.policy != candidate.policy);
        match (values.is_empty(), several) {
            (true, _) => policy.clone(),
            (false, true) => format!("{policy}, {}", values.join(", ")),
            (false, false) => values.join(", "),
        }
    }
}

/// The rows of a policy over all cohorts together.
pub fn of_all_cohorts(rows: &[Row]) -> Group<'_> {
    Group::of_rows(rows)
        .find(|group| group.cohort == ALL_COHORTS)
        .expect("rows of all cohorts are among them")
}

#[cfg(test)]
mod tests {
    use super::super::grid::{Axis, Grid};
    use super::super::{Constraint, Objective};
    use super::*;
    use crate::metrics::{MEASURES, Quantity};
    use crate::money::Total;
    use crate::policy::Kinds;
    use crate::scenario::ScenarioFile;
    use std::path::Path;

    const SCENARIO: &str = r#"
[scenario]
replications = 4
[prices]
"m" = { input = 1.00, output = 2.00 }
[[cohort]]
accounts = 1
workload = { arrivals = { poisson = { per_day = 1 } }, tokens = { prompt = 1, output = 1 }, models = { "m" = 1 } }
[[policy]]
kind = "prepaid_pause"
[[policy]]
name = "top-up"
kind = "auto_topup"
threshold = 1.00
amount = 10.00
"#;

    fn plan(axes: &[&str]) -> Plan {
        let file = ScenarioFile::of(Path::new("s.toml"), SCENARIO.as_bytes(), &Kinds::built_in()).unwrap();
        let base = file.read(&[]).unwrap().scenario;
        let axes: Vec<Axis> = axes.iter().map(|axis| axis.parse().unwrap()).collect();
        Plan::new(&file, &base, &base, Grid::new(axes).unwrap()).unwrap()
    }

    /// What a sweep gives in which policies earn so much, and lose such a share of a hundred requests, by
    /// their name and the values of the keys; in replications 0 to 3 a dollar times the noise more or less.
    fn swept(plan: &Plan, figures: impl Fn(&str, &[&str]) -> (i128, i128, i128)) -> Swept {
        let mut cells: Vec<(Cell, Vec<Row>)> = Vec::new();
        for point in 0..plan.grid.points() {
            for (policy, name) in plan.policies.iter().enumerate() {
                let (earned, lost, noise) = figures(name, &plan.grid.shown(point));
                let row = |replication: u32| {
                    let dollars = earned + noise * [3, -1, -4, 2][replication as usize];
                    let value = |measure: &Measure| match measure.name {
                        "contribution_usd" => Quantity::Usd(Total::from_nanos(dollars * 1_000_000_000)),
                        "lost_share" => Quantity::Ratio(lost, 100, 0.0),
                        _ => Quantity::Count(0),
                    };
                    let values = MEASURES.iter().map(value).collect();
                    Row { policy: String::new(), cohort: ALL_COHORTS.to_owned(), replication, values }
                };
                let cell = plan.cell(point, policy);
                if cells.iter().all(|(known, _)| *known != cell) {
                    cells.push((cell, (0..4).map(row).collect()));
                }
            }
        }
        cells.sort_by_key(|(cell, _)| *cell);
        Swept::of(plan, cells.into_iter().map(|(_, rows)| rows).collect())
    }

    fn search<'p>(plan: &'p Plan, swept: &Swept, constraints: &[&str], policies: &[usize]) -> Search<'p> {
        let objective: Objective = "contribution_usd".parse().unwrap();
        let constraints: Vec<Constraint> = constraints.iter().map(|text| text.parse().unwrap()).collect();
        Search::new(plan, swept, Goal { objective, constraints }, policies)
    }

    fn labels<'s>(search: &Search<'_>, candidates: impl Iterator<Item = &'s Candidate>) -> Vec<String> {
        candidates.map(|candidate| search.label(candidate)).collect()
    }

    #[test]
    fn points_that_differ_in_nothing_that_concerns_a_policy_are_one_candidate() {
        let plan = plan(&["policy.top-up.threshold=1,2", "metering.delay=0s,1m"]);
        let swept = swept(&plan, |_, _| (1, 0, 0));
        let search = search(&plan, &swept, &[], &[0, 1]);
        assert_eq!(
            labels(&search, search.candidates.iter()),
            [
                "prepaid_pause, metering.delay = 0s",
                "top-up, policy.top-up.threshold = 1, metering.delay = 0s",
                "prepaid_pause, metering.delay = 1m",
                "top-up, policy.top-up.threshold = 1, metering.delay = 1m",
                "top-up, policy.top-up.threshold = 2, metering.delay = 0s",
                "top-up, policy.top-up.threshold = 2, metering.delay = 1m",
            ]
        );
    }

    #[test]
    fn the_best_keeps_the_constraints_and_others_are_told_from_it_by_pairs() {
        let plan = plan(&["policy.top-up.threshold=1..5:1"]);
        // All vary much, and alike but for the one at 4; 5 earns most and loses too much.
        let swept = swept(&plan, |_, values| match values {
            ["1"] => (100, 1, 50),
            ["2"] => (107, 1, 50),
            ["3"] => (110, 1, 50),
            ["4"] => (109, 1, 53),
            _ => (200, 3, 50),
        });
        let search = search(&plan, &swept, &["lost_share<2%"], &[1]);
        let best = search.best().unwrap();
        assert_eq!(search.label(best), "policy.top-up.threshold = 3");
        assert_eq!(best.value.mean, 110.0);
        let told_apart: Vec<Option<bool>> =
            search.candidates.iter().map(|candidate| candidate.standing.is_told_apart()).collect();
        assert_eq!(told_apart, [Some(true), Some(true), None, Some(false), None]);
        assert_eq!(search.candidates[4].standing, Standing::Excluded);
        let Standing::Other { difference, .. } = search.candidates[0].standing else {
            panic!("it is another")
        };
        assert_eq!((difference.mean, difference.sum_of_squares), (-10.0, 0.0));
        assert_eq!(search.edges(best), []);
        let neighbours = search.neighbours(best);
        assert_eq!(
            labels(&search, neighbours.iter().map(|(_, candidate)| *candidate)),
            ["policy.top-up.threshold = 2", "policy.top-up.threshold = 4",]
        );
    }

    #[test]
    fn p_values_are_adjusted_for_the_candidates_that_are_compared() {
        let plan = plan(&["policy.top-up.threshold=1..4:1"]);
        let swept = swept(&plan, |_, values| match values {
            ["1"] => (100, 0, 0),
            ["2"] => (94, 0, 1),
            ["3"] => (94, 0, 1),
            _ => (94, 9, 1),
        });
        let search = search(&plan, &swept, &["lost_share<=0.05"], &[1]);
        let Standing::Other { difference, p_adjusted } = search.candidates[1].standing else {
            panic!("another")
        };
        assert_eq!(p_adjusted, Some(2.0 * difference.p_value().unwrap()), "of two, not of three");
    }

    #[test]
    fn the_ends_of_numbers_are_edges_and_those_of_words_are_none() {
        let plan = plan(&[
            "policy.top-up.threshold=1,2,3",
            "scenario.start=2026-01-01,2026-02-01",
            "metering.delay=1m",
        ]);
        let swept = swept(&plan, |policy, values| match (policy, values) {
            ("top-up", ["3", "2026-01-01", _]) => (9, 0, 0),
            _ => (1, 0, 0),
        });
        let search = search(&plan, &swept, &[], &[0, 1]);
        let best = search.best().unwrap();
        assert_eq!(search.edges(best), [(0, Edge::Highest)], "and there is a single delay");
        let neighbours = search.neighbours(best);
        let axes: Vec<usize> = neighbours.iter().map(|(axis, _)| *axis).collect();
        assert_eq!(axes, [0, 1]);
    }

    #[test]
    fn what_could_not_be_lower_is_no_edge() {
        let plan = plan(&["policy.top-up.threshold=0,1,2", "metering.delay=0s,1s"]);
        let swept = swept(&plan, |_, values| (-values[0].parse::<i128>().unwrap(), 0, 0));
        let search = search(&plan, &swept, &[], &[1]);
        let best = search.best().unwrap();
        assert_eq!(search.label(best), "policy.top-up.threshold = 0, metering.delay = 0s");
        assert_eq!(search.edges(best), []);
    }

    #[test]
    fn without_a_point_that_keeps_the_constraints_the_nearest_is_told() {
        let plan = plan(&["policy.top-up.threshold=1,2,3"]);
        let swept = swept(&plan, |_, values| (values[0].parse().unwrap(), [9, 4, 7][values[0].len() - 1], 0));
        let search = search(&plan, &swept, &["lost_share<2%", "contribution_usd>=2"], &[1]);
        assert!(search.best().is_none());
        assert_eq!(search.label(search.nearest_to_allowed().unwrap()), "policy.top-up.threshold = 2");
        assert!(search.candidates.iter().all(|candidate| candidate.standing == Standing::Excluded));
    }
}
