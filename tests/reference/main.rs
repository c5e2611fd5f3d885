//! An independent engine, held against the product on random scenarios: to the nano-dollar, in every column, per
//! account, and posting by posting.
//!
//! `model` is that engine: the plainest reading of MODEL.md. `generator` makes scenarios with all features, `compare`
//! holds both sides against each other, and `shrink` makes a scenario on which they differ small enough to be kept.

mod compare;
mod generator;
mod model;
mod shrink;

use compare::Comparison;
use generator::Case;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Which random scenarios are compared: of these seeds, or of those that the environment says, as in `0..50000`.
fn seeds() -> Range<u64> {
    const VARIABLE: &str = "BILLSIM_SEEDS";
    let Ok(text) = env::var(VARIABLE) else { return 0..1000 };
    let range = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    range.unwrap_or_else(|| panic!("{VARIABLE}={text} is no range of seeds such as 0..50000"))
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
    let results: Vec<(u64, Case, Result<Comparison, String>)> = seeds
        .clone()
        .into_par_iter()
        .map(|seed| {
            let case = generator::generate(seed);
            let comparison = compare_case(&case);
            (seed, case, comparison)
        })
        .collect();

    let mut rules: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let (mut requests, mut columns, mut postings) = (0, 0, 0);
    let mut differing = vec![];
    for (seed, case, comparison) in results {
        let comparison = comparison.unwrap_or_else(|error| panic!("seed {seed}: no scenario: {error}"));
        for (rule, times) in &comparison.rules {
            let (scenarios, firings) = rules.entry(rule).or_default();
            *scenarios += 1;
            *firings += times;
        }
        requests += comparison.requests;
        columns += comparison.columns;
        postings += comparison.postings;
        if !comparison.differences.is_empty() {
            differing.push((seed, case, comparison.differences));
        }
    }
    println!("rule, in how many scenarios it fired, and how often in all:");
    for (rule, (scenarios, firings)) in &rules {
        println!("{scenarios:>7} {firings:>11}  {rule}");
    }
    println!(
        "{} scenarios (seeds {seeds:?}): {requests} requests, {columns} columns and {postings} postings compared",
        seeds.end - seeds.start
    );
    report(differing);
}

/// Shrinks the first of the cases that differ, and fails, unless there is none.
fn report(differing: Vec<(u64, Case, Vec<String>)>) {
    let count = differing.len();
    for (seed, _, differences) in &differing {

        println!("seed {seed}: {}", differences[0]);
    }
    let Some((seed, case, _)) = differing.into_iter().next() else { return };
    if env::var("KEEP").is_ok() { panic!("{count} differ"); }
    let case = shrink::shrink(case, differs);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("differs-{seed}"));
    fs::create_dir_all(&folder).expect("a folder for the case can be made");
    let path = case.write(&folder);
    let differences = compare_case(&case).expect("a case that was compared").differences.join("\n");
    panic!("{count} scenarios differ. The first, seed {seed}, made small: {}\n{}\n{differences}", path.display(), case.toml());
}
