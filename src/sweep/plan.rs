//! Plans: what is run for the points of a grid, in batches.

use super::grid::{AxisValue, Grid};
use crate::document::{Faults, KeyPath, Setting};
use crate::experiment::{self, ExperimentError, Options, Outcome, Row};
use crate::policy::PolicyPlan;
use crate::scenario::{Scenario, ScenarioFile};

/// How many policies a run has, at least and at most: enough that drawing the requests weighs little, few
/// enough that what is done is kept now and then.
const POLICIES_AT_ONCE: [usize; 2] = [16, 64];
/// How many requests under how many policies are about enough work to be kept: some ten seconds of it.
const WORK_AT_ONCE: f64 = 1e10;

/// What is run for the points of a grid: each policy with each combination of the values that concern it,
/// once.
///
/// A key under `policy.` concerns that policy alone, so points that differ in such keys only share their
/// requests and every other policy. Any other key concerns all.
pub struct Plan {
    /// The points.
    pub grid: Grid,
    /// The names of the policies that are run, in the order of the scenario.
    pub policies: Vec<String>,
    /// For each key, the policy that it concerns, as an index; `None`: all of them.
    concerns: Vec<Option<usize>>,
    /// For each key, whether a value below the lowest, or above the highest, can be.
    open_ends: Vec<[bool; 2]>,
    /// The scenario with each combination of the values that concern all policies, without any policy.
    scenarios: Vec<Scenario>,
    /// Every policy with each combination of the values that concern it alone, policy by policy.
    variants: Vec<PolicyPlan>,
    /// Where the variants of each policy begin.
    begins: Vec<usize>,
}

/// A policy under the values that concern it: what is simulated once, however many points have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    scenario: usize,
    variant: usize,
}

impl Plan {
    /// Reads a scenario file with the values of every point. `base` is the scenario as the file gives it,
    /// `run` the same with the seed, replications and policies that are wanted.
    ///
    /// # Errors
    /// All that is wrong with the keys and values.
    pub fn new(file: &ScenarioFile, base: &Scenario, run: &Scenario, grid: Grid) -> Result<Plan, String> {
        let policies: Vec<String> = run.policies.iter().map(|policy| policy.name.clone()).collect();
        let (mut places, mut concerns, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for axis in &grid.axes {
            match placed(&axis.key, base, &policies) {
                Ok((place, concerned)) => {
                    places.push(place);
                    concerns.push(concerned);
                }
                Err(error) => wrong.push(format!("error: --set {}: {error}", axis.key)),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong.join("\n\n"));
        }
        let (scenarios, variants, begins, open_ends) = (vec![], vec![], vec![], vec![]);
        let mut plan = Plan { grid, policies, concerns, open_ends, scenarios, variants, begins };
        plan.read(file, base, run, &places)?;
        plan.look_beyond(file, &places);
        Ok(plan)
    }

    /// Tries what lies beyond the values of each key.
    fn look_beyond(&mut self, file: &ScenarioFile, places: &[KeyPath]) {
        for ((axis, place), concerned) in self.grid.axes.iter().zip(places).zip(&self.concerns) {
            let can_be = |value: String| {
                let setting = [Setting { key: axis.key.clone(), place: place.clone(), value }];
                match concerned {
                    Some(_) => file.read_policies(&setting).is_ok(),
                    None => file.read(&setting).is_ok(),
                }
            };
            self.open_ends.push(axis.beyond().map_or([false; 2], |beyond| beyond.map(can_be)));
        }
    }

    fn read(
        &mut self,
        file: &ScenarioFile,
        base: &Scenario,
        run: &Scenario,
        places: &[KeyPath],
    ) -> Result<(), String> {
        let mut faults = Vec::new();
        for settings in self.settings(None, places) {
            match file.read(&settings) {
                Ok(loaded) => {
                    let Scenario { seed, replications, .. } = *run;
                    self.scenarios.push(Scenario { seed, replications, policies: vec![], ..loaded.scenario });
                }
                Err(told) => faults.push(told),
            }
        }
        for policy in 0..self.policies.len() {
            self.begins.push(self.variants.len());
            let name = &self.policies[policy];
            for settings in self.settings(Some(policy), places) {
                match file.read_policies(&settings) {
                    Ok(plans) => {
                        let place = base.policies.iter().position(|plan| plan.name == *name);
                        let plan = plans.into_iter().nth(place.expect("its name is known"));
                        let plan = plan.expect("settings neither add nor remove policies");
                        self.variants.push(PolicyPlan { name: name.clone(), ..plan });
                    }
                    Err(told) => faults.push(told),
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Faults::of_all(faults).to_string()) }
    }

    /// What is set in each combination of the values that concern a policy alone, or all of them.
    fn settings(&self, concerned: Option<usize>, places: &[KeyPath]) -> Vec<Vec<Setting>> {
        let mut combinations = vec![Vec::new()];
        let axes = self.grid.axes.iter().zip(places).zip(&self.concerns);
        for ((axis, place), _) in axes.filter(|(_, concerns)| **concerns == concerned) {
            let with = |settings: &Vec<Setting>, value: &AxisValue| {
                let (key, place, value) = (axis.key.clone(), place.clone(), value.toml.clone());
                settings.iter().cloned().chain([Setting { key, place, value }]).collect()
            };
            let combine = |settings: &Vec<Setting>| -> Vec<Vec<Setting>> {
                axis.values.iter().map(|value| with(settings, value)).collect()
            };
            combinations = combinations.iter().flat_map(combine).collect();
        }
        combinations
    }

    /// What is simulated of a policy, by its index, at a point.
    pub fn cell(&self, point: usize, policy: usize) -> Cell {
        let at = self.grid.at(point);
        let combination = |concerned: Option<usize>| {
            let axes = self.grid.axes.iter().zip(&at).zip(&self.concerns);
            axes.filter(|(_, concerns)| **concerns == concerned)
                .fold(0, |combination, ((axis, index), _)| combination * axis.values.len() + index)
        };
        Cell { scenario: combination(None), variant: self.begins[policy] + combination(Some(policy)) }
    }

    /// Whether the values of a key make a difference to a policy, both by their index.
    pub fn concerns(&self, axis: usize, policy: usize) -> bool {
        self.concerns[axis].is_none_or(|concerned| concerned == policy)
    }

    /// Whether a key is one of a policy alone, by its index.
    pub fn touches(&self, policy: usize) -> bool {
        self.concerns.contains(&Some(policy))
    }

    /// Whether a key, by its index, could have a value below its lowest, or above its highest, these being on
    /// a line.
    pub fn open_ends(&self, axis: usize) -> [bool; 2] {
        self.open_ends[axis]
    }

    /// How many batches there are.
    pub fn batches(&self) -> usize {
        self.scenarios.len() * self.batches_of_scenario()
    }

    fn batches_of_scenario(&self) -> usize {
        self.variants.len().div_ceil(self.policies_at_once())
    }

    fn policies_at_once(&self) -> usize {
        let Scenario { replications, .. } = self.scenarios[0];
        let requests = self.scenarios[0].expected_requests() * f64::from(replications);
        let [least, most] = POLICIES_AT_ONCE;
        ((WORK_AT_ONCE / requests) as usize).clamp(least, most)
    }

    /// What a batch is of.
    fn batch(&self, batch: usize) -> (&Scenario, &[PolicyPlan]) {
        let of_scenario = self.batches_of_scenario();
        let mut batches = self.variants.chunks(self.policies_at_once());
        let variants = batches.nth(batch % of_scenario).expect("there is such a batch");
        (&self.scenarios[batch / of_scenario], variants)
    }

    /// About how many requests a batch simulates.
    pub fn expected_requests(&self, batch: usize) -> f64 {
        let (scenario, _) = self.batch(batch);
        scenario.expected_requests() * f64::from(scenario.replications)
    }

    /// Runs a batch; its rows are those of its policies in their order.
    ///
    /// # Errors
    /// As [`experiment::run`].
    pub fn run(&self, batch: usize, options: Options<'_>) -> Result<Outcome, ExperimentError> {
        let (scenario, variants) = self.batch(batch);
        // Several policies of a run may not have one name.
        let numbered =
            |(number, plan): (usize, &PolicyPlan)| PolicyPlan { name: number.to_string(), ..plan.clone() };
        let policies = variants.iter().enumerate().map(numbered).collect();
        experiment::run(&Scenario { policies, ..scenario.clone() }, options)
    }

    /// The rows of every cell, those of each batch being given in the order of batches.
    pub fn gather(&self, batches: impl IntoIterator<Item = Vec<Row>>) -> Swept {
        let mut cells: Vec<Vec<Row>> = Vec::new();
        for (batch, rows) in batches.into_iter().enumerate() {
            let (_, variants) = self.batch(batch);
            let mut rows = rows.into_iter().peekable();
            for (number, plan) in variants.iter().enumerate() {
                let name = number.to_string();
                let own = std::iter::from_fn(|| rows.next_if(|row| row.policy == name));
                cells.push(own.map(|row| Row { policy: plan.name.clone(), ..row }).collect());
            }
        }
        Swept { cells, variants: self.variants.len() }
    }
}

/// Where a key is in the file, and which of the policies it concerns; `None`: all of them.
fn placed(key: &KeyPath, base: &Scenario, policies: &[String]) -> Result<(KeyPath, Option<usize>), String> {
    let place = base.place_of(key)?;
    let parts: Vec<&str> = key.0.iter().map(String::as_str).collect();
    match parts[..] {
        ["scenario", "seed" | "replications"] => Err("every point has the same random numbers, so that \
             differences are those of the values\nhint: give --seed or --replications instead"
            .to_owned()),
        ["scenario", "name"] | ["policy" | "cohort", _, "name"] => {
            Err("a name makes no difference\nhint: sweep another key".to_owned())
        }
        ["policy", name, ..] => match policies.iter().position(|policy| policy == name) {
            Some(policy) => Ok((place, Some(policy))),
            None => Err(format!("policy `{name}` is not run\nhint: add --policy \"{name}\"")),
        },
        _ => Ok((place, None)),
    }
}

/// What a sweep has given.
pub struct Swept {
    cells: Vec<Vec<Row>>,
    variants: usize,
}

impl Swept {
    #[cfg(test)]
    pub(super) fn of(plan: &Plan, cells: Vec<Vec<Row>>) -> Swept {
        Swept { cells, variants: plan.variants.len() }
    }

    /// The rows of a cell: a row per cohort (in the order of the scenario, then `all`) and replication.
    pub fn rows(&self, cell: Cell) -> &[Row] {
        &self.cells[cell.scenario * self.variants + cell.variant]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Kinds;
    use std::path::Path;

    const SCENARIO: &str = r#"
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
target = 10.00
"#;

    fn plan(axes: &[&str], run: &[&str]) -> Result<Plan, String> {
        let file = ScenarioFile::of(Path::new("s.toml"), SCENARIO.as_bytes(), &Kinds::built_in()).unwrap();
        let base = file.read(&[]).unwrap();
        let mut loaded = base.clone();
        let run: Vec<String> = run.iter().map(|name| (*name).to_owned()).collect();
        if !run.is_empty() {
            loaded.keep_policies(&run).unwrap();
        }
        let axes = axes.iter().map(|axis| axis.parse().unwrap()).collect();
        Plan::new(&file, &base.scenario, &loaded.scenario, Grid::new(axes).unwrap())
    }

    fn faults(axes: &[&str], run: &[&str]) -> String {
        plan(axes, run).map(|_| ()).unwrap_err()
    }

    #[test]
    fn a_policy_is_simulated_once_for_the_values_that_concern_it() {
        let plan = plan(
            &["policy.top-up.threshold=1..9:1", "metering.delay=0s,1m", "policy.top-up.target=10,20"],
            &[],
        );
        let plan = plan.unwrap();
        assert_eq!(plan.grid.points(), 36);
        // 1 + 9 * 2 policies for each of two delays.
        assert_eq!((plan.variants.len(), plan.scenarios.len(), plan.batches()), (19, 2, 2));
        let mut cells: Vec<Cell> = Vec::new();
        for point in 0..36 {
            let indices = plan.grid.at(point);
            assert_eq!(plan.cell(point, 0), Cell { scenario: indices[1], variant: 0 });
            cells.push(plan.cell(point, 1));
        }
        cells.sort();
        cells.dedup();
        assert_eq!(cells.len(), 36);
        assert_eq!([0, 1, 2].map(|axis| plan.concerns(axis, 0)), [false, true, false]);
        assert_eq!([0, 1].map(|policy| plan.touches(policy)), [false, true]);
    }

    #[test]
    fn batches_are_small_where_there_is_much_to_do_and_larger_where_there_is_little() {
        let batches = |accounts: u32| {
            let accounts = format!("cohort.cohort-1.accounts={accounts}");
            let plan =
                plan(&["policy.top-up.threshold=0.1..9.9:0.1", &accounts, "metering.delay=0s,1m"], &[])
                    .unwrap();
            let sizes = (0..plan.batches()).map(|batch| plan.batch(batch).1.len());
            sizes.collect::<Vec<usize>>()
        };
        assert_eq!(batches(10_000), [64, 36, 64, 36]);
        assert_eq!(batches(1_000_000_000), [16, 16, 16, 16, 16, 16, 4, 16, 16, 16, 16, 16, 16, 4]);
    }

    #[test]
    fn keys_that_there_are_not_are_told_at_once() {
        let axes = [
            "policy.topup.threshold=1",
            "cohort.x.accounts=1",
            "policy.top-up=1",
            "scenario.seed=1,2",
            "a=1",
        ];
        let told = faults(&axes, &[]);
        for part in [
            "error: --set policy.topup.threshold: there is no policy `topup`\nhint: did you mean `top-up`? there is ",
            "error: --set cohort.x.accounts: there is no cohort `x`\nhint: there is `cohort-1`",
            "error: --set policy.top-up: this is no key\nhint: name one, as in `policy.prepaid_pause.key`",
            "error: --set scenario.seed: every point has the same random numbers",
            "error: --set a: this is no key\nhint: name one, as in `a.key`",
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
        assert!(faults(&["policy.top-up.name=x"], &[]).contains("a name makes no difference"));
        let told = faults(&["policy.top-up.threshold=1"], &["prepaid_pause"]);
        assert!(told.contains("policy `top-up` is not run\nhint: add --policy \"top-up\""), "{told}");
    }

    #[test]
    fn values_at_fault_are_told_at_once_each_once() {
        let axes = [
            "policy.top-up.threshold=-1,1,12",
            "policy.top-up.taget=5,6",
            "metering.delay='-3s',0s",
            "metring.x=1",
        ];
        let told = faults(&axes, &[]);
        let expected = [
            "error: s.toml with metering.delay = \"-3s\": `delay` must be zero or more",
            "error: s.toml with metring.x = 1: unknown key `metring`\nhint: did you mean `metering`?",
            "error: s.toml with policy.top-up.threshold = -1: `threshold` must be an amount of money",
            "error: s.toml with policy.top-up.taget = 5: unknown key `taget`\nhint: did you mean `target`?",
            "error: s.toml with policy.top-up.taget = 6: unknown key `taget`",
            "with policy.top-up.threshold = 12, policy.top-up.taget = 5: ",
        ];
        for part in expected {
            assert_eq!(told.matches(part).count(), 1, "{part}: {told}");
        }
    }
}
