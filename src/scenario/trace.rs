//! The table `arrivals.trace`: a recorded workload.

use super::prices;
use crate::document::schema::{Definitions, Schema};
use crate::document::{Key, Keys, Names, Read, Table, TableKey, Value};
use crate::workload::trace::{Format, Trace, TraceOptions};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// What the table may hold.
pub const KEYS: Keys = &[&FILE, &FORMAT, &ASSIGN, &RENAME];

const FILE: Key<PathBuf> = Key::required(
    "file",
    "name the file, as in `file = \"conv.csv.gz\"`",
    "the file, which may be gzipped; its path is relative to the scenario file",
);
const FORMAT: Key<Format> =
    Key::required("format", "name its format, as in `format = \"azure_llm\"`", "the format of the file");
const ASSIGN: Key<Assign> = Key::with_default(
    "assign",
    "\"round_robin\"",
    "how records are given to accounts: in turn, or by the column of the file that says so",
);
const RENAME: TableKey = TableKey::optional(
    "rename",
    &[&LISTED],
    "none",
    "models of the file that are called otherwise in the price list",
);
const LISTED: Names<String> = Names::new("a model of the file, with its name in the price list");

impl Read for Format {
    fn read(value: &Value<'_>) -> Option<Format> {
        value.one_of(&Format::ALL.map(Format::name)).and_then(Format::named)
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "enum": Format::ALL.map(Format::name) })
    }
}

const ASSIGNMENTS: [&str; 2] = ["round_robin", "column"];

/// How records are given to accounts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Assign {
    RoundRobin,
    Column,
}

impl Read for Assign {
    fn read(value: &Value<'_>) -> Option<Assign> {
        value.one_of(&ASSIGNMENTS).map(|word| match word {
            "column" => Assign::Column,
            _ => Assign::RoundRobin,
        })
    }

    fn schema(_: &mut Definitions) -> Schema {
        json!({ "enum": ASSIGNMENTS })
    }
}

/// Reads a trace and the file that it names. Tells too whether the file says itself which accounts there are.
pub fn read(table: &mut Table<'_>, accounts: Option<u32>, models: &[String]) -> (Option<Arc<Trace>>, bool) {
    let file = table.read(&FILE);
    let format = table.read(&FORMAT);
    let assign = table.read(&ASSIGN);
    let rename =
        table.table(&RENAME).map_or_else(|| Some(Vec::new()), |mut rename| renames(&mut rename, models));
    let by_column = assign == Some(Assign::Column);
    let trace = || {
        let accounts = if by_column { None } else { Some(accounts?) };
        let (file, format, rename) = (file?, format?, rename?);
        assign?;
        if !file.exists() {
            let wrong = format!("there is no file {}", file.display());
            table.fault(FILE.name, wrong, &missing_hint(format));
            return None;
        }
        let options = TraceOptions { format, accounts, rename, models: models.to_vec() };
        let read = || Trace::read(&file, &options).map(Arc::new);
        let trace = table.read_named_file(&file, &options, read);
        trace.map_err(|error| note(table, &error)).ok()
    };
    (trace(), by_column)
}

fn renames(table: &mut Table<'_>, models: &[String]) -> Option<Vec<(String, String)>> {
    let names = table.keys();
    let rename = |name: &str| {
        let listed = table.read_named(&LISTED, name)?;
        prices::index(table, name, &listed, models)?;
        Some((name.to_owned(), listed))
    };
    names.into_iter().map(rename).collect::<Vec<_>>().into_iter().collect()
}

/// Notes what is wrong with the file itself.
fn note(table: &Table<'_>, error: &crate::workload::trace::TraceError) {
    for fault in &error.faults {
        let line = fault.line.map(|line| format!("{line}:")).unwrap_or_default();
        table.fault(FILE.name, format!("{}:{line} {}", error.file.display(), fault.wrong), &fault.hint);
    }
    if error.more > 0 {
        let wrong = format!("{}: {} more faults", error.file.display(), error.more);
        table.fault(FILE.name, wrong, "mend those shown first");
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
