//! Whether intervals hold the truth as often as they claim: hundreds of small studies of scenarios whose answers are
//! known, each with a seed of its own.
//!
//! Of S studies a share c holds the truth; 95 % intervals pass if c is within four standard errors of 0.95, that is
//! 4 sqrt(0.95 x 0.05 / S): 0.028 for a thousand. The seeds are fixed, so a test never flickers. The figures are told
//! by `cargo test --test coverage -- --nocapture`; `.ci/long coverage` makes many more studies, with other seeds.

use billsim::experiment::{self, ALL_COHORTS, Group, Options, Outcome, Until};
use billsim::metrics::{Measure, Quantity};
use billsim::policy::Kinds;
use billsim::scenario::Scenario;
use billsim::statistics::{CONFIDENCE, Comparison, Moments, Precision, compare, holm};
use rayon::prelude::*;
use statrs::distribution::{Binomial, Discrete, DiscreteCDF, Poisson};
use std::env;
use std::path::Path;
use std::sync::LazyLock;

/// How many studies, and the seed of the first.
static STUDIES: LazyLock<u64> = LazyLock::new(|| from_environment("BILLSIM_STUDIES").unwrap_or(1000));
static FIRST_SEED: LazyLock<u64> = LazyLock::new(|| from_environment("BILLSIM_FIRST_SEED").unwrap_or(0));
/// How far coverage may be from what is claimed even where many studies measure it more precisely: Student's t is an
/// approximation for a few skewed values.
const APPROXIMATION: f64 = 0.015;
/// Accounts of a replication.
const ACCOUNTS: u32 = 20;
/// Requests that an account makes on average, for a cent each: a Poisson number in each replication.
const REQUESTS: f64 = 10.0;
/// Credit in cents, and so requests, of the policies `narrow` and `wide`; nobody buys more.
const NARROW: u64 = 8;
/// That of `wide`.
const WIDE: u64 = 11;

fn from_environment(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{variable}={text}: {error}")))
}

/// The policies `narrow` and `wide`, and `later`, whose invoice comes after the end, in so many replications.
fn scenario(accounts: u32, replications: u32, heterogeneity: &str) -> Scenario {
    let text = format!(
        r#"[scenario]
horizon = "1d"
replications = {replications}
[prices]
"m" = {{ input = 10.00, output = 10.00 }}
[[cohort]]
accounts = {accounts}
[cohort.workload]
arrivals = {{ poisson = {{ per_day = {REQUESTS} }} }}
{heterogeneity}
models = {{ "m" = 1 }}
tokens = {{ prompt = 1000, output = 0 }}
[[policy]]
name = "narrow"
kind = "prepaid_pause"
initial_purchase = 0.{NARROW:02}
[[policy]]
name = "wide"
kind = "prepaid_pause"
initial_purchase = 0.{WIDE:02}
[[policy]]
name = "later"
kind = "postpaid"
"#
    );
    Scenario::parse(Path::new("coverage.toml"), text.as_bytes(), &Kinds::built_in())
        .unwrap_or_else(|faults| panic!("{faults}"))
        .scenario
}

/// What the studies are about.
const MEASURES: [&str; 9] = [
    "requests",
    "usage_usd",
    "lost",
    "lost_share",
    "receivable_end_usd",
    "lost_share_p50",
    "lost_share_max",
    "debt_p50_usd",
    "debt_p90_usd",
];

/// What a study found: a value for each replication, as summaries and comparisons take them.
struct Study {
    policies: Vec<String>,
    /// For each policy, those of each of [`MEASURES`].
    values: Vec<Vec<Vec<f64>>>,
}

impl Study {
    fn of(scenario: &Scenario, seed: u64) -> Study {
        let outcome = outcome(scenario, seed, Options::default());
        let measures = MEASURES.map(Measure::index_of);
        Study {
            policies: groups(&outcome).map(|group| group.policy.to_owned()).collect(),
            values: groups(&outcome)
                .map(|group| measures.iter().map(|index| group.values(*index)).collect())
                .collect(),
        }
    }

    /// Studies with seeds of their own.
    fn several(scenario: &Scenario, count: u64) -> Vec<Study> {
        (*FIRST_SEED..*FIRST_SEED + count).into_par_iter().map(|seed| Study::of(scenario, seed)).collect()
    }

    fn values(&self, policy: &str, measure: &str) -> &[f64] {
        let policy = self.policies.iter().position(|known| known == policy).expect("a policy");
        let measure = MEASURES.iter().position(|known| *known == measure).expect("a measure");
        &self.values[policy][measure]
    }

    fn moments(&self, policy: &str, measure: &str) -> Moments {
        Moments::of(self.values(policy, measure).iter().copied())
    }

    /// `wide` against `narrow`.
    fn comparison(&self, measure: &str) -> Comparison {
        compare(self.values("wide", measure), self.values("narrow", measure))
    }
}

fn outcome(scenario: &Scenario, seed: u64, options: Options<'_>) -> Outcome {
    experiment::run(&Scenario { seed, ..scenario.clone() }, options).expect("the scenario runs")
}

/// The policies over all cohorts.
fn groups(outcome: &Outcome) -> impl Iterator<Item = Group<'_>> {
    Group::of_rows(&outcome.rows).filter(|group| group.cohort == ALL_COHORTS)
}

/// The studies that most tests look at.
static STUDIES_OF_TEN: LazyLock<Vec<Study>> =
    LazyLock::new(|| Study::several(&scenario(ACCOUNTS, 10, ""), *STUDIES));

/// The share of estimates whose interval holds the truth; told as a line of the table.
fn coverage(what: &str, truth: f64, estimates: &[Moments]) -> f64 {
    let holds = |estimate: &&Moments| {
        let interval = estimate.interval().expect("several replications");
        interval.low <= truth && truth <= interval.high
    };
    let held = estimates.iter().filter(holds).count() as f64 / estimates.len() as f64;
    let mean = Moments::of(estimates.iter().map(|estimate| estimate.mean)).mean;
    println!("{what:<50} truth {truth:>9.5}  mean estimate {mean:>9.5}  held in {:.1} %", 100.0 * held);
    held
}

/// Four standard errors of a share of so many studies.
fn four_errors(share: f64, studies: usize) -> f64 {
    4.0 * (share * (1.0 - share) / studies as f64).sqrt()
}

fn assert_covers(what: &str, truth: f64, estimates: Vec<Moments>) {
    let tolerance = four_errors(CONFIDENCE, estimates.len()).max(APPROXIMATION);
    let held = coverage(what, truth, &estimates);
    assert!((held - CONFIDENCE).abs() <= tolerance, "{what}: {held} is not {CONFIDENCE} +- {tolerance}");
}

fn poisson(mean: f64) -> Poisson {
    Poisson::new(mean).expect("a positive mean")
}

/// The expected value of (N - n)+ for N ~ Poisson(mean).
fn expected_excess(mean: f64, n: u64) -> f64 {
    (n..200).map(|k| (k - n) as f64 * poisson(mean).pmf(k)).sum()
}

/// The lost share of all requests under so much credit.
fn lost_share(credit: u64) -> f64 {
    expected_excess(REQUESTS, credit) / REQUESTS
}

/// The usage of an account under so much credit, in dollars.
fn usage(credit: u64) -> f64 {
    0.01 * (REQUESTS - expected_excess(REQUESTS, credit))
}

#[test]
fn intervals_of_means_hold_the_truth() {
    let accounts = f64::from(ACCOUNTS);
    for (policy, measure, truth) in [
        ("narrow", "requests", accounts * REQUESTS),
        ("narrow", "usage_usd", accounts * usage(NARROW)),
        ("wide", "lost", accounts * expected_excess(REQUESTS, WIDE)),
        ("later", "receivable_end_usd", accounts * 0.01 * REQUESTS),
    ] {
        let estimates = STUDIES_OF_TEN.iter().map(|study| study.moments(policy, measure)).collect();
        assert_covers(&format!("mean {measure} of {policy}"), truth, estimates);
    }
}

#[test]
fn intervals_of_shares_hold_the_truth() {
    for (policy, credit) in [("narrow", NARROW), ("wide", WIDE)] {
        let estimates = STUDIES_OF_TEN.iter().map(|study| study.moments(policy, "lost_share")).collect();
        assert_covers(&format!("lost_share of {policy}"), lost_share(credit), estimates);
    }
}

#[test]
fn intervals_of_differences_hold_the_truth() {
    let accounts = f64::from(ACCOUNTS);
    for (measure, truth) in [
        ("usage_usd", accounts * (usage(WIDE) - usage(NARROW))),
        ("lost_share", lost_share(WIDE) - lost_share(NARROW)),
    ] {
        let estimates = STUDIES_OF_TEN.iter().map(|study| study.comparison(measure).difference).collect();
        assert_covers(&format!("difference in {measure}, wide less narrow"), truth, estimates);
    }
}

#[test]
fn intervals_of_relative_differences_hold_the_truth() {
    for (measure, truth) in [
        ("usage_usd", usage(WIDE) / usage(NARROW) - 1.0),
        ("lost_share", lost_share(WIDE) / lost_share(NARROW) - 1.0),
    ] {
        let relative = |study: &Study| study.comparison(measure).relative.expect("a baseline above 0");
        let estimates = STUDIES_OF_TEN.iter().map(relative).collect();
        assert_covers(&format!("relative difference in {measure}"), truth, estimates);
    }
}

/// The quantile is the value of the account that so many of the 20 are not above. Histograms know it to half a bin,
/// that is half a percent, which is little beside these intervals.
#[test]
fn intervals_of_quantiles_across_accounts_hold_the_truth() {
    let lost_share = |requests: u64| requests.saturating_sub(NARROW) as f64 / requests.max(1) as f64;
    let debt = |requests: u64| 0.01 * requests as f64;
    for (policy, measure, rank, truth) in [
        ("narrow", "lost_share_p50", 10, &lost_share as &dyn Fn(u64) -> f64),
        ("narrow", "lost_share_max", 20, &lost_share),
        ("later", "debt_p50_usd", 10, &debt),
        ("later", "debt_p90_usd", 18, &debt),
    ] {
        let estimates = STUDIES_OF_TEN.iter().map(|study| study.moments(policy, measure)).collect();
        assert_covers(&format!("{measure} of {policy}"), expected_of_rank(rank, truth), estimates);
    }
}

/// The expected value of a rising figure for the account with the rank-th fewest requests of all accounts: so many
/// have at most k with the probability of at least `rank` successes.
fn expected_of_rank(rank: u64, figure: impl Fn(u64) -> f64) -> f64 {
    let at_most = |k: u64| {
        let accounts = Binomial::new(poisson(REQUESTS).cdf(k), ACCOUNTS.into()).expect("a probability");
        accounts.sf(rank - 1)
    };
    let rise = |k: u64| (figure(k + 1) - figure(k)) * (1.0 - at_most(k));
    figure(0) + (0..100).map(rise).sum::<f64>()
}

/// One account, with 2 or 18 requests on average: what is lost is lost by the busy one, and a replication with it has
/// nine times the requests. A mean of the replications' shares gives both the same weight.
#[test]
fn the_mean_of_ratios_would_not_hold_the_truth() {
    let scenario = scenario(1, 20, "heterogeneity = { empirical = { values = [0.2, 1.8] } }");
    let studies: Vec<[Moments; 3]> = (*FIRST_SEED..*FIRST_SEED + *STUDIES)
        .into_par_iter()
        .map(|seed| {
            let outcome = outcome(&scenario, seed, Options::default());
            let group = groups(&outcome).next().expect("the policy `narrow`");
            let ratios: Vec<Quantity> =
                group.rows.iter().map(|row| row.value("lost_share").expect("a measure")).collect();
            let of_ratios = Moments::of(ratios.iter().map(|ratio| ratio.as_f64()));
            [group.moments("lost_share"), of_ratios, jackknife(&ratios)]
        })
        .collect();
    let lost = (expected_excess(0.2 * REQUESTS, NARROW) + expected_excess(1.8 * REQUESTS, NARROW)) / 2.0;
    let truth = lost / REQUESTS;
    let [of_sums, of_ratios, jackknifed] =
        [0, 1, 2].map(|way| studies.iter().map(|study| study[way]).collect());
    assert_covers("lost_share of one account of two kinds", truth, of_sums);
    let held = coverage("  by the mean of ratios", truth, &of_ratios);
    assert!(held < 0.5, "the mean of ratios would do as well: {held}");
    coverage("  by the jackknife", truth, &jackknifed);
}

/// The ratio of sums by the jackknife: it takes off the bias, which matters for a few small replications only.
///
/// Source: Cochran, "Sampling Techniques" (3rd edition, 1977), chapter 6.
fn jackknife(ratios: &[Quantity]) -> Moments {
    let of = |ratios: &mut dyn Iterator<Item = &Quantity>| {
        ratios.copied().reduce(|sum, ratio| sum + ratio).expect("ratios").as_f64()
    };
    let (n, all) = (ratios.len() as f64, of(&mut ratios.iter()));
    let without = |left_out: usize| {
        of(&mut ratios.iter().enumerate().filter(|(index, _)| *index != left_out).map(|(_, ratio)| ratio))
    };
    Moments::of((0..ratios.len()).map(|index| n * all - (n - 1.0) * without(index)))
}

/// Several looks at the spread cost a little: it ends sooner where that happens to look small. 90 % must be left.
#[test]
fn intervals_as_narrow_as_asked_hold_the_truth_almost_as_often() {
    let mut scenario = scenario(ACCOUNTS / 4, 10, "");
    scenario.policies.truncate(1);
    let precision: Precision = "lost_share:10%".parse().expect("a precision");
    let until = Until { precisions: vec![precision.clone()], at_most: 1000 };
    let estimates: Vec<Moments> = (*FIRST_SEED..*FIRST_SEED + *STUDIES)
        .into_par_iter()
        .map(|seed| {
            let outcome = outcome(&scenario, seed, Options { until: Some(&until), ..Options::default() });
            groups(&outcome).next().expect("a policy").moments("lost_share")
        })
        .collect();
    assert!(estimates.iter().all(|estimate| precision.is_met(estimate)));
    let held = coverage("lost_share of narrow until it is known to 10 %", lost_share(NARROW), &estimates);
    let replications = median(estimates.iter().map(|estimate| estimate.n as f64).collect());
    println!("  after {replications} replications (median)");
    assert!((0.90..0.97).contains(&held), "{held}");
}

/// Four policies that are the same but for their seeds: whatever difference is called real is none.
#[test]
fn adjusted_p_values_call_no_more_differences_real_than_they_may() {
    let mut scenario = scenario(ACCOUNTS / 4, 10, "");
    scenario.policies.truncate(1);
    let studies = Study::several(&scenario, 4 * *STUDIES);
    let [mut adjusted, mut unadjusted] = [0, 0];
    for family in studies.chunks(4) {
        let pairs = (0..4).flat_map(|one| (0..one).map(move |other| [&family[one], &family[other]]));
        let p_values: Vec<f64> = pairs
            .map(|pair| {
                let [one, other] = pair.map(|study| study.values("narrow", "lost_share"));
                compare(one, other).difference.p_value().expect("several replications")
            })
            .collect();
        let is_any_real = |p_values: &[f64]| p_values.iter().any(|p_value| *p_value < 0.05);
        adjusted += u64::from(is_any_real(&holm(&p_values)));
        unadjusted += u64::from(is_any_real(&p_values));
    }
    let [adjusted, unadjusted] = [adjusted, unadjusted].map(|families| families as f64 / *STUDIES as f64);
    println!(
        "any of six equal pairs is called different in {:.1} %, unadjusted in {:.1} %",
        100.0 * adjusted,
        100.0 * unadjusted
    );
    let tolerance = four_errors(0.05, *STUDIES as usize);
    assert!(adjusted <= 0.05 + tolerance, "{adjusted}");
    assert!(unadjusted > 0.05 + 2.0 * tolerance, "there is nothing to adjust: {unadjusted}");
}

/// The wide policy of one study against the narrow one of the next is a comparison with independent seeds. Four
/// standard errors of the quotient of two medians of a thousand widths are 6 %.
#[test]
fn pairing_narrows_as_much_as_it_says() {
    for measure in ["usage_usd", "lost", "lost_share"] {
        let comparisons: Vec<Comparison> =
            STUDIES_OF_TEN.iter().map(|study| study.comparison(measure)).collect();
        let of_next = STUDIES_OF_TEN.iter().cycle().skip(1);
        let independent = STUDIES_OF_TEN.iter().zip(of_next).map(|(study, next)| {
            width(&compare(study.values("wide", measure), next.values("narrow", measure)).difference)
        });
        let common = comparisons.iter().map(|comparison| width(&comparison.difference));
        let narrowing = median(independent.collect()) / median(common.collect());
        let said = comparisons.iter().map(|comparison| comparison.pairing.expect("there is spread"));
        let said = median(said.collect());
        println!("pairing narrows the difference in {measure} {narrowing:.2} times, and says {said:.2}");
        assert!((said / narrowing - 1.0).abs() < 0.06, "{measure}: {narrowing}, said {said}");
    }
}

fn width(moments: &Moments) -> f64 {
    let interval = moments.interval().expect("several replications");
    interval.high - interval.low
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
