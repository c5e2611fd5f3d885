//! Makes a scenario that fails smaller, as long as it still fails.
//!
//! Delta debugging: whatever can go is tried without, the largest parts first; what must stay is tried in a simpler
//! form. All over again, until nothing more can go.

use crate::generator::Case;
use toml::{Table, Value};

/// The smallest case found, starting from this one, of which `fails` still holds.
pub fn shrink(case: Case, fails: impl FnMut(&Case) -> bool) -> Case {
    let mut search = Search { case, fails };
    loop {
        let before = search.case.clone();
        // Smaller runs make all further tries quick.
        search
            .shrink_tree(|path| matches!(path.last(), Some(Step::Key(key)) if BULK.contains(&key.as_str())));
        search.drop_lines();
        search.shrink_tree(|_| true);
        search.drop_files();
        search.simplify_lines();
        if search.case == before {
            return before;
        }
    }
}

struct Search<F> {
    /// The smallest so far that fails.
    case: Case,
    fails: F,
}

impl<F: FnMut(&Case) -> bool> Search<F> {
    /// Keeps a change if the case still fails.
    fn attempt(&mut self, change: impl FnOnce(&mut Case)) -> bool {
        let mut changed = self.case.clone();
        change(&mut changed);
        let keeps = changed != self.case && (self.fails)(&changed);
        if keeps {
            self.case = changed;
        }
        keeps
    }

    /// Drops lines of the files but for their headers: halves, quarters, and so on to single ones.
    fn drop_lines(&mut self) {
        for name in self.names() {
            let mut size = self.lines(&name).len();
            while size > 0 {
                let mut from = 1;
                while from < self.lines(&name).len() {
                    let mut lines = self.lines(&name);
                    lines.drain(from..(from + size).min(lines.len()));
                    if !self.attempt(|case| put_lines(case, &name, &lines)) {
                        from += size;
                    }
                }
                size /= 2;
            }
        }
    }

    /// Rounds the numbers in the files.
    fn simplify_lines(&mut self) {
        for name in self.names() {
            let lines = self.lines(&name).len();
            // More of them nobody reads.
            for line in 1..if lines <= 50 { lines } else { 0 } {
                for field in 0..self.lines(&name)[line].split(',').count() {
                    for simpler in simpler_field(self.lines(&name)[line].split(',').nth(field)) {
                        let mut lines = self.lines(&name);
                        let mut fields: Vec<&str> = lines[line].split(',').collect();
                        fields[field] = &simpler;
                        lines[line] = fields.join(",");
                        if self.attempt(|case| put_lines(case, &name, &lines)) {
                            break;
                        }
                    }
                }
            }
        }
    }

    fn drop_files(&mut self) {
        for name in self.names() {
            self.attempt(|case| drop(case.files.remove(&name)));
        }
    }

    fn names(&self) -> Vec<String> {
        self.case.files.keys().cloned().collect()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        self.case.files[name].lines().map(str::to_owned).collect()
    }

    /// Goes through these values of the scenario, each before those in it.
    fn shrink_tree(&mut self, concerns: impl Fn(&[Step]) -> bool) {
        let mut index = 0;
        while let Some(path) = paths(&self.case.document).into_iter().filter(|path| concerns(path)).nth(index)
        {
            // Where a value went, the next one is in its place.
            if !self.without(&path) {
                while self.simpler(&path) {}
                index += 1;
            }
        }
    }

    fn without(&mut self, path: &[Step]) -> bool {
        !is_spared(path) && self.attempt(|case| remove(&mut case.document, path))
    }

    fn simpler(&mut self, path: &[Step]) -> bool {
        let Some(value) = get(&self.case.document, path) else { return false };
        let candidates = simpler(path, value);
        candidates.into_iter().any(|candidate| {
            self.attempt(|case| {
                if let Some(value) = get_mut(&mut case.document, path) {
                    *value = candidate;
                }
            })
        })
    }
}

/// What says how much there is to simulate.
const BULK: [&str; 6] = ["policy", "cohort", "replications", "accounts", "horizon", "runoff"];
/// What stays, as without it there would be more to simulate: these are bounds, or have large defaults.
const SPARED: [&str; 4] = ["scenario", "horizon", "replications", "max"];
/// Who would else answer within a second, again and again.
const UNHURRIED: [&str; 2] = ["buys_credit", "replaces_card"];
/// Arrays of a fixed length.
const WEIGHTS: [&str; 2] = ["daily", "weekly"];

/// From a table or an array to a value in it.
#[derive(Clone, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

fn is_spared(path: &[Step]) -> bool {
    match path {
        [.., Step::Key(asked), Step::Key(key)] if key == "delay" => UNHURRIED.contains(&asked.as_str()),
        [.., Step::Key(key)] => SPARED.contains(&key.as_str()),
        _ => false,
    }
}

/// The paths to all values, each before those in it.
fn paths(document: &Table) -> Vec<Vec<Step>> {
    fn add_table(table: &Table, path: &mut Vec<Step>, paths: &mut Vec<Vec<Step>>) {
        for (key, value) in table {
            path.push(Step::Key(key.clone()));
            paths.push(path.clone());
            if !WEIGHTS.contains(&key.as_str()) {
                add(value, path, paths);
            }
            path.pop();
        }
    }
    fn add(value: &Value, path: &mut Vec<Step>, paths: &mut Vec<Vec<Step>>) {
        match value {
            Value::Table(table) => add_table(table, path, paths),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(Step::Index(index));
                    paths.push(path.clone());
                    add(item, path, paths);
                    path.pop();
                }
            }
            _ => {}
        }
    }
    let mut paths = Vec::new();
    add_table(document, &mut Vec::new(), &mut paths);
    paths
}

fn get<'d>(document: &'d Table, path: &[Step]) -> Option<&'d Value> {
    let (Step::Key(first), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(document.get(first)?, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    })
}

fn get_mut<'d>(document: &'d mut Table, path: &[Step]) -> Option<&'d mut Value> {
    let (Step::Key(first), rest) = path.split_first()? else { return None };
    rest.iter().try_fold(document.get_mut(first)?, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    })
}

fn remove(document: &mut Table, path: &[Step]) {
    let Some((last, parent)) = path.split_last() else { return };
    match (last, get_mut(document, parent)) {
        (Step::Key(key), None) => drop(document.remove(key)),
        (Step::Key(key), Some(Value::Table(table))) => drop(table.remove(key)),
        (Step::Index(index), Some(Value::Array(items))) => drop(items.remove(*index)),
        _ => {}
    }
}

/// What may stand in place of a value, the simplest first. None is as complex as the value itself.
fn simpler(path: &[Step], value: &Value) -> Vec<Value> {
    let key = path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    let key = key.unwrap_or_default();
    match value {
        Value::Table(table) => successors(table).chain(typical(table)).collect(),
        Value::Array(items) if items.len() > 1 && !WEIGHTS.contains(&key) => {
            items.iter().map(|item| Value::Array(vec![item.clone()])).collect()
        }
        Value::String(text) => {
            let may_shorten = ["horizon", "runoff"].contains(&key);
            simpler_duration(text, may_shorten).into_iter().map(Value::from).collect()
        }
        Value::Float(number) => simpler_number(*number).into_iter().map(Value::from).collect(),
        Value::Integer(number) if key == "accounts" => {
            let fewer = [1, number / 2, number * 3 / 4, number * 7 / 8, number - 1];
            fewer.into_iter().filter(|fewer| (1..*number).contains(fewer)).map(Value::from).collect()
        }
        Value::Integer(number) => {
            let least = (*number > 1).then_some(1).into_iter();
            let rounded = simpler_number(*number as f64).into_iter().map(|number| number as i64);
            least.chain(rounded).map(Value::from).collect()
        }
        _ => vec![],
    }
}

/// The policies that a policy moves to, under its name.
fn successors(policy: &Table) -> impl Iterator<Item = Value> {
    let next = [policy.get("then"), policy.get("switch").and_then(|switch| switch.get("to"))];
    next.into_iter().flatten().filter_map(Value::as_table).map(|next| {
        let name = policy.get("name").map(|name| ("name".to_owned(), name.clone()));
        Value::Table(next.clone().into_iter().chain(name).collect())
    })
}

/// A value of a distribution that may stand for it.
fn typical(distribution: &Table) -> Option<Value> {
    const PARAMETERS: [(&str, &str); 8] = [
        ("uniform", "max"),
        ("exponential", "mean"),
        ("lognormal", "median"),
        ("lognormal", "mean"),
        ("gamma", "mean"),
        ("pareto", "min"),
        ("beta", "a"),
        ("empirical", "values"),
    ];
    let value = |(family, parameter): (&str, &str)| match distribution.get(family)?.get(parameter)? {
        Value::Array(values) => values.first().cloned(),
        Value::Float(_) if family == "beta" => Some(0.5.into()),
        value => Some(value.clone()),
    };
    // Arrivals have a process `gamma` as well, which has no mean.
    distribution.get("constant").cloned().or_else(|| PARAMETERS.into_iter().find_map(value))
}

/// Of the units the first only; what may be shortened is tried at parts of that, too.
fn simpler_duration(text: &str, may_shorten: bool) -> Vec<String> {
    let first = text.split(' ').next().unwrap_or(text);
    let Some(unit_at) = first.find(|character: char| !character.is_ascii_digit()) else { return vec![] };
    let (count, unit) = first.split_at(unit_at);
    let Ok(count) = count.parse::<u64>() else { return vec![] };
    let smaller = match unit {
        "d" => (24, "h"),
        "h" => (60, "m"),
        "m" => (60, "s"),
        _ => (1, unit),
    };
    // Half a day is twelve hours.
    let (count, unit) =
        if may_shorten && count == 1 { (count * smaller.0, smaller.1) } else { (count, unit) };
    let parts = [count / 4, count / 2, count * 3 / 4, count * 7 / 8];
    let parts = parts.into_iter().filter(|part| may_shorten && (1..count).contains(part));
    let parts = parts.map(|part| format!("{part}{unit}"));
    parts.chain((first != text).then(|| first.to_owned())).collect()
}

/// The number with fewer digits; a small one is also tried as 1.
fn simpler_number(number: f64) -> Vec<f64> {
    let digits = format!("{number:e}").split('e').next().unwrap_or_default().replace(['.', '-'], "").len();
    let rounded = |digits: usize| format!("{number:.*e}", digits - 1).parse().ok();
    let one = (number > 0.0 && number < 1.0).then_some(1.0);
    one.into_iter().chain((1..digits).filter_map(rounded)).collect()
}

/// The field of a line with a simpler number, if it is one.
fn simpler_field(field: Option<&str>) -> Vec<String> {
    let number = field.and_then(|field| field.parse::<f64>().ok());
    number.map_or(vec![], |number| simpler_number(number).iter().map(f64::to_string).collect())
}

fn put_lines(case: &mut Case, name: &str, lines: &[String]) {
    case.files.insert(name.to_owned(), lines.join("\n") + "\n");
}

mod tests {
    use super::*;
    use crate::generator::generate;
    use billsim::policy::Kinds;
    use billsim::scenario::Scenario;

    fn is_valid(case: &Case) -> bool {
        let folder = tempfile::tempdir().expect("a folder");
        Scenario::read(&case.write(folder.path()), &Kinds::built_in()).is_ok()
    }

    fn policies(case: &Case) -> &[Value] {
        case.document.get("policy").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    #[test]
    fn only_what_fails_is_left() {
        let is_postpaid = |policy: &Value| {
            policy["kind"].as_str() == Some("postpaid") && policy.get("terms").is_some_and(Value::is_str)
        };
        let fails = |case: &Case| {
            let records = case.files.values().any(|text| text.lines().any(|line| line.starts_with("0,")));
            is_valid(case) && records && policies(case).iter().any(is_postpaid)
        };
        let mut shrunk = 0;
        let has_one_file = |case: &Case| case.files.len() == 1;
        for case in (0..500).map(generate).filter(has_one_file).filter(fails).take(5) {
            let case = shrink(case, fails);
            shrunk += 1;
            let text = case.toml();
            assert!(text.lines().count() <= 20, "{text}");
            assert_eq!(policies(&case).len(), 1, "{text}");
            assert_eq!(policies(&case)[0].as_table().map(Table::len), Some(2), "{text}");
            assert_eq!(case.document["cohort"].as_array().map(Vec::len), Some(1), "{text}");
            assert_eq!(case.document.get("payments"), None, "{text}");
            let lines: usize = case.files.values().map(|text| text.lines().count()).sum();
            assert_eq!((case.files.len(), lines), (1, 2), "{:?}", case.files);
        }
        assert_eq!(shrunk, 5);
    }

    #[test]
    fn as_many_accounts_and_days_stay_as_it_takes() {
        let (accounts, days) = (37, 5);
        let accounts_of =
            |case: &Case| case.document["cohort"][0].get("accounts").and_then(Value::as_integer);
        let load = |case: &Case| {
            let folder = tempfile::tempdir().expect("a folder");
            Scenario::read(&case.write(folder.path()), &Kinds::built_in()).ok()
        };
        let fails = |case: &Case| {
            let horizon = load(case).map(|loaded| loaded.scenario.horizon.as_days_f64());
            horizon.is_some_and(|horizon| horizon >= f64::from(days)) && accounts_of(case) >= Some(accounts)
        };
        let case = (0..).map(generate).find(fails).expect("many accounts");
        let case = shrink(case, fails);
        assert_eq!(accounts_of(&case), Some(accounts));
        assert_eq!(case.document["scenario"]["horizon"].as_str(), Some("5d"));
    }
}
