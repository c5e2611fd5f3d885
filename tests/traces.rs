//! Reading published traces. They are not part of the repository: where the folder `shared/data` is not
//! beside it, these tests say so and pass.

use billsim::time::Time;
use billsim::workload::trace::{Format, Trace, TraceOptions};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const ACCOUNTS: u32 = 7;

fn published(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn read(path: &Path, format: Format) -> Trace {
    let options =
        TraceOptions { format, accounts: Some(ACCOUNTS), rename: Vec::new(), models: vec!["m".to_owned()] };
    Trace::read(path, &options).unwrap_or_else(|error| panic!("{error}"))
}

/// The mean of a figure over the requests, rounded to a whole number.
fn mean(trace: &Trace, figure: impl Fn(&billsim::request::Usage) -> u32) -> f64 {
    let sum: u64 = trace.records.iter().map(|record| u64::from(figure(&record.usage))).sum();
    (sum as f64 / trace.records.len() as f64).round()
}

fn check(
    name: &str,
    format: Format,
    requests: usize,
    prompt: f64,
    output: f64,
    minutes: std::ops::Range<f64>,
) {
    let Some(path) = published(name) else { return };
    let trace = read(&path, format);
    assert_eq!(trace.records.len(), requests);
    assert_eq!(trace.records[0].at, Time::START);
    assert!(trace.records.is_sorted_by_key(|record| record.at));
    assert_eq!(mean(&trace, |usage| usage.prompt), prompt);
    assert_eq!(mean(&trace, |usage| usage.output), output);
    let last = trace.records[requests - 1].at.micros() as f64 / 60e6;
    assert!(minutes.contains(&last), "the last request is at minute {last}");
    assert_eq!(trace.by_account.len(), ACCOUNTS as usize);
    assert_eq!(trace.by_account.iter().map(Vec::len).sum::<usize>(), requests);
    assert!(!trace.has_models && !trace.has_cached);
}

#[test]
fn the_azure_conversation_trace_is_read_whole() {
    let name = "azure_llm_2023/AzureLLMInferenceTrace_conv.csv";
    check(name, Format::AzureLlm, 19_366, 1155.0, 211.0, 58.3..58.5);
}

#[test]
fn the_azure_code_trace_is_read_whole() {
    let name = "azure_llm_2023/AzureLLMInferenceTrace_code.csv";
    check(name, Format::AzureLlm, 8_819, 2048.0, 28.0, 57.2..57.4);
}

#[test]
fn the_mooncake_conversation_trace_is_read_whole() {
    check("mooncake_fast25/conversation_trace.jsonl", Format::Mooncake, 12_031, 12_035.0, 343.0, 58.0..60.0);
}

#[test]
fn the_mooncake_synthetic_trace_is_read_whole() {
    check("mooncake_fast25/synthetic_trace.jsonl", Format::Mooncake, 3_993, 15_325.0, 149.0, 0.0..60.0);
}

#[test]
fn a_gzipped_trace_is_the_same_trace() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    for (name, format) in [
        ("azure_llm_2023/AzureLLMInferenceTrace_conv.csv", Format::AzureLlm),
        ("mooncake_fast25/synthetic_trace.jsonl", Format::Mooncake),
    ] {
        let Some(path) = published(name) else { continue };
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&fs::read(&path).unwrap()).unwrap();
        let gzipped = folder.path().join("trace.gz");
        fs::write(&gzipped, packed.finish().unwrap()).unwrap();
        assert_eq!(read(&gzipped, format), read(&path, format), "{name}");
    }
}

#[test]
fn the_wrong_format_is_told_by_the_columns() {
    let Some(path) = published("azure_llm_2023/AzureLLMInferenceTrace_conv.csv") else { return };
    let options =
        TraceOptions { format: Format::Billsim, accounts: Some(1), rename: Vec::new(), models: Vec::new() };
    let message = Trace::read(&path, &options).unwrap_err().to_string();
    assert!(message.contains("the columns are `TIMESTAMP`, `ContextTokens`, `GeneratedTokens`"), "{message}");
}
