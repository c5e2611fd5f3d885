//! Scenarios: a TOML file, read, checked and filled in with every default.

mod cohort;
mod customer;
mod describe;
mod distribution;
mod file;
mod metering;
mod payments;
mod policies;
mod prices;
mod trace;
mod workload;

pub use describe::{CohortDescription, Description, PolicyDescription, describe, inert};
pub use distribution::{Cvs, Durations, Numbers, Shares};
pub use file::{ScenarioFile, hexadecimal};

use crate::document::schema::{self, Definitions, Schema};
use crate::document::{Faults, Key, Keys, Resolved, Table, TableKey, quoted};
use crate::metering::Metering;
use crate::money::Share;
use crate::policy::{Kinds, PolicyPlan};
use crate::tariff::Tariff;
use crate::time::{Calendar, Span};
use crate::workload::Cohort;
use crate::workload::payments::PaymentModel;
use cohort::COHORT;
use jiff::civil::Date;
use metering::METERING;
use payments::PAYMENTS;
use policies::POLICY;
use prices::PRICES;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// A scenario to start from, explained key by key.
pub const TEMPLATE: &str = include_str!("template.toml");

/// A checked scenario.
#[derive(Clone)]
pub struct Scenario {
    /// Its name: that of the output folder.
    pub name: String,
    /// What it asks, in the author's words; `None`: what [`Scenario::question`] makes of the rest.
    pub question: Option<String>,
    /// The civil date (UTC) on which the run starts, at 00:00.
    pub start: Date,
    /// How long requests come.
    pub horizon: Span,
    /// What is left out of the measures at the start.
    pub warmup: Span,
    /// How long invoices are still collected after the horizon.
    pub runoff: Span,
    /// Independent runs; at least 1.
    pub replications: u32,
    /// The seed of every random number.
    pub seed: u64,
    /// Cost of serving, as a share of the list price.
    pub serving_cost: Share,
    /// The price list.
    pub tariff: Tariff,
    /// How payments fare.
    pub payments: PaymentModel,
    /// When usage is known, and what the gate does until then.
    pub metering: Metering,
    /// The accounts, in the order of the file.
    pub cohorts: Vec<Cohort>,
    /// The policies to compare, in the order of the file.
    pub policies: Vec<PolicyPlan>,
}

/// A scenario with the file that it came from.
#[derive(Clone)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// The SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
    /// How long it took to read the traces and other files that it names.
    pub named_files_took: Duration,
    resolved: Resolved,
}

impl Scenario {
    /// Reads a file, and those that it names.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(path: &Path, kinds: &Kinds) -> Result<Loaded, Faults> {
        ScenarioFile::open(path, kinds)?.read(&[])
    }

    /// Reads the content of a file; paths in it are taken from the folder of that file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(path: &Path, content: &[u8], kinds: &Kinds) -> Result<Loaded, Faults> {
        ScenarioFile::of(path, content, kinds)?.read(&[])
    }

    /// About how many requests a replication has.
    pub fn expected_requests(&self) -> f64 {
        let calendar = self.calendar();
        let of_account = |cohort: &Cohort| cohort.workload.expected_requests(&calendar, cohort.signup);
        self.cohorts.iter().map(|cohort| f64::from(cohort.accounts) * of_account(cohort)).sum()
    }

    /// The calendar of a run.
    pub fn calendar(&self) -> Calendar {
        Calendar::new(self.start, self.warmup, self.horizon, self.runoff)
    }
}

/// The JSON Schema of scenario files with these kinds of policy.
pub fn schema(kinds: &Kinds) -> Schema {
    let mut definitions = Definitions::default();
    workload::define(&mut definitions);
    policies::define(kinds, &mut definitions);
    schema::of_document("A scenario of billsim", KEYS, definitions)
}

impl Loaded {
    /// The scenario as TOML with every default written out, for a file in a folder: running it gives the same
    /// results.
    pub fn resolved(&self, folder: &Path) -> String {
        self.resolved.to_toml(folder)
    }

    /// Sets another seed.
    pub fn set_seed(&mut self, seed: u64) {
        self.scenario.seed = seed;
        self.resolved.set("scenario", "seed", seed.to_string());
    }

    /// Sets another number of replications.
    ///
    /// # Panics
    /// If it is zero.
    pub fn set_replications(&mut self, replications: u32) {
        assert!(replications > 0, "a scenario is run at least once");
        self.scenario.replications = replications;
        self.resolved.set("scenario", "replications", replications.to_string());
    }

    /// Leaves only these policies, in the order of the file.
    ///
    /// # Errors
    /// The first name that no policy has; nothing is changed then.
    pub fn keep_policies(&mut self, names: &[String]) -> Result<(), UnknownPolicy> {
        let policies = &mut self.scenario.policies;
        if let Some(name) = names.iter().find(|name| policies.iter().all(|policy| policy.name != **name)) {
            let known = policies.iter().map(|policy| policy.name.clone()).collect();
            return Err(UnknownPolicy { name: name.clone(), known });
        }
        let keeps: Vec<bool> = policies.iter().map(|policy| names.contains(&policy.name)).collect();
        self.resolved.keep("policy", |index| keeps[index]);
        policies.retain(|policy| names.contains(&policy.name));
        Ok(())
    }
}

/// A policy was asked for that a scenario does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPolicy {
    /// What was asked for.
    pub name: String,
    /// The policies that there are.
    pub known: Vec<String>,
}

impl std::fmt::Display for UnknownPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "there is no policy `{}`; the scenario has {}",
            self.name,
            crate::document::listed(&self.known)
        )
    }
}

impl std::error::Error for UnknownPolicy {}

const KEYS: Keys = &[&SCENARIO, &PLATFORM, &PRICES, &PAYMENTS, &METERING, &COHORT, &POLICY];

/// Reads the whole file.
fn whole(root: &mut Table<'_>, kinds: &Kinds) -> Option<Scenario> {
    let timing = timing(root);
    let serving_cost = platform(root);
    let (models, tariff) = prices::read(root);
    let payments = payments::read(root);
    let metering = metering::read(root);
    let cohorts = cohort::read_all(root, &models, timing.as_ref().map(|timing| timing.horizon));
    let policies = policies::read_all(root, kinds);
    let Timing { name, question, start, horizon, warmup, runoff, replications, seed } = timing?;
    Some(Scenario {
        name,
        question,
        start,
        horizon,
        warmup,
        runoff,
        replications,
        seed,
        serving_cost: serving_cost?,
        tariff: tariff?,
        payments: payments?,
        metering: metering?,
        cohorts: cohorts?,
        policies: policies?,
    })
}

const SCENARIO: TableKey = TableKey::or_empty("scenario", TIMING, "when the run is, and how it is repeated");

const TIMING: Keys = &[&NAME, &QUESTION, &START, &HORIZON, &WARMUP, &RUNOFF, &REPLICATIONS, &SEED];
const NAME: Key<String> =
    Key::optional("name", "the name of the file", "what the folder of results is called");
const QUESTION: Key<String> =
    Key::optional("question", "made from the rest", "what the scenario asks, in a sentence for people");
const START: Key<Date> =
    Key::with_default("start", "2026-01-01", "the civil date (UTC) on which the run starts, at 00:00");
const HORIZON: Key<Span> = Key::with_default("horizon", "\"90d\"", "how long requests come");
const WARMUP: Key<Span> =
    Key::with_default("warmup", "\"0d\"", "how much of the beginning is left out of the measures");
const RUNOFF: Key<Span> = Key::with_default(
    "runoff",
    "\"0d\"",
    "how long invoices are still collected after the horizon, while no requests come",
);
const REPLICATIONS: Key<u32> = Key::with_default("replications", "1", "how many independent runs there are");
const SEED: Key<u64> = Key::with_default("seed", "0", "the seed of every random number");

/// The section `[scenario]`.
struct Timing {
    name: String,
    question: Option<String>,
    start: Date,
    horizon: Span,
    warmup: Span,
    runoff: Span,
    replications: u32,
    seed: u64,
}

fn timing(root: &mut Table<'_>) -> Option<Timing> {
    let stem = root.file().file_stem().unwrap_or_default().to_string_lossy();
    let mut table = root.table(&SCENARIO)?;
    let name = table.read_or(&NAME, &quoted(&stem));
    let question = table.read(&QUESTION);
    let start = table.read(&START);
    let horizon = table.read(&HORIZON);
    let warmup = table.read(&WARMUP);
    let runoff = table.read(&RUNOFF);
    let replications = table.read(&REPLICATIONS);
    let seed = table.read(&SEED);

    if name.as_deref().is_some_and(|name| !is_folder_name(name)) {
        let wrong = match table.has(NAME.name) {
            true => "the name of a scenario must be fit for a folder",
            false => "the scenario has no `name`, and that of its file is not fit for a folder",
        };
        let hint = "use letters, digits, spaces, `-`, `_`, `.` and `+`, at most 100 of them, not beginning or \
                    ending with a space or `.`";
        table.fault(NAME.name, wrong, hint);
    }
    if question.as_deref().is_some_and(|question| !is_line(question, 300)) {
        let hint = "use 1 to 300 characters in one line, without spaces around";
        table.fault(QUESTION.name, "the question of a scenario must be a short text", hint);
    }
    if horizon == Some(Span::ZERO) {
        table.fault(
            HORIZON.name,
            "the horizon is zero",
            "say how long requests come, as in `horizon = \"90d\"`",
        );
    }
    if warmup.zip(horizon).is_some_and(|(warmup, horizon)| warmup >= horizon && horizon > Span::ZERO) {
        table.fault(
            WARMUP.name,
            "the warm-up leaves nothing to measure",
            "make `warmup` shorter than `horizon`",
        );
    }
    if replications == Some(0) {
        table.fault(REPLICATIONS.name, "there are no replications", "write at least `replications = 1`");
    }
    let (start, horizon, runoff) = (start?, horizon?, runoff?);
    let days = (horizon + runoff).micros() / Span::DAY.micros() + 1;
    if jiff::Span::new().try_days(days).and_then(|days| start.checked_add(days)).is_err() {
        table.fault(HORIZON.name, "the run ends after the year 9999", "start earlier, or make it shorter");
    }
    Some(Timing {
        name: name?,
        question,
        start,
        horizon,
        warmup: warmup?,
        runoff,
        replications: replications?,
        seed: seed?,
    })
}

fn is_folder_name(name: &str) -> bool {
    let is_fit = |character: char| character.is_alphanumeric() || " -_.+".contains(character);
    (1..=100).contains(&name.len())
        && name.chars().all(is_fit)
        && !name.starts_with([' ', '.'])
        && !name.ends_with([' ', '.'])
}

const PLATFORM: TableKey = TableKey::or_empty("platform", &[&SERVING_COST], "the provider's own side");
const SERVING_COST: Key<Share> =
    Key::with_default("serving_cost", "0", "what serving costs, as a share of the list price, from 0 to 1");

fn platform(root: &mut Table<'_>) -> Option<Share> {
    root.table(&PLATFORM)?.read(&SERVING_COST)
}

/// Whether a text is one line of at most so many characters, with neither control characters nor spaces around.
fn is_line(text: &str, most: usize) -> bool {
    let length = text.chars().count();
    (1..=most).contains(&length) && text.trim() == text && !text.chars().any(char::is_control)
}

/// Notes a fault unless a name can stand in tables and on the command line.
fn check_name(table: &Table<'_>, name: &str) {
    if !is_line(name, 100) {
        let wrong = format!("the name of a {} must be a short text", table.name());
        table.fault("name", wrong, "use 1 to 100 characters in one line, without spaces around");
    }
}

/// Notes a fault at each table that has the name of an earlier one; the default is what a table without one
/// is called.
fn check_unique(tables: &[Table<'_>], default: impl Fn(usize, &Table<'_>) -> String) {
    let mut names = BTreeSet::new();
    for (index, table) in tables.iter().enumerate() {
        let name = table.peek("name").map_or_else(|| default(index, table), str::to_owned);
        let wrong = format!("two tables `{}` have the name \"{name}\"", table.name());
        if !names.insert(name) {
            table.fault("name", wrong, "give each a `name` of its own");
        }
    }
}
