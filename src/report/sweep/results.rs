//! The results of a sweep as its folder holds them: what its plots are made from.

use super::super::Error;
use super::super::results::{Estimate, read_rows};
use crate::experiment::ALL_COHORTS;
use crate::sweep::{Constraint, Objective};
use serde::Deserialize;
use std::path::Path;

/// The name of the file that tells the results of a sweep from those of a run.
pub const FILE_NAME: &str = "sweep.csv";

/// The CSV files of a folder, over all cohorts.
pub struct SweepResults {
    /// The keys that were swept.
    pub axes: Vec<SweptAxis>,
    /// Names of the policies, in the order of the scenario.
    pub policies: Vec<String>,
    /// Independent runs.
    pub replications: u64,
    /// Each policy at each point: its measures.
    pub points: Vec<Point>,
    /// What is best, where it was sought.
    pub best: Option<BestOf>,
    /// For each policy and key, whether the key makes a difference to it.
    varying: Vec<Vec<bool>>,
}

/// A swept key.
pub struct SweptAxis {
    /// The key.
    pub key: String,
    /// Its values, in the order of the file.
    pub values: Vec<String>,
}

/// A policy at a point.
pub struct Point {
    /// The value of each key, as an index.
    pub at: Vec<usize>,
    /// The policy, as an index.
    pub policy: usize,
    estimates: Vec<Estimate>,
}

impl Point {
    /// A measure over all cohorts, if the file has it.
    pub fn estimate(&self, measure: &str) -> Option<&Estimate> {
        self.estimates.iter().find(|estimate| estimate.measure == measure)
    }
}

/// The best point, and how others stand to it.
pub struct BestOf {
    /// What it is the best in.
    pub objective: Objective,
    /// What must hold.
    pub constraints: Vec<Constraint>,
    /// Every policy that was looked at, at every point that makes a difference to it.
    pub rated: Vec<Rated>,
}

/// A policy at the points that have these values.
pub struct Rated {
    /// The policy, as an index.
    pub policy: usize,
    /// The value of each key that makes a difference to it, as an index.
    pub at: Vec<Option<usize>>,
    /// How it stands to the best.
    pub standing: Standing,
    /// By how much it differs from the best, unless it is that, or excluded.
    pub difference: Option<DifferenceFromBest>,
    /// The p-value of the difference, adjusted for all that are not excluded.
    pub p_adjusted: Option<f64>,
}

/// By how much a point differs from the best in the same replications.
#[derive(Clone, Copy, Debug)]
pub struct DifferenceFromBest {
    /// The mean over replications.
    pub mean: f64,
    /// Both ends of its interval.
    pub interval: Option<(f64, f64)>,
}

impl DifferenceFromBest {
    /// The mean and the ends of the interval.
    pub fn values(&self) -> impl Iterator<Item = f64> + use<> {
        let ends = self.interval.map_or([None; 2], |(low, high)| [Some(low), Some(high)]);
        [Some(self.mean)].into_iter().chain(ends).flatten()
    }

    /// The same in another unit: so many of it for one.
    pub fn times(&self, factor: f64) -> DifferenceFromBest {
        let interval = self.interval.map(|(low, high)| (low * factor, high * factor));
        DifferenceFromBest { mean: self.mean * factor, interval }
    }
}

/// How a policy at a point stands to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It is the best.
    Best,
    /// It cannot be told from the best.
    #[serde(rename = "no difference seen")]
    NoDifferenceSeen,
    /// It is surely worse.
    Worse,
    /// It does not keep the constraints.
    Excluded,
}

impl BestOf {
    /// How a policy at a point stands to the best, if it was looked at.
    pub fn standing(&self, point: &Point) -> Option<Standing> {
        let is_it = |rated: &&Rated| {
            let mut values = rated.at.iter().zip(&point.at);
            rated.policy == point.policy && values.all(|(rated, at)| rated.is_none_or(|rated| rated == *at))
        };
        self.rated.iter().find(is_it).map(|rated| rated.standing)
    }
}

impl SweepResults {
    /// Whether a folder holds the results of a sweep.
    pub fn are_in(folder: &Path) -> bool {
        folder.join(FILE_NAME).exists()
    }

    /// Reads the files of a folder.
    ///
    /// # Errors
    /// If a file is missing, or does not read as it was written.
    pub fn read(folder: &Path) -> Result<SweepResults, Error> {
        let path = folder.join(FILE_NAME);
        let mut results = SweepResults {
            axes: vec![],
            policies: vec![],
            replications: 0,
            points: vec![],
            best: None,
            varying: vec![],
        };
        let rows = read_rows(&path, |headers, record| {
            let estimate: Estimate = record.deserialize(Some(headers)).map_err(|error| error.to_string())?;
            if !estimate.values().all(f64::is_finite) {
                return Err("a figure is not finite".to_owned());
            }
            let keys = headers.iter().take_while(|name| *name != "policy");
            let keyed: Vec<(String, String)> =
                keys.zip(record).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            Ok((keyed, estimate))
        })?;
        for (keyed, estimate) in rows {
            if estimate.cohort == ALL_COHORTS {
                results.add(keyed, estimate);
            }
        }
        if results.points.is_empty() {
            let fault = format!("there is no line of the cohort `{ALL_COHORTS}`");
            return Err(Error::Malformed { path, fault });
        }
        results.look_for_variation();
        let best = folder.join("best.csv");
        if best.exists() {
            results.best = Some(results.read_best(&best)?);
        }
        Ok(results)
    }

    fn add(&mut self, keyed: Vec<(String, String)>, estimate: Estimate) {
        if self.axes.is_empty() {
            let axis = |(key, _): &(String, String)| SweptAxis { key: key.clone(), values: Vec::new() };
            self.axes = keyed.iter().map(axis).collect();
            self.replications = estimate.n;
        }
        let values = self.axes.iter_mut().map(|axis| &mut axis.values).zip(keyed);
        let at: Vec<usize> = values.map(|(known, (_, value))| index_in(known, value)).collect();
        let policy = index_in(&mut self.policies, estimate.policy.clone());
        match self.points.last_mut().filter(|point| point.at == at && point.policy == policy) {
            Some(point) => point.estimates.push(estimate),
            None => self.points.push(Point { at, policy, estimates: vec![estimate] }),
        }
    }

    fn read_best(&self, path: &Path) -> Result<BestOf, Error> {
        #[derive(Deserialize)]
        struct Line {
            policy: String,
            objective: String,
            constraints: String,
            standing: Standing,
            difference: Option<f64>,
            difference_low: Option<f64>,
            difference_high: Option<f64>,
            p_adjusted: Option<f64>,
        }
        let mut goal = None;
        let mut rated = Vec::new();
        let lines = read_rows(path, |headers, record| {
            let line: Line = record.deserialize(Some(headers)).map_err(|error| error.to_string())?;
            let index = |axis: &SweptAxis| {
                let column = headers.iter().position(|name| name == axis.key)?;
                axis.values.iter().position(|value| *value == record[column])
            };
            Ok((line, self.axes.iter().map(index).collect::<Vec<_>>()))
        })?;
        let malformed = |fault: String| Error::Malformed { path: path.to_owned(), fault };
        for (line, at) in lines {
            if goal.is_none() {
                let objective: Objective = line.objective.parse().map_err(malformed)?;
                let constraints = line.constraints.split(" and ").filter(|constraint| !constraint.is_empty());
                let constraints = constraints.map(str::parse).collect::<Result<Vec<Constraint>, _>>();
                goal = Some((objective, constraints.map_err(malformed)?));
            }
            let policy = self.policies.iter().position(|known| *known == line.policy);
            let policy = policy.ok_or_else(|| malformed("a policy is not in sweep.csv".to_owned()))?;
            let interval = line.difference_low.zip(line.difference_high);
            let difference = line.difference.map(|mean| DifferenceFromBest { mean, interval });
            if difference.iter().flat_map(DifferenceFromBest::values).any(|value| !value.is_finite()) {
                return Err(malformed("a difference is not finite".to_owned()));
            }
            let Line { standing, p_adjusted, .. } = line;
            rated.push(Rated { policy, at, standing, difference, p_adjusted });
        }
        let (objective, constraints) = goal.ok_or_else(|| malformed("it is empty".to_owned()))?;
        Ok(BestOf { objective, constraints, rated })
    }

    /// Whether any figure of a policy differs along a key, or along any of them.
    pub fn varies(&self, policy: usize, axis: Option<usize>) -> bool {
        self.varying[policy]
            .iter()
            .enumerate()
            .any(|(number, varies)| *varies && axis.is_none_or(|axis| axis == number))
    }

    /// The value of each key that holds where another one is looked at: that of the best point, or else the
    /// first.
    pub fn values_of_others(&self) -> Vec<usize> {
        let best =
            self.best.as_ref().and_then(|best| best.rated.iter().find(|r| r.standing == Standing::Best));
        match best {
            Some(best) => best.at.iter().map(|index| index.unwrap_or(0)).collect(),
            None => vec![0; self.axes.len()],
        }
    }

    /// A policy at each value of a key, in their order, where the others have these values.
    pub fn along(&self, axis: usize, policy: usize, others: &[usize]) -> Vec<&Point> {
        let is_there = |point: &&Point| {
            let mut values = point.at.iter().zip(others).enumerate();
            point.policy == policy && values.all(|(number, (at, other))| number == axis || at == other)
        };
        self.points.iter().filter(is_there).collect()
    }

    /// Which keys make a difference to which policy.
    fn look_for_variation(&mut self) {
        self.varying = vec![vec![false; self.axes.len()]; self.policies.len()];
        for policy in 0..self.policies.len() {
            let of_policy: Vec<&Point> = self.points.iter().filter(|point| point.policy == policy).collect();
            for axis in 0..self.axes.len() {
                let is_beside = |one: &Point, other: &Point| {
                    let mut values = one.at.iter().zip(&other.at).enumerate();
                    values.all(|(number, (a, b))| if number == axis { *a + 1 == *b } else { a == b })
                };
                let differs = |one: &&Point| {
                    let next = of_policy.iter().find(|other| is_beside(one, other));
                    next.is_some_and(|other| {
                        one.estimates.iter().map(|e| e.mean).ne(other.estimates.iter().map(|e| e.mean))
                    })
                };
                self.varying[policy][axis] = of_policy.iter().any(differs);
            }
        }
    }

    /// How many replications stand behind the figures, in words.
    pub fn replications_in_words(&self) -> String {
        match self.replications {
            1 => "1 replication".to_owned(),
            n => format!("means over {n} replications"),
        }
    }
}

/// Where a text is in a list, to which it is added if it is not.
fn index_in(known: &mut Vec<String>, text: String) -> usize {
    known.iter().position(|other| *other == text).unwrap_or_else(|| {
        known.push(text);
        known.len() - 1
    })
}
