//! Every key of a scenario, each with a case that fails without it: `table.txt`, a row for each.
//!
//! A row gives two values of its key (`-`: the key is absent), the case that they are put into, a column of
//! the results, and what stands there under each: an exact value, or after `~` one that is met within three
//! percent. A case is a base, then other keys; those after `with` are set beside the second value only. What
//! begins with a point stands in the table of the section.

use billsim::experiment::{self, Options, Row as ResultRow};
use billsim::metrics::MEASURES;
use billsim::policy::Kinds;
use billsim::scenario::Scenario;
use std::collections::BTreeSet;
use std::path::Path;
use toml::{Table, Value};

/// The cases that others start from, each with those that it starts from itself.
const BASES: &[(&str, &str)] = &[
    // A request of 0.25 dollars every hour, the first after an hour: 23 in a day.
    (
        "hourly",
        "scenario.horizon = '1d'
         prices.m = { input = 1.00, output = 1.00 }
         cohort.accounts = 1
         cohort.workload.arrivals.gamma = { per_day = 24, cv = 0 }
         cohort.workload.models.m = 1
         cohort.workload.tokens = { prompt = 250000, output = 0 }",
    ),
    // Credit for two requests.
    ("prepaid", "hourly; policy = { kind = 'prepaid_pause', initial_purchase = 0.50 }"),
    (
        "top-up",
        "hourly; policy.kind = 'auto_topup'; policy.initial_purchase = 1.00
         policy.threshold = 0.50; policy.amount = 1.00",
    ),
    ("postpaid", "hourly; policy.kind = 'postpaid'"),
    ("trial", "hourly; policy = { kind = 'trial', then = { kind = 'prepaid_pause' } }"),
    // Invoiced at 24.
    ("january", "postpaid; scenario.start = 2026-01-31; scenario.horizon = '4d'"),
    // Two requests a minute of 100 tokens for an hour: one in the first minute, 119 in all.
    (
        "often",
        "postpaid; scenario.horizon = '1h'; cohort.workload.arrivals.gamma.per_day = 2880
         cohort.workload.tokens.prompt = 100",
    ),
    // The same with a limit of 100 tokens a minute that does not move.
    (
        "adaptive",
        "often; policy.rate_limit.adaptive = { start = 100, floor = 100, ceiling = 200 }
         policy.rate_limit.adaptive.grow = 1; policy.rate_limit.adaptive.shrink = 1
         policy.rate_limit.adaptive.busy = 1",
    ),
    // Two requests.
    (
        "trace",
        "postpaid; cohort.workload.tokens = -
         cohort.workload.arrivals = { trace = { file = 'one.csv', format = 'billsim' } }",
    ),
    // Three requests, of which the trace tells the account and the model.
    (
        "named-trace",
        "trace; cohort.workload.models = -; prices.n = { input = 2.00, output = 2.00 }
         cohort.workload.arrivals.trace.file = 'named.csv'",
    ),
    // 20 thousand requests of a thousand tokens.
    (
        "random",
        "postpaid; scenario.horizon = '20d'; cohort.workload.arrivals = { poisson = { per_day = 1000 } }
         cohort.workload.tokens.prompt = 1000",
    ),
    ("two-models", "prices.n = { input = 2.00, output = 2.00 }; cohort.workload.models.n = 1"),
    // Accounts that are on or off, of which those count that were on.
    (
        "on-or-off",
        "postpaid; cohort.accounts = 20000; cohort.workload.arrivals = { on_off = { per_day = 24 } }",
    ),
    // Each request is in flight until the next has come.
    ("in-flight", "postpaid; metering.delay = '90m'; metering.authorization.in_flight.amount = 0.50"),
    // Moves to post-paid at 24.
    (
        "switching",
        "prepaid; scenario.horizon = '3d'; policy.switch = { at = 2026-01-02, to = { kind = 'postpaid' } }",
    ),
    // Alerted after a request, and bought for 20 more if that is heeded.
    ("alert", "policy.alert_at = 0.25; cohort.customer.buys_credit = { probability = 0, amount = 5.00 }"),
    // Stopped at 2 until then.
    ("bought-at-12", "cohort.customer.buys_credit = { delay = '10h', amount = 100.00 }"),
    (
        "without-card",
        "cohort.customer.payment_method = 0; policy.kind = 'prepaid_pause'
         policy.free_credit.amount = 1.00; policy.rate_limit.requests_per_minute = 2",
    ),
    // Requests that are refused with that code are tried once more.
    (
        "again-on-418",
        "cohort.customer.on_refusal.retry = { attempts = 1, backoff = '1s', http_status = [418] }",
    ),
];

/// A row of the table.
struct Row {
    line: usize,
    key: String,
    /// Where the key stands in a document.
    path: String,
    values: [String; 2],
    column: String,
    expected: [String; 2],
    case: String,
    with: String,
}

fn rows() -> Vec<Row> {
    let (mut section, mut place) = (String::new(), String::new());
    let mut rows = Vec::new();
    for (index, line) in include_str!("table.txt").lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let (name, at) = header.split_once(']').expect("a header ends");
            name.clone_into(&mut section);
            // What a kind of policy or a distribution knows is found at a place of another name.
            let at = at.trim().strip_prefix("at ");
            at.unwrap_or(name).clone_into(&mut place);
            continue;
        }
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [key, values, measure, case] = fields[..] else { panic!("line {}: four fields", index + 1) };
        let (column, expected) = measure.split_once(": ").expect("a column and its values");
        let (case, with) = case.split_once("; with ").unwrap_or((case, ""));
        let in_full = |settings: &str| {
            let settings = settings.split("; ").map(|setting| match setting.strip_prefix('.') {
                Some(rest) if rest.starts_with(' ') => format!("{place}{rest}"),
                Some(_) => format!("{place}{setting}"),
                None => setting.to_owned(),
            });
            settings.collect::<Vec<_>>().join("; ")
        };
        let pair = |text: &str| {
            let (before, after) = text.split_once(" -> ").unwrap_or_else(|| panic!("two values: {text}"));
            [before, after].map(|value| value.trim().to_owned())
        };
        rows.push(Row {
            line: index + 1,
            key: format!("{section}.{key}"),
            path: format!("{place}.{key}"),
            values: pair(values),
            column: column.to_owned(),
            expected: pair(expected),
            case: in_full(case),
            with: in_full(with),
        });
    }
    rows
}

/// Applies settings such as `path = value`, and bases by their names.
fn apply(document: &mut Table, settings: &str) {
    for setting in settings.split(['\n', ';']).map(str::trim).filter(|setting| !setting.is_empty()) {
        match setting.split_once(" = ") {
            Some((path, value)) => set(document, path, value.trim()),
            None => {
                let base = BASES.iter().find(|(name, _)| *name == setting);
                apply(document, base.unwrap_or_else(|| panic!("there is no base `{setting}`")).1);
            }
        }
    }
}

/// Sets what stands at a path; `-` removes it. In an array the last table is meant.
fn set(document: &mut Table, path: &str, value: &str) {
    let path = path.replace('*', "m");
    let (parents, key) = path.rsplit_once('.').unwrap_or(("", &path));
    let mut table = document;
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        let child = table.entry(parent).or_insert_with(|| Value::Table(Table::new()));
        table = match child {
            Value::Array(items) => items.last_mut().and_then(Value::as_table_mut),
            other => other.as_table_mut(),
        }
        .unwrap_or_else(|| panic!("`{parent}` of `{path}` is no table"));
    }
    if value == "-" {
        table.remove(key);
        return;
    }
    let mut parsed: Table =
        toml::from_str(&format!("value = {value}")).unwrap_or_else(|error| panic!("{error}"));
    table.insert(key.to_owned(), parsed.remove("value").expect("it was parsed"));
}

impl Row {
    /// The document with the first value, or with the second.
    fn document(&self, which: usize) -> Table {
        let mut document = Table::new();
        apply(&mut document, &self.case);
        set(&mut document, &self.path, &self.values[which]);
        if which == 1 {
            apply(&mut document, &self.with);
        }
        for section in ["cohort", "policy"] {
            let table = document.remove(section).expect("every case has it");
            document.insert(section.to_owned(), Value::Array(vec![table]));
        }
        document
    }

    /// What stands in the column.
    fn found(&self, which: usize) -> String {
        let text = self.document(which).to_string();
        let scenario = parse(&text).unwrap_or_else(|faults| panic!("line {}: {faults}\n{text}", self.line));
        let outcome = experiment::run(&scenario, Options::default()).expect("the scenario runs");
        let first: &ResultRow = &outcome.rows[0];
        match &*self.column {
            "scenario" => scenario.name,
            "question" => scenario.question(),
            "rows" => outcome.rows.len().to_string(),
            "policy" => first.policy.to_string(),
            "cohort" => first.cohort.to_string(),
            column => {
                let place = MEASURES.iter().position(|measure| measure.name == column);
                first.values[place.unwrap_or_else(|| panic!("there is no measure `{column}`"))].to_string()
            }
        }
    }
}

fn parse(text: &str) -> Result<Scenario, String> {
    let file = Path::new("tests/keys/keys.toml");
    match Scenario::parse(file, text.as_bytes(), &Kinds::built_in()) {
        Ok(loaded) => Ok(loaded.scenario),
        Err(faults) => Err(faults.to_string()),
    }
}

/// Whether a value is the one expected: exactly, or after `~` within three percent.
fn is_met(expected: &str, found: &str) -> bool {
    match expected.strip_prefix('~') {
        None => expected == found,
        Some(about) => {
            let [about, found] = [about, found].map(|number| number.parse::<f64>().expect("a number"));
            (found - about).abs() <= 0.03 * about
        }
    }
}

#[test]
fn each_key_makes_the_difference_that_is_stated() {
    let mut wrong = Vec::new();
    for row in rows() {
        let found = [row.found(0), row.found(1)];
        let is_met = row.expected.iter().zip(&found).all(|(expected, found)| is_met(expected, found));
        if !is_met || row.expected[0] == row.expected[1] {
            let Row { line, key, column, expected, .. } = &row;
            wrong.push(format!("line {line}: {key}: {column}: {expected:?} expected, {found:?} found"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_key_has_two_rows() {
    let mut keys = BTreeSet::new();
    let again: Vec<String> =
        rows().into_iter().map(|row| row.key).filter(|key| !keys.insert(key.clone())).collect();
    assert!(again.is_empty(), "{again:?}");
}

/// Each table of the documents is asked for a key that nobody knows: it tells the keys that it knows.
#[test]
fn every_key_that_is_known_has_a_row() {
    let rows = rows();
    let mut lacking = BTreeSet::new();
    for document in rows.iter().flat_map(|row| [row.document(0), row.document(1)]) {
        for names in known_keys(document) {
            let is_there = |name: &String| {
                let nested = format!("{name}.");
                rows.iter().any(|row| row.key == *name || row.key.starts_with(&nested))
            };
            if !names.iter().any(is_there) {
                lacking.extend(names.into_iter().take(1));
            }
        }
    }
    assert!(lacking.is_empty(), "these have no row: {lacking:#?}");
}

/// Tables whose keys are names of the file's own.
const OF_NAMES: [&str; 3] = ["prices", "models", "rename"];

/// The keys that the tables of a document know, each under the names that its row may have.
fn known_keys(mut document: Table) -> Vec<Vec<String>> {
    let scenario = parse(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let mut tables = Vec::new();
    ask(&mut document, None, "", scenario.policies[0].plan.kind, &mut tables);
    let told = parse(&document.to_string()).err().expect("there are unknown keys");
    let mut names: Vec<String> = Vec::new();
    let mut known = Vec::new();
    for (number, Asked { parent, key, kind }) in tables.iter().enumerate() {
        let keys = if OF_NAMES.contains(&key.as_str()) { vec!["*"] } else { told_by(&told, number) };
        let name = match (parent.map(|parent: usize| names[parent].as_str()), key.as_str()) {
            _ if keys.contains(&"lognormal") => "distribution".to_owned(),
            // A policy that follows another one is a policy.
            (Some("policy"), "then") | (Some("policy.switch"), "to") => "policy".to_owned(),
            (Some("prices"), _) => "prices.*".to_owned(),
            (None | Some(""), key) => key.to_owned(),
            (Some(parent), key) => format!("{parent}.{key}"),
        };
        for path in
            keys.iter().map(|key| if name.is_empty() { key.to_string() } else { format!("{name}.{key}") })
        {
            let of_kind = path.replacen("policy.", &format!("policy.{kind}."), 1);
            known.push(vec![path, of_kind]);
        }
        names.push(name);
    }
    known
}

/// A table that was asked for an unknown key.
struct Asked {
    /// The number of the table that it stands in.
    parent: Option<usize>,
    /// Its key there.
    key: String,
    /// The kind of the policy that it belongs to.
    kind: String,
}

/// Puts an unknown key with the table's number into it and the tables in it.
fn ask(table: &mut Table, parent: Option<usize>, key: &str, kind: &str, tables: &mut Vec<Asked>) {
    let own_kind = table.get("kind").and_then(Value::as_str).map(str::to_owned);
    let kind = own_kind.unwrap_or_else(|| kind.to_owned());
    let number = tables.len();
    tables.push(Asked { parent, key: key.to_owned(), kind: kind.clone() });
    for (key, value) in table.iter_mut() {
        let items = match value {
            Value::Array(items) => &mut items[..],
            other => std::slice::from_mut(other),
        };
        for item in items.iter_mut().filter_map(Value::as_table_mut) {
            ask(item, Some(number), key, &kind, tables);
        }
    }
    table.insert(format!("nobody-{number}"), Value::Boolean(true));
}

/// What a table of that number has told of the keys that it knows.
fn told_by(told: &str, number: usize) -> Vec<&str> {
    let Some((_, after)) = told.split_once(&format!("unknown key `nobody-{number}`")) else {
        return Vec::new();
    };
    let hint = after.lines().find(|line| line.starts_with("hint: ")).expect("every fault has a hint");
    let (_, listed) = hint.split_once("known here: ").unwrap_or_default();
    listed.split(", ").map(|name| name.trim_matches('`')).collect()
}
