//! `output/example` and the table in `README.md` are what the quickstart gives today.
//!
//! `UPDATE_EXPECTED=1 cargo test --test example_output` writes both anew: read the difference before it is kept.

use billsim::experiment::{self, Options};
use billsim::policy::Kinds;
use billsim::report::results::Results;
use billsim::report::{csv, plot, terminal};
use billsim::scenario::Scenario;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that are kept: all but the largest, and those that tell of the machine.
const KEPT: [&str; 8] = [
    "scenario.toml",
    "summary.csv",
    "comparison.csv",
    "plots/scorecard.svg",
    "plots/trade-off.svg",
    "plots/differences.svg",
    "plots/money.svg",
    "plots/refusals.svg",
];
/// What stands around the table in `README.md`.
const FENCES: [&str; 2] = ["<!-- table: the output of the first command -->\n```text\n", "```\n"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Puts text into a file where expectations are to be updated, and tells whether it is there.
fn is_kept(file: &Path, text: &str) -> bool {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(file, text).expect("the file can be written");
    }
    fs::read_to_string(file).is_ok_and(|kept| kept == text)
}

/// The files below a folder, as paths within it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let below = entries.flat_map(|entry| {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() { files_below(&path) } else { vec![path] }
    });
    below.collect()
}

/// The text with its table replaced.
fn with_table(readme: &str, table: &str) -> String {
    let (before, rest) = readme.split_once(FENCES[0]).expect("README.md has a place for the table");
    let (_, after) = rest.split_once(FENCES[1]).expect("the table ends");
    [before, FENCES[0], table, FENCES[1], after].concat()
}

#[test]
fn the_example_and_the_table_of_the_readme_are_what_the_quickstart_gives() {
    let loaded = Scenario::read(&root().join("scenarios/quickstart.toml"), &Kinds::built_in())
        .unwrap_or_else(|faults| panic!("{faults}"));
    let outcome = experiment::run(&loaded.scenario, Options::default()).expect("the scenario runs");

    let fresh = tempfile::tempdir().expect("there is room for temporary files");
    csv::write(fresh.path(), &loaded.scenario.calendar(), &outcome).expect("the files are written");
    let results = Results::read(fresh.path()).expect("what is written can be read");
    plot::draw(fresh.path(), &results).expect("the plots are drawn");
    let example = root().join("output/example");
    fs::write(fresh.path().join("scenario.toml"), loaded.resolved(&example)).expect("the file is written");

    let hint = "see the top of this file for how to write it anew";
    for name in KEPT {
        let text = fs::read_to_string(fresh.path().join(name)).expect("a run writes it");
        assert!(is_kept(&example.join(name), &text), "output/example/{name} is another now; {hint}");
    }
    for file in files_below(&example) {
        let name = file.strip_prefix(&example).expect("it is below");
        assert!(KEPT.iter().any(|kept| Path::new(kept) == name), "{} is not compared", file.display());
    }

    let file = root().join("README.md");
    let readme = fs::read_to_string(&file).expect("there is a README.md").replace("\r\n", "\n");
    let table = terminal::comparison_table(&outcome, 100);
    assert!(is_kept(&file, &with_table(&readme, &table)), "the table in README.md is another now; {hint}");
}
