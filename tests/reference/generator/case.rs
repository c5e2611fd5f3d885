//! A scenario beside the files that it names, in memory and in a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

const SCENARIO: &str = "scenario.toml";

/// A scenario with the trace files that it names.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The scenario.
    pub document: Table,
    /// The content of the CSV files, by name.
    pub files: BTreeMap<String, String>,
}

impl Case {
    /// The scenario, laid out as people write one: a header for each section, and a line for each key in it.
    pub fn toml(&self) -> String {
        let mut text = String::new();
        for (name, section) in in_order(&self.document, &SECTIONS) {
            match section {
                Value::Table(table) => write_section(&format!("[{name}]"), name, table, &mut text),
                Value::Array(items) => {
                    for table in items.iter().filter_map(Value::as_table) {
                        write_section(&format!("[[{name}]]"), name, table, &mut text);
                    }
                }
                value => panic!("`{name} = {value}` is no section"),
            }
        }
        text
    }

    /// Writes it into a folder, which must be there; gives the path of the scenario.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let write = |name: &str, content: &str| {
            let path = folder.join(name);
            fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            path
        };
        for (name, content) in &self.files {
            write(name, content);
        }
        write(SCENARIO, &self.toml())
    }

    /// Reads what [`Case::write`] wrote into a folder.
    pub fn read(folder: &Path) -> Case {
        let read = |path: &Path| {
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let path = folder.join(SCENARIO);
        let document = read(&path).parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
        let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "csv"));
        let name = |path: &Path| path.file_name().expect("a file").to_string_lossy().into_owned();
        Case { document, files: files.map(|path| (name(&path), read(&path))).collect() }
    }
}

/// The sections, in the order in which they are written.
const SECTIONS: [&str; 5] = ["scenario", "platform", "prices", "payments", "metering"];
/// What comes first in each.
const FIRST: [&str; 3] = ["name", "kind", "start"];
/// Large tables of a cohort have headers of their own.
const SUBSECTIONS: [&str; 2] = ["workload", "customer"];

fn write_section(header: &str, name: &str, table: &Table, text: &mut String) {
    let separator = if text.is_empty() { "" } else { "\n" };
    text.push_str(&format!("{separator}{header}\n"));
    let is_subsection =
        |key: &str, value: &Value| name == "cohort" && SUBSECTIONS.contains(&key) && value.is_table();
    for (key, value) in in_order(table, &FIRST).filter(|(key, value)| !is_subsection(key, value)) {
        text.push_str(&format!("{key} = {value}\n"));
    }
    for (key, value) in table.iter().filter(|(key, value)| is_subsection(key, value)) {
        if let Some(table) = value.as_table() {
            let path = format!("{name}.{key}");
            write_section(&format!("[{path}]"), &path, table, text);
        }
    }
}

/// The keys of a table, those that are `first` before all others.
fn in_order<'t>(table: &'t Table, first: &[&str]) -> impl Iterator<Item = (&'t String, &'t Value)> {
    let place = |key: &str| first.iter().position(|first| *first == key).unwrap_or(first.len());
    let mut entries: Vec<_> = table.iter().map(|(key, value)| (place(key), key, value)).collect();
    entries.sort_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)));
    entries.into_iter().map(|(_, key, value)| (key, value))
}
