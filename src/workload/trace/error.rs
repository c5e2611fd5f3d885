//! What is wrong with a trace file, and what would be right.

use std::fmt;
use std::path::{Path, PathBuf};

/// How many faults of a file are shown.
const SHOWN: usize = 10;

/// A trace that cannot be used: the first faults of the file, and how many follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The first faults, in the order of the file; at least one.
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub more: u64,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line it is on, as an editor counts, from 1; `None` where the whole file is meant.
    pub line: Option<u64>,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub hint: String,
}

impl Fault {
    /// A fault of the whole file, or one whose line is yet to be told.
    pub(super) fn new(wrong: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault { line: None, wrong: wrong.into(), hint: hint.into() }
    }

    /// The same fault, with the line it is on.
    pub(super) fn at(self, line: u64) -> Fault {
        Fault { line: Some(line), ..self }
    }

    /// A value that will not do.
    pub(super) fn value(column: &str, text: impl fmt::Display, hint: &str) -> Fault {
        Fault::new(format!("`{column}` is `{text}`"), hint)
    }

    /// A value that is not there.
    pub(super) fn missing(column: &str, hint: &str) -> Fault {
        Fault::new(format!("`{column}` is missing"), hint)
    }
}

/// The faults found so far.
#[derive(Default)]
pub(super) struct Faults {
    first: Vec<Fault>,
    more: u64,
}

impl Faults {
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    pub fn push(&mut self, fault: Fault) {
        if self.first.len() < SHOWN {
            self.first.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// Gives up on the file if anything was found.
    pub fn into_result(self, file: &Path) -> Result<(), TraceError> {
        if self.first.is_empty() {
            return Ok(());
        }
        Err(TraceError { file: file.to_owned(), faults: self.first, more: self.more })
    }
}

impl TraceError {
    /// A single fault.
    pub(super) fn of(file: &Path, fault: Fault) -> TraceError {
        TraceError { file: file.to_owned(), faults: vec![fault], more: 0 }
    }
}

impl std::error::Error for TraceError {}

/// Writes each fault as `file:line: what is wrong`, with a hint on a line of its own.
impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Fault { line, wrong, hint }) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:", self.file.display())?;
            if let Some(line) = line {
                write!(f, "{line}:")?;
            }
            write!(f, " {wrong}\nhint: {hint}")?;
        }
        match self.more {
            0 => Ok(()),
            1 => write!(f, "\nand 1 more fault"),
            more => write!(f, "\nand {more} more faults"),
        }
    }
}
