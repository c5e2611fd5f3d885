//! The plots of a sweep: each headline measure over the values of the keys, and the trade-off of all points.

mod best;
mod heat;
mod lines;
mod places;
mod trade_off;

use super::super::Error;
use super::super::sweep::results::{BestOf, Point, Standing, SweepResults};
use super::picture::Picture;
use super::words::estimate_in_words;
use super::write;
use crate::metrics::{HEADLINES, Measure};
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Draws the plots of a folder of results into its `plots/`, and returns the files. The same results give the
/// same bytes.
///
/// # Errors
/// If a plot cannot be written.
pub fn draw(folder: &Path, results: &SweepResults) -> Result<Vec<PathBuf>, Error> {
    let plots = folder.join("plots");
    fs::create_dir_all(&plots).map_err(Error::at(&plots, "create the folder"))?;
    let files = plots_of(results).into_par_iter().map(|plot| match plot.picture(results) {
        Some(picture) => write(&picture, &plots.join(plot.name(results))),
        None => Ok(Vec::new()),
    });
    Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
}

/// A plot.
#[derive(Clone, Copy)]
enum Plot {
    /// All points: what they earn against what they lose.
    TradeOff,
    /// How far others are from the best.
    Best,
    /// A measure over the values of a key, by its index.
    Lines(&'static Measure, usize),
    /// A measure over the values of two keys.
    Heat(&'static Measure),
}

/// Every plot.
fn plots_of(results: &SweepResults) -> Vec<Plot> {
    let is_grid = results.axes.len() == 2
        && (0..results.policies.len())
            .any(|policy| results.varies(policy, Some(0)) && results.varies(policy, Some(1)));
    let of_measure = |measure| match is_grid {
        true => vec![Plot::Heat(measure)],
        false => (0..results.axes.len()).map(|axis| Plot::Lines(measure, axis)).collect(),
    };
    let best = results.best.as_ref().map(|_| Plot::Best);
    [Plot::TradeOff]
        .into_iter()
        .chain(best)
        .chain(measures(results).into_iter().flat_map(of_measure))
        .collect()
}

/// The headlines and what the best was sought by, where they differ at all.
fn measures(results: &SweepResults) -> Vec<&'static Measure> {
    let mut measures: Vec<&'static Measure> =
        HEADLINES.iter().filter_map(|name| Measure::named(name)).collect();
    if let Some(best) = &results.best {
        let bounded = best.constraints.iter().map(|constraint| constraint.measure);
        for measure in [best.objective.measure].into_iter().chain(bounded) {
            if !measures.iter().any(|known| known.name == measure.name) {
                measures.push(measure);
            }
        }
    }
    let means = |measure: &Measure| {
        let estimates = results.points.iter().filter_map(|point| point.estimate(measure.name));
        estimates.map(|estimate| estimate.mean).collect::<Vec<f64>>()
    };
    measures.retain(|measure| means(measure).windows(2).any(|pair| pair[0] != pair[1]));
    measures
}

impl Plot {
    fn picture(self, results: &SweepResults) -> Option<Picture> {
        match self {
            Plot::TradeOff => trade_off::picture(results),
            Plot::Best => best::picture(results),
            Plot::Lines(measure, axis) => lines::picture(results, measure, axis),
            Plot::Heat(measure) => heat::picture(results, measure),
        }
    }

    /// The name of its file: of the measure, and of the key where there are several.
    fn name(self, results: &SweepResults) -> String {
        match self {
            Plot::TradeOff => "trade-off".to_owned(),
            Plot::Best => "best".to_owned(),
            Plot::Lines(measure, axis) if results.axes.len() > 1 => {
                let is_fit = |c: char| c.is_alphanumeric() || "-_.".contains(c);
                let key = results.axes[axis].key.chars().map(|c| if is_fit(c) { c } else { '-' });
                // An extension follows, and what stands after the last dot would be taken for one.
                let key: String = key.collect::<String>().replace('.', "-");
                format!("{}-by-{}-{key}", measure.name, axis + 1)
            }
            Plot::Lines(measure, _) | Plot::Heat(measure) => measure.name.to_owned(),
        }
    }
}

/// What is told of a point where it is pointed at.
fn tip(results: &SweepResults, point: &Point, measures: &[&Measure]) -> String {
    let mut lines = vec![results.policies[point.policy].clone()];
    let values = results.axes.iter().zip(&point.at);
    lines.extend(values.map(|(axis, index)| format!("{} = {}", axis.key, axis.values[*index])));
    for measure in measures {
        if let Some(estimate) = point.estimate(measure.name) {
            lines.push(format!("{}: {}", measure.label, estimate_in_words(estimate, measure)));
        }
    }
    let standing = results.best.as_ref().and_then(|best| best.standing(point));
    lines.extend(standing.map(|standing| in_words(standing).to_owned()));
    lines.join("\n")
}

fn in_words(standing: Standing) -> &'static str {
    match standing {
        Standing::Best => "the best",
        Standing::NoDifferenceSeen => "cannot be told from the best",
        Standing::Worse => "worse than the best",
        Standing::Excluded => "does not keep the constraints",
    }
}

/// The goal in words: `the best by contribution, with lost_share<0.5%`.
fn goal_in_words(best: &BestOf) -> String {
    let constraints: Vec<String> = best.constraints.iter().map(ToString::to_string).collect();
    let with =
        if constraints.is_empty() { String::new() } else { format!(", with {}", constraints.join(" and ")) };
    format!("the best by {}{with}", best.objective.measure.label)
}

/// What marks of standing mean, where there are any: that of the best, of what cannot be told from it, and of
/// what is excluded.
fn marks_in_words(results: &SweepResults, [best, unseen, excluded]: [&str; 3]) -> String {
    let Some(of) = &results.best else { return String::new() };
    let mut words = format!("{best}: {}. {unseen}: cannot be told from it. ", goal_in_words(of));
    if !of.constraints.is_empty() {
        words += &format!("{excluded}: does not keep the constraints. ");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// A folder with results of these keys and policies: the figures of the first policy depend on every key,
    /// those of the second on the first key, those of others on none. The best is at some point in the midst.
    fn results(
        axes: &[(&str, &[&str])],
        policies: &[&str],
        replications: u32,
        factor: f64,
        with_best: bool,
    ) -> SweepResults {
        let folder = tempfile::tempdir().unwrap();
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let keys: String = axes.iter().map(|(key, _)| quoted(key) + ",").collect();
        let mut sweep = format!("{keys}policy,cohort,measure,unit,mean,sd,ci_low,ci_high,n\n");
        let mut best = format!(
            "{keys}policy,objective,constraints,standing,difference,difference_low,difference_high,p_adjusted\n"
        );
        let points: usize = axes.iter().map(|(_, values)| values.len()).product();
        for point in 0..points {
            let mut rest = point;
            let mut at = Vec::new();
            for (_, values) in axes.iter().rev() {
                at.insert(0, rest % values.len());
                rest /= values.len();
            }
            let cells: String =
                axes.iter().zip(&at).map(|((_, values), index)| quoted(values[*index]) + ",").collect();
            for (number, policy) in policies.iter().enumerate() {
                let concerned =
                    at.iter().enumerate().filter(|(axis, _)| number == 0 || (number == 1 && *axis == 0));
                let step: usize = concerned.map(|(axis, index)| (axis + 1) * index).sum();
                for measure in HEADLINES.iter().filter_map(|name| Measure::named(name)) {
                    let share = 0.02 + 0.01 * (step as f64 + number as f64) / (points as f64);
                    let mean =
                        if measure.name.ends_with("_share") { share } else { factor * (share - 0.021) * 1e5 };
                    let ends =
                        if replications > 1 { format!("{},{}", mean * 0.9, mean * 1.1) } else { ",".into() };
                    let name = measure.name;
                    writeln!(sweep, "{cells}{},all,{name},x,{mean},1,{ends},{replications}", quoted(policy))
                        .unwrap();
                }
            }
            let standing = ["worse", "no difference seen", "excluded"][point % 3];
            let standing = if point == points / 2 { "best" } else { standing };
            let goal = "max:contribution_usd,lost_share<2.5% and overshoot_usd<=7";
            let difference = factor * (point as f64 - points as f64 / 2.0);
            let ends = match (standing, replications) {
                ("best" | "excluded", _) => ",,,".to_owned(),
                (_, 1) => format!("{difference},,,"),
                _ => format!("{difference},{},{},0.03", difference - factor.abs(), difference + factor.abs()),
            };
            writeln!(best, "{cells}{},{goal},{standing},{ends}", quoted(policies[0])).unwrap();
        }
        fs::write(folder.path().join("sweep.csv"), sweep).unwrap();
        if with_best {
            fs::write(folder.path().join("best.csv"), best).unwrap();
        }
        SweepResults::read(folder.path()).unwrap()
    }

    const LONG: &str = "a very long name of a policy that nobody would choose, number 7";
    const MANY: [&str; 30] = [
        "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18",
        "19", "20", "30", "40", "50", "100", "200", "300", "1000", "5000", "10000", "1000000",
    ];
    const INLINE: [&str; 3] =
        ["balance", "{ hold = { output_tokens = 4096, factor = 1.5 } }", "{ in_flight = { amount = 5.00 } }"];

    fn all_results() -> Vec<SweepResults> {
        let threshold = ("policy.top-up.threshold", &["0", "1", "2", "5", "10"][..]);
        let lag = ("metering.delay", &["0s", "1m", "1h 30m", "1d"][..]);
        vec![
            results(&[threshold], &["top-up", "prepaid", LONG], 20, 1.0, true),
            results(&[threshold], &["top-up"], 1, 1e-9, false),
            results(&[("a.b", &MANY)], &["top-up", LONG, "c", "d", "e", "f", "g", "h"], 20, 1e9, true),
            results(&[("metering.authorization", &INLINE)], &["top-up", "prepaid"], 2, 1.0, true),
            results(&[threshold, lag], &["top-up", "prepaid", LONG], 20, 1.0, true),
            results(&[("a.b", &MANY), ("c.d", &MANY)], &["top-up"], 20, 1.0, true),
            results(&[lag, ("metering.authorization", &INLINE)], &["a", "b"], 1, -1e6, false),
            results(&[threshold, lag, ("a.\"x, y\".z", &["7"])], &["top-up", "prepaid"], 20, 1.0, true),
        ]
    }

    #[test]
    fn no_text_overlaps_another_or_leaves_its_picture() {
        for results in all_results() {
            for plot in plots_of(&results) {
                let Some(picture) = plot.picture(&results) else { continue };
                picture.assert_legible(&plot.name(&results));
            }
        }
    }

    #[test]
    fn one_key_or_many_give_lines_and_two_that_act_together_a_grid() {
        let names = |results: &SweepResults| -> Vec<String> {
            plots_of(results).into_iter().map(|plot| plot.name(results)).collect()
        };
        let of = all_results();
        assert_eq!(names(&of[0])[..3], ["trade-off", "best", "contribution_usd"]);
        assert!(matches!(plots_of(&of[0])[2], Plot::Lines(_, 0)));
        assert!(matches!(plots_of(&of[4])[2], Plot::Heat(_)));
        assert_eq!(names(&of[1])[1], "contribution_usd", "nothing was sought");
        let many = names(&of[7]);
        assert_eq!(
            many[2..5],
            [
                "contribution_usd-by-1-policy-top-up-threshold",
                "contribution_usd-by-2-metering-delay",
                "contribution_usd-by-3-a--x--y--z",
            ]
        );
    }

    #[test]
    fn what_is_best_is_marked_where_its_keys_matter() {
        let results = &all_results()[4];
        let best = results.best.as_ref().unwrap();
        let standing = |point: &Point| best.standing(point);
        let marked: Vec<&Point> =
            results.points.iter().filter(|point| standing(point) == Some(Standing::Best)).collect();
        assert_eq!(marked.len(), 1);
        assert_eq!((marked[0].policy, &marked[0].at[..]), (0, &[2, 2][..]));
        assert_eq!(results.values_of_others(), [2, 2]);
        assert_eq!([0, 1, 2].map(|policy| results.varies(policy, Some(1))), [true, false, false]);
        assert_eq!([0, 1, 2].map(|policy| results.varies(policy, None)), [true, true, false]);
    }
}
