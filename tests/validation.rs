//! Scenarios whose answers are known from probability theory: the simulator agrees with each within sampling error.
//!
//! For an expected value r per account, the mean over replications of (column - r x accounts), divided by its standard
//! error, lies within +-4; where the standard error is zero the value is exact. The seeds are fixed, so a test never
//! flickers.

use billsim::experiment::{self, ALL_COHORTS, Options, Row};
use billsim::policy::Kinds;
use billsim::scenario::Scenario;
use billsim::statistics::Moments;
use std::path::Path;

fn rows_of(case: &str) -> Vec<Row> {
    rows_of_cohort(case, ALL_COHORTS)
}

fn rows_of_cohort(case: &str, cohort: &str) -> Vec<Row> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validation").join(case).with_extension("toml");
    let loaded = Scenario::read(&path, &Kinds::built_in()).unwrap_or_else(|faults| panic!("{faults}"));
    let outcome = experiment::run(&loaded.scenario, Options::default()).expect("the scenario runs");
    outcome.rows.into_iter().filter(|row| row.cohort == cohort).collect()
}

fn value(row: &Row, column: &str) -> f64 {
    row.value(column).expect("a measure").as_f64()
}

/// Checks that differences, one for each replication, have mean zero.
fn assert_zero(what: &str, differences: impl Iterator<Item = f64>, scale: f64) {
    let mut moments = Moments::default();
    differences.for_each(|difference| moments.add(difference));
    let n = moments.n as f64;
    let standard_error = (moments.sum_of_squares / (n - 1.0) / n).sqrt();
    let tolerance = (4.0 * standard_error).max(1e-9 * scale.abs());
    println!("{what}: off by {:.3e}, standard error {standard_error:.3e}", moments.mean);
    assert!(n >= 2.0, "{what}: {n} replications");
    assert!(
        moments.mean.abs() <= tolerance,
        "{what}: off by {}, standard error {standard_error}",
        moments.mean
    );
}

/// Checks columns against expected values per account.
fn agrees(case: &str, expected: &[(&str, f64)]) {
    agrees_in_cohort(case, ALL_COHORTS, expected);
}

fn agrees_in_cohort(case: &str, cohort: &str, expected: &[(&str, f64)]) {
    let rows = rows_of_cohort(case, cohort);
    for (column, per_account) in expected {
        let difference = |row: &Row| value(row, column) - per_account * value(row, "accounts");
        let scale = per_account * value(&rows[0], "accounts");
        assert_zero(&format!("{case} {column}"), rows.iter().map(difference), scale);
    }
}

#[test]
fn prepaid_at_constant_cost() {
    agrees(
        "prepaid-constant",
        &[
            ("requests", 500.0),
            ("served", 491.56897),
            ("lost", 8.4310251),
            ("accounts_stopped", 0.48810888),
            ("stops", 0.48810888),
            ("stopped_seconds", 7284.4056),
            ("overshoot_usd", 0.0048810888),
            ("credit_mean_usd", 5.0147125),
            ("receivable_mean_usd", 0.0001686205),
        ],
    );
}

#[test]
fn prepaid_under_a_daily_and_weekly_profile() {
    agrees(
        "prepaid-profile",
        &[
            ("requests", 443.33333),
            ("served", 433.72412),
            ("accounts_stopped", 0.55044378),
            ("stopped_seconds", 10293.665),
        ],
    );
}

#[test]
fn prepaid_at_exponential_cost() {
    agrees(
        "prepaid-exponential",
        &[
            ("served", 101.0),
            ("overshoot_usd", 0.01),
            ("usage_usd", 1.01),
            ("receivable_end_usd", 0.01),
            ("stops", 1.0),
            ("stopped_seconds", 258336.0),
        ],
    );
}

#[test]
fn top_ups_with_exponential_lead_time() {
    agrees(
        "topup-exponential-lead",
        &[
            ("stopped_seconds", 1577609.6),
            ("stops", 73.037483),
            ("top_ups", 181.74063),
            ("credit_mean_usd", 1.136732),
        ],
    );
    let rows = rows_of("topup-exponential-lead");
    let difference = |row: &Row| value(row, "lost") - 0.091296854 * value(row, "requests");
    assert_zero("lost / requests", rows.iter().map(difference), value(&rows[0], "lost"));
}

#[test]
fn top_ups_that_are_declined() {
    agrees(
        "topup-declines",
        &[
            ("top_ups", 15.0),
            ("payments", 30.0),
            ("payments_declined", 15.0),
            ("served", 80.0),
            ("cash_in_usd", 75.0),
            ("fees_usd", 6.75),
            ("promotional_usd", 5.0),
            ("stops", 8.0),
            ("stopped_seconds", 16588800.0),
        ],
    );
}

#[test]
fn postpaid_limits_over_three_periods() {
    agrees(
        "postpaid-months",
        &[
            ("served", 1172.0719),
            ("stops", 1.6333685),
            ("overshoot_usd", 0.0081668427),
            ("stopped_seconds", 984649.56),
            ("invoices", 2.0),
            ("invoices_paid", 2.0),
            ("cash_in_usd", 7.9350952),
            ("receivable_end_usd", 3.7856234),
            ("receivable_mean_usd", 2.2865507),
        ],
    );
}

#[test]
fn trials_that_convert_or_churn() {
    agrees(
        "trial-conversion",
        &[
            ("accounts_converted", 0.52783033),
            ("accounts_churned", 0.36360709),
            ("accounts_stopped", 0.7),
            ("stopped_seconds", 628313.05),
            ("served", 336.28929),
            ("requests", 481.73213),
            ("churned_requests", 118.26787),
            ("promotional_usd", 1.0),
        ],
    );
}

#[test]
fn buying_credit_in_a_race_with_patience() {
    agrees(
        "churn-race",
        &[
            ("manual_purchases", 0.92307692),
            ("stops", 1.9230769),
            ("served", 19.230769),
            ("lost", 30.0),
            ("stopped_seconds", 259200.0),
            ("accounts_churned", 1.0),
            ("churned_requests", 1150.7692),
        ],
    );
}

#[test]
fn dunning_of_one_invoice() {
    agrees(
        "dunning",
        &[
            ("invoices", 1.0),
            ("invoices_paid", 0.92224),
            ("invoices_written_off", 0.07776),
            ("accounts_closed", 0.07776),
            ("payments", 2.3056),
            ("payments_declined", 1.38336),
            ("cash_in_usd", 2.858944),
            ("refused_past_due", 3.1104),
            ("refused_closed", 6.2208),
            ("stopped_seconds", 26873.856),
            ("bad_debt_usd", 0.365472),
            ("receivable_end_usd", 2.582272),
        ],
    );
}

/// Of the overshoot, 0.01 is the cost of the last request that something was left for; what was admitted in the hour in
/// which that request ran is due to requests in flight, in the two hours after it to lag.
#[test]
fn usage_that_settles_late() {
    let rate = 200.0 / 24.0;
    agrees(
        "metering-delay",
        &[
            ("served", 126.0),
            ("overshoot_usd", 0.51),
            ("overshoot_last_request_usd", 0.01),
            ("overshoot_in_flight_usd", 0.02 * rate),
            ("overshoot_lag_usd", 0.02 * rate * 2.0),
            ("accounts_stopped", 1.0),
            ("stopped_seconds", 204768.0),
        ],
    );
}

#[test]
fn clients_that_try_again_or_queue() {
    agrees_in_cohort(
        "client-retry-queue",
        "retry",
        &[
            ("lost", 2.4659696),
            ("refusals", 26.141394),
            ("attempts", 407.67542),
            ("stopped_seconds", 18000.0),
        ],
    );
    agrees_in_cohort(
        "client-retry-queue",
        "queue",
        &[("lost", 15.910582), ("served", 368.08942), ("stopped_seconds", 36000.0)],
    );
}

#[test]
fn holds_that_do_not_fit() {
    agrees(
        "hold",
        &[
            ("served", 49.5),
            ("lost", 150.5),
            ("credit_end_usd", 0.0072313016),
            ("overshoot_usd", 0.0022313016),
            ("overshoot_last_request_usd", 0.0022313016),
            ("refused_on_hold", 0.77686984),
            ("accounts_stopped", 1.0),
            ("stops", 1.0),
            ("stopped_seconds", 129360.78),
        ],
    );
}

/// Bursts under way are as in the queue M/G/infinity that starts empty: their factors multiply the rate by
/// exp(r d (f - 1) (1 - exp(-t / d))) on average, for starts at rate r, factors f and exponential lengths of mean d.
/// Phases and levels of days do not move the mean.
#[test]
fn uneven_demand() {
    agrees("uneven-demand", &[("requests", 1083.7822), ("served", 1083.7822), ("usage_usd", 35.222923)]);
}
