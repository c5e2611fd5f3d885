//! What the scenarios and the `README.md` promise.

use billsim::experiment::{self, ALL_COHORTS, Options};
use billsim::metrics::{MEASURES, Quantity};
use billsim::policy::Kinds;
use billsim::report::story::{self, Subject};
use billsim::scenario::Scenario;
use std::fs;
use std::path::{Path, PathBuf};

const README: &str = include_str!("../README.md");
const LIST: &str = include_str!("../scenarios/README.md");
/// A published trace, which is not part of this repository.
const TRACE: &str = "../shared/data/azure_llm_2023/AzureLLMInferenceTrace_conv.csv";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The scenario files; those that need the published trace only where it is there.
fn scenarios() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("scenarios")).expect("the folder is there");
    let files = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    assert!(files.len() >= 6, "{files:?}");
    files
}

fn read(file: &Path) -> Scenario {
    Scenario::read(file, &Kinds::built_in()).unwrap_or_else(|faults| panic!("{faults}")).scenario
}

#[test]
fn each_scenario_has_a_question_which_the_list_repeats_with_what_it_shows() {
    for file in scenarios() {
        let text = fs::read_to_string(&file).expect("a text");
        let document: toml::Table = text.parse().expect("TOML");
        let question = document["scenario"].get("question").and_then(toml::Value::as_str);
        let question = question.unwrap_or_else(|| panic!("{} lacks its question", file.display()));
        assert!(question.ends_with('?'), "{}: {question}", file.display());
        let name = file.file_name().expect("a file has a name").to_string_lossy();
        let row = format!("| [{name}]({name}) | {question} | ");
        let shows = LIST.lines().find_map(|line| line.strip_prefix(&row));
        assert!(shows.is_some_and(|shows| shows.len() > 2), "scenarios/README.md lacks the row\n{row}...");
    }
}

#[test]
fn each_scenario_is_valid() {
    for file in scenarios() {
        if file.ends_with("azure-trace.toml") && !root().join(TRACE).exists() {
            eprintln!("skipped: {TRACE} is not there");
            continue;
        }
        read(&file);
    }
}

#[test]
fn each_policy_meets_all_recorded_requests() {
    if !root().join(TRACE).exists() {
        eprintln!("skipped: {TRACE} is not there");
        return;
    }
    let scenario = read(&root().join("scenarios/azure-trace.toml"));
    let outcome = experiment::run(&scenario, Options::default()).expect("the scenario runs");
    let rows: Vec<_> = outcome.rows.iter().filter(|row| row.cohort == ALL_COHORTS).collect();
    assert_eq!(rows.len(), 4 * scenario.replications as usize);
    for row in rows {
        assert_eq!(row.value("requests"), Some(Quantity::Count(19_366)), "{}", row.policy);
    }
}

#[test]
fn the_readme_names_every_measure_and_every_kind_of_policy() {
    let names = MEASURES.iter().map(|measure| measure.name);
    let kinds = Kinds::built_in();
    for name in names.chain(kinds.iter().map(|kind| kind.name)) {
        assert!(README.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_story_in_the_readme_is_what_is_told() {
    let (_, excerpt) = README.split_once("--account 0\n").expect("README.md has a story");
    let (excerpt, _) = excerpt.split_once("...\n").expect("the story ends with an ellipsis");
    let scenario = read(&root().join("scenarios/quickstart.toml"));
    let policy = scenario.policies.iter().position(|plan| plan.name == "post-paid").expect("a policy");
    let cohort = scenario.cohorts.iter().position(|cohort| cohort.name == "enterprises").expect("a cohort");
    let mut told = Vec::new();
    let subject = Subject { policy, cohort, replication: 0, account: 0 };
    story::tell(&scenario, subject, false, &mut told).expect("the story is told");
    let told = String::from_utf8(told).expect("text");
    assert!(told.contains(excerpt), "{told}");
}
