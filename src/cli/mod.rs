//! The command line: arguments to calls, results to the terminal.

mod explain;
mod policies;
mod run;
mod sweep;

use crate::document::Faults;
use crate::metrics::Measure;
use crate::policy::Kinds;
use crate::report::{self, Error};
use crate::scenario::{self, Loaded, Scenario, TEMPLATE, describe};
use clap::{Parser, Subcommand};
use explain::ExplainArguments;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use policies::policies_text;
use run::RunArguments;
use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use sweep::SweepArguments;

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
    /// Simulate a scenario with many values of some of its keys, and find the best
    Sweep(SweepArguments),
    /// Draw the plots and the page of a folder of results again
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

/// The measure of that name.
fn measure_named(name: &str) -> Result<&'static Measure, Failure> {
    Measure::named(name).ok_or_else(|| {
        command_fault(format!(
            "there is no measure `{name}`\nhint: did you mean `{}`? summary.csv of any run lists all",
            Measure::nearest(name).name
        ))
    })
}

/// Runs the program with these kinds of policy, and returns its exit status: 0 done, 1 a scenario or a file
/// is at fault, 2 the command line is.
pub fn main(kinds: Kinds) -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments, &kinds),
        Command::Sweep(arguments) => sweep::sweep(&arguments, &kinds),
        Command::Check { files } => check(&files, &kinds),
        Command::Explain(arguments) => explain::explain(&arguments, &kinds),
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

/// Lets a scenario have another seed, or another number of replications, or these policies only.
fn override_scenario(
    loaded: &mut Loaded,
    seed: Option<u64>,
    replications: Option<u32>,
    policies: &[String],
) -> Result<(), Failure> {
    if let Some(seed) = seed {
        loaded.set_seed(seed);
    }
    if let Some(replications) = replications {
        loaded.set_replications(replications);
    }
    if !policies.is_empty() {
        loaded.keep_policies(policies).map_err(|unknown| command_fault(unknown.to_string()))?;
    }
    Ok(())
}

fn catch_interrupts() -> Result<Arc<AtomicBool>, Failure> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupt);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;
    Ok(interrupt)
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

/// A bar on a terminal for about so many requests of a scenario.
fn progress_bar(name: &str, requests: f64, quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(requests as u64);
    let style =
        ProgressStyle::with_template("{msg} [{bar:30}] {percent}% {human_pos} requests, {rate}, {eta} left")
            .expect("the template is well formed")
            .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                // A rate that does not fit the line is not worth a word.
                let _ = write!(out, "{:.1} million a second", state.per_sec() / 1e6);
            });
    bar.set_style(style.progress_chars("=> "));
    bar.set_message(name.to_owned());
    bar
}

fn check(files: &[PathBuf], kinds: &Kinds) -> Result<(), Failure> {
    let texts: Vec<String> =
        read_all(files, kinds)?.iter().map(|loaded| describe(&loaded.scenario).to_string()).collect();
    print(&(texts.join("\n\n") + "\n"))
}

fn draw(folder: &Path) -> Result<(), Failure> {
    for file in report::draw(folder)? {
        print(&format!("{}\n", file.display()))?;
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
