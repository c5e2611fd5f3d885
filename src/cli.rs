//! The command line: arguments to calls, results to the terminal.

use crate::document::{Absent, Described, Faults, Keys, listed};
use crate::experiment::{self, ExperimentError, Options};
use crate::policy::presets::{About, PRESETS, Preset};
use crate::policy::{Kinds, common};
use crate::report::csv::{self, LedgerWriter};
use crate::report::description::Words;
use crate::report::folder::Folder;
use crate::report::manifest::Manifest;
use crate::report::story::{self, StoryError, Subject};
use crate::report::timing::{Timing, timing_text};
use crate::report::{Error, plot, terminal, warnings};
use crate::scenario::{self, Loaded, Scenario, TEMPLATE, describe};
use crate::stopwatch::Stopwatch;
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

/// Simulate billing policies for pay-per-use APIs: what happens to revenue, cash, bad debt, refused requests
/// and customers if you bill another way?
#[derive(Parser)]
#[command(name = "billsim", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Simulate scenarios, write the results, and print a comparison of their policies
    Run(RunArguments),
    /// Check scenarios, and say in a paragraph what each one asks
    Check {
        /// Scenario files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Tell the story of one account, event by event, and which rule says so
    Explain(ExplainArguments),
    /// Draw the plots of a folder of results again
    Plot {
        /// The folder, such as output/quickstart
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Write a commented scenario to start from
    New {
        /// Where to; nothing is overwritten
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List the kinds of policy, their rules, parameters and defaults; and presets of real providers
    Policies,
    /// Print the JSON Schema of scenario files, by which an editor completes and checks them
    Schema,
}

#[derive(Args)]
struct RunArguments {
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
    /// Draw no plots
    #[arg(long)]
    no_plots: bool,
    /// Print nothing but errors, and what --timing asks for
    #[arg(long, short)]
    quiet: bool,
    /// Tell where the time went: by the clock, and by what each thread did
    #[arg(long)]
    timing: bool,
}

#[derive(Args)]
struct ExplainArguments {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The policy's name in the scenario
    #[arg(long, value_name = "NAME")]
    policy: String,
    /// The account's number in its cohort, from 0
    #[arg(long, value_name = "N")]
    account: u32,
    /// The cohort's name; by default the first of the scenario
    #[arg(long, value_name = "NAME")]
    cohort: Option<String>,
    /// Show the postings in the books, too
    #[arg(long)]
    postings: bool,
}

/// Something is wrong with what the user gave; it has been put into words.
struct Failure {
    message: String,
    status: u8,
}

/// A scenario or a file is at fault.
const FAULTY_FILE: u8 = 1;
/// The command line is at fault.
const FAULTY_COMMAND: u8 = 2;
/// Ended by Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

impl<E: Display> From<E> for Failure {
    /// A file at fault, told by an error of the room that met it.
    fn from(error: E) -> Failure {
        Failure { message: error.to_string(), status: FAULTY_FILE }
    }
}

fn command_fault(message: String) -> Failure {
    Failure { message, status: FAULTY_COMMAND }
}

/// Runs the program with these kinds of policy, and returns its exit status: 0 done, 1 a scenario or a file
/// is at fault, 2 the command line is.
pub fn main(kinds: Kinds) -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(arguments) => run(&arguments, &kinds),
        Command::Check { files } => check(&files, &kinds),
        Command::Explain(arguments) => explain(&arguments, &kinds),
        Command::Plot { folder } => draw(&folder),
        Command::New { file } => write_template(&file),
        Command::Policies => print(&policies_text(&kinds)),
        Command::Schema => print(&format!("{:#}\n", scenario::schema(&kinds))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { message, status }) => {
            let prefix = if message.starts_with("error: ") { "" } else { "error: " };
            tell(format_args!("{prefix}{}", message.trim_end()));
            ExitCode::from(status)
        }
    }
}

/// Reads all scenarios; all that is wrong with any of them is told at once.
fn read_all(files: &[PathBuf], kinds: &Kinds) -> Result<Vec<Loaded>, Failure> {
    let (loaded, faults): (Vec<_>, Vec<_>) =
        files.iter().map(|file| Scenario::read(file, kinds)).partition(Result::is_ok);
    if faults.is_empty() {
        return Ok(loaded.into_iter().flatten().collect());
    }
    let told: Vec<String> =
        faults.iter().filter_map(|result| result.as_ref().err()).map(Faults::to_string).collect();
    Err(told.join("\n\n").into())
}

fn run(arguments: &RunArguments, kinds: &Kinds) -> Result<(), Failure> {
    let (mut timing, mut watch) = (Timing::default(), Stopwatch::new(arguments.timing));
    let mut whole = watch;
    let threads = arguments.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut scenarios = pool.install(|| read_all(&arguments.files, kinds))?;
    watch.lap(&mut timing.scenarios);
    timing.named_files = scenarios.iter().map(|loaded| loaded.named_files_took).sum();
    timing.scenarios = timing.scenarios.saturating_sub(timing.named_files);
    for loaded in &mut scenarios {
        if let Some(seed) = arguments.seed {
            loaded.set_seed(seed);
        }
        if let Some(replications) = arguments.replications {
            loaded.set_replications(replications);
        }
        if !arguments.policies.is_empty() {
            loaded
                .keep_policies(&arguments.policies)
                .map_err(|unknown| command_fault(unknown.to_string()))?;
        }
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

fn catch_interrupts() -> Result<Arc<AtomicBool>, Failure> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupt);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;
    Ok(interrupt)
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
    let bar = progress_bar(scenario, arguments.quiet);
    let mut ledger = match arguments.ledger {
        true => Some(LedgerWriter::create(folder.path(), scenario.calendar())?),
        false => None,
    };
    let outcome = experiment::run(
        scenario,
        Options {
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
    let mut watch = Stopwatch::new(arguments.timing);
    if let Some(ledger) = ledger {
        ledger.finish()?;
    }
    let wall_seconds = clock.elapsed().as_secs_f64();
    csv::write(folder.path(), &scenario.calendar(), &outcome)?;
    let resolved = folder.path().join("scenario.toml");
    fs::write(&resolved, loaded.resolved(folder.target())).map_err(Error::at(&resolved, "write"))?;
    let manifest = Manifest {
        program: Manifest::PROGRAM,
        version: env!("CARGO_PKG_VERSION"),
        scenario_sha256: loaded.sha256.clone(),
        seed: scenario.seed,
        replications: scenario.replications,
        command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        started: jiff::Timestamp::try_from(began)?.to_string(),
        wall_seconds,
        threads: rayon::current_num_threads(),
        requests_simulated: outcome.requests,
        requests_per_second: outcome.requests as f64 / wall_seconds,
        dropped_trace_records: outcome.dropped_records,
    };
    manifest.write(folder.path())?;
    let words = Words { scenario: describe(scenario), warnings: warnings::warnings(scenario, &outcome) };
    words.write(folder.path())?;
    watch.lap(&mut timing.files);
    if !arguments.no_plots {
        plot::draw(folder.path())?;
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
    Ok(())
}

fn interrupted() -> Failure {
    Failure { message: "interrupted; earlier results are as they were".to_owned(), status: INTERRUPTED }
}

/// A path as short as it can be told from here.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).display().to_string()
}

/// How wide the table may be: as the terminal, or 100 columns where there is none.
fn terminal_width() -> usize {
    let width = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    width.map_or(100, |width| width.clamp(60, 160))
}

fn progress_bar(scenario: &Scenario, quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let calendar = scenario.calendar();
    let of_replication: f64 = (scenario.cohorts.iter())
        .map(|cohort| {
            f64::from(cohort.accounts) * cohort.workload.expected_requests(&calendar, cohort.signup)
        })
        .sum();
    let bar = ProgressBar::new((of_replication * f64::from(scenario.replications)) as u64);
    let style =
        ProgressStyle::with_template("{msg} [{bar:30}] {percent}% {human_pos} requests, {rate}, {eta} left")
            .expect("the template is well formed")
            .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // A rate that does not fit the line is not worth a word.
                let _ = write!(out, "{:.1} million a second", state.per_sec() / 1e6);
            });
    bar.set_style(style.progress_chars("=> "));
    bar.set_message(scenario.name.clone());
    bar
}

fn check(files: &[PathBuf], kinds: &Kinds) -> Result<(), Failure> {
    let texts: Vec<String> =
        read_all(files, kinds)?.iter().map(|loaded| describe(&loaded.scenario).to_string()).collect();
    print(&(texts.join("\n\n") + "\n"))
}

fn explain(arguments: &ExplainArguments, kinds: &Kinds) -> Result<(), Failure> {
    let loaded = Scenario::read(&arguments.file, kinds)?;
    let scenario = &loaded.scenario;
    let policies: Vec<&str> = scenario.policies.iter().map(|policy| policy.name.as_str()).collect();
    let policy = position(&policies, &arguments.policy, "policy")?;
    let cohorts: Vec<&str> = scenario.cohorts.iter().map(|cohort| cohort.name.as_str()).collect();
    let cohort = match &arguments.cohort {
        Some(name) => position(&cohorts, name, "cohort")?,
        None => 0,
    };
    let subject = Subject { policy, cohort, replication: 0, account: arguments.account };
    let mut text = Vec::new();
    story::tell(scenario, subject, arguments.postings, &mut text).map_err(|error| match error {
        StoryError::NoSuchAccount { .. } => command_fault(error.to_string()),
        other => other.into(),
    })?;
    print(&String::from_utf8_lossy(&text))
}

fn position(names: &[&str], name: &str, what: &str) -> Result<usize, Failure> {
    names.iter().position(|known| *known == name).ok_or_else(|| {
        command_fault(format!("the scenario has no {what} `{name}`\nhint: it has `{}`", names.join("`, `")))
    })
}

fn draw(folder: &Path) -> Result<(), Failure> {
    for picture in plot::draw(folder)? {
        print(&format!("{}\n", picture.display()))?;
    }
    Ok(())
}

fn write_template(file: &Path) -> Result<(), Failure> {
    let write = || {
        let mut out = OpenOptions::new().write(true).create_new(true).open(file)?;
        // Half a scenario would stand in the way of the next try.
        out.write_all(TEMPLATE.as_bytes()).inspect_err(|_| drop(fs::remove_file(file)))
    };
    write().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{}: is there already\nhint: choose another name", file.display()).into()
        }
        _ => Failure::from(format!(
            "{}: cannot write: {error}\nhint: check the path and the disk",
            file.display()
        )),
    })?;
    tell(format_args!("wrote {0}; run it with `billsim run {0}`", file.display()));
    Ok(())
}

fn policies_text(kinds: &Kinds) -> String {
    let mut text = String::new();
    for kind in kinds.iter() {
        text += &format!("{}: {}\n\n{}\n\n", kind.name, kind.summary, indented(kind.rules, 2));
        text += &keys_text(kind.keys, "");
        text += "\n";
    }
    text + "all kinds:\n\n"
        + &keys_text(common::KEYS, "")
        + &keys_text(common::SCENARIO_KEYS, "")
        + "\n"
        + &presets_text()
}

fn presets_text() -> String {
    let about = "A preset stands for these keys of a policy; each key given beside it takes the place of the preset's, in \
                 tables key by key. [1] refers to the first page of those listed, `assumption` to none: the provider \
                 leaves it to its customers, or does not publish it.";
    let mut text = format!("presets:\n\n{}\n", indented(about, 2));
    for Preset { name, about: About { summary, provider, date, sources, left_out }, policy, .. } in
        PRESETS.iter()
    {
        text +=
            &format!("\npreset = \"{name}\": {summary}\n\n  {provider}, from these pages as of {date}:\n");
        for (index, source) in sources.iter().enumerate() {
            text += &format!("  [{}] {source}\n", index + 1);
        }
        text += "\n";
        for line in policy.lines() {
            text += &format!("      {line}\n");
        }
        text += "\n  Not in it:\n";
        for rule in left_out {
            text += &format!("  - {}\n", indented(rule, 4).trim_start());
        }
    }
    text
}

/// Keys, and those of the tables under them: what holds where they are absent, and what they mean.
fn keys_text(keys: Keys, within: &str) -> String {
    let mut text = String::new();
    for entry in keys.iter().map(|key| key.entry()) {
        let alternatives = listed(&entry.names());
        for Described { name, absent, meaning, keys, .. } in entry.keys() {
            let absent = match absent {
                Absent::Required { .. } => "required".to_owned(),
                Absent::Default(default) | Absent::Words(default) => format!("default: {default}"),
                Absent::Alternative => format!("one of {alternatives}"),
            };
            text += &format!("  {within}{name} ({absent})\n{}\n", indented(meaning, 6));
            text += &keys_text(keys, &format!("{within}{name}."));
        }
    }
    text
}

/// Words wrapped at 100 columns, each line indented.
fn indented(words: &str, by: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        match lines.last_mut().filter(|line| line.len() + 1 + word.len() <= 100) {
            Some(line) => *line += &format!(" {word}"),
            None => lines.push(format!("{:by$}{word}", "")),
        }
    }
    lines.join("\n")
}

/// Writes data to standard output. A reader that has gone away, such as `head`, is no fault.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::at(Path::new("standard output"), "write")(error).into())
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error. Where that is closed or full, there is nobody left to tell.
fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
