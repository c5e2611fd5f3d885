//! The page: all that a folder of results says, in one HTML file that needs nothing else.

mod reading;
mod sentence;
mod study;
mod tables;
mod verdict;

use super::description::{self, Words};
use super::figure::{grouped, printable};
use super::folder::replace_file;
use super::manifest;
use super::results::Results;
use super::{Error, plot};
use crate::experiment::ALL_COHORTS;
use crate::metrics::{HEADLINES, MEASURES, Measure, Unit};
use crate::scenario::hexadecimal;
use crate::statistics::{CONFIDENCE, SIGNIFICANCE};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use sentence::Sentence;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::{fs, io};
use study::Study;
use tables::{Cohorts, Scorecard};
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

/// Writes the page of a folder of results into it, and returns the file. It shows those of the drawn files
/// that are SVG. The same files give the same bytes.
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
        words: parsed_if_there(folder, description::FILE_NAME)?,
        origin: parsed_if_there(folder, manifest::FILE_NAME)?,
        scenario_sha256: read_if_there(folder, "scenario.toml")?
            .map(|text| hexadecimal(&Sha256::digest(text))),
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
    /// Of the file that stands beside the page.
    scenario_sha256: Option<String>,
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

/// How many times wider intervals of differences in contribution would be without pairs: the least and the
/// most.
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
    seed: u64,
    replications: u64,
}

/// What a file of the folder holds, if there is one.
fn read_if_there(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::at(&path, "read")(error)),
    }
}

/// What a JSON file of the folder says, if there is one.
fn parsed_if_there<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, Error> {
    let parsed = read_if_there(folder, name)?.map(|json| serde_json::from_slice(&json)).transpose();
    parsed.map_err(|error| Error::Malformed { path: folder.join(name), fault: error.to_string() })
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
        unit: match measure.unit {
            Unit::Count => "number",
            Unit::Usd => "US dollars",
            Unit::Seconds => "seconds",
            Unit::Share => "share",
        },
        meaning: measure.meaning,
    };
    MEASURES.iter().filter(|measure| is_in(measure)).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{csv, sample};
    use tempfile::TempDir;

    fn folder_of(policies: &[&str], replications: u32) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let outcome = sample::outcome(policies, replications, 10);
        csv::write(folder.path(), &sample::calendar(10), &outcome).unwrap();
        folder
    }

    fn page_of(folder: &Path) -> String {
        let results = Results::read(folder).unwrap();
        fs::read_to_string(write(folder, &results, &[]).unwrap()).unwrap()
    }

    #[test]
    fn names_are_escaped_wherever_they_stand() {
        let names = ["<script>alert(1)</script>", "\"'&\u{7}", "{{ 7 * 7 }}"];
        let folder = folder_of(&names, 3);
        sample::words(&names).write(folder.path()).unwrap();
        sample::manifest().write(folder.path()).unwrap();
        let page = page_of(folder.path());
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(page.contains("&quot;&#x27;&amp;\u{fffd}"));
        assert!(page.contains("{{ 7 * 7 }}") && !page.contains(">49<"));
    }

    #[test]
    fn the_same_files_give_the_same_page_and_it_needs_only_the_tables() {
        let folder = folder_of(&["a", "b"], 2);
        let bare = page_of(folder.path());
        assert!(bare.contains("<h1>Billing policies compared</h1>") && !bare.contains("id=\"rules\""));
        sample::words(&["a", "b"]).write(folder.path()).unwrap();
        let told = page_of(folder.path());
        assert!(told.contains("id=\"rules\"") && told == page_of(folder.path()));
        fs::write(folder.path().join(description::FILE_NAME), "{}").unwrap();
        let results = Results::read(folder.path()).unwrap();
        let error = write(folder.path(), &results, &[]).unwrap_err().to_string();
        assert!(error.contains("description.json: missing field"), "{error}");
    }

    #[test]
    fn a_page_tells_nothing_of_when_and_how_fast_it_was_made() {
        let folder = folder_of(&["a", "b"], 2);
        let mut manifest = sample::manifest();
        manifest.write(folder.path()).unwrap();
        let page = page_of(folder.path());
        (manifest.wall_seconds, manifest.threads, manifest.started) = (99.0, 64, "2027".to_owned());
        manifest.write(folder.path()).unwrap();
        assert_eq!(page_of(folder.path()), page);
    }

    #[test]
    fn long_names_keep_their_beginning_and_end() {
        assert_eq!(shortened("short"), "short");
        let long = format!("{}, number 7", "a very long name ".repeat(9));
        let cut = shortened(&long);
        assert!(
            cut.starts_with("a very long name") && cut.contains('\u{2026}') && cut.ends_with("number 7"),
            "{cut}"
        );
        assert!(cut.chars().count() <= 41);
    }
}
