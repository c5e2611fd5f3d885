//! Recorded requests, on one thread: reading them, in bytes a second for each format, and replaying them, in
//! requests a second, bare and under a policy.

use billsim::experiment::{self, Options};
use billsim::policy::Kinds;
use billsim::rng::CohortStreams;
use billsim::scenario::Scenario;
use billsim::time::Time;
use billsim::workload::Block;
use billsim::workload::trace::{Format, Trace, TraceOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::fmt::Write;
use std::fs;
use std::hint::black_box;
use std::path::Path;

const REQUESTS: u64 = 100_000;
const ACCOUNTS: u64 = 1_000;

/// A file of each format.
fn file(format: Format) -> String {
    match format {
        Format::Billsim => {
            rows("time,account,model,prompt_tokens,cached_tokens,output_tokens\n", |request| {
                let (account, model, prompt) = (request * 7 % ACCOUNTS, request % 2, request * 31 % 4096);
                let (time, cached, output) = (clock(request), prompt / 2, request % 512);
                format!("2026-01-31T{time}Z,account-{account},model-{model},{prompt},{cached},{output}")
            })
        }
        Format::AzureLlm => rows("TIMESTAMP,ContextTokens,GeneratedTokens\n", |request| {
            format!("2023-11-16 {}0,{},{}", clock(request), request * 31 % 4096, request % 512)
        }),
        Format::BurstGpt => {
            rows("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n", |request| {
                let (prompt, output) = (request * 31 % 4096, request % 512);
                format!("{},model-0,{prompt},{output},{},Conversation log", request / 3, prompt + output)
            })
        }
        Format::Mooncake => rows("", |request| {
            let (prompt, output) = (request * 31 % 4096, request % 512);
            format!(
                "{{\"timestamp\": {}, \"input_length\": {prompt}, \"output_length\": {output}, \
                 \"hash_ids\": [46, 47, 48, 49, {request}]}}",
                request * 137
            )
        }),
    }
}

fn rows(header: &str, row: impl Fn(u64) -> String) -> String {
    (0..REQUESTS).fold(header.to_owned(), |mut text, request| {
        writeln!(text, "{}", row(request)).expect("text can be written to a string");
        text
    })
}

/// The time of day of a request, 137.5 ms after that of the one before.
fn clock(request: u64) -> String {
    let micros = request * 137_500;
    let seconds = micros / 1_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hour:02}:{minute:02}:{second:02}.{:06}", micros % 1_000_000)
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reading a trace");
    for format in Format::ALL {
        let text = file(format);
        let options = TraceOptions {
            format,
            accounts: if format == Format::Billsim { None } else { Some(ACCOUNTS as u32) },
            rename: Vec::new(),
            models: vec!["model-0".to_owned(), "model-1".to_owned()],
        };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(format.name()), |bencher| {
            bencher.iter(|| Trace::read_from(black_box(text.as_bytes()), Path::new("trace"), &options));
        });
    }
    group.finish();
}

/// A scenario that replays a trace.
fn scenario() -> Scenario {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let file_name = folder.path().join("trace.csv");
    fs::write(file_name, file(Format::Billsim)).expect("there is room for temporary files");
    let text = r#"
[scenario]
horizon = "1d"
[prices]
"model-0" = { input = 15.00, output = 75.00 }
"model-1" = { input = 0.15, output = 0.60 }
[[cohort]]
workload = { arrivals = { trace = { file = "trace.csv", format = "billsim", assign = "column" } } }
[[policy]]
kind = "auto_topup"
initial_purchase = 5.00
threshold = 1.00
amount = 5.00
"#;
    let loaded = Scenario::parse(&folder.path().join("replay.toml"), text.as_bytes(), &Kinds::built_in());
    loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
}

fn replaying(criterion: &mut Criterion) {
    let scenario = scenario();
    let cohort = &scenario.cohorts[0];
    let prepared = cohort.workload.prepare(&scenario.tariff, &scenario.calendar());
    let streams = CohortStreams::new(scenario.seed, 0, &cohort.name);
    let mut group = criterion.benchmark_group("replaying a trace");
    group.throughput(Throughput::Elements(REQUESTS));
    group.bench_function("bare", |bencher| {
        let mut block = Block::empty();
        bencher.iter(|| {
            for account in 0..cohort.accounts {
                let mut requests = prepared.requests(streams.account(account), account, Time::START);
                while {
                    requests.next_block(&mut block).expect("the counts fit");
                    black_box(&block).len > 0
                } {}
            }
        });
    });
    group.bench_function("auto_topup", |bencher| {
        bencher.iter(|| experiment::run(&scenario, Options::default()).expect("the scenario runs"));
    });
    group.finish();
}

fn on_one_thread(_: &mut Criterion) {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no thread has been started yet");
}

criterion_group!(benches, on_one_thread, reading, replaying);
criterion_main!(benches);
