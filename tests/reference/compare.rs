//! Product and reference side by side: every column of every row, every account, every posting.

use crate::model::counts::{Counts, Figure};
use crate::model::{self, CohortRun};
use billsim::experiment::{self, ALL_COHORTS, ExperimentError, Ledger, LedgerRow, Options, Outcome};
use billsim::metrics::{MEASURES, Quantity};
use billsim::policy::Kinds;
use billsim::scenario::Scenario;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// What comparing one scenario gave.
#[derive(Debug, Default)]
pub struct Comparison {
    /// In words; none where both agree.
    pub differences: Vec<String>,
    /// How often each rule of the reference fired.
    pub rules: BTreeMap<&'static str, u64>,
    /// Whether an account went beyond what can be counted, which is an error of the product: nothing was compared.
    pub is_uncountable: bool,
    /// How many requests there were, under every policy, and how many columns and postings were compared.
    pub requests: u64,
    pub columns: u64,
    pub postings: u64,
}

/// A posting of an account: policy, cohort, account, instant, debit, credit, nano-dollars.
type Posted = (String, String, u32, i64, &'static str, &'static str, i128);

#[derive(Default)]
struct Postings(Vec<Posted>);

impl Ledger for Postings {
    fn append(&mut self, row: &LedgerRow<'_>) -> io::Result<()> {
        let (debit, credit) = row.posting.entry.sides();
        self.0.push((
            row.policy.to_owned(),
            row.cohort.to_owned(),
            row.account,
            row.at.micros(),
            debit.name(),
            credit.name(),
            row.posting.amount.nanos().into(),
        ));
        Ok(())
    }
}

/// Compares product and reference on a scenario file.
///
/// # Errors
/// Where the scenario is not one.
pub fn compare(path: &Path) -> Result<Comparison, String> {
    let loaded = Scenario::read(path, &Kinds::built_in()).map_err(|faults| faults.to_string())?;
    let scenario = &loaded.scenario;
    let resolved = loaded.resolved(path.parent().unwrap_or(Path::new(".")));
    let mut postings = Postings::default();
    let options =
        Options { rows_only: true, list_accounts: true, ledger: Some(&mut postings), ..Options::default() };
    let outcome = match experiment::run(scenario, options) {
        Ok(outcome) => outcome,
        Err(ExperimentError::Simulation(_)) => {
            return Ok(Comparison { is_uncountable: true, ..Comparison::default() });
        }
        Err(error) => return Err(error.to_string()),
    };
    let runs = model::simulate(scenario, &resolved).map_err(|error| error.to_string())?;

    let mut comparison = Comparison { requests: outcome.requests, ..Comparison::default() };
    for run in &runs {
        for counts in run.accounts.iter().flatten() {
            for (rule, times) in &counts.rules {
                *comparison.rules.entry(rule).or_default() += times;
            }
        }
    }
    comparison.compare_rows(scenario, &outcome, &runs);
    comparison.compare_accounts(scenario, &outcome, &runs);
    comparison.compare_postings(scenario, postings.0, &runs);
    Ok(comparison)
}

fn figure(quantity: Quantity) -> Figure {
    match quantity {
        Quantity::Count(count) => Figure::Count(count),
        Quantity::Usd(total) => Figure::Usd(total.nanos()),
        Quantity::Micros(micros) => Figure::Micros(micros),
        Quantity::Ratio(numerator, denominator, otherwise) => {
            Figure::Ratio(numerator, denominator, otherwise)
        }
    }
}

type Columns = Vec<(&'static str, Figure)>;

fn columns(scenario: &Scenario, counts: &Counts) -> Columns {
    let measured = scenario.horizon.micros() - scenario.warmup.micros();
    counts.columns(scenario.serving_cost.billionths().into(), measured)
}

impl Comparison {
    fn compare_columns(&mut self, whose: &str, product: &[Quantity], reference: &Columns) {
        for (name, expected) in reference {
            let index = MEASURES.iter().position(|measure| measure.name == *name);
            let index = index.unwrap_or_else(|| panic!("the product has no column {name}"));
            let got = figure(product[index]);
            self.columns += 1;
            if got != *expected {
                self.differences.push(format!("{whose}: {name}: product {got:?}, reference {expected:?}"));
            }
        }
    }

    fn compare_rows(&mut self, scenario: &Scenario, outcome: &Outcome, runs: &[CohortRun]) {
        let mut rows: BTreeMap<(&str, &str, u32), Columns> = BTreeMap::new();
        for run in runs {
            let policy = scenario.policies[run.policy].name.as_str();
            let mut sum = Counts::default();
            run.accounts.iter().flatten().for_each(|counts| sum.merge(counts));
            let of_cohort = columns(scenario, &sum);
            // The row "all" sums those of the cohorts, each rounded by itself.
            let all = rows.entry((policy, ALL_COHORTS, run.replication)).or_default();
            *all = match all.is_empty() {
                true => of_cohort.clone(),
                false => all.iter().zip(&of_cohort).map(|((name, a), (_, b))| (*name, a.plus(*b))).collect(),
            };
            rows.insert((policy, &scenario.cohorts[run.cohort].name, run.replication), of_cohort);
        }
        if rows.len() != outcome.rows.len() {
            let (got, expected) = (outcome.rows.len(), rows.len());
            self.differences.push(format!("product has {got} rows, reference {expected}"));
        }
        for row in &outcome.rows {
            let whose = format!("{}, {}, replication {}", row.policy, row.cohort, row.replication);
            match rows.get(&(row.policy.as_str(), row.cohort.as_str(), row.replication)) {
                Some(columns) => self.compare_columns(&whose, &row.values, columns),
                None => self.differences.push(format!("{whose}: a row that the reference has not")),
            }
        }
    }

    fn compare_accounts(&mut self, scenario: &Scenario, outcome: &Outcome, runs: &[CohortRun]) {
        let mut expected: BTreeMap<(&str, &str, u32), &Counts> = BTreeMap::new();
        for run in runs.iter().filter(|run| run.replication == 0) {
            let policy = scenario.policies[run.policy].name.as_str();
            let cohort = scenario.cohorts[run.cohort].name.as_str();
            for (number, counts) in (0..).zip(&run.accounts) {
                expected.extend(counts.as_ref().map(|counts| ((policy, cohort, number), counts)));
            }
        }
        for row in &outcome.accounts {
            let whose = format!("{}, {}, account {}", row.policy, row.cohort, row.account);
            match expected.remove(&(row.policy.as_str(), row.cohort.as_str(), row.account)) {
                Some(counts) => self.compare_columns(&whose, &row.values, &columns(scenario, counts)),
                None => self.differences.push(format!("{whose}: has not signed up in the reference")),
            }
        }
        for (policy, cohort, account) in expected.into_keys() {
            self.differences.push(format!("{policy}, {cohort}, account {account}: has no row"));
        }
    }

    /// Those of one account at one instant may come in any order.
    fn compare_postings(&mut self, scenario: &Scenario, mut product: Vec<Posted>, runs: &[CohortRun]) {
        let mut reference: Vec<Posted> = vec![];
        for run in runs.iter().filter(|run| run.replication == 0) {
            for (number, counts) in (0..).zip(&run.accounts) {
                reference.extend(counts.iter().flat_map(|counts| &counts.postings).map(|posting| {
                    let policy = scenario.policies[run.policy].name.clone();
                    let cohort = scenario.cohorts[run.cohort].name.clone();
                    let model::Posting { at, debit, credit, amount } = *posting;
                    (policy, cohort, number, at, debit, credit, amount)
                }));
            }
        }
        product.sort();
        reference.sort();
        self.postings += reference.len() as u64;
        if product != reference {
            let count = product.iter().zip(&reference).take_while(|(a, b)| a == b).count();
            let (got, expected) = (product.get(count), reference.get(count));
            self.differences.push(format!("postings: product {got:?}, reference {expected:?}"));
        }
    }
}
