//! Requests per second, on one thread: each policy alone, all four at once, and bare generation of the same
//! requests.
//!
//! The model: independent accounts over 30 days; Poisson requests of lognormal prompts and outputs that cost
//! $0.064 on average; $5 to begin with, and $5 more when it runs out; one payment in twenty is declined.

use billsim::experiment::{self, Options};
use billsim::policy::Kinds;
use billsim::rng::CohortStreams;
use billsim::scenario::{Scenario, TEMPLATE};
use billsim::time::Time;
use billsim::workload::Block;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

const PREPAID: &str = r#"
[[policy]]
kind = "prepaid_pause"
initial_purchase = 5.00
"#;
const TOP_UP: &str = r#"
[[policy]]
kind = "auto_topup"
initial_purchase = 5.00
threshold = 1.00
amount = 5.00
retry_after = ["1h", "1h", "1h"]
"#;
const POSTPAID: &str = r#"
[[policy]]
kind = "postpaid"
tiers = [{ paid = 0, limit = 50 }, { paid = 50, limit = 500 }, { paid = 500, limit = 50000 }]
retry_after = ["1d", "3d"]
"#;
const TRIAL: &str = r#"
[[policy]]
kind = "trial"
credit = 5.00
then = { kind = "postpaid" }
"#;

/// So many accounts, each with so many requests on average, under some policies.
fn scenario(accounts: u32, requests: u32, policies: &str) -> Scenario {
    let text = format!(
        r#"
[scenario]
horizon = "30d"
[prices]
"m" = {{ input = 15.00, output = 75.00 }}
[payments]
latency = {{ exponential = {{ mean = "30s" }} }}
decline = 0.05
[[cohort]]
accounts = {accounts}
[cohort.workload]
arrivals = {{ poisson = {{ per_day = {per_day} }} }}
models = {{ "m" = 1 }}
[cohort.workload.tokens]
prompt = {{ lognormal = {{ median = 1096.6, sigma = 1.2 }} }}
output = {{ lognormal = {{ median = 244.7, sigma = 1.0 }} }}
[cohort.customer]
buys_credit = {{ delay = {{ exponential = {{ mean = "1h" }} }}, amount = 5.00 }}
replaces_card = {{ delay = "1h" }}
{policies}"#,
        per_day = f64::from(requests) / 30.0,
    );
    let loaded = Scenario::parse(Path::new("bench"), text.as_bytes(), &Kinds::built_in());
    loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
}

/// Simulates it; returns how many requests there were.
fn simulate(scenario: &Scenario) -> u64 {
    experiment::run(scenario, Options::default()).expect("the scenario runs").requests
}

/// Generates its requests and nothing more; returns how many there were.
fn generate(scenario: &Scenario) -> u64 {
    let cohort = &scenario.cohorts[0];
    let prepared = cohort.workload.prepare(&scenario.tariff, &scenario.calendar());
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

/// Measures something done with a scenario, per request of it.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    scenario: &Scenario,
    does: impl Fn(&Scenario) -> u64,
) {
    group.throughput(Throughput::Elements(generate(scenario)));
    group.bench_function(name, |bencher| bencher.iter(|| does(scenario)));
}

fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group
}

fn policies(criterion: &mut Criterion) {
    let all = [PREPAID, TOP_UP, POSTPAID, TRIAL].concat();
    let mut group = group(criterion, "policies");
    measure(&mut group, "none: bare generation", &scenario(1_000, 1_000, PREPAID), generate);
    for (name, policies) in [
        ("prepaid_pause", PREPAID),
        ("auto_topup", TOP_UP),
        ("postpaid", POSTPAID),
        ("trial, then postpaid", TRIAL),
        ("all four at once", &all),
    ] {
        measure(&mut group, name, &scenario(1_000, 1_000, policies), simulate);
    }
    group.finish();
}

fn growth(criterion: &mut Criterion) {
    let mut group = group(criterion, "growth");
    for (name, accounts, requests) in [
        ("10,000 accounts of 30 requests", 10_000, 30),
        ("1,000 accounts of 1,000 requests", 1_000, 1_000),
        ("10,000 accounts of 1,000 requests", 10_000, 1_000),
        ("10 accounts of 100,000 requests", 10, 100_000),
    ] {
        measure(&mut group, name, &scenario(accounts, requests, TOP_UP), simulate);
    }
    group.finish();
}

fn loading(criterion: &mut Criterion) {
    let kinds = Kinds::built_in();
    let mut group = group(criterion, "loading");
    group.throughput(Throughput::Bytes(TEMPLATE.len() as u64));
    group.bench_function("a scenario", |bencher| {
        bencher.iter(|| Scenario::parse(Path::new("template.toml"), black_box(TEMPLATE.as_bytes()), &kinds));
    });
    group.finish();
}

/// Makes one thread simulate, so that machines and policies compare.
fn on_one_thread(criterion: &mut Criterion) {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool has been built yet");
    policies(criterion);
    growth(criterion);
    loading(criterion);
}

criterion_group!(benches, on_one_thread);
criterion_main!(benches);
