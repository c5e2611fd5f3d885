//! The verdict: what the figures say, in sentences. No winner without its uncertainty.

use super::sentence::{Sentence, Shown};
use crate::metrics::{Better, Measure, Unit};
use crate::report::figure::Style;
use crate::report::results::{Difference, Results};
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
    readers: Vec<Reader>,
    /// Measures that differ by too little money to speak of.
    slight: Vec<&'static str>,
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
    pub fn of(difference: &Difference, measure: &Measure) -> Mark {
        match (difference.p_adjusted, measure.better, difference.difference > 0.0) {
            (None, ..) => Mark::Unknown,
            (Some(_), ..) if !difference.is_real() => Mark::Same,
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
    fn by_how_much(&self, difference: &Difference) -> Sentence {
        // Of what is three times as much, the amount says more; and so it does where the ratio is less sure than that.
        const LARGE: f64 = 2.0;
        let is_sure =
            difference.relative_interval().is_some_and(|interval| interval.low * interval.high > 0.0);
        let is_relative =
            self.is_relative && is_sure && difference.relative.is_some_and(|by| by.abs() < LARGE);
        let relative = if is_relative { Shown::relative(difference) } else { None };
        let shown = relative.unwrap_or_else(|| Shown::difference(difference, self.measure().unit)).unsigned();
        let direction = if difference.difference < 0.0 { " less" } else { " more" };
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
        let estimate = self.results.estimate(&self.results.policies[policy], measure);
        estimate.map_or(0.0, |estimate| estimate.mean)
    }

    /// What policies do, with figures that are written alike.
    fn shown<const N: usize>(&self, policies: [usize; N], deed: &Deed) -> Option<[Shown; N]> {
        let estimate = |policy: usize| self.results.estimate(&self.results.policies[policy], deed.measure);
        if policies.iter().any(|policy| estimate(*policy).is_none()) {
            return None;
        }
        let estimates = policies.map(|policy| estimate(policy).expect("each has one"));
        let style = Style::of(deed.measure().unit, estimates.iter().flat_map(|estimate| estimate.values()));
        Some(estimates.map(|estimate| Shown::estimate(estimate, style)))
    }

    /// Two policies against each other: the later against the earlier.
    fn difference(&self, one: usize, other: usize, deed: &Deed) -> Option<Difference> {
        let [earlier, later] = [one.min(other), one.max(other)].map(|place| &self.results.policies[place]);
        self.results.difference(later, earlier, deed.measure)
    }

    /// How it is to be taken that a policy differs from another.
    fn mark(&self, policy: usize, other: usize, deed: &Deed) -> Option<Mark> {
        let mark = Mark::of(&self.difference(policy, other, deed)?, deed.measure());
        Some(if policy < other { mark.mirrored() } else { mark })
    }

    /// Whether two policies differ by too little money to speak of.
    fn is_slight(&self, one: usize, other: usize, deed: &Deed) -> bool {
        /// As a share of net revenue.
        const SLIGHT: f64 = 0.001;
        let difference = self.mean(one, deed.measure) - self.mean(other, deed.measure);
        let revenue = self.mean(one, "net_revenue_usd").max(self.mean(other, "net_revenue_usd"));
        deed.measure().unit == Unit::Usd && difference.abs() < SLIGHT * revenue
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
        let [best, second, ref rest @ ..] = *ranking else { return None };
        let [of_best, of_second] = self.shown([best, second], deed)?;
        let difference = self.difference(best, second, deed)?;
        let named = |policy: usize| Sentence::default().policy(policy);
        let second_best = if rest.is_empty() { "" } else { "the second best, " };
        let last = rest.last().copied().unwrap_or(second);
        if self.mean(best, deed.measure) == self.mean(last, deed.measure) {
            return Some(Sentence::default().text("Every policy ").then(deed.done(of_best)).text("."));
        }
        let sentence = match self.mark(best, second, deed)? {
            Mark::Unknown => (Sentence::default().text("In this one run ").policy(best))
                .text(format!(" {superlative}, "))
                .shown(of_best)
                .text(" against ")
                .shown(of_second)
                .text(format!(" under {second_best}"))
                .policy(second),
            Mark::Same => {
                let is_worse = |other: &usize| self.mark(best, *other, deed) == Some(Mark::Gain);
                let (worse, level): (Vec<usize>, Vec<usize>) = rest.iter().partition(|other| is_worse(other));
                let sentence = (Sentence::default()
                    .text(format!("Which policy {superlative} cannot be told: ")))
                .policy(best)
                .text(" does by its mean, ")
                .shown(of_best)
                .text(", but no difference is seen between it and ")
                .policy(second)
                .text(", ")
                .shown(of_second);
                let sentence = match level.is_empty() {
                    true => sentence,
                    false => sentence.text(", nor between it and ").list(level.into_iter().map(named)),
                };
                match worse.is_empty() {
                    true => sentence,
                    false => sentence.text(". It does better than ").list(worse.into_iter().map(named)),
                }
            }
            // A difference is told as it stands in the file: of the later policy from the earlier one.
            _ if best > second => (Sentence::default().policy(best))
                .text(format!(" {superlative}: "))
                .shown(of_best)
                .text(", ")
                .then(deed.by_how_much(&difference))
                .text(format!(" than {second_best}"))
                .policy(second),
            _ => (Sentence::default().policy(best))
                .text(format!(" {superlative}: "))
                .shown(of_best)
                .text(format!("; {second_best}"))
                .policy(second)
                .text(format!("{} {} ", if rest.is_empty() { "" } else { "," }, deed.verb))
                .then(deed.by_how_much(&difference)),
        };
        Some(sentence.text("."))
    }

    /// What the policy that is best at something pays for it, against the second; `None` where the two cannot be told
    /// apart.
    fn price_of_winning(&self, at: &Deed, ranking: &[usize]) -> Option<Sentence> {
        let [best, second, ..] = *ranking else { return None };
        if self.mark(best, second, at)? != Mark::Gain {
            return None;
        }
        let deeds = READERS.iter().flat_map(|(_, deeds)| deeds.iter());
        let costs: Vec<Sentence> = deeds
            .filter(|deed| self.mark(best, second, deed) == Some(Mark::Cost))
            .filter(|deed| !self.is_slight(best, second, deed))
            .filter_map(|deed| {
                let [of_best, of_second] = self.shown([best, second], deed)?.map(Shown::bare);
                Some(deed.done(of_best).text(" against ").shown(of_second))
            })
            .collect();
        Some(match costs.is_empty() {
            true => (Sentence::default().text("It is worse than ").policy(second))
                .text(" in nothing else that is shown here."),
            false => {
                Sentence::default().text("For that it ").list(costs).text(" under ").policy(second).text(".")
            }
        })
    }

    /// What a policy gains and costs against another; without another, what it does.
    fn card(&self, policy: usize, baseline: Option<usize>) -> Card {
        let mut card = Card { policy, readers: Vec::new(), slight: Vec::new(), same: Vec::new() };
        for (who, deeds) in READERS {
            let mut points = Vec::new();
            for deed in deeds {
                let Some(baseline) = baseline else {
                    let done = self.shown([policy], deed).map(|[shown]| deed.done(shown));
                    points.extend(done.map(|sentence| Point { mark: Mark::Unknown, sentence }));
                    continue;
                };
                let (Some([shown, other]), Some(difference)) =
                    (self.shown([policy, baseline], deed), self.difference(policy, baseline, deed))
                else {
                    continue;
                };
                let sentence = deed.done(shown.bare()).text(" against ").shown(other.bare());
                match Mark::of(&difference, deed.measure()) {
                    // What never happens is not worth a word.
                    _ if [policy, baseline].iter().all(|&policy| self.mean(policy, deed.measure) == 0.0) => {}
                    Mark::Same => card.same.push(deed.measure().label),
                    Mark::Unknown => points.push(Point { mark: Mark::Unknown, sentence }),
                    _ if self.is_slight(policy, baseline, deed) => card.slight.push(deed.measure().label),
                    mark => {
                        let sentence = sentence.text(", ").then(deed.by_how_much(&difference));
                        points.push(Point { mark, sentence });
                    }
                }
            }
            if !points.is_empty() {
                card.readers.push(Reader { who, points });
            }
        }
        card
    }
}
