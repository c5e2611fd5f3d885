//! The example `own_policy`, run for real: a policy of one's own has the whole command line with it.

mod common;

use common::objections;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// An account with a request an hour, each for $0.70, and nobody who buys more.
const REGULAR: &str = r#"[scenario]
horizon = "10d"
[prices]
"m" = { input = 1.00, output = 1.00 }
[[cohort]]
accounts = 1
[cohort.workload]
arrivals = { gamma = { per_day = 24, cv = 0 } }
models = { "m" = 1 }
tokens = { prompt = 700000, output = 0 }
[[policy]]
kind = "overdraft"
initial_purchase = 10.00
"#;

/// The example's program: Cargo builds it beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the test has a path");
    let profile = test.parent().and_then(Path::parent).expect("tests lie in target/<profile>/deps");
    let program = profile.join("examples").join(format!("own_policy{EXE_SUFFIX}"));
    assert!(program.exists(), "{}: not built; `cargo build --example own_policy` does", program.display());
    program
}

/// Runs the program in a folder with these arguments.
fn own_policy(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).current_dir(folder).output().expect("the program starts")
}

fn folder_with(scenario: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("scenario.toml"), scenario).expect("the folder can be written");
    folder
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("text")
}

/// The rows of a CSV file: for each column by its name, the value.
struct Rows(Vec<csv::StringRecord>);

impl Rows {
    fn read(file: &Path) -> Rows {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(file).expect("results");
        Rows(reader.records().collect::<Result<_, _>>().expect("a CSV file"))
    }

    /// The values of a column, over the rows of a policy for all cohorts.
    fn of(&self, policy: &str, column: &str) -> Vec<&str> {
        let place = self.0[0].iter().position(|name| name == column).expect("a column");
        let rows = self.0.iter().filter(|row| &row[0] == policy && &row[1] == "all");
        rows.map(|row| &row[place]).collect()
    }

    fn sum(&self, policy: &str, column: &str) -> f64 {
        self.of(policy, column).iter().map(|value| value.parse::<f64>().expect("a number")).sum()
    }
}

#[test]
fn usage_goes_on_until_the_overdraft_is_used_and_what_exceeds_it_is_overshoot() {
    let folder = folder_with(REGULAR);
    let output = own_policy(folder.path(), &["run", "scenario.toml", "--no-plots"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let results = folder.path().join("output/scenario");
    let rows = Rows::read(&results.join("replications.csv"));
    // The balance is -4.70 after 21 requests and -5.40 after 22, at 22:00 of the first of ten days.
    for (column, value) in [
        ("requests", "239"),
        ("served", "22"),
        ("refused_no_credit", "217"),
        ("usage_usd", "15.40"),
        ("cash_in_usd", "10.00"),
        ("overshoot_usd", "0.40"),
        ("receivable_end_usd", "5.40"),
        ("stops", "1"),
        ("stopped_seconds", "784800.000000"),
    ] {
        assert_eq!(rows.of("overdraft", column), [value], "{column}");
    }
    let resolved = fs::read_to_string(results.join("scenario.toml")).expect("the resolved scenario");
    assert!(resolved.contains("\noverdraft = 5.00\n"), "{resolved}");
}

#[test]
fn its_scenario_compares_it_with_a_pause_at_zero() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/own_policy.toml");
    let scenario = scenario.to_str().expect("a path of text");
    let output = own_policy(folder.path(), &["run", scenario, "--replications", "3", "--out", "results"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("overdraft"), "{}", text(&output.stdout));
    let results = folder.path().join("results");
    assert!(results.join("plots").is_dir(), "the plots are drawn");
    let rows = Rows::read(&results.join("replications.csv"));
    let [pause, overdraft] = ["prepaid_pause", "overdraft"];
    assert_eq!(rows.of(overdraft, "requests").len(), 3);
    assert!(rows.sum(overdraft, "served") > rows.sum(pause, "served"));
    assert!(rows.sum(overdraft, "bad_debt_usd") > rows.sum(pause, "bad_debt_usd"));
    // Whoever leaves owes at most the overdraft and what the last requests took beyond it.
    let left = rows.sum(overdraft, "accounts_churned");
    let worst = 5.00 * left + rows.sum(overdraft, "overshoot_usd");
    assert!(rows.sum(overdraft, "bad_debt_usd") <= worst, "at most {worst}");
}

#[test]
fn its_kind_is_listed_with_its_parameters_after_the_built_in_ones() {
    let output = own_policy(Path::new("."), &["policies"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let listed = text(&output.stdout);
    let (built_in, own) = listed.split_once("\noverdraft: ").expect("the kind is listed");
    assert!(built_in.contains("prepaid_pause: "), "{listed}");
    assert!(own.contains("  initial_purchase (default: 0.00)\n"), "{listed}");
    assert!(own.contains("  overdraft (default: 5.00)\n"), "{listed}");
}

#[test]
fn its_kind_is_in_the_schema() {
    let output = own_policy(Path::new("."), &["schema"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let schema = serde_json::from_slice(&output.stdout).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let scenario = fs::read_to_string("examples/own_policy.toml").expect("a text");
    assert_eq!(objections(&schema, &scenario), Some(vec![]));
    for wrong in ["overdraft = -5.00", "overdarft = 5.00"] {
        assert_ne!(objections(&schema, &format!("{REGULAR}{wrong}\n")), Some(vec![]), "{wrong}");
    }
}

#[test]
fn a_wrong_parameter_is_told_with_its_place() {
    for (wrong, message) in [
        ("overdraft = -5.00", "14:13: `overdraft` must be an amount of money"),
        ("overdraft = 0.00", "14:13: there is no overdraft"),
        ("overdarft = 5.00", "14:1: unknown key `overdarft`"),
    ] {
        let folder = folder_with(&format!("{REGULAR}{wrong}\n"));
        let output = own_policy(folder.path(), &["run", "scenario.toml"]);
        assert_eq!(output.status.code(), Some(1), "{wrong}");
        let told = text(&output.stderr);
        assert!(told.starts_with(&format!("error: scenario.toml:{message}")), "{told}");
        assert!(!folder.path().join("output").exists(), "nothing has been written");
    }
}
