//! Which features a scenario has: the keys that it holds, what those say that have alternatives, and its shape.

use super::Case;
use super::duration::{self, DAY, HOUR, MINUTE};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// The features of a scenario, worked out from what is written alone.
pub fn features(case: &Case) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (section, value) in &case.document {
        add(section, value, &mut found);
    }
    shape(case, &mut found);
    found
}

/// What makes a table a distribution.
const FAMILIES: [&str; 8] =
    ["constant", "uniform", "exponential", "lognormal", "gamma", "beta", "pareto", "empirical"];
/// Where keys are names of models.
const NAMES: [&str; 3] = ["prices", "cohort.workload.models", "cohort.workload.arrivals.trace.rename"];
/// What policies of all kinds may hold; all other keys belong to one kind.
const COMMON: [&str; 9] = [
    "kind",
    "name",
    "free_credit",
    "credit_expires_after",
    "switch",
    "rate_limit",
    "alert_at",
    "metering",
    "http_status",
];

/// Adds what a value at a path has, and the tables and arrays in it.
fn add(path: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| add(path, item, found)),
        Value::Table(table) if path == "policy" => add_policy(table, found),
        Value::Table(table) if is_distribution(path, table) => {
            found.insert(path.to_owned());
            add_distribution(table, found);
        }
        Value::Table(table) => {
            found.insert(path.to_owned());
            for (key, value) in table {
                let key = if NAMES.contains(&path) { "*" } else { key };
                add(&format!("{path}.{key}"), value, found);
            }
        }
        value => {
            found.insert(path.to_owned());
            found.extend(alternative(path, value).map(|what| format!("{path} {what}")));
        }
    }
}

/// Arrivals have a process `gamma` as well.
fn is_distribution(path: &str, table: &Table) -> bool {
    !path.ends_with("arrivals") && FAMILIES.iter().any(|family| table.contains_key(*family))
}

fn add_distribution(distribution: &Table, found: &mut BTreeSet<String>) {
    for (key, value) in distribution {
        found.insert(format!("distribution.{key}"));
        for parameter in value.as_table().into_iter().flat_map(Table::keys) {
            found.insert(format!("distribution.{key}.{parameter}"));
        }
    }
}

/// One of a scenario, or one that follows it.
fn add_policy(policy: &Table, found: &mut BTreeSet<String>) {
    let kind_of = |policy: &Table| policy.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = kind_of(policy);
    found.insert(format!("policy {kind}"));
    for (key, value) in policy {
        match (key.as_str(), value) {
            ("kind" | "name", _) => {}
            ("then", Value::Table(then)) => {
                found.insert(format!("trial then {}", kind_of(then)));
                add_policy(then, found);
            }
            ("switch", Value::Table(switch)) => {
                let spares = switch.get("grandfather").and_then(Value::as_bool).unwrap_or_default();
                found.insert(format!("switch {} grandfather", if spares { "with" } else { "without" }));
                if let Some(Value::Table(to)) = switch.get("to") {
                    found.insert(format!("switch from {kind}"));
                    found.insert(format!("switch to {}", kind_of(to)));
                    add_policy(to, found);
                }
            }
            (key, value) if COMMON.contains(&key) => add(&format!("policy.{key}"), value, found),
            (key, value) => add(&format!("policy.{kind}.{key}"), value, found),
        }
    }
}

/// Which of its alternatives a value is, where those matter.
fn alternative(path: &str, value: &Value) -> Option<String> {
    let last = path.rsplit('.').next().unwrap_or(path);
    let is_zero = || match value {
        Value::Integer(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::String(text) => duration::parse(text) == Some(0),
        _ => false,
    };
    let is_one = || value.as_float() == Some(1.0);
    match last {
        "authorization" | "assign" | "limit_counts" | "on_refusal" | "signup" => {
            value.as_str().map(|word| format!("= {word}"))
        }
        "replications" => Some(format!("= {value}")),
        "payment_method" | "decline" => Some(match (is_zero(), is_one()) {
            (true, _) => "= 0".to_owned(),
            (_, true) => "= 1".to_owned(),
            _ => "between".to_owned(),
        }),
        "terms" | "threshold" | "cv" => Some(if is_zero() { "= 0" } else { "above 0" }.to_owned()),
        "input" if is_zero() => Some("= 0".to_owned()),
        _ => None,
    }
}

/// What a scenario is like as a whole.
fn shape(case: &Case, found: &mut BTreeSet<String>) {
    let horizon = time(&case.document, &["scenario", "horizon"]).unwrap_or(90 * DAY);
    let sizes: Vec<Size> =
        tables(&case.document, "cohort").map(|cohort| size(case, cohort, horizon)).collect();
    let policies = tables(&case.document, "policy").count();
    let models = case.document.get("prices").and_then(Value::as_table).map_or(0, Table::len);
    let recorded = || case.files.iter().filter(|(name, _)| name.starts_with("trace")).map(|(_, text)| text);
    let lacks = |column: &str| recorded().any(|text| !header(text).contains(&column));
    let traits = [
        ("dense", sizes.iter().any(|size| size.requests >= 100.0)),
        ("sparse", sizes.iter().any(|size| size.requests <= 10.0)),
        ("many accounts", sizes.iter().any(|size| size.accounts >= 100)),
        ("ties", is_on_grid(case)),
        ("extreme", oddities(&Value::Table(case.document.clone()), "") >= 5),
        ("long", horizon >= 300 * DAY),
        ("several cohorts", sizes.len() > 1),
        ("several models", models > 1),
        ("three policies", policies >= 3),
        ("no run-off", time(&case.document, &["scenario", "runoff"]).unwrap_or(0) == 0),
        ("trace without models", lacks("model")),
        ("trace without cached tokens", lacks("cached_tokens")),
    ];
    found.extend(traits.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned()));
}

/// How large a cohort is.
struct Size {
    accounts: usize,
    /// Of an account, on average.
    requests: f64,
}

fn size(case: &Case, cohort: &Table, horizon: i64) -> Size {
    let stated =
        cohort.get("accounts").and_then(Value::as_integer).and_then(|count| usize::try_from(count).ok());
    let Some((process, arrivals)) = arrivals(cohort) else { return Size { accounts: 0, requests: 0.0 } };
    if process != "trace" {
        let per_day = arrivals.get("per_day").and_then(number).unwrap_or_default();
        return Size { accounts: stated.unwrap_or(0), requests: per_day * horizon as f64 / DAY as f64 };
    }
    let text = file_of(case, arrivals);
    let column = header(text).iter().position(|name| *name == "account");
    let names =
        || text.lines().skip(1).filter_map(|line| line.split(',').nth(column?)).collect::<BTreeSet<_>>();
    let accounts = stated.unwrap_or_else(|| names().len());
    let records = text.lines().count().saturating_sub(1);
    Size { accounts, requests: records as f64 / accounts.max(1) as f64 }
}

/// Whether every duration is whole hours, and so are the times of the requests of a cohort.
fn is_on_grid(case: &Case) -> bool {
    let is_grid_of_requests = |cohort: &Table| match arrivals(cohort) {
        Some(("trace", trace)) => file_of(case, trace).lines().skip(1).all(|line| {
            let seconds = line.split(',').next().and_then(|time| time.parse::<i64>().ok());
            // A trace may begin at any second of its clock.
            seconds.is_some_and(|seconds| seconds % 3_600 == 0 || seconds % 3_600 == 1_700_000_000 % 3_600)
        }),
        Some(("gamma", gamma)) => {
            let per_day = gamma.get("per_day").and_then(number).unwrap_or_default();
            gamma.get("cv").and_then(number) == Some(0.0) && 24.0 % per_day == 0.0
        }
        _ => false,
    };
    let whole_hours = |value: &Value| match value.as_str().and_then(duration::parse) {
        Some(micros) => micros % HOUR == 0,
        None => true,
    };
    all_leaves(&Value::Table(case.document.clone()), &whole_hours)
        && tables(&case.document, "cohort").any(is_grid_of_requests)
}

fn all_leaves(value: &Value, holds: &impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| all_leaves(item, holds)),
        Value::Table(table) => table.values().all(|value| all_leaves(value, holds)),
        leaf => holds(leaf),
    }
}

/// How many values are the smallest or the largest that make sense.
fn oddities(value: &Value, key: &str) -> usize {
    /// Where nothing, or certainty, is out of the ordinary.
    const NOTHING: [&str; 10] = [
        "patience",
        "max_wait",
        "write_off_after",
        "expires_after",
        "capacity",
        "requests_per_minute",
        "tokens_per_minute",
        "limit",
        "credit",
        "spend_limit",
    ];
    const SHARES: [&str; 7] =
        ["decline", "first_decline", "probability", "card_updater", "loyalty", "busy", "serving_cost"];
    match value {
        Value::Array(items) => items.iter().map(|item| oddities(item, key)).sum(),
        Value::Table(table) => table.iter().map(|(key, value)| oddities(value, key)).sum(),
        Value::String(text) => match duration::parse(text) {
            Some(0) => usize::from(NOTHING.contains(&key)),
            Some(micros) => {
                usize::from(micros == 1 || key == "latency" && micros >= 40 * DAY)
                    + usize::from(key == "horizon" && micros <= MINUTE)
            }
            None => 0,
        },
        value => match number(value) {
            Some(0.0) => usize::from(NOTHING.contains(&key) || SHARES.contains(&key)),
            Some(1.0) => usize::from(SHARES.contains(&key)),
            Some(number) => usize::from([1e-9, 0.01].contains(&number) || number >= 1e8),
            None => 0,
        },
    }
}

/// The process of a cohort's arrivals, with its parameters.
fn arrivals(cohort: &Table) -> Option<(&str, &Table)> {
    let arrivals = cohort.get("workload")?.get("arrivals")?.as_table()?;
    arrivals.iter().find_map(|(process, parameters)| Some((process.as_str(), parameters.as_table()?)))
}

fn file_of<'c>(case: &'c Case, trace: &Table) -> &'c str {
    let name = trace.get("file").and_then(Value::as_str);
    name.and_then(|name| case.files.get(name)).map_or("", String::as_str)
}

fn header(text: &str) -> Vec<&str> {
    text.lines().next().unwrap_or_default().split(',').collect()
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|number| number as f64))
}

fn time(document: &Table, path: &[&str; 2]) -> Option<i64> {
    document.get(path[0])?.get(path[1])?.as_str().and_then(duration::parse)
}

fn tables<'t>(document: &'t Table, name: &str) -> impl Iterator<Item = &'t Table> {
    document.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}
