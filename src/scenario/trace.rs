//! The table `arrivals.trace`: a recorded workload.

use super::prices;
use crate::document::{Read, Table, Value};
use crate::workload::trace::{Format, Trace, TraceOptions};
use std::path::PathBuf;

impl Read for Format {
    fn read(value: &Value<'_>) -> Option<Format> {
        value.one_of(&Format::ALL.map(Format::name)).and_then(Format::named)
    }
}

/// How records are given to accounts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Assign {
    RoundRobin,
    Column,
}

impl Read for Assign {
    fn read(value: &Value<'_>) -> Option<Assign> {
        value.one_of(&["round_robin", "column"]).map(|word| match word {
            "column" => Assign::Column,
            _ => Assign::RoundRobin,
        })
    }
}

/// Reads a trace and the file that it names. Tells too whether the file says itself which accounts there are.
pub fn read(table: &mut Table<'_>, accounts: Option<u32>, models: &[String]) -> (Option<Trace>, bool) {
    let file: Option<PathBuf> = table.require("file", "name the file, as in `file = \"conv.csv.gz\"`");
    let format: Option<Format> = table.require("format", "name its format, as in `format = \"azure_llm\"`");
    let assign: Option<Assign> = table.get_or("assign", "\"round_robin\"");
    let rename =
        table.child("rename").map_or_else(|| Some(Vec::new()), |mut rename| renames(&mut rename, models));
    let by_column = assign == Some(Assign::Column);
    let trace = || {
        let accounts = if by_column { None } else { Some(accounts?) };
        let (file, format, rename) = (file?, format?, rename?);
        assign?;
        if !file.exists() {
            let wrong = format!("there is no file {}", file.display());
            table.fault("file", wrong, &missing_hint(format));
            return None;
        }
        let options = TraceOptions { format, accounts, rename, models: models.to_vec() };
        Trace::read(&file, &options).map_err(|error| note(table, &error)).ok()
    };
    (trace(), by_column)
}

fn renames(table: &mut Table<'_>, models: &[String]) -> Option<Vec<(String, String)>> {
    let names = table.keys();
    let rename = |name: &str| {
        let listed: String = table.get(name)?;
        prices::index(table, name, &listed, models)?;
        Some((name.to_owned(), listed))
    };
    names.into_iter().map(rename).collect::<Vec<_>>().into_iter().collect()
}

/// Notes what is wrong with the file itself.
fn note(table: &Table<'_>, error: &crate::workload::trace::TraceError) {
    for fault in &error.faults {
        let line = fault.line.map(|line| format!("{line}:")).unwrap_or_default();
        table.fault("file", format!("{}:{line} {}", error.file.display(), fault.wrong), &fault.hint);
    }
    if error.more > 0 {
        let wrong = format!("{}: {} more faults", error.file.display(), error.more);
        table.fault("file", wrong, "mend those shown first");
    }
}

fn missing_hint(format: Format) -> String {
    let published = match format {
        Format::Billsim => return "paths are relative to the scenario file".to_owned(),
        Format::AzureLlm => "Azure/AzurePublicDataset",
        Format::BurstGpt => "HPMLL/BurstGPT",
        Format::Mooncake => "kvcache-ai/Mooncake",
    };
    format!("paths are relative to the scenario file; such traces are published as github.com/{published}")
}
