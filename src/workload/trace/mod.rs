//! Recorded requests: four file formats, plain or gzipped.

mod collect;
mod csv;
mod error;
mod field;
mod jsonl;
mod pieces;
mod record;

pub use error::{Fault, TraceError};

use crate::request::Usage;
use crate::time::Time;
use collect::Collector;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

/// Recorded requests of a cohort, as columns: those of the first account, then those of the second, and so
/// on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// When each request arrived, ascending within an account; the first of all at the start of the run.
    /// Requests of the same microsecond are in the order of the file.
    pub at: Vec<Time>,
    /// The model of each, an index into the price list; `None` where the file does not tell (it is drawn).
    pub model: Option<Vec<u16>>,
    /// Prompt tokens, cached ones included.
    pub prompt: Vec<u32>,
    /// Of the prompt, the cached tokens; `None` where the file does not tell (they are drawn).
    pub cached: Option<Vec<u32>>,
    /// Output tokens.
    pub output: Vec<u32>,
    /// Where the requests of each account begin, and at last where those of the last end.
    pub begins: Vec<u32>,
    /// Names of the accounts, in order of first appearance, where the file names them.
    pub account_names: Vec<String>,
}

/// The format of a trace file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV with `time` (all RFC 3339, or all seconds), `prompt_tokens`, `output_tokens`, and where known
    /// `account`, `model` and `cached_tokens`.
    Billsim,
    /// CSV of the Azure LLM inference traces of 2023 and 2024; without models and accounts.
    AzureLlm,
    /// JSON lines of the Mooncake traces, times in milliseconds; without models and accounts. Hashes of
    /// blocks are ignored.
    Mooncake,
    /// CSV of BurstGPT, times in seconds. The nearest thing to an account is the `Session ID` of its later
    /// files. A request that failed where it was recorded is one without output.
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

    /// Whether a file of this format can say which account sent a request.
    pub const fn has_accounts(self) -> bool {
        matches!(self, Format::Billsim | Format::BurstGpt)
    }
}

/// How a trace is to be read.
#[derive(Clone, Debug)]
pub struct TraceOptions {
    /// The format of the file.
    pub format: Format,
    /// How many accounts share the requests, record k going to account k mod so many (at least 1); `None`:
    /// the file says whose each request was.
    pub accounts: Option<u32>,
    /// Models as the file names them, each with its name in the price list.
    pub rename: Vec<(String, String)>,
    /// The names of the price list, in its order.
    pub models: Vec<String>,
}

impl Trace {
    /// How many accounts there are, those without requests included.
    pub fn accounts(&self) -> u32 {
        self.begins.len() as u32 - 1
    }

    /// Where the columns hold the requests of an account; nowhere for an account that there is not.
    pub fn requests(&self, account: u32) -> Range<usize> {
        match *self.begins.get(account as usize..).unwrap_or_default() {
            [begin, end, ..] => begin as usize..end as usize,
            _ => 0..0,
        }
    }

    /// What a request used, as far as the file tells.
    pub fn usage(&self, request: usize) -> Usage {
        Usage {
            model: self.model.as_ref().map_or(0, |model| model[request]),
            prompt: self.prompt[request],
            cached: self.cached.as_ref().map_or(0, |cached| cached[request]),
            output: self.output[request],
        }
    }

    /// Reads a file; one whose name ends in `.gz` is unpacked on the way.
    ///
    /// Times are cut to a microsecond, toward the past; then the records are sorted, and moved so that the
    /// first falls on [`Time::START`]. Parts of the file are read on all threads of the current pool; the
    /// result does not depend on them.
    ///
    /// # Errors
    /// The first faults of the file.
    ///
    /// # Panics
    /// If there are no accounts to share the requests.
    pub fn read(path: &Path, options: &TraceOptions) -> Result<Trace, TraceError> {
        let file = open(path).map_err(|fault| TraceError::of(path, fault))?;
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
            Trace::read_from(MultiGzDecoder::new(file), path, options)
        } else {
            Trace::read_from(file, path, options)
        }
    }

    /// Reads the content of a file, which goes by that name in errors.
    ///
    /// # Errors
    /// The first faults of the file.
    ///
    /// # Panics
    /// If there are no accounts to share the requests.
    pub fn read_from(input: impl Read, file: &Path, options: &TraceOptions) -> Result<Trace, TraceError> {
        assert!(options.accounts != Some(0), "requests need accounts to go to");
        let mut collector = Collector::new(options);
        if let Err(fault) = read_format(input, options.format, &mut collector) {
            collector.fault(fault);
        }
        collector.finish(file)
    }
}

fn open(path: &Path) -> Result<File, Fault> {
    let cannot_open = |error: io::Error| {
        Fault::new(format!("cannot be opened: {error}"), "paths are relative to the scenario file")
    };
    let file = File::open(path).map_err(cannot_open)?;
    if file.metadata().map_err(cannot_open)?.is_dir() {
        return Err(Fault::new("is a folder", "name a file in it"));
    }
    Ok(file)
}

/// Reads rows into the collector; the error is what keeps the rest from being read.
fn read_format(input: impl Read, format: Format, collector: &mut Collector) -> Result<(), Fault> {
    if collector.by_column() && !format.has_accounts() {
        return Err(Fault::new(
            format!("`{}` does not say which account sent a request", format.name()),
            "share the requests out with `assign = \"round_robin\"`",
        ));
    }
    let input = text(input)?;
    match format {
        Format::Billsim => csv::read(input, &csv::BILLSIM, collector),
        Format::AzureLlm => csv::read(input, &csv::AZURE_LLM, collector),
        Format::BurstGpt => csv::read(input, &csv::BURST_GPT, collector),
        Format::Mooncake => jsonl::read(input, collector),
    }
}

/// The same input without a byte order mark, once its beginning has been seen to be text.
fn text(mut input: impl Read) -> Result<impl Read, Fault> {
    const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    let mut head = Vec::new();
    input.by_ref().take(4096).read_to_end(&mut head).map_err(cannot_read)?;
    if head.starts_with(GZIP_MAGIC) {
        return Err(Fault::new("is gzipped", "let its name end in `.gz`"));
    }
    if head.contains(&0) {
        return Err(Fault::new("is not text but binary data", "give a file in UTF-8"));
    }
    let marked = if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    Ok(io::Cursor::new(head.split_off(marked)).chain(input))
}

fn cannot_read(error: impl std::fmt::Display) -> Fault {
    Fault::new(format!("cannot be read: {error}"), "see whether the file is whole")
}

#[cfg(test)]
mod tests;
