//! Each file in `scenarios/`, found by listing the folder, over a short horizon.

use billsim::experiment::{self, Options, Row};
use billsim::metrics::Quantity;
use billsim::policy::Kinds;
use billsim::scenario::Scenario;
use billsim::time::Span;
use std::fs;
use std::path::{Path, PathBuf};

/// Every scenario, in the order of their names.
fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = fs::read_dir(&folder).expect("the folder is there");
    let files = entries.map(|entry| entry.expect("the folder can be listed").path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    assert!(files.contains(&folder.join("quickstart.toml")), "{files:?}");
    files
}

/// Whether a scenario replays published traces, which are not part of the repository, and they are not there.
fn lacks_data(path: &Path, text: &str) -> bool {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let lacks = text.contains("shared/data") && !data.exists();
    if lacks {
        eprintln!("skipped: {} needs {}", path.display(), data.display());
    }
    lacks
}

#[test]
fn every_scenario_runs_and_its_books_close() {
    for path in scenarios() {
        if lacks_data(&path, &fs::read_to_string(&path).expect("it can be read")) {
            continue;
        }
        let loaded = Scenario::read(&path, &Kinds::built_in()).unwrap_or_else(|faults| panic!("{faults}"));
        let mut scenario = loaded.scenario;
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(scenario.name.as_str()));
        scenario.horizon = scenario.horizon.min(Span::days(3));
        (scenario.warmup, scenario.runoff, scenario.replications) = (Span::ZERO, Span::ZERO, 1);
        for cohort in &mut scenario.cohorts {
            cohort.accounts = cohort.accounts.div_ceil(10);
        }
        let outcome =
            experiment::run(&scenario, Options::default()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(outcome.rows.len(), scenario.policies.len() * (scenario.cohorts.len() + 1));
        for row in &outcome.rows {
            let shown = format!("{}: {} of {}", path.display(), row.policy, row.cohort);
            assert_eq!(nanos(row, "cash_in_usd") - nanos(row, "fees_usd"), left_over(row), "{shown}");
        }
        assert!(outcome.requests > 0, "{}", path.display());
    }
}

/// What is left of the cash by what became of it, or will.
fn left_over(row: &Row) -> i128 {
    nanos(row, "credit_end_usd") + nanos(row, "net_revenue_usd") + nanos(row, "breakage_usd")
        - nanos(row, "receivable_end_usd")
        - nanos(row, "fees_usd")
        - nanos(row, "disputes_usd")
        - nanos(row, "bad_debt_usd")
}

fn nanos(row: &Row, measure: &str) -> i128 {
    match row.value(measure) {
        Some(Quantity::Usd(total)) => total.nanos(),
        other => panic!("{measure} is {other:?}"),
    }
}
