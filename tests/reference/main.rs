//! An independent engine, held against the product on random scenarios: to the nano-dollar, in every column, per
//! account, and posting by posting.
//!
//! `model` is that engine: the plainest reading of MODEL.md, and the place to look a rule up. `generator` makes scenarios
//! with all features, `compare` holds both sides against each other, `census` says what was covered, and `shrink` makes a
//! scenario on which they differ small enough to be read; it is then kept in `cases`.

mod census;
mod compare;
mod generator;
mod model;
mod shrink;

use census::Census;
use compare::Comparison;
use generator::Case;
use rayon::prelude::*;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What the seeds to compare on are read from, as in `0..50000`.
const SEEDS: &str = "BILLSIM_SEEDS";

/// The seeds that the environment says, or those that each run of the tests compares on.
fn seeds() -> Range<u64> {
    let Ok(text) = env::var(SEEDS) else { return 0..1000 };
    let range = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    range.unwrap_or_else(|| panic!("{SEEDS}={text} is no range of seeds such as 0..50000"))
}

/// Compares on a case; a panic of either side is a difference.
fn compare_case(case: &Case) -> Result<Comparison, String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = case.write(folder.path());
    catch_unwind(AssertUnwindSafe(|| compare::compare(&path))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let differences = vec![format!("panicked: {}", text.unwrap_or_default())];
        Ok(Comparison { differences, ..Comparison::default() })
    })
}

fn differs(case: &Case) -> bool {
    compare_case(case).is_ok_and(|comparison| !comparison.differences.is_empty())
}

#[test]
fn product_and_reference_agree_on_random_scenarios() {
    let seeds = seeds();
    let add = |mut census: Census, seed| {
        let case = generator::generate(seed);
        let comparison = compare_case(&case);
        census.add(seed, &case, comparison.unwrap_or_else(|error| panic!("seed {seed}: {error}")));
        census
    };
    let census =
        seeds.clone().into_par_iter().fold(Census::default, add).reduce(Census::default, Census::merge);
    census.print();
    if let [(seed, _), others @ ..] = &census.differing[..] {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("differs-{seed}"));
        fs::create_dir_all(&folder).expect("a folder for the case can be made");
        let case = shrink::shrink(generator::generate(*seed), differs);
        let path = case.write(&folder);
        let differences = compare_case(&case).expect("it has been compared").differences;
        panic!(
            "product and reference differ on seed {seed}, which made small is\n{}\n{differences:#?}\n\
             Keep it: cp -r {} tests/reference/cases/NAME\nThey differ on {:?} too.",
            case.toml(),
            path.parent().expect("it is in a folder").display(),
            others.iter().map(|(seed, _)| *seed).collect::<Vec<u64>>()
        );
    }
    if seeds.end - seeds.start >= 1000 {
        census.check(&model::rules());
    }
}

#[test]
fn product_and_reference_agree_on_cases_that_they_once_differed_on() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/cases");
    let entries = fs::read_dir(&cases).unwrap_or_else(|error| panic!("{}: {error}", cases.display()));
    let folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry of the folder").path()).collect();
    assert!(!folders.is_empty(), "there are no cases");
    for folder in folders {
        let name = folder.file_name().expect("a folder").display();
        let comparison = compare_case(&Case::read(&folder)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(comparison.differences.is_empty(), "{name}: {:#?}", comparison.differences);
        assert!(comparison.columns > 0, "{name}: nothing was compared");
    }
}
