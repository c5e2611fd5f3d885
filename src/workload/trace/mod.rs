//! Recorded requests: four file formats, plain or gzipped.

use crate::request::Usage;
use crate::time::Time;
use std::io::Read;
use std::path::Path;

pub mod error;

pub use error::TraceError;

/// The format of a trace file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV with `time` (RFC 3339 or seconds), `prompt_tokens`, `output_tokens`, and where known `account`, `model` and
    /// `cached_tokens`.
    Billsim,
    /// CSV of the Azure LLM inference traces of 2023 and 2024.
    AzureLlm,
    /// JSON lines of the Mooncake traces.
    Mooncake,
    /// CSV of BurstGPT, with sessions or without.
    BurstGpt,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Billsim, Format::AzureLlm, Format::Mooncake, Format::BurstGpt];

    /// The name used in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Billsim => "billsim",
            Format::AzureLlm => "azure_llm",
            Format::Mooncake => "mooncake",
            Format::BurstGpt => "burstgpt",
        }
    }

    /// The format of that name.
    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// How a trace is to be read.
#[derive(Clone, Debug)]
pub struct TraceOptions {
    /// The format of the file.
    pub format: Format,
    /// How many accounts share the requests, record k going to account k mod so many (at least 1); `None`: the file
    /// says whose each request was.
    pub accounts: Option<u32>,
    /// Models as the file names them, each with its name in the price list.
    pub rename: Vec<(String, String)>,
    /// The names of the price list, in its order.
    pub models: Vec<String>,
}

/// Recorded requests of a cohort, sorted by time, the first at the start of the run.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// All requests, by time.
    pub records: Vec<Record>,
    /// For each account the indexes of its records, ascending.
    pub by_account: Vec<Vec<u32>>,
    /// Names of the accounts, in order of first appearance, where the file names them.
    pub account_names: Vec<String>,
    /// Whether the file says which model each request used (else it is drawn).
    pub has_models: bool,
    /// Whether the file says how many tokens were cached (else that is drawn).
    pub has_cached: bool,
}

/// One recorded request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it arrived.
    pub at: Time,
    /// What it used.
    pub usage: Usage,
}

impl Trace {
    /// Reads a file; one whose name ends in `.gz` is unpacked on the way.
    ///
    /// # Errors
    /// The first faults of the file.
    pub fn read(_path: &Path, _options: &TraceOptions) -> Result<Trace, TraceError> {
        todo!()
    }

    /// Reads the content of a file, which goes by that name in errors.
    ///
    /// # Errors
    /// The first faults of the file.
    pub fn read_from(_input: impl Read, _file: &Path, _options: &TraceOptions) -> Result<Trace, TraceError> {
        todo!()
    }
}
