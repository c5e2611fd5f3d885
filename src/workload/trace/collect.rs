//! From rows in the order of the file to a trace by account.

use super::error::{Fault, Faults, TraceError};
use super::field::quoted;
use super::{Trace, TraceOptions};
use crate::request::Usage;
use crate::time::Time;
use foldhash::fast::FixedState;
use std::collections::{HashMap, HashSet};
use std::iter;
use std::path::Path;

type Names<T> = HashMap<Vec<u8>, T, FixedState>;

/// The rows of a file read so far, and what is wrong with it.
pub struct Collector<'o> {
    options: &'o TraceOptions,
    rows: Rows,
    /// The accounts, numbered as they were met.
    accounts: Names<u32>,
    /// The models met that the price list lacks.
    unpriced: HashSet<Vec<u8>>,
    has_models: bool,
    has_cached: bool,
    faults: Faults,
}

/// Rows as columns; those that the file does not tell are empty.
#[derive(Default)]
struct Rows {
    at: Vec<Time>,
    model: Vec<u16>,
    prompt: Vec<u32>,
    cached: Vec<u32>,
    output: Vec<u32>,
    account: Vec<u32>,
}

/// The rows of a part of the file, and what is wrong with it.
pub struct Portion {
    rows: Rows,
    /// The accounts that were not known yet, numbered on from those that were.
    new_accounts: Names<u32>,
    known_accounts: usize,
    /// Each with how many lines of the part come before it.
    flaws: Vec<(u64, Flaw)>,
}

/// Reads a part of a file.
pub struct Reading<'c> {
    collector: &'c Collector<'c>,
    models: Names<u16>,
    portion: Portion,
}

/// What is wrong with a row.
pub struct Flaw {
    fault: Fault,
    /// The model that the price list lacks, if it is that: told only once.
    unpriced: Option<Vec<u8>>,
}

impl From<Fault> for Flaw {
    fn from(fault: Fault) -> Flaw {
        Flaw { fault, unpriced: None }
    }
}

impl<'o> Collector<'o> {
    pub fn new(options: &'o TraceOptions) -> Collector<'o> {
        Collector {
            options,
            rows: Rows::default(),
            accounts: Names::default(),
            unpriced: HashSet::new(),
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

    /// Begins to read another part of the file.
    pub fn reading(&self) -> Reading<'_> {
        let portion = Portion {
            rows: Rows::default(),
            new_accounts: Names::default(),
            known_accounts: self.accounts.len(),
            flaws: Vec::new(),
        };
        Reading { collector: self, models: Names::default(), portion }
    }

    /// Adds the next part of the file, which begins on that line.
    pub fn take(&mut self, portion: Portion, line: u64) {
        let Portion { mut rows, new_accounts, known_accounts, flaws } = portion;
        for (lines, Flaw { fault, unpriced }) in flaws {
            if unpriced.is_none_or(|model| self.unpriced.insert(model)) {
                self.fault(fault.at(line + lines));
            }
        }
        if !new_accounts.is_empty() {
            // Parts that were read at the same time have numbered the same accounts.
            let mut new_accounts: Vec<_> = new_accounts.into_iter().collect();
            new_accounts.sort_unstable_by_key(|(_, number)| *number);
            let numbers: Vec<u32> = (new_accounts.into_iter())
                .map(|(name, _)| {
                    let next = self.accounts.len() as u32;
                    *self.accounts.entry(name).or_insert(next)
                })
                .collect();
            for account in &mut rows.account {
                if let Some(new) = (*account as usize).checked_sub(known_accounts) {
                    *account = numbers[new];
                }
            }
        }
        self.rows.append(rows);
    }

    /// The trace, unless something is wrong with the file.
    pub fn finish(mut self, file: &Path) -> Result<Trace, TraceError> {
        let rows = self.rows.at.len();
        if rows == 0 && self.faults.is_empty() {
            self.fault(Fault::new("has no requests", "give a row for each request"));
        }
        if u32::try_from(rows).is_err() {
            self.fault(Fault::new("has more requests than can be numbered", "split the file"));
        }
        self.faults.into_result(file)?;

        self.rows.sort();
        let Rows { mut at, model, prompt, cached, output, account } = self.rows;
        let first = at[0];
        for at in &mut at {
            *at = Time::START + (*at - first);
        }
        let (begins, account_names, places) = match self.options.accounts {
            Some(accounts) => {
                let accounts = accounts as usize;
                let of_account = |account| rows.saturating_sub(account).div_ceil(accounts) as u32;
                (running_sum((0..accounts).map(of_account)), Vec::new(), None)
            }
            None => {
                let (owners, names) = by_first_appearance(account, self.accounts);
                let (begins, places) = places(owners, names.len());
                (begins, names, Some(places))
            }
        };
        let share = Share { begins: &begins, places: places.as_deref() };
        Ok(Trace {
            at: share.out(at),
            model: self.has_models.then(|| share.out(model)),
            prompt: share.out(prompt),
            cached: self.has_cached.then(|| share.out(cached)),
            output: share.out(output),
            begins,
            account_names,
        })
    }
}

impl Rows {
    fn append(&mut self, more: Rows) {
        let Rows { at, model, prompt, cached, output, account } = more;
        self.at.extend(at);
        self.model.extend(model);
        self.prompt.extend(prompt);
        self.cached.extend(cached);
        self.output.extend(output);
        self.account.extend(account);
    }

    /// Sorts by time; rows of the same microsecond stay in their order.
    fn sort(&mut self) {
        if self.at.is_sorted() {
            return;
        }
        let mut order: Vec<(Time, u32)> = self.at.iter().copied().zip(0..).collect();
        order.sort_by_key(|(at, _)| *at);
        sort_column(&mut self.at, &order);
        sort_column(&mut self.model, &order);
        sort_column(&mut self.prompt, &order);
        sort_column(&mut self.cached, &order);
        sort_column(&mut self.output, &order);
        sort_column(&mut self.account, &order);
    }
}

fn sort_column<T: Copy>(column: &mut Vec<T>, order: &[(Time, u32)]) {
    if !column.is_empty() {
        *column = order.iter().map(|(_, row)| column[*row as usize]).collect();
    }
}

/// Numbers the accounts anew in the order of the rows. Gives that of each row, and the names by number.
fn by_first_appearance(mut accounts: Vec<u32>, names: Names<u32>) -> (Vec<u32>, Vec<String>) {
    let mut numbers = vec![None; names.len()];
    let mut next = 0;
    for account in &mut accounts {
        *account = *numbers[*account as usize].get_or_insert_with(|| {
            next += 1;
            next - 1
        });
    }
    let mut by_number = vec![String::new(); names.len()];
    for (name, account) in names {
        let number = numbers[account as usize].expect("an account is met in a row");
        by_number[number as usize] = String::from_utf8(name).expect("names that are not UTF-8 are refused");
    }
    (accounts, by_number)
}

/// Where the rows of each account begin if each account has its rows together, in their order; and where each
/// row, of which the owner is given, is then.
fn places(owners: Vec<u32>, accounts: usize) -> (Vec<u32>, Vec<u32>) {
    let mut counts = vec![0; accounts];
    for owner in &owners {
        counts[*owner as usize] += 1;
    }
    let begins = running_sum(counts);
    let mut next = begins.clone();
    let mut places = owners;
    for place in &mut places {
        let next = &mut next[*place as usize];
        *place = *next;
        *next += 1;
    }
    (begins, places)
}

/// The sums of all that comes before each count, and of all.
fn running_sum(counts: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let sums = counts.into_iter().scan(0, |sum, count| {
        *sum += count;
        Some(*sum)
    });
    iter::once(0).chain(sums).collect()
}

/// How rows are shared out among the accounts.
struct Share<'a> {
    /// Where the rows of each account begin then, and where those of the last end.
    begins: &'a [u32],
    /// Where each row is then; `None` where they go to the accounts in turn.
    places: Option<&'a [u32]>,
}

impl Share<'_> {
    /// A column with the values of the first account, then those of the second, and so on.
    fn out<T: Copy + Default>(&self, column: Vec<T>) -> Vec<T> {
        /// The turns and accounts that are gone through together: few enough for what is read of them and
        /// written to stay in the cache, and as many accounts as a line of it has values.
        const TURNS: usize = 256;
        const ACCOUNTS: usize = 16;

        let mut shared = vec![T::default(); column.len()];
        if let Some(places) = self.places {
            for (value, place) in column.into_iter().zip(places) {
                shared[*place as usize] = value;
            }
            return shared;
        }
        let accounts = self.begins.len() - 1;
        for account in (0..accounts).step_by(ACCOUNTS) {
            for turn in (0..column.len().div_ceil(accounts)).step_by(TURNS) {
                for account in account..accounts.min(account + ACCOUNTS) {
                    let rows = column.get(turn * accounts + account..).unwrap_or_default();
                    let places = shared.get_mut(self.begins[account] as usize + turn..).unwrap_or_default();
                    for (place, value) in places.iter_mut().zip(rows.iter().step_by(accounts).take(TURNS)) {
                        *place = *value;
                    }
                }
            }
        }
        shared
    }
}

impl Reading<'_> {
    /// Adds a record that arrived at so many microseconds, by the clock of the file.
    #[inline]
    pub fn push(&mut self, micros: i64, usage: Usage, account: u32) {
        let rows = &mut self.portion.rows;
        rows.at.push(Time::from_micros(micros));
        rows.prompt.push(usage.prompt);
        rows.output.push(usage.output);
        if self.collector.has_models {
            rows.model.push(usage.model);
        }
        if self.collector.has_cached {
            rows.cached.push(usage.cached);
        }
        if self.collector.by_column() {
            rows.account.push(account);
        }
    }

    /// Notes what is wrong with the row that so many lines come before.
    pub fn flaw(&mut self, flaw: impl Into<Flaw>, lines: u64) {
        self.portion.flaws.push((lines, flaw.into()));
    }

    /// What has been read.
    pub fn done(self) -> Portion {
        self.portion
    }

    /// The number of an account by its name.
    pub fn account(&mut self, column: &str, name: &[u8]) -> Result<u32, Fault> {
        let portion = &mut self.portion;
        if let Some(&number) = self.collector.accounts.get(name).or_else(|| portion.new_accounts.get(name)) {
            return Ok(number);
        }
        let hint = "name the account of each request in UTF-8, or use `assign = \"round_robin\"`";
        if name.is_empty() {
            return Err(Fault::missing(column, hint));
        }
        if str::from_utf8(name).is_err() {
            return Err(Fault::value(column, quoted(name), hint));
        }
        let number = u32::try_from(portion.known_accounts + portion.new_accounts.len())
            .map_err(|_| Fault::new("has more accounts than can be numbered", "split the file"))?;
        portion.new_accounts.insert(name.to_owned(), number);
        Ok(number)
    }

    /// The place of a model in the price list. One that it lacks is a flaw the first time it is met.
    pub fn model(&mut self, column: &str, name: &[u8]) -> Result<u16, Flaw> {
        if let Some(&index) = self.models.get(name) {
            return Ok(index);
        }
        if name.is_empty() {
            return Err(Fault::missing(column, "name the model of each request").into());
        }
        let TraceOptions { rename, models, .. } = self.collector.options;
        let renamed = rename.iter().find(|(from, _)| from.as_bytes() == name);
        let listed = renamed.map_or(name, |(_, to)| to.as_bytes());
        let index = models.iter().position(|model| model.as_bytes() == listed);
        let index = index.and_then(|index| u16::try_from(index).ok());
        self.models.insert(name.to_owned(), index.unwrap_or_default());
        index.ok_or_else(|| {
            let known = quoted_list(models.iter().map(String::as_str));
            let shown = quoted(name);
            let wrong = match renamed {
                Some((_, to)) => format!("model `{shown}` is renamed to `{to}`, which the price list lacks"),
                None => format!("the price list lacks the model `{shown}`"),
            };
            let hint = format!("price it, or add `rename = {{ \"{shown}\" = \"...\" }}` with one of {known}");
            Flaw { fault: Fault::new(wrong, hint), unpriced: Some(name.to_owned()) }
        })
    }
}

/// Names as they are listed in a message.
pub fn quoted_list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
