//! Reading recorded requests: bytes a second, for each format, from memory.

use billsim::workload::trace::{Format, Trace, TraceOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;

const REQUESTS: u64 = 100_000;

fn file(header: &str, row: impl Fn(u64) -> String) -> String {
    (0..REQUESTS).fold(header.to_owned(), |mut text, request| {
        writeln!(text, "{}", row(request)).expect("text can be written to a string");
        text
    })
}

/// The parts of a time so many requests after midnight, 137.5 ms apart: hour, minute, second, microsecond.
fn clock(request: u64) -> (u64, u64, u64, u64) {
    let micros = request * 137_500;
    let seconds = micros / 1_000_000;
    (seconds / 3600, seconds / 60 % 60, seconds % 60, micros % 1_000_000)
}

fn reading(criterion: &mut Criterion) {
    let files = [
        (
            Format::Billsim,
            file("time,account,model,prompt_tokens,cached_tokens,output_tokens\n", |request| {
                let (hour, minute, second, micro) = clock(request);
                let (account, model, prompt) = (request * 7 % 1000, request % 2, request * 31 % 4096);
                format!(
                    "2026-01-31T{hour:02}:{minute:02}:{second:02}.{micro:06}Z,\
                     account-{account},model-{model},{prompt},{},{}",
                    prompt / 2,
                    request % 512
                )
            }),
        ),
        (
            Format::AzureLlm,
            file("TIMESTAMP,ContextTokens,GeneratedTokens\n", |request| {
                let (hour, minute, second, micro) = clock(request);
                let (prompt, output) = (request * 31 % 4096, request % 512);
                format!("2023-11-16 {hour:02}:{minute:02}:{second:02}.{micro:06}0,{prompt},{output}")
            }),
        ),
        (
            Format::BurstGpt,
            file("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n", |request| {
                let (prompt, output) = (request * 31 % 4096, request % 512);
                format!("{},model-0,{prompt},{output},{},Conversation log", request / 3, prompt + output)
            }),
        ),
        (
            Format::Mooncake,
            file("", |request| {
                let (prompt, output) = (request * 31 % 4096, request % 512);
                format!(
                    "{{\"timestamp\": {}, \"input_length\": {prompt}, \"output_length\": {output}, \
                     \"hash_ids\": [46, 47, 48, 49, {request}]}}",
                    request * 137
                )
            }),
        ),
    ];
    let mut group = criterion.benchmark_group("trace");
    for (format, text) in &files {
        let options = TraceOptions {
            format: *format,
            accounts: if *format == Format::Billsim { None } else { Some(1000) },
            rename: Vec::new(),
            models: vec!["model-0".to_owned(), "model-1".to_owned()],
        };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(format.name()), text, |bencher, text| {
            bencher.iter(|| Trace::read_from(black_box(text.as_bytes()), Path::new("trace"), &options));
        });
    }
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
