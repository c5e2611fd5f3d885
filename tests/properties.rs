//! What holds in every scenario, tried on random ones with all features that can be combined.

use billsim::experiment::{self, ALL_COHORTS, Options, Outcome, Row, daily_measures};
use billsim::metrics::{MEASURES, Quantity, Unit};
use billsim::policy::Kinds;
use billsim::scenario::Scenario;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// One of some lines of TOML.
fn one_of(lines: &[&'static str]) -> impl Strategy<Value = String> {
    select(lines.to_vec()).prop_map(|line| format!("{line}\n"))
}

/// One of some lines for each key, all together.
fn lines(of_keys: &[&[&'static str]]) -> impl Strategy<Value = String> {
    of_keys.iter().map(|lines| one_of(lines)).collect::<Vec<_>>().prop_map(|lines| lines.concat())
}

fn payments() -> impl Strategy<Value = String> {
    lines(&[
        &["", "latency = \"2s\"", "latency = { exponential = { mean = \"9h\" } }"],
        &["", "posting_delay = \"3h\""],
        &["", "decline = 0.3", "decline = 0.8"],
        &["", "first_decline = 0.5"],
        &["", "decline_lasts = \"2d\""],
        &["", "card_updater = 0.5"],
        &["", "fee_percent = 2.9\nfee_fixed = 0.30"],
        &["", "card_lifetime = { exponential = { mean = \"12d\" } }", "card_lifetime = \"9d\""],
        &["", "outages = [{ from = \"3d\", for = \"2d\" }, { from = \"12d\", for = \"5h\" }]"],
    ])
}

fn customer() -> impl Strategy<Value = String> {
    lines(&[
        &["", "payment_method = 0.5"],
        &["", "adds_payment_method = { probability = 0.7, delay = { exponential = { mean = \"1d\" } } }"],
        &[
            "",
            "replaces_card = { probability = 0.8, delay = { lognormal = { median = \"9h\", sigma = 1 } } }",
        ],
        &[
            "",
            "buys_credit = { probability = 0.8, delay = { exponential = { mean = \"8h\" } }, amount = 1.10 }",
            "buys_credit = { delay = \"20m\", amount = 0.35 }",
        ],
        &["", "patience = { exponential = { mean = \"6d\" } }", "patience = \"2d\""],
        &["", "spend_limit = { uniform = { min = 1, max = 6 } }"],
    ])
}

fn workload() -> impl Strategy<Value = String> {
    lines(&[
        &[
            "arrivals = { poisson = { per_day = 12 } }",
            "arrivals = { gamma = { per_day = 8, cv = 2.5 } }",
            "arrivals = { gamma = { per_day = 24, cv = 0 } }",
            "arrivals = { on_off = { per_day = 12, active_share = 0.2, on = { exponential = { mean = \"5h\" } } } }",
        ],
        &["", "heterogeneity = { gamma = { mean = 1, cv = 1 } }"],
        &["", "weekly = [1, 1, 1, 1, 1, 0, 0]\ngrowth_per_month = 0.3"],
        &[
            "",
            "day_level = 0.8\nbursts = [{ per_day = 0.2, factor = 10, duration = \"3h\" }]",
            "loyalty = 0.5",
        ],
        &["models = { \"m\" = 1 }", "models = { \"m\" = 1, \"n\" = 2 }"],
        &[
            "tokens = { prompt = 50000, output = 1000 }",
            "tokens = { prompt = { lognormal = { mean = 3e4, cv = 1.5 } }, output = 9, cached_share = 0.4 }",
        ],
    ])
}

fn prepaid() -> impl Strategy<Value = String> {
    lines(&[&["", "initial_purchase = 1.00"]])
}

fn top_up() -> impl Strategy<Value = String> {
    lines(&[
        &["", "initial_purchase = 2.00"],
        &[
            "threshold = 0\namount = 1.00",
            "threshold = 0.55\ntarget = 1.60",
            "threshold = 0.50\namount = 0.35",
        ],
        &["", "monthly_budget = 4.00"],
        &["", "max_per_day = 1"],
        &["", "retry_after = [\"1h\", \"2d\"]", "retry_after = [\"0s\"]"],
    ])
}

fn postpaid() -> impl Strategy<Value = String> {
    lines(&[
        &["", "tiers = [{ paid = 0, limit = 1.5 }, { paid = 2, limit = 5 }, { paid = 7, limit = 4 }]"],
        &["", "limit_counts = \"billed\""],
        &["", "minimum_charge = 2.00"],
        &["", "terms = \"5d\""],
        &["", "retry_after = [\"6h\", \"3d\"]"],
        &["", "write_off_after = \"8d\""],
    ])
}

fn trial() -> impl Strategy<Value = String> {
    let then = prop_oneof![
        prepaid().prop_map(|lines| ("prepaid_pause", lines)),
        top_up().prop_map(|lines| ("auto_topup", lines)),
        postpaid().prop_map(|lines| ("postpaid", lines)),
    ];
    let own = lines(&[&["", "credit = 0.30"], &["", "expires_after = \"5d\""]]);
    (own, then).prop_map(|(own, (kind, lines))| format!("{own}[policy.then]\nkind = \"{kind}\"\n{lines}"))
}

fn policies() -> impl Strategy<Value = String> {
    let free = || one_of(&["", "", "free_credit = { amount = 0.60, expires_after = \"4d\" }"]);
    let policy = |kind: &'static str, lines: BoxedStrategy<String>| {
        (free(), lines).prop_map(move |(free, lines)| format!("[[policy]]\nkind = \"{kind}\"\n{free}{lines}"))
    };
    (
        policy("prepaid_pause", prepaid().boxed()),
        policy("auto_topup", top_up().boxed()),
        policy("postpaid", postpaid().boxed()),
        policy("trial", trial().boxed()),
    )
        .prop_map(|(prepaid, top_up, postpaid, trial)| prepaid + &top_up + &postpaid + &trial)
}

/// Two cohorts of three accounts, all four kinds of policy, and two months in which a lot goes wrong.
fn scenarios() -> impl Strategy<Value = String> {
    let cohort = |name: &'static str| {
        let signup = one_of(&["", "signup = { over = \"9d\" }"]);
        (signup, workload(), customer()).prop_map(move |(signup, workload, customer)| {
            format!(
                "[[cohort]]\nname = \"{name}\"\naccounts = 3\n{signup}\
                 [cohort.workload]\n{workload}[cohort.customer]\n{customer}"
            )
        })
    };
    let scenario = (
        lines(&[&["", "warmup = \"6d\""], &["", "runoff = \"40d\""]]),
        any::<u32>().prop_map(|seed| format!("seed = {seed}\n")),
        payments(),
        cohort("one"),
        cohort("other"),
        policies(),
    );
    scenario.prop_map(|(of_run, seed, payments, one, other, policies)| {
        format!(
            "[scenario]\nstart = 2026-01-20\nhorizon = \"45d\"\n{of_run}{seed}\
             [platform]\nserving_cost = 0.55\n[prices]\n\
             \"m\" = {{ input = 1.00, cached_input = 0.10, output = 2.00 }}\n\
             \"n\" = {{ input = 0.777, output = 0.001 }}\n[payments]\n{payments}{one}{other}{policies}"
        )
    })
}

fn parse(text: &str) -> Scenario {
    Scenario::parse(Path::new("properties.toml"), text.as_bytes(), &Kinds::built_in())
        .unwrap_or_else(|faults| panic!("{faults}"))
        .scenario
}

fn run(scenario: &Scenario) -> Outcome {
    let options =
        Options { list_accounts: false, ledger: None, progress: &|_| {}, interrupt: &AtomicBool::new(false) };
    experiment::run(scenario, options).expect("the scenario runs")
}

fn quantity(row: &Row, column: &str) -> Quantity {
    row.values[MEASURES.iter().position(|measure| measure.name == column).expect("a measure")]
}

/// A count, nano-dollars or microseconds.
fn value(row: &Row, column: &str) -> i128 {
    match quantity(row, column) {
        Quantity::Count(value) | Quantity::Micros(value) => value,
        Quantity::Usd(total) => total.nanos(),
        Quantity::Ratio(..) => panic!("`{column}` is a share"),
    }
}

/// Tries a property on random scenarios, the same at each run; a failure prints the scenario.
fn holds(cases: u32, property: impl Fn(&str)) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20260101),
        ..ProptestConfig::default()
    };
    let result = TestRunner::new(config).run(&scenarios(), |text| {
        property(&text);
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn figures_agree_with_one_another() {
    holds(150, |text| {
        let scenario = parse(text);
        let outcome = run(&scenario);
        let measured = scenario.horizon.micros() - scenario.warmup.micros();
        for row in &outcome.rows {
            let of = |column: &str| value(row, column);
            let at_most = |part: &str, whole: &str| {
                assert!((0..=of(whole)).contains(&of(part)), "{part} {} of {whole} {}", of(part), of(whole));
            };
            assert_eq!(of("requests"), of("served") + of("lost"));
            assert_eq!(of("attempts"), of("requests"));
            assert_eq!(of("refusals"), of("lost"));
            let reasons = MEASURES
                .iter()
                .filter(|measure| measure.name.starts_with("refused_") && measure.unit == Unit::Count);
            assert_eq!(of("refusals"), reasons.map(|measure| of(measure.name)).sum());
            assert_eq!(of("usage_usd"), of("promotional_usd") + of("net_revenue_usd"));
            assert_eq!(of("net_cash_usd"), of("cash_in_usd") - of("fees_usd"));
            assert_eq!(
                of("contribution_usd"),
                of("net_revenue_usd") - of("serving_cost_usd") - of("fees_usd") - of("bad_debt_usd")
            );
            at_most("promotional_usd", "usage_usd");
            at_most("overshoot_usd", "usage_usd");
            at_most("overdue_end_usd", "receivable_end_usd");
            at_most("payments_declined", "payments");
            at_most("accounts_converted", "accounts");
            at_most("accounts_churned", "accounts");
            at_most("accounts_closed", "accounts");
            at_most("accounts_activated", "accounts");
            at_most("accounts_stopped", "accounts");
            at_most("accounts_stopped", "stops");
            assert!(of("credit_end_usd") >= 0 && of("credit_mean_usd") >= 0);
            let Quantity::Ratio(active, account, _) = quantity(row, "active_share") else {
                panic!("a share");
            };
            assert_eq!(active, account - of("stopped_seconds"));
            assert!(0 <= active && active <= account && account <= of("accounts") * i128::from(measured));
            if scenario.warmup.micros() == 0 {
                assert_eq!(
                    of("net_cash_usd"),
                    of("credit_end_usd") + of("net_revenue_usd") + of("breakage_usd")
                        - of("receivable_end_usd")
                        - of("fees_usd")
                        - of("disputes_usd")
                        - of("bad_debt_usd")
                );
                assert!(of("invoices_paid") + of("invoices_written_off") <= of("invoices"));
            }
        }
    });
}

#[test]
fn all_policies_meet_the_same_demand() {
    holds(60, |text| {
        let outcome = run(&parse(text));
        let demand = |row: &Row| {
            let usage = ["usage_usd", "lost_usage_usd", "churned_usage_usd"].map(|column| value(row, column));
            (value(row, "requests") + value(row, "churned_requests"), usage.iter().sum::<i128>())
        };
        for cohort in ["one", "other", ALL_COHORTS] {
            let demands: Vec<_> =
                outcome.rows.iter().filter(|row| row.cohort == cohort).map(demand).collect();
            assert_eq!(demands, vec![demands[0]; 4], "of {cohort}");
        }
    });
}

#[test]
fn a_policy_gives_the_same_alone_as_beside_others() {
    holds(60, |text| {
        let scenario = parse(text);
        let together = run(&scenario).rows;
        for policy in &scenario.policies {
            let alone = Scenario { policies: vec![policy.clone()], ..scenario.clone() };
            let beside: Vec<&Row> = together.iter().filter(|row| row.policy == policy.name).collect();
            assert_same(&run(&alone).rows.iter().collect::<Vec<_>>(), &beside);
        }
    });
}

#[test]
fn a_cohort_gives_the_same_alone_as_beside_others() {
    holds(60, |text| {
        let scenario = parse(text);
        let together = run(&scenario).rows;
        for cohort in &scenario.cohorts {
            let alone = Scenario { cohorts: vec![cohort.clone()], ..scenario.clone() };
            let of_cohort = |row: &&Row| row.cohort == cohort.name;
            let rows = run(&alone).rows;
            assert_same(
                &rows.iter().filter(of_cohort).collect::<Vec<_>>(),
                &together.iter().filter(of_cohort).collect::<Vec<_>>(),
            );
        }
    });
}

#[test]
fn more_accounts_and_replications_change_nothing_for_the_first() {
    holds(30, |text| {
        let scenario = parse(text);
        let mut more = Scenario { replications: 3, ..scenario.clone() };
        more.cohorts[1].accounts += 20;
        let first = |row: &&Row| row.replication == 0 && row.cohort == "one";
        assert_same(
            &run(&more).rows.iter().filter(first).collect::<Vec<_>>(),
            &run(&scenario).rows.iter().filter(first).collect::<Vec<_>>(),
        );
    });
}

#[test]
fn any_number_of_threads_gives_the_same() {
    holds(30, |text| {
        let mut scenario = Scenario { replications: 3, ..parse(text) };
        scenario.cohorts[0].accounts = 20;
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| run(&scenario)).rows
        };
        let (one, two) = (on(1), on(2));
        assert_same(&one.iter().collect::<Vec<_>>(), &two.iter().collect::<Vec<_>>());
    });
}

#[test]
fn days_sum_to_the_run() {
    holds(60, |text| {
        let outcome = run(&parse(text));
        for row in &outcome.rows {
            let days: Vec<_> = outcome
                .days
                .iter()
                .filter(|day| day.policy == row.policy && day.cohort == row.cohort)
                .collect();
            for (place, measure) in daily_measures().enumerate().filter(|(_, it)| it.unit != Unit::Share) {
                let sum: f64 = days.iter().map(|day| day.values[place].mean).sum();
                let total = quantity(row, measure.name).as_f64();
                // A nano-dollar a day where a product is rounded, and what a sum of floats costs.
                let tolerance = 1e-9 * (days.len() as f64 + total.abs());
                assert!((sum - total).abs() <= tolerance, "{}: {sum} in days, {total}", measure.name);
            }
        }
    });
}

fn assert_same(left: &[&Row], right: &[&Row]) {
    assert!(!left.is_empty());
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(right) {
        assert_eq!(left.values, right.values, "{} {} {}", left.policy, left.cohort, left.replication);
    }
}

#[test]
fn the_random_scenarios_reach_every_measure() {
    let reached = std::cell::RefCell::new(vec![false; MEASURES.len()]);
    holds(60, |text| {
        for row in run(&parse(text)).rows {
            for (reached, value) in reached.borrow_mut().iter_mut().zip(&row.values) {
                *reached |= value.as_f64() != 0.0;
            }
        }
    });
    let missed = MEASURES.iter().zip(reached.into_inner()).filter(|(_, reached)| !reached);
    let missed: Vec<&str> = missed.map(|(measure, _)| measure.name).collect();
    // What needs rate limits, holds, disputes, or credit that lapses.
    assert_eq!(missed, ["refused_rate_limited", "refused_on_hold", "disputes_usd", "breakage_usd"]);
}
