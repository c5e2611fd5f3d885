//! From rows in the order of the file to a trace in the order of time.

use super::error::{Fault, Faults, TraceError};
use super::field::quoted;
use super::{Record, Trace, TraceOptions};
use crate::request::Usage;
use crate::time::Time;
use std::collections::HashMap;
use std::path::Path;

/// The rows of a file read so far, and what is wrong with it.
pub struct Collector<'o> {
    options: &'o TraceOptions,
    /// Each record with its account, numbered in the order of the file.
    rows: Vec<(Record, u32)>,
    accounts: HashMap<String, u32>,
    models: HashMap<Vec<u8>, u16>,
    has_models: bool,
    has_cached: bool,
    faults: Faults,
}

impl<'o> Collector<'o> {
    pub fn new(options: &'o TraceOptions) -> Collector<'o> {
        Collector {
            options,
            rows: Vec::new(),
            accounts: HashMap::new(),
            models: HashMap::new(),
            has_models: false,
            has_cached: false,
            faults: Faults::default(),
        }
    }

    /// Whether the file is to say whose each request was.
    pub fn by_column(&self) -> bool {
        self.options.accounts.is_none()
    }

    /// What the rows tell beyond time, prompt and output.
    pub fn has(&mut self, models: bool, cached: bool) {
        self.has_models = models;
        self.has_cached = cached;
    }

    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Adds a record that arrived at so many microseconds, by the clock of the file.
    pub fn push(&mut self, micros: i64, usage: Usage, account: u32) {
        self.rows.push((Record { at: Time::from_micros(micros), usage }, account));
    }

    /// The number of an account by its name.
    pub fn account(&mut self, column: &str, name: &[u8]) -> Result<u32, Fault> {
        let hint = "name the account of each request in UTF-8, or use `assign = \"round_robin\"`";
        let name = match str::from_utf8(name) {
            Ok("") => return Err(Fault::missing(column, hint)),
            Ok(name) => name,
            Err(_) => return Err(Fault::value(column, quoted(name), hint)),
        };
        if let Some(&number) = self.accounts.get(name) {
            return Ok(number);
        }
        let number = u32::try_from(self.accounts.len())
            .map_err(|_| Fault::new("has more accounts than can be numbered", "split the file"))?;
        self.accounts.insert(name.to_owned(), number);
        Ok(number)
    }

    /// The place of a model in the price list. One that it lacks is a fault the first time it is met.
    pub fn model(&mut self, column: &str, name: &[u8]) -> Result<u16, Fault> {
        if let Some(&index) = self.models.get(name) {
            return Ok(index);
        }
        if name.is_empty() {
            return Err(Fault::missing(column, "name the model of each request"));
        }
        let renamed = self.options.rename.iter().find(|(from, _)| from.as_bytes() == name);
        let listed = renamed.map_or(name, |(_, to)| to.as_bytes());
        let index = self.options.models.iter().position(|model| model.as_bytes() == listed);
        let index = index.and_then(|index| u16::try_from(index).ok());
        self.models.insert(name.to_owned(), index.unwrap_or_default());
        index.ok_or_else(|| {
            let known = quoted_list(self.options.models.iter().map(String::as_str));
            let name = quoted(name);
            let wrong = match renamed {
                Some((_, to)) => format!("model `{name}` is renamed to `{to}`, which the price list lacks"),
                None => format!("the price list lacks the model `{name}`"),
            };
            Fault::new(
                wrong,
                format!("price it, or add `rename = {{ \"{name}\" = \"...\" }}` with one of {known}"),
            )
        })
    }

    /// The trace, unless something is wrong with the file.
    pub fn finish(mut self, file: &Path) -> Result<Trace, TraceError> {
        if self.rows.is_empty() && self.faults.is_empty() {
            self.fault(Fault::new("has no requests", "give a row for each request"));
        }
        if u32::try_from(self.rows.len()).is_err() {
            self.fault(Fault::new("has more requests than can be numbered", "split the file"));
        }
        self.faults.into_result(file)?;

        let mut rows = self.rows;
        rows.sort_by_key(|(record, _)| record.at);
        let first = rows[0].0.at;
        for (record, _) in &mut rows {
            record.at = Time::START + (record.at - first);
        }
        let (by_account, account_names) = match self.options.accounts {
            Some(accounts) => (deal(rows.len() as u32, accounts), Vec::new()),
            None => by_first_appearance(&rows, self.accounts),
        };
        Ok(Trace {
            records: rows.into_iter().map(|(record, _)| record).collect(),
            by_account,
            account_names,
            has_models: self.has_models,
            has_cached: self.has_cached,
        })
    }
}

/// Gives the records to the accounts in turn.
fn deal(records: u32, accounts: u32) -> Vec<Vec<u32>> {
    (0..accounts).map(|account| (account..records).step_by(accounts as usize).collect()).collect()
}

/// The records of each account and its name, numbering accounts anew in the order of the records.
fn by_first_appearance(rows: &[(Record, u32)], names: HashMap<String, u32>) -> (Vec<Vec<u32>>, Vec<String>) {
    let mut numbers = vec![None; names.len()];
    let mut by_account = Vec::with_capacity(names.len());
    for (index, &(_, account)) in (0..).zip(rows) {
        let number = *numbers[account as usize].get_or_insert_with(|| {
            by_account.push(Vec::new());
            by_account.len() - 1
        });
        by_account[number].push(index);
    }
    let mut account_names = vec![String::new(); names.len()];
    for (name, account) in names {
        account_names[numbers[account as usize].expect("an account is numbered by its first record")] = name;
    }
    (by_account, account_names)
}

/// Names as they are listed in a message.
pub fn quoted_list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
