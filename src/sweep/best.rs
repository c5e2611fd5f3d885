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
        /// The p-value of the difference, adjusted by [`holm`] for all candidates that are not excluded; `None`
        /// where there is only one replication.
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
    /// Looks for the best of these policies (by their index) at the points of a sweep. Policies at points that
    /// differ in nothing that concerns them are one candidate.
    ///
    /// The best is that of the best mean among those whose means keep all constraints. Which of the others could
    /// be as good is told by their differences from it within replications.
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

    /// The keys whose lowest or highest value a candidate has, where such values lie on a line and there are several.
    pub fn edges(&self, candidate: &Candidate) -> Vec<(usize, Edge)> {
        let at = self.plan.grid.at(candidate.point);
        let edge = |axis: usize| {
            let (_, positions) = self.plan.grid.axes[axis].positions()?;
            match at[axis] {
                _ if positions.len() < 2 || !self.plan.concerns(axis, candidate.policy) => None,
                0 => Some((axis, Edge::Lowest)),
                index if index + 1 == positions.len() => Some((axis, Edge::Highest)),
                _ => None,
            }
        };
        (0..at.len()).filter_map(edge).collect()
    }

    /// The candidates of the same policy that differ in one key: by one step where its values lie on a line, else
    /// in any way. With the index of the key.
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

    /// The candidate that comes nearest to keeping all constraints: the sum of what it misses of each bound, as a
    /// share of it, is the least.
    pub fn nearest_to_allowed(&self) -> Option<&Candidate> {
        let missed = |candidate: &Candidate| -> f64 {
            let bounded = self.goal.constraints.iter().zip(&candidate.bounded);
            bounded.map(|(constraint, moments)| constraint.shortfall(moments.mean)).sum()
        };
        self.candidates.iter().min_by(|a, b| missed(a).total_cmp(&missed(b)))
    }

    /// The values of the keys that concern a candidate, as in `policy.top-up.threshold = 5`, and its policy where
    /// several are looked at.
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
