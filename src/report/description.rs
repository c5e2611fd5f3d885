//! What a scenario says and what a run of it cannot show, in a file: for reports that are made from the folder alone.

use super::Error;
use crate::scenario::Description;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// The name of the file in a folder of results.
pub const FILE_NAME: &str = "description.json";

/// The words of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// What the scenario says.
    #[serde(flatten)]
    pub scenario: Description,
    /// What the run has shown that its results cannot show, each with its figure and its remedy.
    pub warnings: Vec<String>,
}

impl Words {
    /// Writes them into a folder of results.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE_NAME);
        let json = serde_json::to_string_pretty(self).expect("words have text keys only");
        fs::write(&path, json + "\n").map_err(Error::at(&path, "write"))
    }

    /// Reads them from a folder of results.
    ///
    /// # Errors
    /// If the file cannot be read, or does not hold them.
    pub fn read(folder: &Path) -> Result<Words, Error> {
        let path = folder.join(FILE_NAME);
        let json = fs::read_to_string(&path).map_err(Error::at(&path, "read"))?;
        serde_json::from_str(&json).map_err(|error| Error::Malformed { path, fault: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn what_is_written_is_read_again_and_anything_else_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Words::read(folder.path()), Err(Error::System { .. })));
        let words = sample::words(&["prepaid", "<b>top-up</b> & \"more\""]);
        words.write(folder.path()).unwrap();
        assert_eq!(Words::read(folder.path()).unwrap(), words);

        fs::write(folder.path().join(FILE_NAME), "{\"name\": 1}").unwrap();
        let error = Words::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("description.json: missing field"), "{error}");
    }
}
