//! What holds in every scenario, tried on random ones with all features that can be combined.

use billsim::account::AccountView;
use billsim::engine::observation::{Fate, Happening, Observer, RequestSpan};
use billsim::experiment::{self, ALL_COHORTS, AccountRow, Options, Outcome, Row, Setup, daily_measures};
use billsim::metrics::{MEASURES, Quantity, Unit};
use billsim::money::Money;
use billsim::policy::common::{RateLimit, Rates};
use billsim::policy::{Command, ForNewAccount, Gate, Kinds, Plan, Policy, PolicyEvent};
use billsim::request::Refusal;
use billsim::scenario::Scenario;
use billsim::time::Time;
use billsim::wallet::{Entry, Posting};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner};
use std::path::Path;
use std::sync::Arc;

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
        &[
            "",
            "",
            "dispute = { probability = 0.05, delay = { exponential = { mean = \"6d\" } }, fee = 1.50 }",
        ],
    ])
}

fn metering() -> impl Strategy<Value = String> {
    lines(&[
        &["", "delay = \"60s\"", "delay = \"7h\""],
        &["", "refresh = \"5m\"", "refresh = \"1d\""],
        &[
            "",
            "authorization = { hold = { output_tokens = 20000, factor = 1.5 } }",
            "authorization = { in_flight = { amount = 0.15, output_tokens = 1000 } }",
        ],
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
            "buys_credit = { delay = \"5h\", amount = 0.80 }\nheeds_alert = { probability = 0.7, delay = \"20m\" }",
        ],
        &["", "patience = { exponential = { mean = \"6d\" } }", "patience = \"2d\""],
        &["", "spend_limit = { uniform = { min = 1, max = 6 } }"],
        &[
            "",
            "on_refusal = { retry = { attempts = 3, backoff = \"20m\", factor = 3 } }",
            "on_refusal = { retry = { attempts = 2, backoff = \"0s\", http_status = [403, 429] } }",
            "on_refusal = { queue = {} }",
            "on_refusal = { queue = { capacity = 6, max_wait = \"1d\", http_status = [402, 429] } }",
        ],
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
        &["", "service = { first_token = \"3s\", per_output_token = \"10s\" }"],
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
        &[
            "",
            "tiers = [{ paid = 0, limit = 1.5 }, { paid = 2, limit = 5 }, { paid = 7, limit = 4 }]",
            "tiers = [{ paid = 0, limit = 1 }, { paid = 0, after = \"6d\", limit = 3 }]",
        ],
        &["", "progressive = [0.30, 1, 4]"],
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

/// Terms that every kind of policy may have.
fn common() -> impl Strategy<Value = String> {
    lines(&[
        &["", "", "free_credit = { amount = 0.60, expires_after = \"4d\" }"],
        &["", "credit_expires_after = \"9d\""],
        &[
            "",
            "rate_limit = { requests_per_minute = 1 }",
            "rate_limit = { tokens_per_minute = 60000, without_payment_method = { requests_per_minute = 1 } }",
            "rate_limit.adaptive = { start = 60000, floor = 9, ceiling = 99999, grow = 1.5, shrink = 0.9, busy = 1 }",
        ],
        &["", "alert_at = 0.40"],
        &["", "metering = { delay = \"2h\" }", "metering = { delay = \"0s\", refresh = \"6h\" }"],
        &["", "http_status = { no_credit = 429, on_hold = 429 }"],
    ])
}

/// A change to another kind of policy, or none.
fn switch() -> impl Strategy<Value = String> {
    let to = one_of(&[
        "{ kind = \"prepaid_pause\", initial_purchase = 0.70 }",
        "{ kind = \"auto_topup\", threshold = 0.10, amount = 0.90, rate_limit = { requests_per_minute = 2 } }",
        "{ kind = \"postpaid\", metering = { delay = \"30m\" }, retry_after = [\"1d\"] }",
    ]);
    let switch = (to, any::<bool>()).prop_map(|(to, grandfather)| {
        format!("switch = {{ at = 2026-01-26, grandfather = {grandfather}, to = {} }}\n", to.trim_end())
    });
    prop_oneof![Just(String::new()), switch]
}

fn policies() -> impl Strategy<Value = String> {
    let policy = |kind: &'static str, switch: BoxedStrategy<String>, lines: BoxedStrategy<String>| {
        (common(), switch, lines).prop_map(move |(common, switch, lines)| {
            format!("[[policy]]\nkind = \"{kind}\"\n{common}{switch}{lines}")
        })
    };
    (
        policy("prepaid_pause", switch().boxed(), prepaid().boxed()),
        policy("auto_topup", switch().boxed(), top_up().boxed()),
        policy("postpaid", switch().boxed(), postpaid().boxed()),
        policy("trial", Just(String::new()).boxed(), trial().boxed()),
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
        (payments(), metering()).prop_map(|(payments, metering)| format!("{payments}[metering]\n{metering}")),
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
    experiment::run(scenario, Options::default()).expect("the scenario runs")
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
            if !text.contains("on_refusal") {
                assert_eq!(of("attempts"), of("requests"));
            }
            let reasons = MEASURES
                .iter()
                .filter(|measure| measure.name.starts_with("refused_") && measure.unit == Unit::Count);
            assert_eq!(of("refusals"), reasons.map(|measure| of(measure.name)).sum());
            assert_eq!(of("usage_usd"), of("promotional_usd") + of("net_revenue_usd"));
            let returned = of("cash_in_usd") - of("fees_usd") - of("net_cash_usd");
            assert!(0 <= of("disputes_usd") && of("disputes_usd") <= returned);
            assert_eq!(
                of("contribution_usd"),
                of("net_revenue_usd") + of("breakage_usd")
                    - of("serving_cost_usd")
                    - of("fees_usd")
                    - of("disputes_usd")
                    - of("bad_debt_usd")
            );
            at_most("promotional_usd", "usage_usd");
            let causes = ["overshoot_lag_usd", "overshoot_in_flight_usd", "overshoot_last_request_usd"];
            assert_eq!(of("overshoot_usd"), causes.iter().map(|cause| of(cause)).sum());
            causes.iter().for_each(|cause| at_most(cause, "overshoot_usd"));
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
                assert_eq!(of("attempts"), of("served") + of("refusals"));
                at_most("requests", "attempts");
                at_most("overshoot_usd", "usage_usd");
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

/// What an account's requests came to, and a check of its credit whenever something happens.
#[derive(Default)]
struct Audit {
    /// Arrival and cost of each request whose fate is known.
    concluded: Vec<(Time, Money)>,
    served: Money,
    settled: Money,
    /// Granted, less what was used or has expired.
    promotional: Money,
    /// Bought, less what is not posted yet, was used, paid a debt, lapsed or was taken back.
    paid: Money,
}

impl Audit {
    fn post(&mut self, Posting { entry, amount }: Posting) {
        match entry {
            Entry::UsageOnPromotion => self.promotional -= amount,
            Entry::UsageOnCredit | Entry::DebtPaidByCredit | Entry::DisputedCredit | Entry::Lapse => {
                self.paid -= amount;
            }
            _ => {}
        }
    }
}

impl Observer for &mut Audit {
    fn attempted(&mut self, _: &RequestSpan<'_>, _: Option<Refusal>, _: &AccountView) {}
    fn concluded(&mut self, span: &RequestSpan<'_>, fate: Fate, _: &AccountView) {
        let arrived = |at| if span.count == 1 { span.arrived_at } else { at };
        self.concluded.extend(span.each().map(|(at, cost)| (arrived(at), cost)));
        if fate == Fate::Served {
            self.served += span.cost;
        }
    }
    fn usage(&mut self, _: &RequestSpan<'_>, posting: Posting) {
        self.post(posting);
    }
    fn settled(&mut self, span: &RequestSpan<'_>, _: &AccountView) {
        self.settled += span.cost;
    }
    fn posting(&mut self, _: Time, posting: Posting) {
        self.post(posting);
    }
    fn happening(&mut self, happening: Happening, account: &AccountView) {
        match happening {
            Happening::Granted { amount, .. } => self.promotional += amount,
            Happening::GrantExpired(amount) => self.promotional -= amount,
            Happening::CreditPosted(amount) => self.paid += amount,
            _ => {}
        }
        assert!(self.promotional >= Money::ZERO && self.paid >= Money::ZERO, "no credit is used twice");
        assert_eq!(account.credit, self.promotional + self.paid, "credit is what is left of it");
    }
}

#[test]
fn every_request_has_one_fate_and_credit_is_used_once_whatever_the_policy_and_the_client() {
    holds(60, |text| {
        let scenario = parse(text);
        let setup = Setup::new(&scenario);
        for (cohort, account) in (0..2).flat_map(|cohort| (0..3).map(move |account| (cohort, account))) {
            let demand = |policy| {
                let mut audit = Audit::default();
                setup.follow(0, cohort, account, policy, &mut audit).expect("the account can be followed");
                assert_eq!(audit.served, audit.settled, "what is served settles, and nothing else");
                audit.concluded.sort();
                audit.concluded
            };
            let first = demand(0);
            assert!((1..4).all(|policy| demand(policy) == first), "policies see the same requests");
        }
    });
}

/// The same rules, but told of all usage: so each request is taken by itself, where spans would be.
struct Watchful(Box<dyn Policy>);

impl Watchful {
    fn over(plan: &Plan) -> Plan {
        Plan { policy: Arc::new(Watchful(plan.policy.for_new_account())), ..plan.clone() }
    }
}

impl ForNewAccount for Watchful {
    fn for_new_account(&self) -> Box<dyn Policy> {
        Box::new(Watchful(self.0.for_new_account()))
    }
}

impl Policy for Watchful {
    fn headroom(&self, account: &AccountView) -> Money {
        self.0.headroom(account).min(Money::from_nanos(1))
    }
    fn handle(&mut self, account: &AccountView, event: PolicyEvent) -> Vec<Command> {
        let watched = |command| match command {
            Command::BecomePolicy { plan, converts } => {
                Command::BecomePolicy { plan: Watchful::over(&plan), converts }
            }
            other => other,
        };
        self.0.handle(account, event).into_iter().map(watched).collect()
    }
    fn gate(&self, account: &AccountView) -> Gate {
        self.0.gate(account)
    }
    fn remaining(&self, account: &AccountView) -> Money {
        self.0.remaining(account)
    }
    fn allowance(&self, account: &AccountView) -> Money {
        self.0.allowance(account)
    }
    fn initial_purchase(&self) -> Option<Money> {
        self.0.initial_purchase()
    }
    fn lacks_to_next_limit(&self, account: &AccountView) -> Option<Money> {
        self.0.lacks_to_next_limit(account)
    }
    fn limit(&self, account: &AccountView) -> Option<Money> {
        self.0.limit(account)
    }
    fn is_postpaid(&self) -> bool {
        self.0.is_postpaid()
    }
    fn threshold(&self) -> Option<Money> {
        self.0.threshold()
    }
    fn successor(&self) -> Option<&Plan> {
        self.0.successor()
    }
}

#[test]
fn requests_taken_one_by_one_give_the_same_as_in_spans() {
    holds(100, |text| {
        let scenario = parse(text);
        let mut one_by_one = scenario.clone();
        for policy in &mut one_by_one.policies {
            policy.plan = Watchful::over(&policy.plan);
            if let Some(switch) = &mut policy.switch {
                switch.to = Watchful::over(&switch.to);
            }
        }
        let (spans, singles) = (run(&scenario).rows, run(&one_by_one).rows);
        assert_same(&spans.iter().collect::<Vec<_>>(), &singles.iter().collect::<Vec<_>>());
    });
}

#[test]
fn a_limit_that_nobody_reaches_changes_nothing() {
    let beyond_reach = RateLimit {
        rates: Rates { requests: Some(u64::MAX), tokens: None },
        adaptive: None,
        without_payment_method: None,
    };
    holds(60, |text| {
        let scenario = parse(text);
        let mut limited = scenario.clone();
        for policy in &mut limited.policies {
            let mut terms = (*policy.plan.terms).clone();
            terms.rate_limit.get_or_insert(beyond_reach);
            policy.plan.terms = Arc::new(terms);
        }
        let (free, limited) = (run(&scenario).rows, run(&limited).rows);
        assert_same(&free.iter().collect::<Vec<_>>(), &limited.iter().collect::<Vec<_>>());
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

#[test]
fn accounts_make_up_the_run_its_spreads_and_its_sizes() {
    holds(60, |text| {
        let mut scenario = Scenario { replications: 2, ..parse(text) };
        scenario.cohorts[0].accounts = 30;
        let options = Options { list_accounts: true, ..Options::default() };
        let outcome = experiment::run(&scenario, options).expect("the scenario runs");
        let sums: Vec<usize> = (0..MEASURES.len()).filter(|index| MEASURES[*index].is_sum()).collect();
        for row in outcome.rows.iter().filter(|row| row.cohort != ALL_COHORTS) {
            let (policy, cohort) = (&row.policy, &row.cohort);
            let accounts = value(row, "accounts");
            let bins = outcome.distributions.iter().filter(|it| (&it.policy, &it.cohort) == (policy, cohort));
            for distribution in bins {
                let count: u64 = distribution.bins.iter().map(|bin| bin.count).sum();
                assert_eq!(i128::from(count), 2 * accounts, "{:?}", distribution.figure);
            }
            let of_sizes: f64 = (outcome.sizes.iter())
                .filter(|size| (&size.policy, &size.cohort) == (policy, cohort))
                .map(|size| size.values[0].mean)
                .sum();
            assert!((of_sizes - accounts as f64).abs() < 1e-9, "{of_sizes} accounts by size, of {accounts}");
            if row.replication > 0 {
                continue; // its accounts are not listed
            }
            let listed: Vec<_> =
                outcome.accounts.iter().filter(|it| (&it.policy, &it.cohort) == (policy, cohort)).collect();
            assert_eq!(listed.len() as i128, accounts);
            for (place, measure) in sums.iter().enumerate() {
                let of_accounts: f64 = match row.values[*measure] {
                    Quantity::Ratio(..) => continue,
                    _ => listed.iter().map(|account| account.values[place].as_f64()).sum(),
                };
                let whole = row.values[*measure].as_f64();
                // A nano-dollar an account where a product or a mean is rounded.
                let tolerance = 1e-9 * (listed.len() as f64 + whole.abs());
                let name = MEASURES[*measure].name;
                assert!(
                    (of_accounts - whole).abs() <= tolerance,
                    "{name}: {of_accounts} of accounts, {whole}"
                );
            }
            let of_account = |figure: &str| -> Vec<f64> {
                let place =
                    |name| sums.iter().position(|index| MEASURES[*index].name == name).expect("a sum");
                let value = |account: &AccountRow, name| account.values[place(name)].as_f64();
                let mut values: Vec<f64> = listed
                    .iter()
                    .map(|account| match figure {
                        "debt_usd" => value(account, "receivable_end_usd") + value(account, "bad_debt_usd"),
                        _ => value(account, figure),
                    })
                    .collect();
                values.sort_by(f64::total_cmp);
                values
            };
            for (figure, name) in [
                ("overshoot_usd", "overshoot_*_usd"),
                ("stopped_seconds", "stopped_*_seconds"),
                ("debt_usd", "debt_*_usd"),
                ("lost_share", "lost_share_*"),
            ] {
                let values = of_account(figure);
                for (rank, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)] {
                    let nth = (share * values.len() as f64).ceil().max(1.0) as usize - 1;
                    let exact = values.get(nth).copied().unwrap_or(0.0);
                    let told = quantity(row, &name.replace('*', rank)).as_f64();
                    assert!(
                        (told - exact).abs() <= 0.005 * exact + 1e-9,
                        "{name} {rank}: {told}, not {exact}"
                    );
                }
            }
        }
    });
}

#[test]
fn levels_by_day_end_where_the_run_ends() {
    holds(60, |text| {
        let outcome = run(&parse(text));
        for row in &outcome.rows {
            let last = (outcome.days.iter())
                .rfind(|day| day.policy == row.policy && day.cohort == row.cohort)
                .expect("a run has days");
            let [credit, receivable] = [0, 1].map(|level| last.values[daily_measures().count() + level].mean);
            for (level, name) in [(credit, "credit_end_usd"), (receivable, "receivable_end_usd")] {
                let end = quantity(row, name).as_f64();
                assert!((level - end).abs() <= 1e-9 * (1.0 + end.abs()), "{name}: {level}, not {end}");
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
    assert_eq!(missed, [""; 0]);
}
