//! How fast requests are drawn and simulated, and scenarios loaded: elements (requests) or bytes a second, on
//! one thread unless a name says otherwise.
//!
//! All but loading is measured on `benches/topup.toml`, with other numbers of accounts and some keys changed.

use billsim::experiment::{self, Options};
use billsim::policy::Kinds;
use billsim::rng::CohortStreams;
use billsim::scenario::{Loaded, Scenario, TEMPLATE};
use billsim::time::Time;
use billsim::workload::Block;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use fearless_simd::Level;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use toml::Table;

const TOPUP: &str = include_str!("topup.toml");
const QUICKSTART: &str = include_str!("../scenarios/quickstart.toml");

/// Keys, as in `metering.delay`, and the values that they get, as TOML. Of several tables, the first is
/// meant.
type Changes<'c> = &'c [(&'c str, &'c str)];

fn load(name: &str, text: &str) -> Loaded {
    let loaded = Scenario::parse(Path::new(name), text.as_bytes(), &Kinds::built_in());
    loaded.unwrap_or_else(|faults| panic!("{faults}"))
}

/// The scenario with so many accounts, each with so many requests on average, and these changes.
fn model(accounts: u32, requests: u32, changes: Changes<'_>) -> Loaded {
    let mut document: Table = TOPUP.parse().expect("the scenario is TOML");
    let per_day = format!("{:?}", f64::from(requests) / 30.0);
    let size: Changes<'_> =
        &[("cohort.accounts", &accounts.to_string()), ("cohort.workload.arrivals.poisson.per_day", &per_day)];
    for (key, value) in size.iter().chain(changes) {
        set(&mut document, key, value);
    }
    load("topup.toml", &document.to_string())
}

fn set(table: &mut Table, key: &str, value: &str) {
    if let Some((first, rest)) = key.split_once('.') {
        let inner = table.entry(first).or_insert_with(|| Table::new().into());
        let inner = if inner.is_array() { &mut inner[0] } else { inner };
        set(inner.as_table_mut().expect("a part of a key is a table"), rest, value);
    } else {
        let parsed: Table = format!("value = {value}").parse().expect("the value is TOML");
        table.insert(key.to_owned(), parsed["value"].clone());
    }
}

/// The same with one of its policies only.
fn under(policy: &str, mut model: Loaded) -> Scenario {
    model.keep_policies(&[policy.to_owned()]).expect("the scenario has the policy");
    model.scenario
}

/// Simulates it; returns how many requests there were.
fn simulate(scenario: &Scenario) -> u64 {
    experiment::run(scenario, Options::default()).expect("the scenario runs").requests
}

/// Draws its requests and nothing more; returns how many there were.
fn draw(scenario: &Scenario) -> u64 {
    draw_on(Level::new(), scenario)
}

/// The same with the instructions of a level.
fn draw_on(level: Level, scenario: &Scenario) -> u64 {
    let cohort = &scenario.cohorts[0];
    let prepared = cohort.workload.prepare(&scenario.tariff, &scenario.calendar()).on(level);
    let streams = CohortStreams::new(scenario.seed, 0, &cohort.name);
    let mut block = Block::empty();
    let mut requests = 0;
    for account in 0..cohort.accounts {
        let mut stream = prepared.requests(streams.account(account), account, Time::START);
        while {
            stream.next_block(&mut block).expect("the counts fit");
            black_box(&block).len > 0
        } {
            requests += block.len as u64;
        }
    }
    requests
}

/// Benchmarks with few samples: most measure a million requests at a time.
fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group
}

/// Measures something done with all requests of a scenario.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    scenario: &Scenario,
    does: impl Fn(&Scenario) -> u64,
) {
    group.throughput(Throughput::Elements(draw(scenario)));
    group.bench_function(name, |bencher| bencher.iter(|| does(scenario)));
}

/// Levels of instructions that the machine has.
fn levels() -> Vec<(Level, &'static str)> {
    let best = Level::new();
    #[cfg(target_arch = "x86_64")]
    let avx2 = best.as_avx2().map(fearless_simd::Simd::level);
    #[cfg(not(target_arch = "x86_64"))]
    let avx2 = None;
    let levels = [(Some(Level::baseline()), "the plainest"), (avx2, "AVX2"), (Some(best), "the best")];
    levels.into_iter().filter_map(|(level, name)| Some((level?, name))).collect()
}

/// Drawing requests, by distribution and process; and by instructions.
fn drawing(criterion: &mut Criterion) {
    const ARRIVALS: &str = "cohort.workload.arrivals";
    const PROMPT: &str = "cohort.workload.tokens.prompt";
    const OUTPUT: &str = "cohort.workload.tokens.output";
    const ON_OFF: &str = "{ on_off = { per_day = 33.3, active_share = 0.3,
                                       on = { lognormal = { median = '30m', sigma = 1.3 } } } }";
    const UNEVEN_CV: &str = "{ lognormal = { median = 1.2, sigma = 0.8 }, min = 0.3, max = 30 }";
    const BURSTS: (&str, &str) = (
        "cohort.workload.bursts",
        "[{ per_day = 0.3, factor = { lognormal = { median = 30, sigma = 1.1 } },
            duration = { lognormal = { median = '20m', sigma = 1.2 } } }]",
    );
    const DAILY: (&str, &str) =
        ("cohort.workload.daily", "[1,1,1,1,1,1,1,1,1,1,1,1,3,3,3,3,3,3,3,3,3,3,3,3]");
    const DAY_LEVEL: (&str, &str) = ("cohort.workload.day_level", "0.9");
    const SMALL: (&str, &str) = ("prices.small", "{ input = 0.15, output = 0.60 }");
    const TWO_MODELS: (&str, &str) = ("cohort.workload.models", "{ model = 0.3, small = 0.7 }");
    const LOYALTY: (&str, &str) = ("cohort.workload.loyalty", "0.8");

    let gamma = |cv: &str| format!("{{ gamma = {{ per_day = 33.3, cv = {cv} }} }}");
    let (irregular, regular, uneven) = (gamma("2.0"), gamma("0"), gamma(UNEVEN_CV));
    let numbers = |number: fn(u32) -> u32| (0..10_000).map(number).map(f64::from).collect::<Vec<f64>>();
    let (values, weights) = (numbers(|n| n), numbers(|n| n % 7));
    let empirical = format!("{{ empirical = {{ values = {values:?}, weights = {weights:?} }} }}");
    let tokens = |distribution| [(PROMPT, distribution), (OUTPUT, distribution)];

    let mut group = group(criterion, "drawing");
    for (name, changes) in [
        ("lognormal tokens", &[] as Changes<'_>),
        ("constant tokens", &tokens("500")),
        ("uniform tokens", &tokens("{ uniform = { min = 10, max = 2000 } }")),
        ("exponential tokens", &tokens("{ exponential = { mean = 500 } }")),
        ("gamma tokens", &tokens("{ gamma = { mean = 500, cv = 1.5 } }")),
        ("Pareto tokens", &tokens("{ pareto = { min = 100, alpha = 2.5 }, max = 1_000_000 }")),
        ("empirical tokens", &tokens(&empirical)),
        ("gamma gaps", &[(ARRIVALS, &irregular)]),
        ("regular gaps", &[(ARRIVALS, &regular)]),
        ("gamma gaps, uneven", &[(ARRIVALS, &uneven)]),
        ("on and off", &[(ARRIVALS, ON_OFF)]),
        ("hours and growth", &[DAILY, ("cohort.workload.growth_per_month", "0.1")]),
        ("day levels", &[DAY_LEVEL]),
        ("bursts", &[BURSTS]),
        ("two models", &[SMALL, TWO_MODELS]),
        ("loyal accounts", &[SMALL, TWO_MODELS, LOYALTY]),
        ("cached shares", &[("cohort.workload.tokens.cached_share", "{ beta = { a = 2, b = 3 } }")]),
        ("all unevenness", &[(ARRIVALS, ON_OFF), DAILY, DAY_LEVEL, BURSTS, SMALL, TWO_MODELS, LOYALTY]),
    ] {
        measure(&mut group, name, &model(100, 1_000, changes).scenario, draw);
    }
    let short = model(3_000, 30, &[]).scenario;
    measure(&mut group, "30 requests an account", &short, draw);
    for (level, name) in levels() {
        let plain = model(100, 1_000, &[]).scenario;
        measure(&mut group, &format!("lognormal tokens with {name} instructions"), &plain, |plain| {
            draw_on(level, plain)
        });
    }
    group.finish();
}

/// Each policy, against drawing the same requests.
fn policies(criterion: &mut Criterion) {
    let four = model(1_000, 1_000, &[]);
    let mut group = group(criterion, "policies");
    measure(&mut group, "none", &four.scenario, draw);
    for name in ["prepaid_pause", "auto_topup", "postpaid", "trial"] {
        measure(&mut group, name, &under(name, four.clone()), simulate);
    }
    measure(&mut group, "all four", &four.scenario, simulate);
    group.finish();
}

/// What a scenario may ask for beside, each against the plain run that comes before it.
fn features(criterion: &mut Criterion) {
    const BUYS: (&str, &str) =
        ("cohort.customer.buys_credit", "{ delay = { exponential = { mean = '1h' } }, amount = 5.00 }");
    const REACTION: &str = "cohort.customer.on_refusal";
    let mut group = group(criterion, "features");
    for (policy, cases) in [
        (
            "auto_topup",
            [
                ("plain", &[] as Changes<'_>),
                ("lag", &[("metering.delay", "'10m'")]),
                ("refresh", &[("metering.refresh", "'5m'")]),
                ("hold", &[("metering.authorization", "{ hold = { output_tokens = 4096 } }")]),
                ("in flight", &[("metering.authorization", "{ in_flight = { amount = 100.00 } }")]),
                (
                    "service",
                    &[("cohort.workload.service", "{ first_token = '300ms', per_output_token = '15ms' }")],
                ),
                ("rate limit", &[("policy.rate_limit", "{ requests_per_minute = 60 }")]),
                (
                    "alerts",
                    &[("policy.alert_at", "2.00"), ("cohort.customer.heeds_alert", "{ delay = '1h' }"), BUYS],
                ),
            ]
            .as_slice(),
        ),
        (
            "prepaid_pause",
            &[
                ("refusals dropped", &[BUYS]),
                (
                    "refusals retried",
                    &[BUYS, (REACTION, "{ retry = { attempts = 3, backoff = '1m', factor = 2.0 } }")],
                ),
                ("refusals queued", &[BUYS, (REACTION, "{ queue = { capacity = 1000, max_wait = '1h' } }")]),
            ],
        ),
    ] {
        for (name, changes) in cases {
            measure(&mut group, name, &under(policy, model(1_000, 1_000, changes)), simulate);
        }
    }
    group.finish();
}

/// More accounts, and accounts with more requests.
fn growth(criterion: &mut Criterion) {
    let mut group = group(criterion, "growth");
    for (name, accounts, requests) in [
        ("1,000 accounts of 1,000 requests", 1_000, 1_000),
        ("100,000 accounts of 1,000 requests", 100_000, 1_000),
        ("33,000 accounts of 30 requests", 33_000, 30),
        ("10 accounts of 100,000 requests", 10, 100_000),
    ] {
        measure(&mut group, name, &under("auto_topup", model(accounts, requests, &[])), simulate);
    }
    group.finish();
}

/// More threads.
fn threads(criterion: &mut Criterion) {
    let scenario = model(4_000, 1_000, &[]).scenario;
    let mut group = group(criterion, "threads");
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
        let name = format!("four policies on {threads}");
        measure(&mut group, &name, &scenario, |scenario| pool.install(|| simulate(scenario)));
    }
    group.finish();
}

/// Loading a scenario: from text to one that is checked and complete.
fn loading(criterion: &mut Criterion) {
    let mut group = group(criterion, "loading");
    for (name, text) in [("topup", TOPUP), ("template", TEMPLATE), ("quickstart", QUICKSTART)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| load(name, black_box(text))));
    }
    group.finish();
}

/// Makes one thread simulate, so that machines and policies compare.
fn on_one_thread(_: &mut Criterion) {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool has been built yet");
}

criterion_group!(benches, on_one_thread, drawing, policies, features, growth, threads, loading);
criterion_main!(benches);
