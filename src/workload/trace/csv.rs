//! The formats in CSV: columns are found by name.

use super::cannot_read;
use super::collect::{Collector, quoted_list};
use super::error::Fault;
use super::field::{Clock, count, quoted};
use crate::request::Usage;
use csv::{ByteRecord, ReaderBuilder, Terminator};
use std::io::Read;

/// What the columns of a format are called.
pub struct Columns {
    time: &'static str,
    /// How the time is told; `None`: as in the first row.
    clock: Option<Clock>,
    prompt: &'static str,
    output: &'static str,
    account: Option<&'static str>,
    model: Option<&'static str>,
    needs_model: bool,
    cached: Option<&'static str>,
}

/// Our own format.
pub const BILLSIM: Columns = Columns {
    time: "time",
    clock: None,
    prompt: "prompt_tokens",
    output: "output_tokens",
    account: Some("account"),
    model: Some("model"),
    needs_model: false,
    cached: Some("cached_tokens"),
};

/// The Azure LLM inference traces. The times of 2023 have no zone, those of 2024 do.
///
/// Source: Patel et al., "Splitwise" (ISCA 2024), and the files of the Azure Public Dataset.
pub const AZURE_LLM: Columns = Columns {
    time: "TIMESTAMP",
    clock: Some(Clock::Utc),
    prompt: "ContextTokens",
    output: "GeneratedTokens",
    account: None,
    model: None,
    needs_model: false,
    cached: None,
};

/// BurstGPT. Later files add sessions and fractions of a second.
///
/// Source: Wang et al., "BurstGPT" (2024), and its files.
pub const BURST_GPT: Columns = Columns {
    time: "Timestamp",
    clock: Some(Clock::Seconds),
    prompt: "Request tokens",
    output: "Response tokens",
    account: Some("Session ID"),
    model: Some("Model"),
    needs_model: true,
    cached: None,
};

/// A column by its name and its place in a row.
type Place = (&'static str, usize);

/// Where the columns are in a file.
struct Places {
    fields: usize,
    time: Place,
    clock: Option<Clock>,
    prompt: Place,
    output: Place,
    account: Option<Place>,
    model: Option<Place>,
    cached: Option<Place>,
}

/// Reads the rows of a file.
pub fn read(input: impl Read, columns: &Columns, collector: &mut Collector) -> Result<(), Fault> {
    // A row ends at a line feed and nowhere else, also the last one, so that lines can be counted.
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(Terminator::Any(b'\n'))
        .buffer_capacity(1 << 16)
        .from_reader(input.chain(&b"\n"[..]));
    let mut row = ByteRecord::new();
    let mut places = None;
    loop {
        let line = reader.position().line();
        if !reader.read_byte_record(&mut row).map_err(|error| cannot_read(error).at(line))? {
            return match places {
                Some(_) => Ok(()),
                None => Err(Fault::new("is empty", "give a header and a row for each request")),
            };
        }
        if row.len() == 1 && field(&row, 0).is_empty() {
            continue;
        }
        // Without the blank lines that were skipped before the row.
        let first_line = |row: &ByteRecord| {
            let inside = row.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
            line + (reader.position().line() - line).saturating_sub(inside + 1)
        };
        match &mut places {
            None => {
                let found = columns.find(&row, collector).map_err(|fault| fault.at(first_line(&row)))?;
                collector.has(found.model.is_some(), found.cached.is_some());
                places = Some(found);
            }
            Some(places) => {
                if let Err(fault) = places.read(&row, collector) {
                    collector.fault(fault.at(first_line(&row)));
                }
            }
        }
    }
}

impl Columns {
    /// Where the columns are, by the header.
    fn find(&self, header: &ByteRecord, collector: &Collector) -> Result<Places, Fault> {
        let by_account = self.account.filter(|_| collector.by_column());
        let needed_model = self.model.filter(|_| self.needs_model);
        let needed: Vec<_> =
            [self.time, self.prompt, self.output].into_iter().chain(needed_model).chain(by_account).collect();
        let place = |name: &'static str| {
            let mut found = (0..header.len()).filter(|index| field(header, *index) == name.as_bytes());
            match (found.next(), found.count()) {
                (first, 0) => Ok(first.map(|index| (name, index))),
                (_, more) => {
                    Err(Fault::new(format!("there are {} columns `{name}`", more + 1), "keep one of them"))
                }
            }
        };
        let need = |name| {
            place(name)?.ok_or_else(|| {
                let found: Vec<_> = header.iter().map(|name| quoted(name.trim_ascii())).collect();
                let found = quoted_list(found.iter().map(String::as_str));
                let needed = quoted_list(needed.iter().copied());
                Fault::new(
                    format!("there is no column `{name}`; the columns are {found}"),
                    format!("name the columns in the first line; needed are {needed}"),
                )
            })
        };
        for name in &needed {
            need(name)?;
        }
        let maybe = |name: Option<&'static str>| name.map_or(Ok(None), place);
        Ok(Places {
            fields: header.len(),
            time: need(self.time)?,
            clock: self.clock,
            prompt: need(self.prompt)?,
            output: need(self.output)?,
            account: maybe(by_account)?,
            model: maybe(self.model)?,
            cached: maybe(self.cached)?,
        })
    }
}

impl Places {
    fn read(&mut self, row: &ByteRecord, collector: &mut Collector) -> Result<(), Fault> {
        if row.len() != self.fields {
            return Err(Fault::new(
                format!("the row has {} values", row.len()),
                format!("give {}, one for each column", self.fields),
            ));
        }
        let (column, time) = (self.time.0, field(row, self.time.1));
        let micros = self.clock.get_or_insert_with(|| Clock::of(time)).read(column, time)?;
        let read_count = |(column, place)| count(column, field(row, place));
        let mut usage =
            Usage { prompt: read_count(self.prompt)?, output: read_count(self.output)?, ..Usage::default() };
        if let Some(cached) = self.cached {
            usage.cached = read_count(cached)?;
            if usage.cached > usage.prompt {
                return Err(Fault::new(
                    format!("`{}` is {} of a prompt of {}", cached.0, usage.cached, usage.prompt),
                    "cached tokens are part of the prompt: write at most as many",
                ));
            }
        }
        if let Some((column, place)) = self.model {
            usage.model = collector.model(column, field(row, place))?;
        }
        let account = match self.account {
            Some((column, place)) => collector.account(column, field(row, place))?,
            None => 0,
        };
        collector.push(micros, usage, account);
        Ok(())
    }
}

/// A value, without spaces around it and the carriage return of a line's end.
fn field(row: &ByteRecord, index: usize) -> &[u8] {
    row[index].trim_ascii()
}
