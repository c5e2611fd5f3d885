//! The plots, drawn from the CSV files of a folder alone, each as SVG and PNG.

mod balances;
mod by_group;
mod forest;
mod front;
mod labels;
mod money;
mod picture;
mod png;
mod refusals;
mod scale;
mod scorecard;
mod service;
mod spread;
mod style;
mod svg;
pub mod sweep;
mod timeline;
mod trade_off;
mod warm_up;
mod window;
mod words;

pub use front::{Standing, standings};
pub use style::dark_css;

use super::Error;
use super::folder::replace_file;
use super::results::Results;
use picture::Picture;
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// A plot: its name, and what it shows; `None` where there is nothing to show.
type Plot = (&'static str, fn(&Results) -> Option<Picture>);

/// Every plot.
const PLOTS: &[Plot] = &[
    ("scorecard", scorecard::picture),
    ("differences", forest::picture),
    ("trade-off", trade_off::picture),
    ("money", money::picture),
    ("service", service::picture),
    ("refusals", refusals::picture),
    ("refusals-over-time", refusals::picture_over_time),
    ("spread", spread::picture),
    ("by-size", by_group::by_size),
    ("by-cohort", by_group::by_cohort),
    ("balances", balances::picture),
    ("warm-up", warm_up::picture),
];

/// Draws the plots of a folder of results into its `plots/`, and returns the files. The same results give the
/// same bytes.
///
/// # Errors
/// If a plot cannot be written.
pub fn draw(folder: &Path, results: &Results) -> Result<Vec<PathBuf>, Error> {
    let plots = folder.join("plots");
    fs::create_dir_all(&plots).map_err(Error::at(&plots, "create the folder"))?;
    let files = PLOTS.par_iter().map(|(name, picture)| match picture(results) {
        Some(picture) => write(&picture, &plots.join(name)),
        None => Ok(Vec::new()),
    });
    Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
}

/// The sign of the n-th policy, from 0, in all plots: SVG that stands within a line of text.
pub fn sign(number: usize) -> String {
    let look = style::look(number);
    let mut picture = Picture::new(32, 32);
    style::point(&mut picture, look.shape, (16, 16), 12, look.colour);
    picture.to_sign()
}

/// Writes a picture in both formats, each with its extension, and returns the files.
fn write(picture: &Picture, name: &Path) -> Result<Vec<PathBuf>, Error> {
    let files = [
        (name.with_extension("svg"), picture.to_svg().into_bytes()),
        (name.with_extension("png"), picture.to_png()),
    ];
    for (path, content) in &files {
        replace_file(path, content)?;
    }
    Ok(files.map(|(path, _)| path).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{ALL_COHORTS, Outcome, Row, SIZE_MEASURES, daily_measures};
    use crate::metrics::{Levels, Measure, Quantity, Unit};
    use crate::money::{Money, Total};
    use crate::report::{csv, sample};
    use tempfile::TempDir;

    const EIGHT: [&str; 8] = [
        "prepaid",
        "top-up 5/25",
        "postpaid 50/500",
        "trial, then postpaid",
        "e",
        "",
        "a very long name of a policy that nobody would choose, number 7",
        "a very long name of a policy that nobody would choose, number 8",
    ];

    fn draw(folder: &Path) -> Result<Vec<PathBuf>, Error> {
        super::draw(folder, &Results::read(folder)?)
    }

    pub fn folder_of(outcome: &Outcome, days: usize) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        csv::write(folder.path(), &sample::calendar(days), outcome).unwrap();
        folder
    }

    /// An outcome whose dollars are so many times as large.
    fn times(mut outcome: Outcome, factor: i128, divisor: i128) -> Outcome {
        for value in outcome.rows.iter_mut().flat_map(|row| &mut row.values) {
            if let Quantity::Usd(total) = value {
                *total = Total::from_nanos(total.nanos() * factor / divisor);
            }
        }
        let ratio = factor as f64 / divisor as f64;
        let units = daily_measures().map(|measure| measure.unit).chain(Levels::COLUMNS.map(|_| Unit::Usd));
        let is_money: Vec<bool> = units.map(|unit| unit == Unit::Usd).collect();
        for day in &mut outcome.days {
            for (moments, _) in day.values.iter_mut().zip(&is_money).filter(|(_, is_money)| **is_money) {
                moments.mean *= ratio;
                moments.sum_of_squares *= ratio * ratio;
            }
        }
        for (moments, name) in
            outcome.sizes.iter_mut().flat_map(|row| row.values.iter_mut().zip(SIZE_MEASURES))
        {
            if Measure::named(name).unwrap().unit == Unit::Usd {
                moments.mean *= ratio;
                moments.sum_of_squares *= ratio * ratio;
            }
        }
        for row in outcome.distributions.iter_mut().filter(|row| row.figure.unit() == Unit::Usd) {
            for end in row.bins.iter_mut().flat_map(|bin| [&mut bin.at_least, &mut bin.below]) {
                let scaled = i128::from(*end) * factor.abs() / divisor;
                *end = u64::try_from(scaled).unwrap_or(u64::MAX).max((*end).min(1));
            }
        }
        for point in &mut outcome.balances {
            let scaled = i128::from(point.balance.nanos()) * factor / divisor;
            point.balance = Money::from_nanos(scaled.clamp(-MANY_NANOS, MANY_NANOS) as i64);
        }
        outcome
    }

    const MANY_NANOS: i128 = 1_000_000_000_000_000_000;

    /// An outcome with cohorts of these names, each like the one that it has.
    fn with_cohorts(mut outcome: Outcome, names: &[&str]) -> Outcome {
        let mut rows = Vec::new();
        for group in outcome.rows.chunk_by(|a, b| (&a.policy, &a.cohort) == (&b.policy, &b.cohort)) {
            let names = if group[0].cohort == ALL_COHORTS { &[ALL_COHORTS] } else { names };
            for name in names {
                rows.extend(group.iter().map(|row| Row { cohort: (*name).to_owned(), ..row.clone() }));
            }
        }
        outcome.rows = rows;
        outcome
    }

    pub fn outcomes() -> Vec<(Outcome, usize)> {
        vec![
            (with_cohorts(sample::outcome(&EIGHT, 20, 90), &EIGHT), 90),
            (with_cohorts(sample::outcome(&EIGHT[..3], 2, 29), &EIGHT[..2]), 29),
            (sample::outcome(&EIGHT[..1], 1, 1), 1),
            (sample::outcome(&EIGHT[..4], 1, 30), 30),
            (sample::outcome(&EIGHT[..2], 3, 2000), 2000),
            (sample::idle_outcome(&EIGHT, 2, 10), 10),
            (times(sample::outcome(&EIGHT, 20, 5), -1_000_000_000, 1), 5),
            (times(sample::outcome(&EIGHT, 20, 5), 1, 1_000_000_000), 5),
        ]
    }

    #[test]
    fn no_text_overlaps_another_or_leaves_its_picture() {
        for (outcome, days) in outcomes() {
            let data = Results::read(folder_of(&outcome, days).path()).unwrap();
            for (name, picture) in PLOTS {
                let Some(picture) = picture(&data) else { continue };
                picture.assert_legible(name);
            }
        }
    }

    #[test]
    fn each_plot_is_written_as_svg_and_png_that_name_the_policies() {
        let folder = folder_of(&with_cohorts(sample::outcome(&EIGHT[..3], 20, 90), &EIGHT[..2]), 90);
        let files = draw(folder.path()).unwrap();
        assert_eq!(files.len(), 2 * PLOTS.len());
        for file in files {
            let content = fs::read(&file).unwrap();
            if file.extension().unwrap() == "png" {
                let reader = ::png::Decoder::new(std::io::Cursor::new(content)).read_info().unwrap();
                assert_eq!(reader.info().width, 1600, "{}", file.display());
            } else {
                let svg = String::from_utf8(content).unwrap();
                assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{}", file.display());
                for policy in &EIGHT[..3] {
                    assert!(svg.contains(policy), "{}: {policy}", file.display());
                }
            }
        }
    }

    #[test]
    fn plots_drawn_again_are_the_same() {
        let folder = folder_of(&sample::outcome(&EIGHT, 20, 90), 90);
        let contents = || -> Vec<Vec<u8>> {
            draw(folder.path()).unwrap().iter().map(|file| fs::read(file).unwrap()).collect()
        };
        assert_eq!(contents(), contents());
    }

    #[test]
    fn hostile_names_are_escaped() {
        let folder = folder_of(&sample::outcome(&["<script>&\"\u{7}", &"\u{e4}".repeat(200)], 2, 3), 3);
        for file in draw(folder.path()).unwrap() {
            if let Ok(svg) = fs::read_to_string(&file) {
                assert!(svg.contains("&lt;script&gt;&amp;&quot;\u{fffd}"), "{}", file.display());
                assert!(!svg.contains("<script"), "{}", file.display());
                assert!(svg.contains("\u{e4}\u{e4}…\u{e4}\u{e4}"), "{}", file.display());
            }
        }
    }

    #[test]
    fn a_file_that_was_edited_or_lost_is_an_error_with_its_place() {
        let folder = folder_of(&sample::outcome(&["a"], 2, 3), 3);
        let path = folder.path().join("timeseries.csv");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("2026-01-02", "yesterday", 1)).unwrap();
        let error = draw(folder.path()).unwrap_err().to_string();
        assert!(error.contains("timeseries.csv: line 3: the day is not a date"), "{error}");
        fs::write(&path, text.replacen("2026-01-02,", "2026-01-02", 1)).unwrap();
        assert!(matches!(draw(folder.path()), Err(Error::Malformed { .. })));
        fs::remove_file(&path).unwrap();
        let error = draw(folder.path()).unwrap_err().to_string();
        assert!(error.contains("timeseries.csv: cannot read: "), "{error}");
    }
}
