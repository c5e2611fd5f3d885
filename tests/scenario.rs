//! Scenarios: what they mean when keys are left out, and that writing them out keeps their meaning.

mod common;

use billsim::document::Faults;
use billsim::money::{Money, Share};
use billsim::policy::Kinds;
use billsim::scenario::{self, Loaded, Scenario, TEMPLATE, describe};
use billsim::time::Span;
use billsim::workload::distribution::Distribution;
use billsim::workload::{Arrivals, Burst, Modulation, Phases, Signup};
use common::objections;
use jsonschema::Validator;
use proptest::prelude::*;
use std::path::Path;
use std::sync::LazyLock;

const SHORT: &str = r#"
[prices]
"m" = { input = 1.00, output = 2.00 }
[[cohort]]
accounts = 100
workload = { arrivals = { poisson = { per_day = 100 } }, tokens = { prompt = 500, output = 100 }, models = { "m" = 1 } }
[[policy]]
kind = "prepaid_pause"
initial_purchase = 5.00
"#;

/// Most keys, some in unusual spellings.
const LONG: &str = r#"
[scenario]
name = "kitchen-sink"
question = 'Which policy serves a mixed population "best"?'
start = 2026-01-01
horizon = "90d"
warmup = "0d"
runoff = "92d"
replications = 20
seed = 42

[platform]
serving_cost = 0.55

[prices]
"gpt-oss-120b" = { input = 0.15, cached_input = 0.015, output = 0.60 }
'deepseek v3.1' = { input = 56e-2, output = 1.68 }

[payments]
latency = { lognormal = { median = "2s", sigma = 0.5 } }
posting_delay = "2m"
decline = 0.05
decline_lasts = "2d"
card_updater = 0.6
fee_percent = 2.9
fee_fixed = 0.30
card_lifetime = { exponential = { mean = "1350d" } }
outages = [ { from = "12d", for = "1h" }, { from = "10d", for = "3h" }, { from = "10d 1h", for = "3h" } ]

[[cohort]]
name = "hobbyist"
accounts = 1_000
signup = { over = "30d" }
[cohort.workload]
arrivals = { poisson = { per_day = 40 } }
heterogeneity = { lognormal = { mean = 1.0, cv = 2.0 } }
daily = [1,1,1,1,1,1,2,3,4,5,5,5,5,5,5,5,4,4,3,3,2,2,1,1]
weekly = [1,1,1,1,1,0.7,0.7]     # Monday first
growth_per_month = -0.05
day_level = 0.9
bursts = [ { per_day = 0.1, factor = { lognormal = { median = 30, sigma = 1.1 } }, duration = "20m" }, { per_day = 2e-4, factor = 300, duration = { lognormal = { median = "3h", sigma = 1 } } } ]
loyalty = 0.8
models = { "gpt-oss-120b" = 0.6, "deepseek v3.1" = 0.4 }
[cohort.workload.tokens]
prompt = { lognormal = { median = 600, sigma = 0.8 }, max = 131072 }
output = { lognormal = { median = 150, sigma = 0.9 }, max = 8192 }
cached_share = { beta = { a = 1, b = 4 } }
account_spread = { prompt = 1.1, output = 1.5, correlation = 0.5 }
[cohort.customer]
payment_method = 0.6
adds_payment_method = { probability = 0.2, delay = { lognormal = { median = "8h", sigma = 1.5 } } }
replaces_card = { probability = 0.8, delay = { exponential = { mean = "72h" } } }
buys_credit = { probability = 0.9, delay = { lognormal = { median = "8h", sigma = 1.2 } }, amount = 25.00 }
patience = { exponential = { mean = "14d" } }
spend_limit = 200.00
on_refusal = "drop"

[[cohort]]
name = "regular"
accounts = 0x10
workload.arrivals.gamma = { per_day = 24, cv = 0 }
workload.tokens = { prompt = { uniform = { min = 10, max = 20 } }, output = { empirical = { values = [5, 1], weights = [1, 3] } } }
workload.models.'gpt-oss-120b' = 1

[[cohort]]
name = "recorded"
signup = "start"
[cohort.workload]
arrivals = { trace = { file = "errors/data/trace.csv", format = "billsim", assign = "column", rename = { "m" = "gpt-oss-120b" } } }

[[cohort]]
name = "batch"
accounts = 5
[cohort.workload]
arrivals = { on_off = { per_day = 2_000, cv = { lognormal = { median = 1.2, sigma = 0.8 }, min = 0.3, max = 30 }, active_share = { beta = { a = 0.3, b = 0.55 }, min = 0.01 }, on = { lognormal = { median = "28m", sigma = 1.3 } } } }
tokens = { prompt = 100, output = 10 }
models = { "gpt-oss-120b" = 1 }

[[policy]]
name = "prepaid"
kind = "prepaid_pause"
initial_purchase = 10.00
free_credit = { amount = 0.123456789, expires_after = "30d" }

[[policy]]
name = "top-up"
kind = "auto_topup"
initial_purchase = 10.00
threshold = 5.00
target = 30.00
monthly_budget = 500.00
retry_after = ["1h", "3h", "7h"]

[[policy]]
kind = "postpaid"
tiers = [ { paid = 0, limit = 50 }, { paid = 50, after = "0s", limit = 500 }, { paid = 500, limit = 5000 }, { paid = 5000, limit = 50000 } ]
retry_after = ["1d", "3d", "5d", "7d"]
write_off_after = "60d"

[[policy]]
kind = "trial"
credit = 1.00
expires_after = "30d"
then = { kind = "postpaid", tiers = [ { paid = 0, limit = 50 } ] }
"#;

/// Reads a scenario, which satisfies the schema if it is without fault.
fn load(text: &str) -> Result<Loaded, Faults> {
    static SCHEMA: LazyLock<Validator> =
        LazyLock::new(|| jsonschema::validator_for(&scenario::schema(&Kinds::built_in())).expect("a schema"));
    let loaded = Scenario::parse(Path::new("tests/quarter.toml"), text.as_bytes(), &Kinds::built_in())?;
    let objections = objections(&SCHEMA, text).unwrap_or_default();
    assert!(objections.is_empty(), "{}\n\n{text}", objections.join("\n"));
    Ok(loaded)
}

fn valid(text: &str) -> Loaded {
    load(text).unwrap_or_else(|faults| panic!("{faults}\n\n{text}"))
}

#[test]
fn a_short_scenario_means_what_is_usual() {
    let loaded = valid(SHORT);
    let scenario = &loaded.scenario;
    assert_eq!(scenario.name, "quarter");
    assert_eq!(scenario.start.to_string(), "2026-01-01");
    assert_eq!(
        (scenario.horizon, scenario.warmup, scenario.runoff),
        (Span::days(90), Span::ZERO, Span::ZERO)
    );
    assert_eq!((scenario.replications, scenario.seed, scenario.serving_cost), (1, 0, Share::ZERO));
    let [cohort] = &scenario.cohorts[..] else { panic!("one cohort") };
    assert_eq!((cohort.name.as_str(), cohort.accounts, cohort.signup), ("cohort-1", 100, Signup::AtStart));
    assert_eq!(cohort.customer.payment_method, 1.0);
    assert!(cohort.customer.buys_credit.is_none() && cohort.customer.patience.is_none());
    assert_eq!(scenario.payments.latency, Distribution::constant(0.0));
    assert_eq!((scenario.payments.decline, scenario.payments.fee_fixed), (0.0, Money::ZERO));
    let [policy] = &scenario.policies[..] else { panic!("one policy") };
    assert_eq!((policy.name.as_str(), policy.plan.kind), ("prepaid_pause", "prepaid_pause"));
    assert_eq!(loaded.sha256.len(), 64);
}

#[test]
fn every_default_is_written_out() {
    let expected = r#"[scenario]
name = "quarter"
start = 2026-01-01
horizon = "90d"
warmup = "0d"
runoff = "0d"
replications = 1
seed = 0

[platform]
serving_cost = 0

[prices]
m = { input = 1.00, cached_input = 1.00, output = 2.00 }

[payments]
latency = "0s"
posting_delay = "0s"
decline = 0
first_decline = 0
decline_lasts = "0s"
card_updater = 0
fee_percent = 0
fee_fixed = 0.00

[metering]
delay = "0s"
refresh = "0s"
authorization = "balance"

[[cohort]]
name = "cohort-1"
accounts = 100
signup = "start"
customer = { payment_method = 1, on_refusal = "drop" }

[cohort.workload]
arrivals = { poisson = { per_day = 100 } }
service = { first_token = "0s", per_output_token = "0s" }
daily = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
weekly = [1, 1, 1, 1, 1, 1, 1]
growth_per_month = 0
day_level = 0
bursts = []
loyalty = 0
models = { m = 1 }

[cohort.workload.tokens]
prompt = 500
output = 100
cached_share = 0
account_spread = { prompt = 0, output = 0, correlation = 0 }

[[policy]]
name = "prepaid_pause"
kind = "prepaid_pause"
initial_purchase = 5.00
"#;
    assert_eq!(valid(SHORT).resolved(Path::new("output")), expected);
}

#[test]
fn what_is_written_out_means_the_same_and_is_written_out_the_same() {
    for text in [SHORT, LONG, TEMPLATE] {
        let first = valid(text);
        let resolved = first.resolved(Path::new("tests"));
        let again = valid(&resolved);
        assert_eq!(again.resolved(Path::new("tests")), resolved);
        assert_eq!(described_wholly(&again.scenario), described_wholly(&first.scenario));
    }
}

/// All of a scenario that can be shown.
fn described_wholly(scenario: &Scenario) -> String {
    let Scenario { tariff, payments, cohorts, serving_cost, .. } = scenario;
    format!("{}{tariff:?}{payments:?}{cohorts:?}{serving_cost:?}", describe(scenario))
}

#[test]
fn a_long_scenario_is_read_exactly() {
    let Scenario { question, tariff, payments, cohorts, policies, .. } = valid(LONG).scenario;
    let (name, price) = &tariff.models[1];
    assert_eq!(
        (name.as_str(), price.input, price.cached_input, price.output),
        ("deepseek v3.1", 560, 560, 1680)
    );
    assert_eq!(
        (payments.fee_share, payments.fee_fixed),
        (Share::from_billionths(29_000_000), Money::cents(30))
    );
    assert_eq!(payments.first_decline, 0.05);
    assert_eq!(question.as_deref(), Some("Which policy serves a mixed population \"best\"?"));
    let hours: Vec<(i64, i64)> = payments
        .outages
        .iter()
        .map(|(from, to)| (from.micros() / 3_600_000_000, to.micros() / 3_600_000_000))
        .collect();
    assert_eq!(hours, [(240, 244), (288, 289)]);
    assert_eq!(cohorts[0].workload.models, [(0, 0.6), (1, 0.4)]);
    let daily = &cohorts[0].workload.modulation.daily;
    assert!((daily.iter().sum::<f64>() - 24.0).abs() < 1e-12 && daily[9] == 5.0 * daily[0]);
    assert_eq!((cohorts[1].accounts, cohorts[2].accounts), (16, 2));
    let Modulation { day_level, bursts, .. } = &cohorts[0].workload.modulation;
    let minutes = |minutes: i64| Span::from_micros(minutes * 60_000_000).micros() as f64;
    let runaway = Burst {
        per_day: 2e-4,
        factor: Distribution::constant(300.0),
        duration: Distribution::lognormal_median(minutes(180), 1.0),
    };
    let ordinary = Burst {
        per_day: 0.1,
        factor: Distribution::lognormal_median(30.0, 1.1),
        duration: Distribution::constant(minutes(20)),
    };
    assert_eq!((*day_level, &bursts[..]), (0.9, &[ordinary, runaway][..]));
    assert_eq!((cohorts[0].workload.loyalty, cohorts[1].workload.loyalty), (0.8, 0.0));
    let Arrivals::OnOff { per_day, cv, phases } = &cohorts[3].workload.arrivals else { panic!("on and off") };
    let share = Distribution::beta(0.3, 0.55).clamped(Some(0.01), None);
    let on = Distribution::lognormal_median(minutes(28), 1.3);
    assert_eq!((*per_day, phases), (2_000.0, &Phases { active_share: share, on }));
    assert_eq!(*cv, Distribution::lognormal_median(1.2, 0.8).clamped(Some(0.3), Some(30.0)));
    assert_eq!(
        policies[0].plan.terms.free_credit.expect("it is there").amount,
        Money::from_nanos(123_456_789)
    );
    let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["prepaid", "top-up", "postpaid", "trial"]);
}

#[test]
fn what_the_command_line_changes_is_written_out() {
    let mut loaded = valid(LONG);
    loaded.set_seed(u64::MAX);
    loaded.set_replications(3);
    let unknown =
        loaded.keep_policies(&["top-up".to_owned(), "nobody".to_owned()]).expect_err("no such policy");
    assert_eq!(
        unknown.to_string(),
        "there is no policy `nobody`; the scenario has `prepaid`, `top-up`, `postpaid`, `trial`"
    );
    loaded.keep_policies(&["trial".to_owned(), "top-up".to_owned()]).expect("both are there");
    let again = valid(&loaded.resolved(Path::new("tests"))).scenario;
    assert_eq!((again.seed, again.replications), (u64::MAX, 3));
    let names: Vec<&str> = again.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["top-up", "trial"]);
}

#[test]
fn paths_are_written_as_seen_from_the_folder() {
    let loaded = valid(LONG);
    assert!(loaded.resolved(Path::new("tests")).contains("file = \"errors/data/trace.csv\""));
    assert!(
        loaded.resolved(Path::new("output/kitchen-sink")).contains("\"../../tests/errors/data/trace.csv\"")
    );
}

#[test]
fn the_template_is_valid_and_leaves_nothing_out() {
    let description = describe(&valid(TEMPLATE).scenario);
    assert_eq!(description.cannot_show, Vec::<String>::new());
}

/// Bytes that mean something in TOML, or nothing at all.
fn any_byte() -> impl Strategy<Value = u8> {
    prop_oneof![prop::sample::select(b"=[]{}\"'.,#-0e\n\\ \t".to_vec()), any::<u8>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A scenario is read, or its faults are told: it never panics.
    #[test]
    fn whatever_the_bytes_it_is_read_or_refused(
        text in prop::sample::select(vec![SHORT, LONG]),
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_usize..30, prop::collection::vec(any_byte(), 0..4)),
            1..6,
        ),
    ) {
        let mut bytes = text.as_bytes().to_vec();
        for (place, removed, inserted) in edits {
            let from = place.index(bytes.len() + 1);
            let to = (from + removed).min(bytes.len());
            bytes.splice(from..to, inserted);
        }
        match Scenario::parse(Path::new("tests/mutated.toml"), &bytes, &Kinds::built_in()) {
            Ok(loaded) => {
                let resolved = loaded.resolved(Path::new("tests"));
                prop_assert_eq!(valid(&resolved).resolved(Path::new("tests")), resolved);
            }
            Err(faults) => prop_assert!(faults.to_string().starts_with("error: tests/mutated.toml")),
        }
    }

    /// Each key in turn may have a value of any type.
    #[test]
    fn whatever_a_value_it_is_read_or_refused(
        line in any::<prop::sample::Index>(),
        value in prop::sample::select(vec![
            "0", "-1", "1e400", "nan", "0.5", "\"\"", "\"5d\"", "\"0s\"", "[]", "[[]]", "{}", "[{}]", "true",
            "1979-05-27", "9999-12-31", "99999999999999999999999", "\"999999999d\"", "{ constant = 1 }",
            "{ file = \".\" }", "{ lognormal = { mean = 1e300, cv = 1e300 } }",
            "{ gamma = { mean = 1, cv = 1e-200 } }",
        ]),
    ) {
        let lines: Vec<&str> = LONG.lines().collect();
        let settings: Vec<usize> = (0..lines.len()).filter(|index| lines[*index].contains(" = ")).collect();
        let place = settings[line.index(settings.len())];
        let key = lines[place].split(" = ").next().expect("a key");
        let changed = format!("{key} = {value}");
        let text = [&lines[..place], &[&*changed], &lines[place + 1..]].concat().join("\n");
        if let Ok(loaded) = load(&text) {
            let description = describe(&loaded.scenario).to_string();
            prop_assert!(!description.contains("NaN"), "{}", description);
            valid(&loaded.resolved(Path::new("tests")));
        }
    }
}
