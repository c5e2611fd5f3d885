//! The journal of a sweep: what has been done of it, so that it can go on after an interruption.

use super::super::Error;
use super::super::folder::{beside, replace_file};
use crate::experiment::Row;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A hidden folder beside the results of a sweep, with a file for each batch that is done. A file is there
/// whole or not at all. While one process has the journal, no other one gets it.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    /// Locked as long as it is open.
    lock: File,
}

/// What a batch has given.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Its rows.
    pub rows: Vec<Row>,
    /// Requests simulated.
    pub requests: u64,
    /// Records of traces that came before their account's signup.
    pub dropped_records: u64,
}

/// The file that says which sweep a journal is of.
const IDENTITY: &str = "identity";
/// The file that is locked.
const LOCK: &str = "lock";

impl Journal {
    /// Opens the journal of the sweep whose results shall be at `target`. One of another sweep, by its
    /// identity, is begun anew.
    ///
    /// # Errors
    /// If another process has it, or it cannot be written.
    pub fn open(target: &Path, identity: &str) -> Result<Journal, Error> {
        let folder = beside(target, ".journal")?;
        fs::create_dir_all(&folder).map_err(Error::at(&folder, "create the folder"))?;
        let path = folder.join(LOCK);
        let lock = File::create(&path).map_err(Error::at(&path, "create the file"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { path: target.to_owned() }),
            // Some file systems have no locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(Error::at(&path, "lock")(error)),
        }
        let journal = Journal { folder, lock };
        let path = journal.folder.join(IDENTITY);
        if fs::read_to_string(&path).is_ok_and(|known| known == identity) {
            return Ok(journal);
        }
        for entry in fs::read_dir(&journal.folder).map_err(Error::at(&journal.folder, "read the folder"))? {
            let path = entry.map_err(Error::at(&journal.folder, "read the folder"))?.path();
            if path.file_name().is_some_and(|name| name != LOCK) {
                fs::remove_file(&path).map_err(Error::at(&path, "remove"))?;
            }
        }
        replace_file(&path, identity.as_bytes())?;
        Ok(journal)
    }

    /// What a batch has given, if it is done.
    pub fn done(&self, batch: usize) -> Option<Done> {
        serde_json::from_slice(&fs::read(self.path_of(batch)).ok()?).ok()
    }

    /// Keeps what a batch has given.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, batch: usize, done: &Done) -> Result<(), Error> {
        let json = serde_json::to_vec(done).expect("rows have text keys only");
        replace_file(&self.path_of(batch), &json)
    }

    /// Removes it, once the results are in place.
    ///
    /// # Errors
    /// If that fails.
    pub fn remove(self) -> Result<(), Error> {
        let Journal { folder, lock } = self;
        drop(lock);
        fs::remove_dir_all(&folder).map_err(Error::at(&folder, "remove"))
    }

    fn path_of(&self, batch: usize) -> PathBuf {
        self.folder.join(format!("{batch:05}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn done(requests: u64) -> Done {
        Done { rows: sample::outcome(&["p"], 2, 3).rows, requests, dropped_records: 0 }
    }

    #[test]
    fn what_is_kept_is_there_again_as_it_was() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("s-sweep");
        let journal = Journal::open(&target, "this one").unwrap();
        journal.keep(3, &done(7)).unwrap();
        drop(journal);
        let journal = Journal::open(&target, "this one").unwrap();
        assert_eq!(journal.done(3), Some(done(7)));
        assert_eq!(journal.done(2), None);
        fs::write(journal.path_of(2), "{\"rows\": [").unwrap();
        assert_eq!(journal.done(2), None, "half a file is none");
        journal.remove().unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_sweep_begins_anew() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("s-sweep");
        Journal::open(&target, "this one").unwrap().keep(0, &done(7)).unwrap();
        assert_eq!(Journal::open(&target, "another one").unwrap().done(0), None);
        assert_eq!(Journal::open(&target, "this one").unwrap().done(0), None);
    }

    #[test]
    fn a_journal_in_use_is_an_error_that_says_so() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("s-sweep");
        let journal = Journal::open(&target, "this one").unwrap();
        let told = Journal::open(&target, "another one").unwrap_err().to_string();
        assert!(told.contains("another sweep is being written there\nhint: "), "{told}");
        drop(journal);
        Journal::open(&target, "another one").unwrap();
    }
}
