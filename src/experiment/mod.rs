//! Experiments: replications of a scenario under all its policies, and their outcome.
//!
//! The work is cut into chunks of accounts, each simulated on its own; what they count is whole numbers, so their sums
//! do not depend on how the work was cut or on which thread did what. All policies of a scenario are driven by one
//! generation of the requests.

mod details;
mod setup;
mod timing;

pub use details::LedgerRow;
pub use setup::{Setup, SimulationError};
pub use timing::Timing;

use crate::metrics::{Context, DailyTally, Flows, MEASURES, Measure, Quantity, Tally};
use crate::money::Money;
use crate::scenario::Scenario;
use crate::statistics::Moments;
use crate::stopwatch::Stopwatch;
use crate::time::Time;
use crate::workload::Cohort;
use details::{Details, Listing};
use rayon::prelude::*;
use setup::Chunk;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use timing::Work;

/// The name of the cohort that sums all others.
pub const ALL_COHORTS: &str = "all";

/// Takes postings as a run goes on.
pub trait Ledger {
    /// Takes the next posting.
    ///
    /// # Errors
    /// If it cannot be kept; the run ends then.
    fn append(&mut self, row: &LedgerRow<'_>) -> io::Result<()>;
}

/// How a run is watched, stopped, and what it lists beside the measures.
pub struct Options<'o> {
    /// Whether to give a row for each account of replication 0.
    pub list_accounts: bool,
    /// Takes every posting of replication 0, in the order of cohort, account, policy, time.
    pub ledger: Option<&'o mut dyn Ledger>,
    /// Takes in where the time of the run went.
    pub timing: Option<&'o mut Timing>,
    /// Told how many more requests have been simulated, now and then, from any thread.
    pub progress: &'o (dyn Fn(u64) + Sync),
    /// Ends the run with [`ExperimentError::Interrupted`] once it is set.
    pub interrupt: &'o AtomicBool,
}

/// Nothing but the measures, unwatched and to the end.
impl Default for Options<'_> {
    fn default() -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Options { list_accounts: false, ledger: None, timing: None, progress: &|_| {}, interrupt: &NEVER }
    }
}

/// Why a run gave no outcome.
#[derive(Debug)]
pub enum ExperimentError {
    /// An account went beyond what can be counted.
    Simulation(SimulationError),
    /// The ledger could not be written.
    Ledger(io::Error),
    /// It was interrupted.
    Interrupted,
}

impl std::fmt::Display for ExperimentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ExperimentError::Simulation(error) => error.fmt(f),
            ExperimentError::Ledger(error) => write!(f, "cannot write the ledger: {error}"),
            ExperimentError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for ExperimentError {}

/// What a run gave.
#[derive(Default)]
pub struct Outcome {
    /// A row per policy, cohort (in the order of the scenario, then `all`) and replication, in this order.
    pub rows: Vec<Row>,
    /// A row per policy, cohort and day.
    pub days: Vec<DayRow>,
    /// Where asked for: a row per policy, cohort and account of replication 0.
    pub accounts: Vec<AccountRow>,
    /// The balance of a few sample accounts of replication 0, over time.
    pub balances: Vec<BalancePoint>,
    /// Records of traces that came before their account's signup, in all replications.
    pub dropped_records: u64,
    /// Requests simulated, each counted once for all policies together.
    pub requests: u64,
}

/// The measures of a policy in a cohort and replication.
#[derive(Clone, Debug)]
pub struct Row {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name, or `all`.
    pub cohort: String,
    /// From 0.
    pub replication: u32,
    /// A value for each of [`crate::metrics::MEASURES`].
    pub values: Vec<Quantity>,
}

impl Row {
    /// The value of the measure of that name, such as `usage_usd`; `None` where there is no such measure.
    pub fn value(&self, measure: &str) -> Option<Quantity> {
        let index = MEASURES.iter().position(|known| known.name == measure)?;
        Some(self.values[index])
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
    /// Moments over replications for each daily measure, in the order of [`crate::metrics::MEASURES`].
    pub values: Vec<Moments>,
}

/// The measures of one account of replication 0.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// The policy's name.
    pub policy: String,
    /// The cohort's name.
    pub cohort: String,
    /// Its number in the cohort, from 0.
    pub account: u32,
    /// A value for each of [`crate::metrics::MEASURES`].
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

/// Runs all replications of a scenario under all its policies.
///
/// # Errors
/// Where an account goes beyond what can be counted, the ledger cannot be written, or the run is interrupted.
pub fn run(scenario: &Scenario, options: Options<'_>) -> Result<Outcome, ExperimentError> {
    let Options { list_accounts, mut ledger, timing, progress, interrupt } = options;
    let listing = Listing { accounts: list_accounts, ledger: ledger.is_some() };
    let is_timed = timing.is_some();
    let mut untold = Timing::default();
    let timing = timing.unwrap_or(&mut untold);
    let mut watch = Stopwatch::new(is_timed);
    let setup = Setup::new(scenario);
    let tasks = tasks_of(&setup);
    let mut gathering = Gathering::new(&setup);
    // Few enough at a time that what they count fits a small memory, enough to keep every thread busy.
    let threads = rayon::current_num_threads();
    let at_once = (MEMORY_AT_ONCE / setup.bytes_of_chunk()).clamp(2 * threads, 32 * threads);
    watch.lap(&mut timing.preparing);
    let (mut simulating, mut work) = (Duration::ZERO, Work::none(scenario.policies.len()));
    for window in tasks.chunks(at_once) {
        let chunks: Vec<Chunk> = window
            .par_iter()
            .map(|task| {
                let chunk = simulate(&setup, task, listing, is_timed, interrupt)?;
                progress(chunk.requests);
                Ok(chunk)
            })
            .collect::<Result<_, ExperimentError>>()?;
        watch.lap(&mut simulating);
        for (task, chunk) in window.iter().zip(chunks) {
            work.add(chunk.sampler.work());
            gathering.take(task, chunk, ledger.as_deref_mut())?;
        }
        watch.lap(&mut timing.gathering);
    }
    let outcome = gathering.finish();
    watch.lap(&mut timing.gathering);
    timing.simulating += simulating;
    timing.available += simulating * threads as u32;
    timing.add_work(&work, scenario.policies.iter().map(|policy| policy.name.as_str()));
    Ok(outcome)
}

/// How many requests a chunk should have, at least and at most: enough to outweigh what gathering it costs, few enough
/// that progress can be seen.
const REQUESTS_OF_CHUNK: [f64; 2] = [100_000.0, 1_000_000.0];
/// How many chunks each thread should get, so that none has to wait for another one's last.
const CHUNKS_OF_THREAD: usize = 64;
/// About how much memory the chunks may take that wait to be gathered, in bytes.
const MEMORY_AT_ONCE: usize = 32 << 20;

/// Some accounts of a cohort in a replication.
struct Task {
    replication: u32,
    cohort: usize,
    accounts: std::ops::Range<u32>,
}

/// Cuts the work into chunks of about as many requests each, in the order of replication, cohort, account.
fn tasks_of(setup: &Setup<'_>) -> Vec<Task> {
    let Setup { scenario, calendar, .. } = setup;
    let of_account = |cohort: &Cohort| cohort.workload.expected_requests(calendar, cohort.signup);
    let cohorts: Vec<(u32, f64)> =
        scenario.cohorts.iter().map(|cohort| (cohort.accounts, of_account(cohort))).collect();
    let of_replication: f64 =
        cohorts.iter().map(|(accounts, of_account)| f64::from(*accounts) * of_account).sum();
    let [least, most] = REQUESTS_OF_CHUNK;
    let chunks = (CHUNKS_OF_THREAD * rayon::current_num_threads()) as f64;
    let of_chunk = (of_replication * f64::from(scenario.replications) / chunks).clamp(least, most);
    let mut tasks = Vec::new();
    for replication in 0..scenario.replications {
        for (cohort, (accounts, of_account)) in cohorts.iter().enumerate() {
            let step = (of_chunk / of_account).clamp(1.0, 1024.0) as u32;
            for first in (0..*accounts).step_by(step as usize) {
                let accounts = first..(first + step).min(*accounts);
                tasks.push(Task { replication, cohort, accounts });
            }
        }
    }
    tasks
}

fn simulate(
    setup: &Setup<'_>,
    task: &Task,
    listing: Listing,
    is_timed: bool,
    interrupt: &AtomicBool,
) -> Result<Chunk, ExperimentError> {
    let listing = (task.replication == 0).then_some(listing);
    let population = setup.population(task.replication, task.cohort);
    let mut chunk = setup.empty_chunk(is_timed);
    for account in task.accounts.clone() {
        population.simulate(account, listing, &mut chunk, interrupt).map_err(ExperimentError::Simulation)?;
        if interrupt.load(Ordering::Relaxed) {
            return Err(ExperimentError::Interrupted);
        }
    }
    for tally in &mut chunk.tallies {
        tally.add_demand(&chunk.demand);
    }
    chunk.sampler.end();
    Ok(chunk)
}

/// Gathers chunks, in order, into an outcome.
struct Gathering<'s> {
    setup: &'s Setup<'s>,
    context: Context,
    /// The replication that is being gathered.
    replication: u32,
    /// For each cohort and policy, what it has counted so far.
    tallies: Vec<Vec<DailyTally>>,
    /// For each policy and cohort (`all` last), its rows.
    rows: Vec<Vec<Vec<Row>>>,
    /// The same by day, for each daily measure.
    days: Vec<Vec<Vec<Vec<Moments>>>>,
    outcome: Outcome,
}

impl<'s> Gathering<'s> {
    fn new(setup: &'s Setup<'s>) -> Gathering<'s> {
        let scenario = setup.scenario;
        let policies = scenario.policies.len();
        let cohorts = scenario.cohorts.len() + 1;
        let daily = daily_measures().count();
        let calendar = &setup.calendar;
        Gathering {
            setup,
            context: Context {
                serving_cost: scenario.serving_cost,
                measured_micros: i128::from((calendar.horizon - calendar.warmup).micros()),
            },
            replication: 0,
            tallies: setup.empty_tallies(),
            rows: vec![vec![Vec::new(); cohorts]; policies],
            days: vec![vec![vec![vec![Moments::default(); daily]; calendar.days()]; cohorts]; policies],
            outcome: Outcome::default(),
        }
    }

    fn take(
        &mut self,
        task: &Task,
        chunk: Chunk,
        ledger: Option<&mut (dyn Ledger + '_)>,
    ) -> Result<(), ExperimentError> {
        if task.replication != self.replication {
            self.end_replication();
            self.replication = task.replication;
        }
        for (sum, addend) in self.tallies[task.cohort].iter_mut().zip(&chunk.tallies) {
            sum.merge(addend);
        }
        self.outcome.requests += chunk.requests;
        self.outcome.dropped_records += chunk.dropped_records;
        if let Some(ledger) = ledger {
            for details in &chunk.details {
                self.append_postings(task, details, ledger).map_err(ExperimentError::Ledger)?;
            }
        }
        for details in chunk.details {
            self.list(task, details);
        }
        Ok(())
    }

    fn append_postings(&self, task: &Task, details: &Details, ledger: &mut dyn Ledger) -> io::Result<()> {
        details.postings.iter().try_for_each(|(at, posting)| {
            ledger.append(&LedgerRow {
                at: *at,
                policy: &self.setup.scenario.policies[details.policy].name,
                cohort: &self.setup.scenario.cohorts[task.cohort].name,
                account: details.account,
                posting: *posting,
            })
        })
    }

    fn list(&mut self, task: &Task, details: Details) {
        let scenario = self.setup.scenario;
        let policy = &scenario.policies[details.policy].name;
        let cohort = &scenario.cohorts[task.cohort].name;
        let account = details.account;
        if let Some(tally) = details.tally {
            let values = run_values(&tally.total(), &self.context);
            let row = AccountRow { policy: policy.clone(), cohort: cohort.clone(), account, values };
            self.outcome.accounts.push(row);
        }
        self.outcome.balances.extend(details.balances.into_iter().map(|(at, balance, event)| BalancePoint {
            policy: policy.clone(),
            cohort: cohort.clone(),
            account,
            at,
            balance,
            event,
        }));
    }

    /// Turns what a replication has counted into figures.
    fn end_replication(&mut self) {
        let tallies = std::mem::replace(&mut self.tallies, self.setup.empty_tallies());
        for policy in 0..self.rows.len() {
            let of_policy: Vec<&DailyTally> = tallies.iter().map(|cohort| &cohort[policy]).collect();
            self.add_rows(policy, &of_policy);
            for day in 0..self.setup.calendar.days() {
                let flows: Vec<&Flows> = of_policy.iter().map(|tally| &tally.days()[day]).collect();
                self.add_day(policy, day, &flows);
            }
        }
    }

    fn add_rows(&mut self, policy: usize, of_policy: &[&DailyTally]) {
        let mut values: Vec<Vec<Quantity>> =
            of_policy.iter().map(|tally| run_values(&tally.total(), &self.context)).collect();
        values.push(sums(&values));
        let scenario = self.setup.scenario;
        let names = scenario.cohorts.iter().map(|cohort| cohort.name.as_str()).chain([ALL_COHORTS]);
        for ((name, values), rows) in names.zip(values).zip(&mut self.rows[policy]) {
            let policy = scenario.policies[policy].name.clone();
            rows.push(Row { policy, cohort: name.to_owned(), replication: self.replication, values });
        }
    }

    fn add_day(&mut self, policy: usize, day: usize, of_cohorts: &[&Flows]) {
        let of_day =
            |flows: &&Flows| daily_measures().map(|measure| measure.of_day(flows, &self.context)).collect();
        let mut values: Vec<Vec<Quantity>> = of_cohorts.iter().map(of_day).collect();
        values.push(sums(&values));
        for (cohort, values) in values.iter().enumerate() {
            for (moments, value) in self.days[policy][cohort][day].iter_mut().zip(values) {
                moments.add(value.as_f64());
            }
        }
    }

    fn finish(mut self) -> Outcome {
        self.end_replication();
        let scenario = self.setup.scenario;
        let mut outcome = self.outcome;
        outcome.rows = self.rows.into_iter().flatten().flatten().collect();
        for (policy, cohorts) in scenario.policies.iter().zip(self.days) {
            let names = scenario.cohorts.iter().map(|cohort| cohort.name.as_str()).chain([ALL_COHORTS]);
            for (cohort, days) in names.zip(cohorts) {
                outcome.days.extend(days.into_iter().enumerate().map(|(day, values)| DayRow {
                    policy: policy.name.clone(),
                    cohort: cohort.to_owned(),
                    day,
                    values,
                }));
            }
        }
        // Chunks are gathered by cohort and account; files list by policy first.
        let order = |policy: &str| scenario.policies.iter().position(|plan| plan.name == policy);
        outcome.accounts.sort_by_key(|row| order(&row.policy));
        outcome.balances.sort_by_key(|point| order(&point.policy));
        outcome
    }
}

/// The measures that a single day has.
pub fn daily_measures() -> impl Iterator<Item = &'static Measure> {
    MEASURES.iter().filter(|measure| measure.is_daily())
}

fn run_values(tally: &Tally, context: &Context) -> Vec<Quantity> {
    MEASURES.iter().map(|measure| measure.of_run(tally, context)).collect()
}

/// The sum of each measure over cohorts: of amounts as they are rounded, of ratios by their parts.
fn sums(of_cohorts: &[Vec<Quantity>]) -> Vec<Quantity> {
    let mut cohorts = of_cohorts.iter();
    let first = cohorts.next().expect("a scenario has a cohort").clone();
    cohorts.fold(first, |sum, values| sum.into_iter().zip(values).map(|(a, b)| a + *b).collect())
}
