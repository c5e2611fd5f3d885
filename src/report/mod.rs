//! What a run leaves behind: a folder of CSV files, plots and a page made from these alone, and a table for
//! the terminal.

pub mod csv;
pub mod description;
pub mod figure;
pub mod folder;
pub mod manifest;
pub mod page;
pub mod plot;
pub mod results;
#[cfg(test)]
mod sample;
pub mod story;
pub mod sweep;
pub mod terminal;
pub mod timing;
pub mod warnings;

use results::Results;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use sweep::results::SweepResults;

/// Draws the plots of a folder of results from its other files, and of a run the page, and returns the files.
///
/// # Errors
/// If a file of the folder is missing or does not read as it was written, or if one cannot be written.
pub fn draw(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if SweepResults::are_in(folder) {
        return plot::sweep::draw(folder, &SweepResults::read(folder)?);
    }
    let results = Results::read(folder)?;
    let mut files = plot::draw(folder, &results)?;
    files.push(page::write(folder, &results, &files)?);
    Ok(files)
}

/// Why a result could not be written or read.
#[derive(Debug)]
pub enum Error {
    /// The system refused.
    System {
        /// Which file or folder.
        path: PathBuf,
        /// What was tried, as after "cannot".
        tried: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file stands where the folder of results should be.
    NotAFolder {
        /// Where.
        path: PathBuf,
    },
    /// A folder holds something other than results, and is not replaced.
    Foreign {
        /// Where.
        path: PathBuf,
    },
    /// Another process is making results there.
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// The earlier results were set aside for new ones that could not take their place.
    SetAside {
        /// Where the results should be.
        path: PathBuf,
        /// Where the earlier ones are now.
        aside: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of results does not read as it was written.
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with its place.
        fault: String,
    },
}

impl Error {
    /// Turns an error of the system, met while trying something with a path, into one that names both.
    pub(crate) fn at<E: Into<io::Error>>(path: &Path, tried: &'static str) -> impl FnOnce(E) -> Error {
        let path = path.to_owned();
        move |source| Error::System { path, tried, source: source.into() }
    }
}

/// Writes where it went wrong and what is wrong on a line, what to do on the next.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::System { path, tried, source } => {
                write!(f, "{}: cannot {tried}: {source}\nhint: {}", path.display(), hint(source.kind()))
            }
            Error::NotAFolder { path } => write!(
                f,
                "{}: is a file, but the results need a folder\nhint: move the file away, or name another \
                 place with --out DIR",
                path.display()
            ),
            Error::Foreign { path } => write!(
                f,
                "{}: holds something other than results of billsim, which would be deleted\nhint: name a \
                 folder that is new or empty with --out DIR",
                path.display()
            ),
            Error::Busy { path } => write!(
                f,
                "{}: another sweep is being written there\nhint: wait for it to end, or name another place \
                 with --out DIR",
                path.display()
            ),
            Error::SetAside { path, aside, source } => write!(
                f,
                "{}: cannot put the new results in place: {source}\nhint: the earlier ones are in {}; move \
                 them back by hand",
                path.display(),
                aside.display()
            ),
            Error::Malformed { path, fault } => write!(
                f,
                "{}: {fault}\nhint: run the scenario again; files of results are made, not edited",
                path.display()
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::System { source, .. } | Error::SetAside { source, .. } => Some(source),
            Error::NotAFolder { .. }
            | Error::Foreign { .. }
            | Error::Busy { .. }
            | Error::Malformed { .. } => None,
        }
    }
}

fn hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "check the path; a folder of results is made by `billsim run`",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make the folder writable for you, or name another place with --out DIR"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or name a place on another disk with --out DIR"
        }
        io::ErrorKind::NotADirectory => "a part of the path is a file; name another place with --out DIR",
        io::ErrorKind::InvalidFilename => "choose a shorter name, of letters and digits, with --out DIR",
        _ => "check the disk and the path, or name another place with --out DIR",
    }
}
