//! Scenario files: their bytes, read as they are or with other values in some places.

use super::{KEYS, Loaded, Scenario, policies, whole};
use crate::document::{Document, Fault, Faults, KeyPath, NamedFiles, Setting, Sheet, did_you_mean, listed};
use crate::policy::{Kinds, PolicyPlan};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest scenario that is read.
const MOST_BYTES: u64 = 10_000_000;

/// A scenario file, which can be read several times, with other values in some places. The files that it
/// names are read once.
pub struct ScenarioFile {
    path: PathBuf,
    text: String,
    kinds: Kinds,
    named: NamedFiles,
}

impl ScenarioFile {
    /// Takes in a file with these kinds of policy.
    ///
    /// # Errors
    /// If it is none, or no text.
    pub fn open(path: &Path, kinds: &Kinds) -> Result<ScenarioFile, Faults> {
        ScenarioFile::of(path, &bytes(path)?, kinds)
    }

    /// The same, given what is in it.
    ///
    /// # Errors
    /// If it is no text.
    pub fn of(path: &Path, content: &[u8], kinds: &Kinds) -> Result<ScenarioFile, Faults> {
        let text = text(path, content)?.to_owned();
        Ok(ScenarioFile { path: path.to_owned(), text, kinds: kinds.clone(), named: NamedFiles::default() })
    }

    /// The scenario, with values that take the place of what the file gives.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(&self, settings: &[Setting]) -> Result<Loaded, Faults> {
        let sheet = Sheet::new(&self.text, settings);
        let document = Document::parse(&self.path, &sheet, &self.named)?;
        let scenario = whole(&mut document.root(KEYS), &self.kinds);
        let resolved = document.finish()?;
        let scenario = scenario.expect("what cannot be read is noted as a fault");
        let sha256 = hexadecimal(&Sha256::digest(&self.text));
        Ok(Loaded { scenario, sha256, named_files_took: self.named.took(), resolved })
    }

    /// Its policies alone.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn read_policies(&self, settings: &[Setting]) -> Result<Vec<PolicyPlan>, Faults> {
        let sheet = Sheet::new(&self.text, settings);
        let document = Document::parse(&self.path, &sheet, &self.named)?;
        let mut root = document.root(KEYS);
        root.leave_rest();
        let policies = policies::read_all(&mut root, &self.kinds);
        drop(root);
        document.finish()?;
        Ok(policies.expect("what cannot be read is noted as a fault"))
    }

    /// The files that it names, as far as it has been read.
    pub fn named_files(&self) -> Vec<PathBuf> {
        self.named.paths()
    }
}

impl Scenario {
    /// The way to a key of the scenario's file in which policies and cohorts are called by their names, as
    /// one in which their tables are counted.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn place_of(&self, key: &KeyPath) -> Result<KeyPath, String> {
        let names: Vec<&str> = match key.0[0].as_str() {
            "policy" => self.policies.iter().map(|policy| policy.name.as_str()).collect(),
            "cohort" => self.cohorts.iter().map(|cohort| cohort.name.as_str()).collect(),
            section if key.0.len() < 2 => {
                return Err(format!("this is no key\nhint: name one, as in `{section}.key`"));
            }
            _ => return Ok(key.clone()),
        };
        let what = &key.0[0];
        let [_, name, _, ..] = &key.0[..] else {
            return Err(format!("this is no key\nhint: name one, as in `{what}.{}.key`", names[0]));
        };
        let Some(index) = names.iter().position(|known| known == name) else {
            let meant = did_you_mean(name, names.iter().copied());
            let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
            return Err(format!("there is no {what} `{name}`\nhint: {meant}there is {}", listed(&names)));
        };
        let mut place = key.clone();
        place.0[1] = index.to_string();
        Ok(place)
    }
}

/// Bytes in hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a file, unless it is too large for a scenario.
fn bytes(path: &Path) -> Result<Vec<u8>, Faults> {
    let hint = "give the path of a scenario file, or make one with `billsim new FILE`";
    if path.is_dir() {
        return Err(Fault::of_file(path, "this is a folder", hint).into());
    }
    let mut content = Vec::new();
    let size = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut content));
    match size {
        Err(error) => Err(Fault::of_file(path, format!("cannot be read: {error}"), hint).into()),
        Ok(size) if size as u64 > MOST_BYTES => {
            let wrong =
                format!("this is larger than {} MB, too large for a scenario", MOST_BYTES / 1_000_000);
            Err(Fault::of_file(path, wrong, "keep data in files of their own that the scenario names").into())
        }
        Ok(_) => Ok(content),
    }
}

/// The text of a file.
fn text<'c>(path: &Path, content: &'c [u8]) -> Result<&'c str, Faults> {
    str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        let wrong = format!("this is no text: line {line} is not UTF-8");
        Fault::of_file(path, wrong, "save it as UTF-8, or check that it is a scenario at all").into()
    })
}
