//! The tables of the page.

use super::sentence::Shown;
use super::shortened;
use super::study::Mark;
use crate::experiment::ALL_COHORTS;
use crate::metrics::{Better, HEADLINES, Measure};
use crate::report::figure::{Style, printable};
use crate::report::results::Results;
use serde::Serialize;

/// The policies by some measures.
#[derive(Serialize)]
pub struct Scorecard {
    columns: Vec<Column>,
    /// A row for each policy.
    rows: Vec<Vec<Option<Cell>>>,
}

/// A measure of the scorecard.
#[derive(Serialize)]
pub struct Column {
    name: &'static str,
    label: &'static str,
    meaning: String,
    is_lower_better: bool,
}

/// The cohorts by a measure.
#[derive(Serialize)]
pub struct Cohorts {
    label: &'static str,
    meaning: String,
    /// The name of each cohort, and a cell for each policy.
    rows: Vec<(String, Vec<Option<Cell>>)>,
}

/// A policy by a measure.
#[derive(Serialize)]
pub struct Cell {
    shown: Shown,
    /// What tells it from the first policy, unless it is that.
    difference: Option<(Mark, Shown)>,
}

impl Scorecard {
    /// The policies by the measures that tell them apart at a glance.
    pub fn new(results: &Results) -> Scorecard {
        let measures: Vec<&Measure> = HEADLINES.iter().filter_map(|name| Measure::named(name)).collect();
        let columns = measures.iter().map(|measure| Column {
            name: measure.name,
            label: measure.label,
            meaning: meaning(measure),
            is_lower_better: measure.better == Some(Better::Lower),
        });
        let mut by_measure: Vec<_> =
            measures.iter().map(|measure| cells(results, ALL_COHORTS, measure).into_iter()).collect();
        let row = |_| by_measure.iter_mut().map(|cells| cells.next().flatten()).collect();
        Scorecard { columns: columns.collect(), rows: results.policies.iter().map(row).collect() }
    }
}

impl Cohorts {
    /// The cohorts by a measure, and all of them together.
    pub fn new(results: &Results, measure: &Measure) -> Cohorts {
        let mut rows: Vec<_> = (results.cohorts.iter())
            .map(|cohort| (shortened(&printable(cohort)), cells(results, cohort, measure)))
            .collect();
        rows.push(("all cohorts".to_owned(), cells(results, ALL_COHORTS, measure)));
        Cohorts { label: measure.label, meaning: meaning(measure), rows }
    }
}

/// What a measure means, and which way it is better.
fn meaning(measure: &Measure) -> String {
    match measure.better {
        Some(Better::Higher) => format!("{}; more is better", measure.meaning),
        Some(Better::Lower) => format!("{}; less is better", measure.meaning),
        None => measure.meaning.to_owned(),
    }
}

/// Each policy by a measure in a cohort; the figures are written alike.
fn cells(results: &Results, cohort: &str, measure: &Measure) -> Vec<Option<Cell>> {
    let estimate = |policy: &String| results.estimate_of(policy, cohort, measure.name);
    let all = results.policies.iter().filter_map(estimate);
    let style = Style::of(measure.unit, all.flat_map(|estimate| estimate.values()));
    let cell = |policy: &String| {
        let shown = Shown::estimate(estimate(policy)?, style);
        let difference = results.difference_of(policy, &results.policies[0], cohort, measure.name);
        let difference = difference.map(|difference| {
            (Mark::of(&difference, measure), Shown::difference(&difference, measure.unit).signed())
        });
        Some(Cell { shown, difference })
    };
    results.policies.iter().map(cell).collect()
}
