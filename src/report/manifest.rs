//! The manifest: which run made a folder of results.

use super::Error;
use crate::scenario::Loaded;
use crate::sweep::Axis;
use jiff::Timestamp;
use serde::Serialize;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// The name of the manifest in a folder of results.
pub const FILE_NAME: &str = "manifest.json";

/// How a run was asked for, and how it went. The one file of a folder that differs between two runs of the
/// same scenario and seed.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// [`Manifest::PROGRAM`]; by this a folder is known as one of results, which a later run may replace.
    pub program: &'static str,
    /// The version of the program.
    pub version: &'static str,
    /// The SHA-256 of the scenario file, in hexadecimal.
    pub scenario_sha256: String,
    /// The seed of every random number.
    pub seed: u64,
    /// Independent runs.
    pub replications: u32,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// When the run began, in RFC 3339, UTC.
    pub started: String,
    /// How long it took.
    pub wall_seconds: f64,
    /// How many threads worked on it.
    pub threads: usize,
    /// Requests simulated, each counted once for all policies together.
    pub requests_simulated: u64,
    /// Of them, how many in a second.
    pub requests_per_second: f64,
    /// Records of traces that came before their account's signup, in all replications.
    pub dropped_trace_records: u64,
    /// Of a sweep, the keys with their values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid: Option<Vec<SweptKey>>,
}

/// A key of a sweep.
#[derive(Clone, Debug, Serialize)]
pub struct SweptKey {
    /// The key.
    pub key: String,
    /// Its values, as TOML.
    pub values: Vec<String>,
}

impl SweptKey {
    /// That of an axis.
    pub fn of(axis: &Axis) -> SweptKey {
        let values = axis.values.iter().map(|value| value.toml.clone());
        SweptKey { key: axis.key.to_string(), values: values.collect() }
    }
}

impl Manifest {
    /// What `program` says.
    pub const PROGRAM: &str = "billsim";

    /// That of a run or sweep of a scenario in this process, which began then.
    ///
    /// # Errors
    /// If it began before the year -9999.
    pub fn new(
        loaded: &Loaded,
        began: SystemTime,
        wall_seconds: f64,
        requests: u64,
        dropped_trace_records: u64,
    ) -> Result<Manifest, jiff::Error> {
        Ok(Manifest {
            program: Manifest::PROGRAM,
            version: env!("CARGO_PKG_VERSION"),
            scenario_sha256: loaded.sha256.clone(),
            seed: loaded.scenario.seed,
            replications: loaded.scenario.replications,
            command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
            started: Timestamp::try_from(began)?.to_string(),
            wall_seconds,
            threads: rayon::current_num_threads(),
            requests_simulated: requests,
            requests_per_second: requests as f64 / wall_seconds,
            dropped_trace_records,
            grid: None,
        })
    }

    /// Writes the manifest into a folder.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE_NAME);
        let json = serde_json::to_string_pretty(self).expect("a manifest has text keys only");
        fs::write(&path, json + "\n").map_err(Error::at(&path, "write"))
    }
}

/// Whether a folder has a manifest of this program.
pub fn is_in(folder: &Path) -> bool {
    let Ok(json) = fs::read_to_string(folder.join(FILE_NAME)) else { return false };
    serde_json::from_str::<serde_json::Value>(&json)
        .is_ok_and(|manifest| manifest.get("program").is_some_and(|program| program == Manifest::PROGRAM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_the_manifest_written_into_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_in(folder.path()));
        fs::write(folder.path().join(FILE_NAME), "{\"name\": \"a web page\"}").unwrap();
        assert!(!is_in(folder.path()));
        crate::report::sample::manifest().write(folder.path()).unwrap();
        assert!(is_in(folder.path()));
        let json = fs::read_to_string(folder.path().join(FILE_NAME)).unwrap();
        assert!(json.starts_with("{\n  \"program\": \"billsim\",\n  \"version\": \""), "{json}");
        assert!(json.contains("\"command\": [\n    \"billsim\",\n    \"run\""), "{json}");
    }
}
