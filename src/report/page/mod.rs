//! The page: all that a folder of results says, in one HTML file that needs nothing else.

mod reading;
mod sentence;
mod study;
mod verdict;

use super::description::{self, Words};
use super::figure::{Style, grouped, printable};
use super::folder::replace_file;
use super::manifest;
use super::results::Results;
use super::{Error, plot};
use crate::experiment::ALL_COHORTS;
use crate::metrics::{Better, HEADLINES, MEASURES, Measure};
use crate::statistics::CONFIDENCE;
use crate::statistics::SIGNIFICANCE;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use sentence::{Sentence, Shown};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::{fs, io};
use study::{Mark, Study};
use verdict::Verdict;

/// The name of the page in a folder of results.
pub const FILE_NAME: &str = "report.html";

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Measures that are told cohort by cohort.
const OF_COHORTS: [&str; 3] = ["contribution_usd", "lost_share", "churned_share"];

/// Files that may stand beside the page, and what is in them.
const FILES: [(&str, &str); 12] = [
    ("summary.csv", "each measure over the replications: mean, standard deviation, interval"),
    ("comparison.csv", "each measure of each policy against each other"),
    ("replications.csv", "each measure in each replication"),
    ("timeseries.csv", "the measures day by day"),
    ("distribution.csv", "how figures are spread over accounts"),
    ("sizes.csv", "outcomes by the size of accounts"),
    ("balances.csv", "balances of sample accounts over time"),
    ("accounts.csv", "each measure of each account of one replication"),
    ("ledger.csv", "every posting of one replication"),
    ("scenario.toml", "the scenario with every default written out"),
    ("description.json", "what the scenario says, in words"),
    ("manifest.json", "which run this is, and how long it took"),
];

/// Writes the page of a folder of results into it, and returns the file. It shows those of the drawn files that are SVG.
/// The same files give the same bytes.
///
/// # Errors
/// If a file of the folder does not read as it was written, or the page cannot be written.
pub fn write(folder: &Path, results: &Results, drawn: &[PathBuf]) -> Result<PathBuf, Error> {
    let plots = drawn.iter().filter(|file| file.extension().is_some_and(|extension| extension == "svg"));
    let study = Study { results };
    let of_cohorts = OF_COHORTS.iter().filter(|_| results.cohorts.len() > 1);
    let page = Page {
        style: STYLE,
        dark_plots: plot::dark_css(),
        script: SCRIPT,
        script_sha256: BASE64_STANDARD.encode(Sha256::digest(SCRIPT)),
        words: read_if_there(folder, description::FILE_NAME)?,
        origin: read_if_there(folder, manifest::FILE_NAME)?,
        policies: policies(results),
        replications: results.replications,
        pairs: results.policies.len() * results.policies.len().saturating_sub(1) / 2,
        pairing: pairing(results),
        confidence: format!("{} %", 100.0 * CONFIDENCE),
        significance: SIGNIFICANCE,
        verdict: verdict::verdict(study),
        scorecard: Scorecard::new(results),
        plots: plots.map(|file| Plot::read(file, study)).collect::<Result<_, _>>()?,
        cohorts: of_cohorts.filter_map(|name| Some(Cohorts::new(results, Measure::named(name)?))).collect(),
        files: FILES.into_iter().filter(|(name, _)| folder.join(name).exists()).collect(),
        headlines: glossary(|measure| HEADLINES.contains(&measure.name)),
        others: glossary(|measure| !HEADLINES.contains(&measure.name)),
    };
    let path = folder.join(FILE_NAME);
    replace_file(&path, page.to_html().as_bytes())?;
    Ok(path)
}

/// What the template is filled with.
#[derive(Serialize)]
struct Page {
    style: &'static str,
    dark_plots: String,
    script: &'static str,
    /// By which a browser knows the one script that it may run.
    script_sha256: String,
    words: Option<Words>,
    origin: Option<Origin>,
    policies: Vec<Policy>,
    replications: u64,
    /// How many pairs of policies are compared.
    pairs: usize,
    /// How many times wider intervals of differences in contribution would be without pairs.
    pairing: Option<String>,
    confidence: String,
    significance: f64,
    verdict: Verdict,
    scorecard: Scorecard,
    plots: Vec<Plot>,
    /// The cohorts, where there are several.
    cohorts: Vec<Cohorts>,
    /// The files beside the page, and what is in each.
    files: Vec<(&'static str, &'static str)>,
    headlines: Vec<Entry>,
    others: Vec<Entry>,
}

impl Page {
    fn to_html(&self) -> String {
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        let mut environment = Environment::new();
        environment.set_syntax(syntax.expect("the syntax has its ordinary signs"));
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_filter("plain", |text: &str| printable(text).replace(" %", "\u{a0}%"));
        // By the ending of its name, all text in it is escaped.
        let page = environment.render_named_str(FILE_NAME, TEMPLATE, Serde(self));
        page.expect("the template fits what it is filled with")
    }
}

/// How many times wider intervals of differences in contribution would be without pairs: the least and the most.
fn pairing(results: &Results) -> Option<String> {
    let pairs = results.differences.iter();
    let pairs = pairs.filter(|line| line.cohort == ALL_COHORTS && line.measure == "contribution_usd");
    let times: Vec<f64> = pairs.filter_map(|line| line.pairing).collect();
    let [least, most] = [times.iter().copied().reduce(f64::min)?, times.iter().copied().reduce(f64::max)?]
        .map(|times| grouped(times, 1));
    Some(if least == most { least } else { format!("{least} to {most}") })
}

/// Which run made a folder, as far as two runs of the same scenario have it in common.
#[derive(Serialize, Deserialize)]
struct Origin {
    version: String,
    scenario_sha256: String,
    seed: u64,
    replications: u64,
}

/// What a JSON file of the folder says, if there is one.
fn read_if_there<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, Error> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(json) => serde_json::from_slice(&json)
            .map(Some)
            .map_err(|error| Error::Malformed { path, fault: error.to_string() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::at(&path, "read")(error)),
    }
}

/// A policy, as it is told from others.
#[derive(Serialize)]
struct Policy {
    /// Its name, cut where it is very long.
    name: String,
    full_name: String,
    /// Its sign in the plots, as SVG.
    sign: String,
}

fn policies(results: &Results) -> Vec<Policy> {
    let policy = |(number, name): (usize, &String)| {
        let full_name = match printable(name) {
            name if name.trim().is_empty() => "(no name)".to_owned(),
            name => name,
        };
        Policy { name: shortened(&full_name), full_name, sign: plot::sign(number) }
    };
    results.policies.iter().enumerate().map(policy).collect()
}

/// A name, cut in its middle where it is very long: names often differ at their ends.
fn shortened(name: &str) -> String {
    const LONGEST: usize = 40;
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= LONGEST {
        return name.to_owned();
    }
    let half = LONGEST / 2;
    let [head, tail] = [&characters[..half], &characters[characters.len() - half..]].map(String::from_iter);
    format!("{}\u{2026}{}", head.trim_end(), tail.trim_start())
}

/// The policies by some measures.
#[derive(Serialize)]
struct Scorecard {
    columns: Vec<Column>,
    /// A row for each policy.
    rows: Vec<Vec<Option<Cell>>>,
}

/// A measure of the scorecard.
#[derive(Serialize)]
struct Column {
    name: &'static str,
    label: &'static str,
    meaning: String,
    is_lower_better: bool,
}

/// The cohorts by a measure.
#[derive(Serialize)]
struct Cohorts {
    label: &'static str,
    meaning: String,
    /// The name of each cohort, and a cell for each policy.
    rows: Vec<(String, Vec<Option<Cell>>)>,
}

/// A policy by a measure.
#[derive(Serialize)]
struct Cell {
    shown: Shown,
    /// What tells it from the first policy, unless it is that.
    difference: Option<(Mark, Shown)>,
}

impl Scorecard {
    fn new(results: &Results) -> Scorecard {
        let measures: Vec<&Measure> = HEADLINES.iter().filter_map(|name| Measure::named(name)).collect();
        let columns = measures.iter().map(|measure| Column {
            name: measure.name,
            label: measure.label,
            meaning: meaning(measure),
            is_lower_better: measure.better == Some(Better::Lower),
        });
        let mut by_measure: Vec<_> =
            measures.iter().map(|measure| cells(results, ALL_COHORTS, measure).into_iter()).collect();
        let row = |_| by_measure.iter_mut().map(|cells| cells.next().flatten()).collect();
        Scorecard { columns: columns.collect(), rows: results.policies.iter().map(row).collect() }
    }
}

impl Cohorts {
    fn new(results: &Results, measure: &Measure) -> Cohorts {
        let mut rows: Vec<_> = (results.cohorts.iter())
            .map(|cohort| (shortened(&printable(cohort)), cells(results, cohort, measure)))
            .collect();
        rows.push(("all cohorts".to_owned(), cells(results, ALL_COHORTS, measure)));
        Cohorts { label: measure.label, meaning: meaning(measure), rows }
    }
}

/// What a measure means, and which way it is better.
fn meaning(measure: &Measure) -> String {
    match measure.better {
        Some(Better::Higher) => format!("{}; more is better", measure.meaning),
        Some(Better::Lower) => format!("{}; less is better", measure.meaning),
        None => measure.meaning.to_owned(),
    }
}

/// Each policy by a measure in a cohort; the figures are written alike.
fn cells(results: &Results, cohort: &str, measure: &Measure) -> Vec<Option<Cell>> {
    let estimate = |policy: &String| results.estimate_of(policy, cohort, measure.name);
    let all = results.policies.iter().filter_map(|policy| estimate(policy));
    let style = Style::of(measure.unit, all.flat_map(|estimate| estimate.values()));
    let cell = |policy: &String| {
        let shown = Shown::estimate(estimate(policy)?, style);
        let difference = results.difference_of(policy, &results.policies[0], cohort, measure.name);
        let difference = difference.map(|difference| {
            (Mark::of(&difference, measure), Shown::difference(&difference, measure.unit).signed())
        });
        Some(Cell { shown, difference })
    };
    results.policies.iter().map(cell).collect()
}

/// A plot.
#[derive(Serialize)]
struct Plot {
    name: String,
    svg: String,
    /// What it shows.
    reading: Option<Sentence>,
}

impl Plot {
    fn read(file: &Path, study: Study<'_>) -> Result<Plot, Error> {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let svg = fs::read_to_string(file).map_err(Error::at(file, "read"))?;
        Ok(Plot { reading: reading::reading(study, &name), name, svg })
    }
}

/// A measure and what it means.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    meaning: &'static str,
}

fn glossary(is_in: impl Fn(&Measure) -> bool) -> Vec<Entry> {
    let entry = |measure: &Measure| Entry {
        name: measure.name,
        label: measure.label,
        unit: measure.unit.name(),
        meaning: measure.meaning,
    };
    MEASURES.iter().filter(|measure| is_in(measure)).map(entry).collect()
}
