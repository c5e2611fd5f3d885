//! The format in JSON lines: an object for each request.

use super::cannot_read;
use super::collect::Collector;
use super::error::Fault;
use super::field::{COUNT_HINT, quoted, within_reach};
use crate::request::Usage;
use serde::Deserialize;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};

/// A request of a Mooncake trace. Values of any type are taken, so that a wrong one can be told by its name.
///
/// Source: Qin et al., "Mooncake" (FAST 2025), and its files.
#[derive(Deserialize)]
struct Row {
    timestamp: Option<Value>,
    input_length: Option<Value>,
    output_length: Option<Value>,
}

/// Reads the lines of a file.
pub fn read(input: impl Read, collector: &mut Collector) -> Result<(), Fault> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        if input.read_until(b'\n', &mut text).map_err(|error| cannot_read(error).at(line))? == 0 {
            break;
        }
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match read_row(text) {
            Ok((micros, usage)) => collector.push(micros, usage, 0),
            Err(fault) => collector.fault(fault.at(line)),
        }
    }
    Ok(())
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
