//! Several cohorts and policies side by side.

use super::{Gives, parse, run};
use billsim::experiment::ALL_COHORTS;
use std::path::Path;

/// Requests of single tokens at a nano-dollar each, hourly, and 10 at 2.
const TWO_COHORTS: &str = r#"
[scenario]
horizon = "2h"
[platform]
serving_cost = 0.5
[prices]
"m" = { input = 0.001, output = 0 }
[[cohort]]
name = "one"
accounts = 1
[cohort.workload]
arrivals = { gamma = { per_day = 24, cv = 0 } }
models = { "m" = 1 }
tokens = { prompt = 1, output = 0 }
[[cohort]]
name = "other"
accounts = 3
[cohort.workload]
arrivals = { gamma = { per_day = 24, cv = 0 } }
models = { "m" = 1 }
tokens = { prompt = 1, output = 0 }
[[policy]]
name = "first"
kind = "postpaid"
[[policy]]
name = "second"
kind = "prepaid_pause"
"#;

#[test]
fn the_row_of_all_cohorts_sums_the_rounded_rows() {
    let run = run(&parse(Path::new(""), TWO_COHORTS));
    // Half a nano-dollar is one, one and a half are two: three, although half of four is two.
    run.row("first", "one").gives(&[("usage_usd", "0.000000001"), ("serving_cost_usd", "0.000000001")]);
    run.row("first", "other").gives(&[("usage_usd", "0.000000003"), ("serving_cost_usd", "0.000000002")]);
    run.row("first", ALL_COHORTS).gives(&[
        ("accounts", "4"),
        ("requests", "4"),
        ("usage_usd", "0.000000004"),
        ("serving_cost_usd", "0.000000003"),
        // Half of the time 1 is owed, and 3: means 0.5 and 1.5, rounded to 1 and 2.
        ("receivable_mean_usd", "0.000000003"),
    ]);
    run.row("second", ALL_COHORTS).gives(&[("served", "0"), ("stops", "4"), ("active_share", "0")]);
}

#[test]
fn rows_come_by_policy_then_cohort() {
    let run = run(&parse(Path::new(""), TWO_COHORTS));
    let names: Vec<_> = run.outcome.rows.iter().map(|row| (&*row.policy, &*row.cohort)).collect();
    let all = ALL_COHORTS;
    assert_eq!(
        names,
        [
            ("first", "one"),
            ("first", "other"),
            ("first", all),
            ("second", "one"),
            ("second", "other"),
            ("second", all)
        ]
    );
}
