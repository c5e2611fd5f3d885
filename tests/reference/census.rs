//! What many scenarios have covered: features, pairs of them, rules that fired.

use crate::compare::Comparison;
use crate::generator::{self, Case, FEATURES};
use std::collections::{BTreeMap, BTreeSet};

/// Alternatives: a scenario has features of one of the two kinds, which begin so, or of one feature of a kind.
const ALTERNATIVES: [[&str; 2]; 4] = [
    ["scenario.runoff", "no run-off"],
    ["scenario.replications =", "scenario.replications ="],
    ["payments.decline ", "payments.decline "],
    ["metering.authorization", "metering.authorization"],
];

#[derive(Default)]
pub struct Census {
    scenarios: u64,
    uncountable: u64,
    requests: u64,
    columns: u64,
    postings: u64,
    /// In how many scenarios each feature was, by its place in the list.
    features: BTreeMap<usize, u64>,
    pairs: BTreeSet<(usize, usize)>,
    /// In how many scenarios each rule fired, and how often in all.
    rules: BTreeMap<&'static str, (u64, u64)>,
    /// Seeds on which product and reference differ, with what differs.
    pub differing: Vec<(u64, Vec<String>)>,
}

impl Census {
    pub fn add(&mut self, seed: u64, case: &Case, comparison: Comparison) {
        self.scenarios += 1;
        self.uncountable += u64::from(comparison.is_uncountable);
        self.requests += comparison.requests;
        self.columns += comparison.columns;
        self.postings += comparison.postings;
        let place = |feature: &String| {
            let place = FEATURES.iter().position(|known| known == feature);
            place.unwrap_or_else(|| panic!("`{feature}` is not in the list of features"))
        };
        let mut found: Vec<usize> = generator::features(case).iter().map(place).collect();
        found.sort_unstable();
        for (index, feature) in found.iter().enumerate() {
            *self.features.entry(*feature).or_default() += 1;
            self.pairs.extend(found[index + 1..].iter().map(|other| (*feature, *other)));
        }
        for (rule, times) in comparison.rules {
            let (scenarios, firings) = self.rules.entry(rule).or_default();
            *scenarios += 1;
            *firings += times;
        }
        if !comparison.differences.is_empty() {
            self.differing.push((seed, comparison.differences));
        }
    }

    pub fn merge(mut self, other: Census) -> Census {
        self.scenarios += other.scenarios;
        self.uncountable += other.uncountable;
        self.requests += other.requests;
        self.columns += other.columns;
        self.postings += other.postings;
        for (feature, count) in other.features {
            *self.features.entry(feature).or_default() += count;
        }
        self.pairs.extend(other.pairs);
        for (rule, (scenarios, firings)) in other.rules {
            let of_rule = self.rules.entry(rule).or_default();
            of_rule.0 += scenarios;
            of_rule.1 += firings;
        }
        self.differing.extend(other.differing);
        self
    }

    pub fn print(&self) {
        println!("share of scenarios with each feature:");
        for (place, feature) in FEATURES.iter().enumerate() {
            println!("{:>7.2} %  {feature}", 100.0 * self.share(place));
        }
        let missing = self.missing_pairs();
        println!("{} pairs of features were met, {} were not:", self.pairs.len(), missing.len());
        for (one, other) in missing.iter().take(20) {
            println!("           {one} with {other}");
        }
        println!("in how many scenarios each rule fired, and how often in all:");
        for (rule, (scenarios, firings)) in &self.rules {
            println!("{scenarios:>9} {firings:>12}  {rule}");
        }
        let Census { scenarios, uncountable, requests, columns, postings, .. } = self;
        println!(
            "{scenarios} scenarios ({uncountable} beyond what can be counted), {requests} requests: {columns} columns and {postings} postings compared, {} scenarios differ",
            self.differing.len()
        );
    }

    fn share(&self, feature: usize) -> f64 {
        self.features.get(&feature).copied().unwrap_or(0) as f64 / self.scenarios as f64
    }

    /// The pairs of features that can be met and were not.
    fn missing_pairs(&self) -> Vec<(&'static str, &'static str)> {
        let can_be_met = |one: &str, other: &str| {
            let exclude = |[a, b]: &[&str; 2]| {
                one.starts_with(a) && other.starts_with(b) || one.starts_with(b) && other.starts_with(a)
            };
            !ALTERNATIVES.iter().any(exclude)
        };
        let pairs =
            (0..FEATURES.len()).flat_map(|one| (one + 1..FEATURES.len()).map(move |other| (one, other)));
        let unmet = pairs.filter(|pair| !self.pairs.contains(pair));
        unmet.map(|(one, other)| (FEATURES[one], FEATURES[other])).filter(|(a, b)| can_be_met(a, b)).collect()
    }

    /// That every feature is met in 5 % of scenarios (long runs, which take long, in 1 %), that their pairs are met, and
    /// that each of these rules fires.
    pub fn check(&self, rules: &BTreeSet<&str>) {
        assert!(
            self.uncountable * 1_000 <= self.scenarios,
            "{} go beyond what can be counted",
            self.uncountable
        );
        for (place, feature) in FEATURES.iter().enumerate() {
            let least = if *feature == "long" { 0.01 } else { 0.05 };
            let share = self.share(place);
            assert!(share >= least, "{feature} is met in {:.2} % of scenarios only", 100.0 * share);
        }
        let missing = self.missing_pairs();
        let most = if self.scenarios >= 10_000 { 0 } else { 10 };
        assert!(missing.len() <= most, "{} pairs of features are never met: {missing:?}", missing.len());
        let fired: BTreeSet<&str> = self.rules.keys().copied().collect();
        let idle: Vec<_> = rules.difference(&fired).collect();
        assert!(idle.is_empty(), "rules that never fired: {idle:?}");
    }
}
