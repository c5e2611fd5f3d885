//! The verdict: what the figures say, in sentences. No winner without its uncertainty.

use super::sentence::{Sentence, Shown};
use crate::experiment::ALL_COHORTS;
use crate::metrics::{Better, Measure};
use crate::report::results::{Comparison, Results};
use serde::Serialize;

/// What the figures over all cohorts say.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// A few sentences for everybody.
    pub lead: Vec<Sentence>,
    /// Each policy against the first; of a single one, what it does.
    pub cards: Vec<Card>,
}

/// What a policy gains and costs.
#[derive(Debug, Serialize)]
pub struct Card {
    policy: usize,
    /// What it is compared with.
    baseline: Option<usize>,
    readers: Vec<Reader>,
    /// Measures without a difference to be seen.
    same: Vec<&'static str>,
}

/// What some people look for.
#[derive(Debug, Serialize)]
struct Reader {
    who: &'static str,
    points: Vec<Point>,
}

/// Something said of a policy.
#[derive(Debug, Serialize)]
struct Point {
    mark: Mark,
    sentence: Sentence,
}

/// How a difference is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It is better.
    Gain,
    /// It is worse.
    Cost,
    /// It differs, which is neither better nor worse by itself.
    Differs,
    /// No difference is seen.
    Same,
    /// There is no telling.
    Unknown,
}

impl Mark {
    /// How it is to be taken by how much a policy differs from another.
    pub fn of(comparison: &Comparison, measure: &Measure) -> Mark {
        match (comparison.p_adjusted, measure.better, comparison.difference > 0.0) {
            (None, ..) => Mark::Unknown,
            (Some(_), ..) if !comparison.is_real() => Mark::Same,
            (_, None, _) => Mark::Differs,
            (_, Some(Better::Higher), true) | (_, Some(Better::Lower), false) => Mark::Gain,
            (_, Some(Better::Higher), false) | (_, Some(Better::Lower), true) => Mark::Cost,
        }
    }

    /// How it is to be taken from the other side.
    fn mirrored(self) -> Mark {
        match self {
            Mark::Gain => Mark::Cost,
            Mark::Cost => Mark::Gain,
            other => other,
        }
    }
}

/// Something that a policy does, as it is said of it.
struct Deed {
    measure: &'static str,
    /// As in "earns $5".
    verb: &'static str,
    /// What follows the figure.
    of_what: &'static str,
    /// Whether differences are told in per cent where they can be.
    is_relative: bool,
}

impl Deed {
    const fn new(measure: &'static str, verb: &'static str, of_what: &'static str) -> Deed {
        Deed { measure, verb, of_what, is_relative: false }
    }

    const fn relative(self) -> Deed {
        Deed { is_relative: true, ..self }
    }

    fn measure(&self) -> &'static Measure {
        Measure::named(self.measure).expect("the verdict names measures that there are")
    }

    /// As in "earns $5 (4 to 6)".
    fn done(&self, shown: Shown) -> Sentence {
        Sentence::default().text(format!("{} ", self.verb)).shown(shown).text(self.of_what)
    }

    /// As in "12.3 % (10.9 to 13.8) more".
    fn by_how_much(&self, comparison: &Comparison) -> Sentence {
        // Of what is three times as much, the amount says more.
        const LARGE: f64 = 2.0;
        let relative = comparison.relative.filter(|relative| self.is_relative && relative.abs() < LARGE);
        let shown = relative.and_then(|_| Shown::relative(comparison));
        let shown = shown.unwrap_or_else(|| Shown::difference(comparison, self.measure().unit)).unsigned();
        let direction = match comparison.difference < 0.0 && !shown.number.text.starts_with('\u{2212}') {
            true => " less",
            false => " more",
        };
        Sentence::default().shown(shown).text(direction)
    }
}

const EARNS: Deed = Deed::new("contribution_usd", "earns", "").relative();
const TURNS_AWAY: Deed = Deed::new("lost_share", "turns away", " of requests");

/// Who looks for what.
const READERS: [(&str, &[Deed]); 3] = [
    (
        "Finance",
        &[
            EARNS,
            Deed::new("net_cash_usd", "collects", " in cash").relative(),
            Deed::new("credit_mean_usd", "holds", " of customers\u{2019} money in advance"),
            Deed::new("receivable_mean_usd", "lends", " to customers on average"),
            Deed::new("bad_debt_usd", "writes off", " of bad debt"),
            Deed::new("fees_usd", "pays", " in fees"),
            Deed::new("promotional_usd", "gives away", " of free credit"),
        ],
    ),
    (
        "Growth",
        &[
            TURNS_AWAY,
            Deed::new("churned_share", "loses", " of customers"),
            Deed::new("active_share", "keeps accounts running", " of the time"),
        ],
    ),
    (
        "Platform",
        &[
            Deed::new("refused_share", "refuses", " of tries"),
            Deed::new("overshoot_usd", "serves", " beyond what it means to allow"),
        ],
    ),
];

/// What the figures of a folder say.
pub fn verdict(results: &Results) -> Verdict {
    let study = Study { results };
    let others = 1..results.policies.len();
    let cards = match others.is_empty() {
        true => vec![study.card(0, None)],
        false => others.map(|policy| study.card(policy, Some(0))).collect(),
    };
    Verdict { lead: study.lead(), cards }
}

/// The results over all cohorts, and what can be said of them.
struct Study<'r> {
    results: &'r Results,
}

impl Study<'_> {
    fn mean(&self, policy: usize, measure: &str) -> f64 {
        let estimate = self.results.estimate(&self.results.policies[policy], ALL_COHORTS, measure);
        estimate.map_or(0.0, |estimate| estimate.mean)
    }

    fn shown(&self, policy: usize, deed: &Deed) -> Option<Shown> {
        let estimate = self.results.estimate(&self.results.policies[policy], ALL_COHORTS, deed.measure)?;
        Some(Shown::estimate(estimate, deed.measure().unit))
    }

    /// Two policies against each other: the later against the earlier.
    fn comparison(&self, one: usize, other: usize, deed: &Deed) -> Option<&Comparison> {
        let [earlier, later] = [one.min(other), one.max(other)].map(|place| &self.results.policies[place]);
        self.results.comparison(ALL_COHORTS, deed.measure, later, earlier)
    }

    /// How it is to be taken that a policy differs from another.
    fn mark(&self, policy: usize, other: usize, deed: &Deed) -> Option<Mark> {
        let mark = Mark::of(self.comparison(policy, other, deed)?, deed.measure());
        Some(if policy < other { mark.mirrored() } else { mark })
    }

    fn lead(&self) -> Vec<Sentence> {
        let policies = self.results.policies.len();
        let is_idle = |policy| self.mean(policy, "requests") + self.mean(policy, "churned_requests") == 0.0;
        let said = |text: &str| vec![Sentence::default().text(text)];
        if (0..policies).all(is_idle) {
            return said("No request was sent, so there is nothing to tell the policies by.");
        }
        if policies == 1 {
            return said("There is one policy in this scenario, so there is nothing to compare it with.");
        }
        let earning = self.ranking(&EARNS);
        let mut lead: Vec<Sentence> = [
            self.best_of(&EARNS, "earns most", &earning),
            self.price_of_winning(&EARNS, &earning),
            self.best_of(&TURNS_AWAY, "turns away fewest requests", &self.ranking(&TURNS_AWAY)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if self.results.replications == 1 {
            lead.extend(said("One replication: no telling which of these differences are chance."));
        }
        lead
    }

    /// The policies from the best mean to the worst.
    fn ranking(&self, deed: &Deed) -> Vec<usize> {
        let mut ranking: Vec<usize> = (0..self.results.policies.len()).collect();
        ranking.sort_by(|&a, &b| {
            let rising = self.mean(a, deed.measure).total_cmp(&self.mean(b, deed.measure));
            if deed.measure().better == Some(Better::Lower) { rising } else { rising.reverse() }
        });
        ranking
    }

    /// Which policy is best at something, and whether that can be told.
    fn best_of(&self, deed: &Deed, superlative: &str, ranking: &[usize]) -> Option<Sentence> {
        let (best, second, last) = (ranking[0], ranking[1], ranking[ranking.len() - 1]);
        let [of_best, of_second] = [self.shown(best, deed)?, self.shown(second, deed)?];
        let next = if ranking.len() > 2 { ", the next" } else { "" };
        let sentence = Sentence::default();
        if self.mean(best, deed.measure) == self.mean(last, deed.measure) {
            return Some(sentence.text("Every policy ").then(deed.done(of_best)).text("."));
        }
        let comparison = self.comparison(best, second, deed)?;
        let sentence = match self.mark(best, second, deed)? {
            Mark::Unknown => {
                let sentence = sentence.text("In this one run ").policy(best).text(format!(" {superlative}, "));
                let sentence = sentence.shown(of_best).text(" against ").shown(of_second).text(" under ");
                sentence.policy(second).text(next)
            }
            Mark::Same => {
                let (worse, level): (Vec<usize>, Vec<usize>) = (ranking[2..].iter())
                    .partition(|other| self.mark(best, **other, deed) == Some(Mark::Gain));
                let names = |places: Vec<usize>| places.into_iter().map(|place| Sentence::default().policy(place));
                let sentence = sentence.text(format!("Which policy {superlative} cannot be told: "));
                let sentence = sentence.policy(best).text(" does by its mean, ").shown(of_best);
                let sentence = sentence.text(", but no difference is seen between it and ").policy(second);
                let mut sentence = sentence.text(", ").shown(of_second);
                if !level.is_empty() {
                    sentence = sentence.text(", nor between it and ").list(names(level));
                }
                if !worse.is_empty() {
                    sentence = sentence.text(". It does better than ").list(names(worse));
                }
                sentence
            }
            _ if best > second => {
                let sentence = sentence.policy(best).text(format!(" {superlative}: ")).shown(of_best).text(", ");
                sentence.then(deed.by_how_much(comparison)).text(" than ").policy(second).text(next)
            }
            _ => {
                let sentence = sentence.policy(best).text(format!(" {superlative}: ")).shown(of_best).text("; ");
                let sentence = sentence.policy(second).text(format!("{next}{} ", if next.is_empty() { "" } else { "," }));
                sentence.text(format!("{} ", deed.verb)).then(deed.by_how_much(comparison))
            }
        };
        Some(sentence.text("."))
    }

    /// What the best policy at something pays for it, against the second; `None` where it cannot be told from that.
    fn price_of_winning(&self, at: &Deed, ranking: &[usize]) -> Option<Sentence> {
        let (best, second) = (ranking[0], ranking[1]);
        if self.mark(best, second, at)? != Mark::Gain {
            return None;
        }
        let deeds = READERS.iter().flat_map(|(_, deeds)| deeds.iter());
        let costs: Vec<Sentence> = deeds
            .filter(|deed| self.mark(best, second, deed) == Some(Mark::Cost))
            .filter_map(|deed| {
                let [of_best, of_second] = [self.shown(best, deed)?, self.shown(second, deed)?];
                Some(deed.done(of_best).text(" against ").shown(of_second))
            })
            .collect();
        let sentence = Sentence::default();
        Some(match costs.is_empty() {
            true => sentence.text("It is worse than ").policy(second).text(" in nothing else that is shown here."),
            false => sentence.text("For that it ").list(costs).text(" under ").policy(second).text("."),
        })
    }

    /// What a policy gains and costs against another; without another, what it does.
    fn card(&self, policy: usize, baseline: Option<usize>) -> Card {
        let mut same = Vec::new();
        let mut readers = Vec::new();
        for (who, deeds) in READERS {
            let mut points = Vec::new();
            for deed in deeds {
                let Some(shown) = self.shown(policy, deed) else { continue };
                let Some(baseline) = baseline else {
                    points.push(Point { mark: Mark::Unknown, sentence: deed.done(shown) });
                    continue;
                };
                let (Some(other), Some(comparison)) =
                    (self.shown(baseline, deed), self.comparison(policy, baseline, deed))
                else {
                    continue;
                };
                let mark = Mark::of(comparison, deed.measure());
                if shown.number.value == "0" && other.number.value == "0" {
                    continue;
                }
                if mark == Mark::Same {
                    same.push(deed.measure().label);
                    continue;
                }
                let bare = |shown: Shown| Shown { interval: None, ..shown };
                let sentence = deed.done(bare(shown)).text(" against ").shown(bare(other));
                let sentence = match mark {
                    Mark::Unknown => sentence,
                    _ => sentence.text(", ").then(deed.by_how_much(comparison)),
                };
                points.push(Point { mark, sentence });
            }
            if !points.is_empty() {
                readers.push(Reader { who, points });
            }
        }
        Card { policy, baseline, readers, same }
    }
}
