//! The generator keeps its promises: valid scenarios, all features, all pairs of them, and not too much work.

use super::duration;
use super::{Case, generate};
use billsim::policy::Kinds;
use billsim::scenario::{Loaded, Scenario};

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
fn durations_are_read_as_they_are_written() {
    for micros in [0, 1, 999, 1_500_000, duration::HOUR, 90 * duration::DAY + 1] {
        assert_eq!(duration::parse(&duration::text(micros)), Some(micros));
    }
    assert_eq!(duration::parse("p1"), None);
}
