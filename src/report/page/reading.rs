//! What each plot shows, in a sentence.

use super::sentence::Sentence;
use super::study::{Mark, Study};
use crate::metrics::{HEADLINES, MEASURES, Measure};
use crate::report::plot::{Standing, standings};

/// What the plot of that name shows; `None` where there is nothing to add to its title.
pub fn reading(study: Study<'_>, plot: &str) -> Option<Sentence> {
    let said = |text: &str| Some(Sentence::default().text(text));
    match plot {
        "scorecard" => study.tally_of_bests(),
        "differences" => study.tally_of_differences(),
        "trade-off" => study.front(),
        "money" => study.money(),
        "service" => {
            study.extremes("active_share", "Accounts run longest under ", " of their time, and least under ")
        }
        "refusals" => study.main_reasons(),
        "refusals-over-time" => {
            said("Whether tries are refused at the start, at the end of each month, or all along.")
        }
        "spread" => study.extremes(
            "stopped_p99_seconds",
            "What one account in a hundred has to bear: it is stopped shortest under ",
            " or more, and longest under ",
        ),
        "by-size" => said("Whether small or large accounts pay for a policy: each class of size by itself."),
        "by-cohort" => said("Who pays for a policy: each cohort by itself."),
        "balances" => said("What single customers see: when they pay, run dry and are refused."),
        "warm-up" => {
            said("Whether the first days differ from the rest, and should be left out as a warm-up.")
        }
        _ => None,
    }
}

impl Study<'_> {
    fn names(&self, policies: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Sentence> {
        policies.into_iter().map(|policy| Sentence::default().policy(policy))
    }

    /// In how many measures each policy is best, or cannot be told from the best.
    fn tally_of_bests(&self) -> Option<Sentence> {
        let policies = self.results.policies.len();
        if policies < 2 || self.results.replications < 2 {
            return None;
        }
        let mut bests = vec![0; policies];
        let judged = HEADLINES
            .iter()
            .filter_map(|name| Measure::named(name))
            .filter(|measure| measure.better.is_some());
        for measure in judged.clone() {
            let best = self.ranking(measure)[0];
            for (policy, times) in bests.iter_mut().enumerate() {
                *times += usize::from(policy == best || self.mark(best, policy, measure) == Some(Mark::Same));
            }
        }
        let mut order: Vec<usize> = (0..policies).collect();
        order.sort_by_key(|&policy| usize::MAX - bests[policy]);
        let times = order
            .iter()
            .map(|&policy| Sentence::default().policy(policy).text(format!(" in {}", bests[policy])));
        let of = format!("Best, or not to be told from the best, in {} measures: ", judged.count());
        Some(Sentence::default().text(of).list(times).text("."))
    }

    /// How many differences from the first policy are real.
    fn tally_of_differences(&self) -> Option<Sentence> {
        let others = 1..self.results.policies.len();
        let measures = || HEADLINES.iter().filter_map(|name| Measure::named(name));
        let marks: Vec<Mark> = others
            .flat_map(|policy| measures().filter_map(move |measure| self.mark(policy, 0, measure)))
            .collect();
        let count = |mark| marks.iter().filter(|other| **other == mark).count();
        let sentence = Sentence::default();
        if marks.is_empty() {
            return None;
        }
        if count(Mark::Unknown) > 0 {
            return Some(
                sentence
                    .text("With one replication there is no telling which of these differences are chance."),
            );
        }
        let real = marks.len() - count(Mark::Same);
        let sentence = sentence.text(format!("Of {} differences from ", marks.len())).policy(0);
        let (gains, costs) = (count(Mark::Gain), count(Mark::Cost));
        Some(sentence.text(format!(" {real} are real: {gains} for the better, {costs} for the worse.")))
    }

    /// Which policies are on the front, and which are not.
    fn front(&self) -> Option<Sentence> {
        if self.results.policies.len() < 2 || self.results.replications < 2 {
            return None;
        }
        let standings = standings(self.results, ["lost_share", "contribution_usd"]);
        let those = |standing| -> Vec<usize> {
            (0..standings.len()).filter(|&policy| standings[policy] == standing).collect()
        };
        let (sure, beaten) = (those(Standing::Sure), those(Standing::Dominated));
        let sentence = Sentence::default();
        let sentence = match sure.is_empty() {
            true => sentence.text("No policy is surely on the front"),
            false => sentence
                .text("Surely on the front, as no other both earns as much and turns away as little: ")
                .list(self.names(sure)),
        };
        let sentence = match beaten.is_empty() {
            true => sentence,
            false => sentence.text("; surely behind another: ").list(self.names(beaten)),
        };
        Some(sentence.text("."))
    }

    /// Under which policies a measure is best and worst.
    fn extremes(&self, measure: &str, before: &str, between: &str) -> Option<Sentence> {
        let measure = Measure::named(measure)?;
        let ranking = self.ranking(measure);
        let [best, .., worst] = ranking[..] else { return None };
        let [of_best, of_worst] = self.shown([best, worst], measure)?;
        if of_best.number.value == of_worst.number.value {
            return None;
        }
        let sentence = Sentence::default().text(before).policy(best).text(", ").shown(of_best).text(between);
        Some(sentence.policy(worst).text(", ").shown(of_worst).text("."))
    }

    /// Who has whose money.
    fn money(&self) -> Option<Sentence> {
        let most = |measure| {
            let measure = Measure::named(measure)?;
            let policy = (0..self.results.policies.len())
                .max_by(|&a, &b| self.mean(a, measure.name).total_cmp(&self.mean(b, measure.name)))?;
            let [shown] = self.shown([policy], measure)?;
            Some(Sentence::default().policy(policy).text(", ").shown(shown))
        };
        let sentence =
            Sentence::default().text("On average over the time, customers have most credit under ");
        let sentence = sentence.then(most("credit_mean_usd")?).text(", and owe most under ");
        Some(sentence.then(most("receivable_mean_usd")?).text("."))
    }

    /// For what reason most tries are refused.
    fn main_reasons(&self) -> Option<Sentence> {
        const REASON: &str = "refused: ";
        let reasons: Vec<&Measure> =
            MEASURES.iter().filter(|measure| measure.label.starts_with(REASON)).collect();
        let mut policies_of: Vec<(&str, Vec<usize>)> = Vec::new();
        for policy in 0..self.results.policies.len() {
            let tries = |measure: &&&Measure| self.mean(policy, measure.name);
            let main =
                reasons.iter().max_by(|a, b| tries(a).total_cmp(&tries(b))).filter(|main| tries(main) > 0.0);
            let main = main.map_or("nothing", |measure| &measure.label[REASON.len()..]);
            match policies_of.iter_mut().find(|(reason, _)| *reason == main) {
                Some((_, policies)) => policies.push(policy),
                None => policies_of.push((main, vec![policy])),
            }
        }
        let clauses = policies_of.into_iter().map(|(reason, policies)| {
            Sentence::default().text(format!("{reason} under ")).list(self.names(policies))
        });
        let clauses = clauses.reduce(|clauses, clause| clauses.text("; ").then(clause))?;
        Some(Sentence::default().text("What most tries are refused for: ").then(clauses).text("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::Results;

    fn read(results: &Results, plot: &str) -> Option<String> {
        reading(Study { results }, plot).map(|sentence| sentence.read(&results.policies))
    }

    #[test]
    fn readings_name_what_the_figures_show() {
        let results = Study::sample(
            20,
            &["prepaid", "top-up", "post-paid"],
            &[
                ("contribution_usd", &[4838.0, 5000.0, 5432.0], 100.0),
                ("lost_share", &[0.061, 0.02, 0.003], 0.01),
                ("credit_mean_usd", &[5000.0, 3000.0, 0.0], 10.0),
                ("receivable_mean_usd", &[0.0, 0.0, 949.0], 10.0),
                ("refused_no_credit", &[100.0, 40.0, 0.0], 1.0),
                ("refused_limit_reached", &[0.0, 0.0, 7.0], 1.0),
            ],
        );
        for (plot, expected) in [
            ("differences", "Of 8 differences from prepaid 7 are real: 4 for the better, 3 for the worse."),
            (
                "trade-off",
                "Surely on the front, as no other both earns as much and turns away as little: post-paid; surely \
                 behind another: prepaid and top-up.",
            ),
            (
                "money",
                "On average over the time, customers have most credit under prepaid, $5,000 (4,500 to 5,500), and owe \
                 most under post-paid, $949 (854 to 1,044).",
            ),
            (
                "refusals",
                "What most tries are refused for: no credit under prepaid and top-up; limit reached under post-paid.",
            ),
        ] {
            assert_eq!(read(&results, plot).as_deref(), Some(expected));
        }
        assert_eq!(read(&results, "unknown"), None);
    }

    #[test]
    fn one_policy_or_one_replication_has_no_best() {
        let measures: [(&str, &[f64], f64); 2] =
            [("contribution_usd", &[2.0, 1.0], 0.5), ("lost_share", &[0.1, 0.2], 0.05)];
        for results in [Study::sample(1, &["a", "b"], &measures), Study::sample(20, &["a"], &measures)] {
            for plot in ["scorecard", "trade-off"] {
                assert_eq!(read(&results, plot), None);
            }
        }
        let told = read(&Study::sample(1, &["a", "b"], &measures), "differences");
        assert!(told.is_some_and(|told| told.starts_with("With one replication there is no telling")));
    }
}
