//! Recorded requests: four file formats, plain or gzipped.

use crate::request::Usage;
use crate::time::Time;

/// Recorded requests of a cohort, sorted by time, the first at the start of the run.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// All requests, by time.
    pub records: Vec<Record>,
    /// For each account the indexes of its records, ascending.
    pub by_account: Vec<Vec<u32>>,
    /// Names of the accounts, in order of first appearance, where the file names them.
    pub account_names: Vec<String>,
    /// Whether the file says which model each request used (else it is drawn).
    pub has_models: bool,
    /// Whether the file says how many tokens were cached (else that is drawn).
    pub has_cached: bool,
}

/// One recorded request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it arrived.
    pub at: Time,
    /// What it used.
    pub usage: Usage,
}
