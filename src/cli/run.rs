//! `billsim run`.

use super::{
    Failure, catch_interrupts, interrupted, measure_named, override_scenario, print, progress_bar, read_all,
    shown, tell, terminal_width,
};
use crate::experiment::{self, ExperimentError, Options, Until};
use crate::policy::Kinds;
use crate::report::csv::{self, LedgerWriter};
use crate::report::description::Words;
use crate::report::folder::Folder;
use crate::report::manifest::Manifest;
use crate::report::timing::{Timing, timing_text};
use crate::report::{self, Error, page, terminal, warnings};
use crate::scenario::{Loaded, describe};
use crate::statistics::Precision;
use crate::stopwatch::Stopwatch;
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

/// What `billsim run` is told.
#[derive(Args)]
pub struct RunArguments {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Run only this policy of the scenario (may be given several times)
    #[arg(long = "policy", value_name = "NAME")]
    policies: Vec<String>,
    /// Use another seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Use another number of replications
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replications: Option<u32>,
    /// Add replications until half the interval of this measure is at most so wide, under each policy: a share of the
    /// estimate, as in lost_share:2%, or so much in its unit, as in contribution_usd:50 (may be given several times)
    #[arg(long, value_name = "MEASURE:WIDTH")]
    until: Vec<Precision>,
    /// With --until: how many replications there are at most
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "until")]
    max_replications: u32,
    /// Work with so many threads; by default with as many as the machine has cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Write the results there instead of output/<scenario name>; of several scenarios, each into a folder in
    /// it
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write accounts.csv: the measures of every account of replication 0
    #[arg(long)]
    accounts: bool,
    /// Write ledger.csv: every posting of replication 0
    #[arg(long)]
    ledger: bool,
    /// Draw neither plots nor the page
    #[arg(long)]
    no_plots: bool,
    /// Print nothing but errors, and what --timing asks for
    #[arg(long, short)]
    quiet: bool,
    /// Tell where the time went: by the clock, and by what each thread did
    #[arg(long)]
    timing: bool,
}

/// Simulates scenarios, writes the results, and prints a comparison of their policies.
pub fn run(arguments: &RunArguments, kinds: &Kinds) -> Result<(), Failure> {
    for Precision { measure, .. } in &arguments.until {
        measure_named(measure)?;
    }
    let (mut timing, mut watch) = (Timing::default(), Stopwatch::new(arguments.timing));
    let mut whole = watch;
    let threads = arguments.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut scenarios = pool.install(|| read_all(&arguments.files, kinds))?;
    watch.lap(&mut timing.scenarios);
    timing.named_files = scenarios.iter().map(|loaded| loaded.named_files_took).sum();
    timing.scenarios = timing.scenarios.saturating_sub(timing.named_files);
    for loaded in &mut scenarios {
        override_scenario(loaded, arguments.seed, arguments.replications, &arguments.policies)?;
    }
    // All targets are tried before the first simulation begins.
    let targets: Vec<PathBuf> =
        scenarios.iter().map(|loaded| target(arguments, &loaded.scenario.name)).collect();
    if let Some(twice) = targets.iter().enumerate().find(|(index, target)| targets[..*index].contains(target))
    {
        let folder = twice.1.display();
        return Err(
            format!("two of the scenarios would write to {folder}\nhint: give them different names").into()
        );
    }
    // From here on Ctrl-C removes what has been begun.
    let interrupt = catch_interrupts()?;
    let folders = targets.iter().map(|target| Folder::create(target)).collect::<Result<Vec<_>, _>>()?;
    for ((file, loaded), folder) in arguments.files.iter().zip(&scenarios).zip(folders) {
        pool.install(|| run_one(arguments, file, loaded, folder, &interrupt, &mut timing))?;
    }
    if arguments.timing {
        timing.threads = pool.current_num_threads();
        whole.lap(&mut timing.total);
        tell(timing_text(&timing).trim_end());
    }
    Ok(())
}

fn target(arguments: &RunArguments, name: &str) -> PathBuf {
    match &arguments.out {
        Some(out) if arguments.files.len() == 1 => out.clone(),
        Some(out) => out.join(name),
        None => Path::new("output").join(name),
    }
}

fn run_one(
    arguments: &RunArguments,
    file: &Path,
    loaded: &Loaded,
    folder: Folder,
    interrupt: &AtomicBool,
    timing: &mut Timing,
) -> Result<(), Failure> {
    let scenario = &loaded.scenario;
    let (began, clock) = (SystemTime::now(), Instant::now());
    let requests = scenario.expected_requests() * f64::from(scenario.replications);
    let bar = progress_bar(&scenario.name, requests, arguments.quiet);
    let mut ledger = match arguments.ledger {
        true => Some(LedgerWriter::create(folder.path(), scenario.calendar())?),
        false => None,
    };
    let until = (!arguments.until.is_empty())
        .then(|| Until { precisions: arguments.until.clone(), at_most: arguments.max_replications });
    let outcome = experiment::run(
        scenario,
        Options {
            until: until.as_ref(),
            rows_only: false,
            list_accounts: arguments.accounts,
            ledger: ledger.as_mut().map(|ledger| ledger as _),
            timing: arguments.timing.then_some(&mut timing.experiment),
            progress: &|requests| bar.inc(requests),
            interrupt,
        },
    );
    bar.finish_and_clear();
    let outcome = outcome.map_err(|error| match error {
        ExperimentError::Interrupted => interrupted(),
        ExperimentError::Simulation(error) => format!("{}: {error}", file.display()).into(),
        ExperimentError::Ledger(error) => Error::at(&folder.path().join("ledger.csv"), "write")(error).into(),
    })?;
    timing.requests += outcome.requests;
    let mut loaded = loaded.clone();
    loaded.set_replications(outcome.replications);
    let mut watch = Stopwatch::new(arguments.timing);
    if let Some(ledger) = ledger {
        ledger.finish()?;
    }
    let wall_seconds = clock.elapsed().as_secs_f64();
    csv::write(folder.path(), &scenario.calendar(), &outcome)?;
    let resolved = folder.path().join("scenario.toml");
    fs::write(&resolved, loaded.resolved(folder.target())).map_err(Error::at(&resolved, "write"))?;
    let manifest = Manifest::new(&loaded, began, wall_seconds, outcome.requests, outcome.dropped_records)?;
    manifest.write(folder.path())?;
    let mut warnings = warnings::warnings(scenario, &outcome);
    warnings.extend(until.iter().flat_map(|until| warnings::unmet(until, &outcome)));
    let words = Words { scenario: describe(&loaded.scenario), warnings };
    words.write(folder.path())?;
    watch.lap(&mut timing.files);
    if !arguments.no_plots {
        report::draw(folder.path())?;
    }
    watch.lap(&mut timing.plots);
    if interrupt.load(Ordering::Relaxed) {
        return Err(interrupted());
    }
    let target = folder.publish()?;
    watch.lap(&mut timing.files);
    if arguments.quiet {
        return Ok(());
    }
    for warning in &words.warnings {
        tell(format_args!("warning: {warning}"));
    }
    print(&terminal::comparison_table(&outcome, terminal_width()))?;
    tell(format_args!(
        "{} requests in {wall_seconds:.2} s ({:.1} million a second); results in {}",
        outcome.requests,
        manifest.requests_per_second / 1e6,
        shown(&target)
    ));
    if !arguments.no_plots {
        tell(format_args!("report: {}", shown(&target.join(page::FILE_NAME))));
    }
    Ok(())
}
