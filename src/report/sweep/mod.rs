//! What a sweep leaves behind: CSV files with the values of the keys in the first columns, and words on the
//! best.

pub mod journal;
pub mod results;
pub mod text;

use super::Error;
use super::csv::{
    REPLICATION_COLUMNS, SUMMARY_COLUMNS, float, interval_cells, replication_lines, summary_lines, write_file,
};
use crate::metrics::MEASURES;
use crate::sweep::{Plan, Search, Standing, Swept};
use ::csv::Writer;
use std::io::Write;
use std::path::Path;

/// Writes the CSV files of a sweep into a folder: `sweep.csv`, `replications.csv`, and `best.csv` where the
/// best was sought.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, plan: &Plan, swept: &Swept, search: Option<&Search<'_>>) -> Result<(), Error> {
    let keys: Vec<String> = plan.grid.axes.iter().map(|axis| axis.key.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let cells = || {
        let points = 0..plan.grid.points();
        points.flat_map(|point| (0..plan.policies.len()).map(move |policy| (point, plan.cell(point, policy))))
    };
    write_file(folder, results::FILE_NAME, |out| {
        out.write_record(keys.iter().copied().chain(SUMMARY_COLUMNS))?;
        cells().try_for_each(|(point, cell)| summary_lines(out, &plan.grid.shown(point), swept.rows(cell)))
    })?;
    write_file(folder, "replications.csv", |out| {
        let measures = MEASURES.iter().map(|measure| measure.name);
        out.write_record(keys.iter().copied().chain(REPLICATION_COLUMNS).chain(measures))?;
        cells()
            .try_for_each(|(point, cell)| replication_lines(out, &plan.grid.shown(point), swept.rows(cell)))
    })?;
    match search {
        Some(search) => write_file(folder, "best.csv", |out| best(out, &keys, plan, search)),
        None => Ok(()),
    }
}

/// A line for each candidate, in the order of points.
fn best<W: Write>(out: &mut Writer<W>, keys: &[&str], plan: &Plan, search: &Search<'_>) -> ::csv::Result<()> {
    let columns = ["policy", "objective", "constraints", "mean", "ci_low", "ci_high", "standing"];
    let compared = ["difference", "difference_low", "difference_high", "p_value", "p_adjusted", "n"];
    out.write_record(keys.iter().copied().chain(columns).chain(compared))?;
    let constraints: Vec<String> = search.goal.constraints.iter().map(ToString::to_string).collect();
    let constraints = constraints.join(" and ");
    let objective = search.goal.objective.to_string();
    for candidate in &search.candidates {
        let shown = plan.grid.shown(candidate.point);
        let concerned = |axis| if plan.concerns(axis, candidate.policy) { shown[axis] } else { "" };
        let [low, high] = interval_cells(&candidate.value);
        let standing = match candidate.standing {
            Standing::Excluded => "excluded",
            Standing::Best => "best",
            Standing::Other { .. } if candidate.standing.is_told_apart() == Some(true) => "worse",
            Standing::Other { .. } => "no difference seen",
        };
        let mut cells = vec![
            plan.policies[candidate.policy].clone(),
            objective.clone(),
            constraints.clone(),
            float(candidate.value.mean),
            low,
            high,
            standing.to_owned(),
        ];
        match candidate.standing {
            Standing::Other { difference, p_adjusted } => {
                let cell = |value: Option<f64>| value.map(float).unwrap_or_default();
                cells.push(float(difference.mean));
                cells.extend(interval_cells(&difference));
                cells.extend([cell(difference.p_value()), cell(p_adjusted)]);
            }
            Standing::Best | Standing::Excluded => cells.extend([const { String::new() }; 5]),
        }
        cells.push(candidate.value.n.to_string());
        let values = (0..shown.len()).map(concerned);
        out.write_record(values.chain(cells.iter().map(String::as_str)))?;
    }
    Ok(())
}
