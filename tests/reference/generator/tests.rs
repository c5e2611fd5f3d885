//! The generator keeps its promises: valid scenarios, all features, all pairs of them, and not too much work.

use super::duration;
use super::{Case, FEATURES, features, generate};
use billsim::policy::Kinds;
use billsim::scenario::{Loaded, Scenario};
use std::collections::{BTreeMap, BTreeSet};

fn load(case: &Case) -> Loaded {
    let folder = tempfile::tempdir().expect("a folder");
    let path = case.write(folder.path());
    Scenario::read(&path, &Kinds::built_in()).unwrap_or_else(|faults| panic!("{faults}{}", case.toml()))
}

#[test]
fn every_seed_gives_a_valid_scenario_of_bounded_work() {
    const SEEDS: u64 = 300;
    let mut requests = 0.0;
    for seed in 0..SEEDS {
        let scenario = load(&generate(seed)).scenario;
        let runs = scenario.policies.len() as f64 * f64::from(scenario.replications);
        requests += scenario.expected_requests() * runs;
    }
    let mean = requests / SEEDS as f64;
    assert!(mean < 8_000.0, "{mean} requests a scenario");
}

#[test]
fn a_seed_gives_the_same_case_each_time() {
    for seed in 0..50 {
        assert_eq!(generate(seed), generate(seed));
    }
}

#[test]
fn a_case_is_read_as_it_was_written() {
    for seed in 0..50 {
        let (case, folder) = (generate(seed), tempfile::tempdir().expect("a folder"));
        case.write(folder.path());
        assert_eq!(Case::read(folder.path()), case);
    }
}

#[test]
fn every_feature_and_nearly_every_pair_is_met_often() {
    const SEEDS: u64 = 1_000;
    let mut counts: BTreeMap<&str, u64> = FEATURES.iter().map(|feature| (*feature, 0)).collect();
    let mut pairs = BTreeSet::new();
    for seed in 0..SEEDS {
        let found = features(&generate(seed));
        for feature in &found {
            let (name, count) = FEATURES
                .iter()
                .find(|name| *name == feature)
                .and_then(|name| counts.get_mut(name).map(|count| (*name, count)))
                .unwrap_or_else(|| panic!("`{feature}` is not in the list"));
            *count += 1;
            let others = FEATURES.iter().filter(|other| **other < name && found.contains(**other));
            pairs.extend(others.map(|other| (*other, name)));
        }
    }
    for (feature, count) in counts {
        // Long runs take long.
        let least = if feature == "long" { 10 } else { SEEDS / 20 };
        assert!(count >= least, "`{feature}` is met {count} times in {SEEDS}");
    }
    let all = FEATURES.len() * (FEATURES.len() - 1) / 2;
    assert!(pairs.len() * 1_000 >= all * 995, "{} of {all} pairs are met", pairs.len());
}

#[test]
fn durations_are_read_as_they_are_written() {
    for micros in [0, 1, 999, 1_500_000, duration::HOUR, 90 * duration::DAY + 1] {
        assert_eq!(duration::parse(&duration::text(micros)), Some(micros));
    }
    assert_eq!(duration::parse("p1"), None);
}
