//! The manifest: which run made a folder of results.

use super::Error;
use serde::Serialize;
use std::fs;
use std::path::Path;

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
}

impl Manifest {
    /// What `program` says.
    pub const PROGRAM: &str = "billsim";

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
