//! The formats in CSV: columns are found by name.

use super::collect::{Collector, Flaw, Portion, Reading, quoted_list};
use super::error::Fault;
use super::field::{Clock, Times, count, quoted};
use super::pieces::{Parsed, Piece, Pieces};
use super::record::{self, Record};
use crate::request::Usage;
use std::io::Read;
use std::ops::ControlFlow;

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

/// Reads a file.
pub fn read(input: impl Read, columns: &Columns, collector: &mut Collector) -> Result<(), Fault> {
    let mut pieces = Pieces::of(input);
    let places = pieces.begin(|piece| columns.begin(piece, collector.by_column()))?;
    collector.has(places.model.is_some(), places.cached.is_some());
    pieces.read(collector, |collector, piece| places.read(piece, collector.reading()), Collector::take)
}

impl Columns {
    /// Reads the header, and looks ahead for how the time is told.
    fn begin(&self, piece: Piece<'_>, by_column: bool) -> Result<Option<Parsed<Places>>, Fault> {
        let mut places = None;
        let (bytes, lines) = record::each(piece.text, piece.is_last, |lines, header| {
            places = Some(self.find(header, by_column).map_err(|fault| fault.at(lines + 1)));
            ControlFlow::Break(())
        });
        let Some(mut places) = places.transpose()? else {
            let empty = Fault::new("is empty", "give a header and a row for each request");
            return if piece.is_last { Err(empty) } else { Ok(None) };
        };
        if places.clock.is_none() {
            record::each(&piece.text[bytes..], piece.is_last, |_, row| {
                if row.len() != places.fields {
                    return ControlFlow::Continue(());
                }
                places.clock = Some(Clock::of(row.field(places.time.1)));
                ControlFlow::Break(())
            });
        }
        if places.clock.is_none() && !piece.is_last {
            return Ok(None);
        }
        Ok(Some(Parsed { content: places, bytes, lines }))
    }

    /// Where the columns are, by the header.
    fn find(&self, header: Record<'_>, by_column: bool) -> Result<Places, Fault> {
        let by_account = self.account.filter(|_| by_column);
        let needed_model = self.model.filter(|_| self.needs_model);
        let needed: Vec<_> =
            [self.time, self.prompt, self.output].into_iter().chain(needed_model).chain(by_account).collect();
        let place = |name: &'static str| {
            let mut found = (0..header.len()).filter(|index| header.field(*index) == name.as_bytes());
            match (found.next(), found.count()) {
                (first, 0) => Ok(first.map(|index| (name, index))),
                (_, more) => {
                    Err(Fault::new(format!("there are {} columns `{name}`", more + 1), "keep one of them"))
                }
            }
        };
        let need = |name| {
            place(name)?.ok_or_else(|| {
                let found: Vec<_> = header.fields().map(quoted).collect();
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
    /// Reads the rows of a piece.
    fn read(&self, piece: Piece<'_>, mut reading: Reading<'_>) -> Parsed<Portion> {
        // Without a clock there is no row with a time.
        let mut times = Times::by(self.clock.unwrap_or(Clock::Seconds));
        let (bytes, lines) = record::each(piece.text, piece.is_last, |lines, row| {
            if let Err(flaw) = self.read_row(row, &mut times, &mut reading) {
                reading.flaw(flaw, lines);
            }
            ControlFlow::Continue(())
        });
        Parsed { content: reading.done(), bytes, lines }
    }

    #[inline]
    fn read_row(&self, row: Record<'_>, times: &mut Times, reading: &mut Reading<'_>) -> Result<(), Flaw> {
        if row.len() != self.fields {
            return Err(Flaw::from(Fault::new(
                format!("the row has {} values", row.len()),
                format!("give {}, one for each column", self.fields),
            )));
        }
        let (column, place) = self.time;
        let micros = times.read(column, row.field(place))?;
        let read_count = |(column, place)| count(column, row.field(place));
        let mut usage =
            Usage { prompt: read_count(self.prompt)?, output: read_count(self.output)?, ..Usage::default() };
        if let Some(cached) = self.cached {
            usage.cached = read_count(cached)?;
            if usage.cached > usage.prompt {
                return Err(Flaw::from(Fault::new(
                    format!("`{}` is {} of a prompt of {}", cached.0, usage.cached, usage.prompt),
                    "cached tokens are part of the prompt: write at most as many",
                )));
            }
        }
        let account = match self.account {
            Some((column, place)) => reading.account(column, row.field(place))?,
            None => 0,
        };
        // Comes last: whether it is a flaw depends on the rows before.
        if let Some((column, place)) = self.model {
            usage.model = reading.model(column, row.field(place))?;
        }
        reading.push(micros, usage, account);
        Ok(())
    }
}
