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

/// The mean of figures, rounded to a whole number.
fn mean(figures: &[u32]) -> f64 {
    let sum: u64 = figures.iter().copied().map(u64::from).sum();
    (sum as f64 / figures.len() as f64).round()
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
    assert_eq!(trace.at.len(), requests);
    assert_eq!(trace.at[0], Time::START);
    assert_eq!(mean(&trace.prompt), prompt);
    assert_eq!(mean(&trace.output), output);
    let last = trace.at.iter().max().expect("there are requests").micros() as f64 / 60e6;
    assert!(minutes.contains(&last), "the last request is at minute {last}");
    assert_eq!(trace.accounts(), ACCOUNTS);
    for account in 0..ACCOUNTS {
        let own = trace.requests(account);
        assert_eq!(own.len(), (requests + (ACCOUNTS - 1 - account) as usize) / ACCOUNTS as usize);
        assert!(trace.at[own].is_sorted());
    }
    assert!(trace.model.is_none() && trace.cached.is_none());
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
