//! The tables `[[cohort]]`: accounts and signups.

use super::customer::{self, CUSTOMER};
use super::workload::{self, WORKLOAD, Written};
use super::{check_name, check_unique};
use crate::document::schema::{self, Definitions, Schema};
use crate::document::{Key, Keys, Read, Table, TablesKey, Value, quoted};
use crate::time::Span;
use crate::workload::{Arrivals, Cohort, Signup};
use serde_json::json;

/// The most accounts of a cohort.
const MOST_ACCOUNTS: u32 = u32::MAX / 2;

/// The tables.
pub const COHORT: TablesKey = TablesKey::required(
    "cohort",
    &[&NAME, &ACCOUNTS, &SIGNUP, &WORKLOAD, &CUSTOMER],
    "add a line `[[cohort]]` with `accounts = 100` under it",
    "groups of accounts that are alike",
);

const NAME: Key<String> =
    Key::optional("name", "\"cohort-1\", ...", "what the cohort is called in the results");
const ACCOUNTS: Key<u32> = Key::optional(
    "accounts",
    "required, unless a trace says which accounts there are",
    "how many accounts there are",
);
const SIGNUP: Key<Signup> = Key::with_default(
    "signup",
    "\"start\"",
    "when accounts sign up: \"start\", or a table with `over`: evenly at random over that window",
);
const OVER: Key<Span> =
    Key::required("over", "say how long people sign up, as in `over = \"30d\"`", "how long people sign up");

impl Read for Signup {
    const KEYS: Keys = &[&OVER];

    fn read(value: &Value<'_>) -> Option<Signup> {
        match value.table(Self::KEYS) {
            Some(mut table) => table.read(&OVER).map(Signup::Over),
            None if value.as_str() == Some("start") => Some(Signup::AtStart),
            None => value.expected("`\"start\"` or a window", "write `\"start\"` or `{ over = \"30d\" }`"),
        }
    }

    fn schema(definitions: &mut Definitions) -> Schema {
        json!({ "anyOf": [{ "const": "start" }, schema::of_table(Self::KEYS, definitions)] })
    }
}

/// Reads all cohorts, in the order of the file. `models` are the names of the price list.
pub fn read_all(root: &mut Table<'_>, models: &[String], horizon: Option<Span>) -> Option<Vec<Cohort>> {
    let mut tables = root.tables(&COHORT);
    check_unique(&tables, |index, _| default_name(index));
    let cohorts: Vec<Option<Cohort>> =
        tables.iter_mut().enumerate().map(|(index, table)| cohort(table, index, models, horizon)).collect();
    cohorts.into_iter().collect()
}

fn default_name(index: usize) -> String {
    format!("cohort-{}", index + 1)
}

fn cohort(table: &mut Table<'_>, index: usize, models: &[String], horizon: Option<Span>) -> Option<Cohort> {
    let name = table.read_or(&NAME, &quoted(&default_name(index)));
    if let Some(name) = &name {
        check_name(table, name);
        if name == "all" {
            table.fault(NAME.name, "`all` stands for the sum of the cohorts", "choose another name");
        }
    }
    let accounts = table.read(&ACCOUNTS);
    let is_possible = |accounts: &u32| (1..=MOST_ACCOUNTS).contains(accounts);
    if accounts.is_some_and(|accounts| !is_possible(&accounts)) {
        let wrong = format!("a cohort has 1 to {MOST_ACCOUNTS} accounts");
        table.fault(ACCOUNTS.name, wrong, "write such a number, or leave the cohort out");
    }
    let signup = table.read(&SIGNUP);
    let written = table
        .table(&WORKLOAD)
        .map(|mut workload| workload::read(&mut workload, accounts.filter(is_possible), models, horizon));
    let customer = table.table(&CUSTOMER).and_then(|mut customer| customer::read(&mut customer));

    let Written { workload, by_column } = written?;
    if by_column && table.has(ACCOUNTS.name) {
        let wrong = "`accounts` is set, but the trace says which accounts there are";
        table.fault(ACCOUNTS.name, wrong, "leave it out, or set `assign = \"round_robin\"`");
    }
    if !by_column {
        table.demand(ACCOUNTS.name, "say how many there are, as in `accounts = 100`");
    }
    let workload = workload?;
    let accounts = match &workload.arrivals {
        Arrivals::Trace(trace) => Some(trace.accounts()),
        _ => accounts,
    };
    Some(Cohort { name: name?, accounts: accounts?, signup: signup?, workload, customer: customer? })
}
