//! What each plot shows, in a sentence.

use super::sentence::Sentence;
use super::study::{Mark, Study};
use crate::metrics::{HEADLINES, MEASURES, Measure};
use crate::report::plot::{Standing, standings};

/// What the plot of that name shows; `None` where there is nothing to add to its title.
pub fn reading(study: Study<'_>, plot: &str) -> Option<Sentence> {
    match plot {
        "scorecard" => study.tally_of_bests(),
        "differences" => study.tally_of_differences(),
        "trade-off" => study.front(),
        "money" => study.money(),
        "service" => study.extremes(
            "active_share",
            "Accounts run longest under {}, {} of their time, and least under {}, {}.",
        ),
        "refusals" => study.main_reasons(),
        "refusals-over-time" => {
            Some("Whether tries are refused at the start, at the end of each month, or all along.".into())
        }
        "spread" => study.extremes(
            "stopped_p99_seconds",
            "One account in a hundred is stopped for long: least under {}, over {}, and most under {}, over \
             {}.",
        ),
        "by-size" => {
            Some("Whether small or large accounts pay for a policy: each class of size by itself.".into())
        }
        "by-cohort" => Some("Who pays for a policy: each cohort by itself.".into()),
        "balances" => Some("What single customers see: when they pay, run dry and are refused.".into()),
        "warm-up" => {
            Some("Whether the first days differ from the rest, and should be left out as a warm-up.".into())
        }
        _ => None,
    }
}

/// The measures that tell policies apart at a glance.
fn headlines() -> impl Iterator<Item = &'static Measure> {
    HEADLINES.iter().filter_map(|name| Measure::named(name))
}

impl Study<'_> {
    fn is_comparison(&self) -> bool {
        self.results.policies.len() > 1 && self.results.replications > 1
    }

    /// In how many measures each policy is best, or cannot be told from the best.
    fn tally_of_bests(&self) -> Option<Sentence> {
        if !self.is_comparison() {
            return None;
        }
        let judged: Vec<&Measure> = headlines().filter(|measure| measure.better.is_some()).collect();
        let is_best = |policy: usize, measure: &Measure| {
            let best = self.ranking(measure)[0];
            policy == best || self.mark(best, policy, measure) == Some(Mark::Same)
        };
        let times = |policy| judged.iter().filter(|measure| is_best(policy, measure)).count();
        let mut tally: Vec<(usize, usize)> =
            (0..self.results.policies.len()).map(|policy| (policy, times(policy))).collect();
        tally.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        let (first, others) = tally.split_at(tally.len().min(4));
        let first = first.iter().map(|(policy, times)| {
            Sentence::of("{} in {}", [Sentence::policy(*policy), times.to_string().into()])
        });
        let others = others.first().map(|(_, times)| format!("the others in {times} or fewer").into());
        let measures = judged.len().to_string().into();
        let pattern = "Best, or not to be told from the best, in {} measures: {}.";
        Some(Sentence::of(pattern, [measures, Sentence::list(first.chain(others))]))
    }

    /// How many differences from the first policy are real.
    fn tally_of_differences(&self) -> Option<Sentence> {
        let others = 1..self.results.policies.len();
        let marks = |policy| headlines().filter_map(move |measure| self.mark(policy, 0, measure));
        let marks: Vec<Mark> = others.flat_map(marks).collect();
        let count = |mark| marks.iter().filter(|other| **other == mark).count();
        if marks.is_empty() {
            return None;
        }
        if count(Mark::Unknown) > 0 {
            return Some(
                "With one replication there is no telling which of these differences are chance.".into(),
            );
        }
        let (all, real) = (marks.len(), marks.len() - count(Mark::Same));
        let (gains, costs) = (count(Mark::Gain), count(Mark::Cost));
        let pattern = format!(
            "Of {all} differences from {{}}, {real} are real: {gains} for the better, {costs} for the worse."
        );
        Some(Sentence::of(&pattern, [Sentence::policy(0)]))
    }

    /// Which policies are on the front, and which are not.
    fn front(&self) -> Option<Sentence> {
        if !self.is_comparison() {
            return None;
        }
        let standings = standings(self.results, ["lost_share", "contribution_usd"]);
        let those = |standing| -> Vec<usize> {
            (0..standings.len()).filter(|&policy| standings[policy] == standing).collect()
        };
        let ahead = match &those(Standing::Sure)[..] {
            [] => "No policy is surely on the front".into(),
            sure => {
                let pattern =
                    "Surely on the front, as no other both earns as much and turns away as little: {}";
                Sentence::of(pattern, [Sentence::policies(sure)])
            }
        };
        let behind = match &those(Standing::Dominated)[..] {
            [] => Sentence::default(),
            beaten => Sentence::of("; surely behind another: {}", [Sentence::policies(beaten)]),
        };
        Some(Sentence::of("{}{}.", [ahead, behind]))
    }

    /// Under which policies a measure is best and worst.
    fn extremes(&self, measure: &str, pattern: &str) -> Option<Sentence> {
        let measure = Measure::named(measure)?;
        let [best, .., worst] = self.ranking(measure)[..] else { return None };
        let [of_best, of_worst] = self.shown([best, worst], measure)?;
        (of_best.number.value != of_worst.number.value).then(|| {
            let parts = [Sentence::policy(best), of_best.into(), Sentence::policy(worst), of_worst.into()];
            Sentence::of(pattern, parts)
        })
    }

    /// Who has whose money.
    fn money(&self) -> Option<Sentence> {
        let most = |measure| {
            let measure = Measure::named(measure)?;
            let policies = 0..self.results.policies.len();
            let mean = |policy: &usize| self.mean(*policy, measure.name);
            let policy = policies.max_by(|a, b| mean(a).total_cmp(&mean(b)))?;
            let [shown] = self.shown([policy], measure)?;
            Some(Sentence::of("{}, {}", [Sentence::policy(policy), shown.into()]))
        };
        let pattern = "On average over the time, customers have most credit under {}, and owe most under {}.";
        Some(Sentence::of(pattern, [most("credit_mean_usd")?, most("receivable_mean_usd")?]))
    }

    /// For what reason most tries are refused.
    fn main_reasons(&self) -> Option<Sentence> {
        const REASON: &str = "refused: ";
        let mut policies_of: Vec<(&str, Vec<usize>)> = Vec::new();
        for policy in 0..self.results.policies.len() {
            let tries = |measure: &&Measure| self.mean(policy, measure.name);
            let reasons = MEASURES.iter().filter(|measure| measure.label.starts_with(REASON));
            let main = reasons.max_by(|a, b| tries(a).total_cmp(&tries(b))).filter(|main| tries(main) > 0.0);
            let main = main.map_or("nothing", |measure| &measure.label[REASON.len()..]);
            match policies_of.iter_mut().find(|(reason, _)| *reason == main) {
                Some((_, policies)) => policies.push(policy),
                None => policies_of.push((main, vec![policy])),
            }
        }
        let clauses = policies_of.into_iter().map(|(reason, policies)| match policies.len() {
            all if all > 1 && all == self.results.policies.len() => {
                format!("{reason} under every policy").into()
            }
            _ => Sentence::of("{} under {}", [reason.into(), Sentence::policies(&policies)]),
        });
        Some(Sentence::of("What most tries are refused for: {}.", [Sentence::joined(clauses, "; ")]))
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
            ("differences", "Of 8 differences from prepaid, 7 are real: 4 for the better, 3 for the worse."),
            (
                "trade-off",
                "Surely on the front, as no other both earns as much and turns away as little: post-paid; \
                 surely behind another: prepaid and top-up.",
            ),
            (
                "money",
                "On average over the time, customers have most credit under prepaid, $5,000 (4,500 to \
                 5,500), and owe most under post-paid, $949 (854 to 1,044).",
            ),
            (
                "refusals",
                "What most tries are refused for: no credit under prepaid and top-up; limit reached under \
                 post-paid.",
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
