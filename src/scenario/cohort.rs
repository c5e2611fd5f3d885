//! The tables `[[cohort]]`: accounts and signups.

use super::workload::{self, Written};
use super::{check_name, check_unique, customer};
use crate::document::{Read, Table, Value, quoted};
use crate::time::Span;
use crate::workload::{Arrivals, Cohort, Signup};

/// The most accounts of a cohort.
const MOST_ACCOUNTS: u32 = u32::MAX / 2;

impl Read for Signup {
    fn read(value: &Value<'_>) -> Option<Signup> {
        match value.table() {
            Some(mut table) => {
                table.require("over", "say how long people sign up, as in `over = \"30d\"`").map(Signup::Over)
            }
            None if value.as_str() == Some("start") => Some(Signup::AtStart),
            None => value.expected("`\"start\"` or a window", "write `\"start\"` or `{ over = \"30d\" }`"),
        }
    }
}

/// Reads all cohorts, in the order of the file. `models` are the names of the price list.
pub fn read_all(root: &mut Table<'_>, models: &[String], horizon: Option<Span>) -> Option<Vec<Cohort>> {
    let mut tables =
        root.require_children("cohort", "add a line `[[cohort]]` with `accounts = 100` under it");
    check_unique(&tables, |index, _| default_name(index));
    let cohorts: Vec<Option<Cohort>> =
        tables.iter_mut().enumerate().map(|(index, table)| cohort(table, index, models, horizon)).collect();
    cohorts.into_iter().collect()
}

fn default_name(index: usize) -> String {
    format!("cohort-{}", index + 1)
}

fn cohort(table: &mut Table<'_>, index: usize, models: &[String], horizon: Option<Span>) -> Option<Cohort> {
    let name: Option<String> = table.get_or("name", &quoted(&default_name(index)));
    if let Some(name) = &name {
        check_name(table, name);
        if name == "all" {
            table.fault("name", "`all` stands for the sum of the cohorts", "choose another name");
        }
    }
    let accounts: Option<u32> = table.get("accounts");
    let is_possible = |accounts: &u32| (1..=MOST_ACCOUNTS).contains(accounts);
    if accounts.is_some_and(|accounts| !is_possible(&accounts)) {
        let wrong = format!("a cohort has 1 to {MOST_ACCOUNTS} accounts");
        table.fault("accounts", wrong, "write such a number, or leave the cohort out");
    }
    let signup: Option<Signup> = table.get_or("signup", "\"start\"");
    let hint = "say what the accounts send: add a line `[cohort.workload]` with \
                `arrivals = { poisson = { per_day = 100 } }` under it";
    let written = table
        .require_child("workload", hint)
        .map(|mut workload| workload::read(&mut workload, accounts.filter(is_possible), models, horizon));
    let customer = table.child_or_empty("customer").and_then(|mut customer| customer::read(&mut customer));

    let Written { workload, by_column } = written?;
    if by_column && table.has("accounts") {
        let wrong = "`accounts` is set, but the trace says which accounts there are";
        table.fault("accounts", wrong, "leave it out, or set `assign = \"round_robin\"`");
    }
    if !by_column && !table.has("accounts") {
        table.require::<u32>("accounts", "say how many there are, as in `accounts = 100`");
    }
    let workload = workload?;
    let accounts = match &workload.arrivals {
        Arrivals::Trace(trace) => u32::try_from(trace.by_account.len()).ok(),
        _ => accounts,
    };
    Some(Cohort { name: name?, accounts: accounts?, signup: signup?, workload, customer: customer? })
}
