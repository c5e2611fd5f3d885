//! Experiments: replications of a scenario under all its policies, and their outcome.
//!
//! The work is cut into chunks of accounts, each simulated on its own; what they count is whole numbers, so their sums
//! do not depend on how the work was cut or on which thread did what. All policies of a scenario are driven by one
//! generation of the requests.

mod details;
mod gathering;
mod outcome;
mod setup;
mod timing;

pub use details::LedgerRow;
pub use outcome::{
    AccountRow, BalancePoint, DayRow, Distribution, Group, Outcome, Pair, Row, SIZE_MEASURES, SizeRow,
};
pub use setup::{Setup, SimulationError};
pub use timing::Timing;

use crate::metrics::{MEASURES, Measure};
use crate::scenario::Scenario;
use crate::statistics::{Moments, Precision};
use crate::stopwatch::Stopwatch;
use crate::workload::Cohort;
use details::Listing;
use gathering::Gathering;
use rayon::prelude::*;
use setup::Chunk;
use std::io;
use std::ops::Range;
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
    /// Goes on with more replications than the scenario has until all this is known.
    pub until: Option<&'o Until>,
    /// Whether to give nothing but rows: neither days nor distributions nor sizes, which take much more memory.
    pub rows_only: bool,
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
        Options {
            until: None,
            rows_only: false,
            list_accounts: false,
            ledger: None,
            timing: None,
            progress: &|_| {},
            interrupt: &NEVER,
        }
    }
}

/// How precisely measures shall be known, under each policy and over all cohorts together.
#[derive(Clone, Debug)]
pub struct Until {
    /// What is asked of each measure, all of which are known.
    pub precisions: Vec<Precision>,
    /// How many replications there are at most.
    pub at_most: u32,
}

impl Until {
    /// How many replications are needed in all, as far as can be told by these, the rows of each policy.
    fn needed<'r>(&self, of_policies: impl Iterator<Item = &'r [Row]>) -> u32 {
        let needed = of_policies.flat_map(Group::of_rows).flat_map(|group| {
            self.unmet_by(group).map(|(precision, moments)| precision.replications_needed(&moments))
        });
        needed.max().unwrap_or(0).min(self.at_most.into()) as u32
    }

    /// What a run ended without, as it had no more replications: for each policy, and over all cohorts, what is not
    /// known as precisely as asked, and how it is known.
    pub fn unmet<'o>(
        &'o self,
        outcome: &'o Outcome,
    ) -> impl Iterator<Item = (&'o str, &'o Precision, Moments)> {
        Group::of_rows(&outcome.rows).filter(|group| group.cohort == ALL_COHORTS).flat_map(|group| {
            self.unmet_by(group).map(move |(precision, moments)| (group.policy, precision, moments))
        })
    }

    fn unmet_by<'g>(&'g self, group: Group<'g>) -> impl Iterator<Item = (&'g Precision, Moments)> {
        let of_group = move |precision: &'g Precision| (precision, group.moments(&precision.measure));
        self.precisions.iter().map(of_group).filter(|(precision, moments)| !precision.is_met(moments))
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

/// Runs all replications of a scenario under all its policies.
///
/// # Errors
/// Where an account goes beyond what can be counted, the ledger cannot be written, or the run is interrupted.
pub fn run(scenario: &Scenario, options: Options<'_>) -> Result<Outcome, ExperimentError> {
    let Options { until, rows_only, list_accounts, mut ledger, timing, progress, interrupt } = options;
    let listing = Listing { accounts: list_accounts, ledger: ledger.is_some() };
    let is_timed = timing.is_some();
    let mut untold = Timing::default();
    let timing = timing.unwrap_or(&mut untold);
    let mut watch = Stopwatch::new(is_timed);
    let setup = Setup::new(scenario);
    let mut gathering = Gathering::new(&setup, rows_only);
    // Few enough at a time that what they count fits a small memory, enough to keep every thread busy.
    let threads = rayon::current_num_threads();
    let at_once = (MEMORY_AT_ONCE / setup.bytes_of_chunk()).clamp(2 * threads, 32 * threads);
    watch.lap(&mut timing.preparing);
    let (mut simulating, mut work) = (Duration::ZERO, Work::none(scenario.policies.len()));
    let mut replications = 0..scenario.replications;
    while !replications.is_empty() {
        for window in tasks_of(&setup, replications.clone()).chunks(at_once) {
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
        let rows = gathering.end_replications();
        replications = replications.end..until.map_or(0, |until| until.needed(rows));
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
    accounts: Range<u32>,
}

/// Cuts the work into chunks of about as many requests each, in the order of replication, cohort, account.
fn tasks_of(setup: &Setup<'_>, replications: Range<u32>) -> Vec<Task> {
    let Setup { scenario, calendar, .. } = setup;
    let of_account = |cohort: &Cohort| cohort.workload.expected_requests(calendar, cohort.signup);
    let cohorts: Vec<(u32, f64)> =
        scenario.cohorts.iter().map(|cohort| (cohort.accounts, of_account(cohort))).collect();
    let of_replication: f64 =
        cohorts.iter().map(|(accounts, of_account)| f64::from(*accounts) * of_account).sum();
    let [least, most] = REQUESTS_OF_CHUNK;
    let chunks = (CHUNKS_OF_THREAD * rayon::current_num_threads()) as f64;
    let of_chunk = (of_replication * replications.len() as f64 / chunks).clamp(least, most);
    let mut tasks = Vec::new();
    for replication in replications {
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

/// The measures that a single day has.
pub fn daily_measures() -> impl Iterator<Item = &'static Measure> {
    MEASURES.iter().filter(|measure| measure.is_daily())
}
