//! The format in JSON lines: an object for each request.

use super::collect::{Collector, Portion, Reading};
use super::error::Fault;
use super::field::{COUNT_HINT, quoted, within_reach};
use super::pieces::{Parsed, Piece, Pieces};
use crate::request::Usage;
use memchr::memchr;
use serde::Deserialize;
use serde_json::Value;
use std::io::Read;

/// A request of a Mooncake trace. Values of any type are taken, so that a wrong one can be told by its name.
///
/// Source: Qin et al., "Mooncake" (FAST 2025), and its files.
#[derive(Deserialize)]
struct Row {
    timestamp: Option<Value>,
    input_length: Option<Value>,
    output_length: Option<Value>,
}

/// Reads a file.
pub fn read(input: impl Read, collector: &mut Collector) -> Result<(), Fault> {
    Pieces::of(input).read(
        collector,
        |collector, piece| read_lines(piece, collector.reading()),
        Collector::take,
    )
}

fn read_lines(piece: Piece<'_>, mut reading: Reading<'_>) -> Parsed<Portion> {
    let mut lines = 0;
    let mut text = piece.text;
    while let Some(end) = memchr(b'\n', text) {
        let (line, rest) = text.split_at(end + 1);
        let line = line.trim_ascii();
        if !line.is_empty() {
            match read_row(line) {
                Ok((micros, usage)) => reading.push(micros, usage, 0),
                Err(fault) => reading.flaw(fault, lines),
            }
        }
        lines += 1;
        text = rest;
    }
    Parsed { content: reading.done(), bytes: piece.text.len(), lines }
}

fn read_row(text: &[u8]) -> Result<(i64, Usage), Fault> {
    let row: Row = serde_json::from_slice(text).map_err(|error| {
        let message = error.to_string();
        let reason = message.rsplit_once(" at line ").map_or(&*message, |(reason, _)| reason);
        Fault::new(
            format!("`{}` is not a request: {reason} (column {})", quoted(text), error.column()),
            r#"write an object a line, as in `{"timestamp": 0, "input_length": 6755, "output_length": 500}`"#,
        )
    })?;
    let hint = "write whole milliseconds";
    let millis = present("timestamp", &row.timestamp, hint)?;
    let micros = millis
        .as_i64()
        .ok_or_else(|| Fault::value("timestamp", millis, hint))
        .and_then(|millis| within_reach("timestamp", millis.saturating_mul(1000)))?;
    let prompt = count("input_length", &row.input_length)?;
    let output = count("output_length", &row.output_length)?;
    Ok((micros, Usage { prompt, output, ..Usage::default() }))
}

fn count(name: &str, value: &Option<Value>) -> Result<u32, Fault> {
    let value = present(name, value, COUNT_HINT)?;
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    count.ok_or_else(|| Fault::value(name, quoted(value.to_string().as_bytes()), COUNT_HINT))
}

fn present<'v>(name: &str, value: &'v Option<Value>, hint: &str) -> Result<&'v Value, Fault> {
    value.as_ref().ok_or_else(|| Fault::missing(name, hint))
}
