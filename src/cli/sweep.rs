//! `billsim sweep`.

use super::{
    Failure, catch_interrupts, command_fault, override_scenario, print, progress_bar, shown, tell,
    terminal_width,
};
use crate::experiment::{ExperimentError, Options};
use crate::policy::Kinds;
use crate::report::folder::{self, Folder};
use crate::report::manifest::{Manifest, SweptKey};
use crate::report::sweep::journal::{Done, Journal};
use crate::report::sweep::{self, text};
use crate::report::{self, Error};
use crate::scenario::{Loaded, ScenarioFile, hexadecimal};
use crate::sweep::grid::GRAMMAR;
use crate::sweep::{Axis, Constraint, Goal, Grid, Objective, Plan, Search};
use clap::Args;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

/// What `billsim sweep` is told.
#[derive(Args)]
#[command(after_long_help = GRAMMAR, after_help = "More, on keys and values, with --help.")]
pub struct SweepArguments {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Give a key of the scenario each of these values in turn; several times for a grid
    #[arg(long = "set", value_name = "KEY=VALUES", required = true)]
    axes: Vec<Axis>,
    /// Say which point has most of this measure, or least where less is better; max:MEASURE or min:MEASURE
    /// where that is not plain
    #[arg(long, value_name = "MEASURE")]
    best: Option<Objective>,
    /// With --best: only among points that keep this bound on a mean, as in "lost_share<0.5%" (may be given
    /// several times)
    #[arg(long = "subject-to", value_name = "MEASURE<BOUND", requires = "best")]
    constraints: Vec<Constraint>,
    /// Run only this policy of the scenario, and look for the best among these (may be given several times);
    /// by default the best is sought among policies that keys are swept of, if there are such
    #[arg(long = "policy", value_name = "NAME")]
    policies: Vec<String>,
    /// Use another seed; it is the same at every point
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Use another number of replications
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replications: Option<u32>,
    /// Work with so many threads; by default with as many as the machine has cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Write the results there instead of output/<scenario name>-sweep
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Draw no plots
    #[arg(long)]
    no_plots: bool,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// Runs a scenario with many values of some keys, writes the results, and prints them as a table.
pub fn sweep(arguments: &SweepArguments, kinds: &Kinds) -> Result<(), Failure> {
    let threads = arguments.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    pool.install(|| run(arguments, kinds))
}

fn run(arguments: &SweepArguments, kinds: &Kinds) -> Result<(), Failure> {
    let (began, clock) = (SystemTime::now(), Instant::now());
    let grid = Grid::new(arguments.axes.clone()).map_err(command_fault)?;
    let file = ScenarioFile::open(&arguments.file, kinds)?;
    let base = file.read(&[])?;
    let mut loaded = base.clone();
    override_scenario(&mut loaded, arguments.seed, arguments.replications, &arguments.policies)?;
    let plan = Plan::new(&file, &base.scenario, &loaded.scenario, grid).map_err(command_fault)?;
    let target = match &arguments.out {
        Some(out) => out.clone(),
        None => Path::new("output").join(format!("{}-sweep", base.scenario.name)),
    };
    let target = folder::prepared(&target)?;
    let interrupt = catch_interrupts()?;
    let journal = Journal::open(&target, &identity(&plan.grid, &file, &loaded)?)?;
    let results = run_batches(arguments, &plan, &journal, &loaded, &interrupt)?;
    let (requests, dropped_records) = results
        .iter()
        .fold((0, 0), |(requests, dropped), done| (requests + done.requests, dropped + done.dropped_records));
    let swept = plan.gather(results.into_iter().map(|done| done.rows));
    let search = arguments.best.map(|objective| {
        let goal = Goal { objective, constraints: arguments.constraints.clone() };
        Search::new(&plan, &swept, goal, &candidates(arguments, &plan))
    });

    let folder = Folder::create(&target)?;
    sweep::write(folder.path(), &plan, &swept, search.as_ref())?;
    let resolved = folder.path().join("scenario.toml");
    fs::write(&resolved, loaded.resolved(folder.target())).map_err(Error::at(&resolved, "write"))?;
    let wall_seconds = clock.elapsed().as_secs_f64();
    let manifest = Manifest {
        grid: Some(plan.grid.axes.iter().map(SweptKey::of).collect()),
        ..Manifest::new(&loaded, began, wall_seconds, requests, dropped_records)?
    };
    manifest.write(folder.path())?;
    if !arguments.no_plots {
        report::draw(folder.path())?;
    }
    if interrupt.load(Ordering::Relaxed) {
        return Err(interrupted(plan.batches(), plan.batches()));
    }
    let target = folder.publish()?;
    journal.remove()?;
    if arguments.quiet {
        return Ok(());
    }
    print(&text::table(&plan, &swept, search.as_ref(), terminal_width()))?;
    if let Some(search) = &search {
        print(&text::verdict(search))?;
        for warning in text::warnings(&plan, search) {
            tell(format_args!("warning: {warning}"));
        }
    }
    tell(format_args!("{requests} requests in {wall_seconds:.2} s; results in {}", shown(&target)));
    Ok(())
}

/// Runs what is not done, and keeps what is.
fn run_batches(
    arguments: &SweepArguments,
    plan: &Plan,
    journal: &Journal,
    loaded: &Loaded,
    interrupt: &AtomicBool,
) -> Result<Vec<Done>, Failure> {
    let kept: Vec<Option<Done>> = (0..plan.batches()).map(|batch| journal.done(batch)).collect();
    let resumed = kept.iter().flatten().count();
    if resumed > 0 && !arguments.quiet {
        let batches = plan.batches();
        tell(format_args!("continues where it stopped: {resumed} of {batches} parts are done"));
    }
    let left = (0..plan.batches()).filter(|batch| kept[*batch].is_none());
    let requests = left.map(|batch| plan.expected_requests(batch)).sum();
    let bar = progress_bar(&loaded.scenario.name, requests, arguments.quiet);
    let mut results = Vec::new();
    for (batch, done) in kept.into_iter().enumerate() {
        if let Some(done) = done {
            results.push(done);
            continue;
        }
        let options = Options {
            rows_only: true,
            progress: &|requests| bar.inc(requests),
            interrupt,
            ..Options::default()
        };
        let outcome = plan.run(batch, options).map_err(|error| {
            bar.finish_and_clear();
            match error {
                ExperimentError::Interrupted => interrupted(results.len(), plan.batches()),
                other => format!("{}: {other}", arguments.file.display()).into(),
            }
        })?;
        let done =
            Done { rows: outcome.rows, requests: outcome.requests, dropped_records: outcome.dropped_records };
        journal.keep(batch, &done)?;
        results.push(done);
    }
    bar.finish_and_clear();
    Ok(results)
}

fn interrupted(done: usize, of: usize) -> Failure {
    Failure {
        message: format!(
            "interrupted; earlier results are as they were\nhint: {done} of {of} parts are done and kept: the same \
             command continues from there"
        ),
        status: super::INTERRUPTED,
    }
}

/// The policies that the best is sought among: those asked for, else those that keys are swept of, else all.
fn candidates(arguments: &SweepArguments, plan: &Plan) -> Vec<usize> {
    let all = 0..plan.policies.len();
    let touched: Vec<usize> = all.clone().filter(|policy| plan.touches(*policy)).collect();
    if touched.is_empty() || !arguments.policies.is_empty() { all.collect() } else { touched }
}

/// What makes a sweep the same: the scenario, the files that it names, the grid, seed, replications and
/// policies, and the program itself.
fn identity(grid: &Grid, file: &ScenarioFile, loaded: &Loaded) -> Result<String, Failure> {
    let mut digest = Sha256::new();
    let mut part = |text: &str| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    };
    part(env!("CARGO_PKG_VERSION"));
    // A program that was built anew may differ under the same version.
    let program = std::env::current_exe().and_then(fs::metadata);
    part(&format!("{:?}", program.map(|program| (program.len(), program.modified().ok())).ok()));
    part(&loaded.sha256);
    for path in file.named_files() {
        part(&path.to_string_lossy());
        part(&sha256_of(&path)?);
    }
    part(&loaded.scenario.seed.to_string());
    part(&loaded.scenario.replications.to_string());
    for policy in &loaded.scenario.policies {
        part(&policy.name);
    }
    for axis in &grid.axes {
        part(&axis.key.to_string());
        axis.values.iter().for_each(|value| part(&value.toml));
    }
    Ok(hexadecimal(&digest.finalize()))
}

fn sha256_of(path: &Path) -> Result<String, Error> {
    let file = fs::File::open(path).map_err(Error::at(path, "read"))?;
    let mut reader = io::BufReader::with_capacity(1 << 16, file);
    let mut digest = Sha256::new();
    loop {
        let read = reader.fill_buf().map_err(Error::at(path, "read"))?;
        if read.is_empty() {
            return Ok(hexadecimal(&digest.finalize()));
        }
        digest.update(read);
        let length = read.len();
        reader.consume(length);
    }
}
