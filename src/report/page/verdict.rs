//! The verdict: what the figures say, in sentences. No winner without its uncertainty.

use super::sentence::{Sentence, Shown};
use super::study::{Mark, Study};
use crate::metrics::Measure;
use crate::report::results::Difference;
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
        Sentence::of("{} {}{}", [self.verb.into(), shown.into(), self.of_what.into()])
    }

    /// As in "earns $5 against $4".
    fn done_against(&self, [shown, other]: [Shown; 2]) -> Sentence {
        Sentence::of("{} against {}", [self.done(shown.bare()), other.bare().into()])
    }

    /// As in "12.3 % (10.9 to 13.8) more".
    fn by_how_much(&self, difference: &Difference) -> Sentence {
        // Of what is three times as much, the amount says more; and so it does where the ratio is less sure
        // than that.
        const LARGE: f64 = 2.0;
        let is_sure =
            difference.relative_interval().is_some_and(|interval| interval.low * interval.high > 0.0);
        let is_relative =
            self.is_relative && is_sure && difference.relative.is_some_and(|by| by.abs() < LARGE);
        let relative = if is_relative { Shown::relative(difference) } else { None };
        let shown = relative.unwrap_or_else(|| Shown::difference(difference, self.measure().unit)).unsigned();
        let direction = if difference.difference < 0.0 { "less" } else { "more" };
        Sentence::of("{} {}", [shown.into(), direction.into()])
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
pub fn verdict(study: Study<'_>) -> Verdict {
    let others = 1..study.results.policies.len();
    let cards = match others.is_empty() {
        true => vec![study.card(0, None)],
        false => others.map(|policy| study.card(policy, Some(0))).collect(),
    };
    Verdict { lead: study.lead(), cards }
}

impl Study<'_> {
    fn lead(&self) -> Vec<Sentence> {
        let policies = self.results.policies.len();
        let is_idle = |policy| self.mean(policy, "requests") + self.mean(policy, "churned_requests") == 0.0;
        if (0..policies).all(is_idle) {
            return vec!["No request was sent, so there is nothing to tell the policies by.".into()];
        }
        if policies == 1 {
            return vec![
                "There is one policy in this scenario, so there is nothing to compare it with.".into(),
            ];
        }
        let caveat = "One replication: no telling which of these differences are chance.";
        let is_loss =
            self.ranking(EARNS.measure()).first().is_some_and(|best| self.mean(*best, EARNS.measure) < 0.0);
        let most = if is_loss { ["loses less", "loses least"] } else { ["earns more", "earns most"] };
        [
            self.best_of(&EARNS, most),
            self.price_of_winning(&EARNS),
            self.best_of(&TURNS_AWAY, ["turns away fewer requests", "turns away fewest requests"]),
            (self.results.replications == 1).then(|| caveat.into()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Which policy is best at something, and whether that can be told.
    fn best_of(&self, deed: &Deed, [more, most]: [&str; 2]) -> Option<Sentence> {
        let measure = deed.measure();
        let ranking = self.ranking(measure);
        let [best, second, ref rest @ ..] = ranking[..] else { return None };
        let figures = self.shown([best, second], measure)?;
        let difference = self.difference(best, second, measure)?;

        let is_as_good = |policy: &&usize| self.mean(**policy, measure.name) == self.mean(best, measure.name);
        let bests = ranking.iter().take_while(is_as_good).count();
        let [of_best, of_second] = figures.clone().map(Sentence::from);
        if bests == ranking.len() {
            let [shown, _] = figures;
            return Some(Sentence::of("Every policy {}.", [deed.done(shown)]));
        }
        if bests > 1 {
            let bests = Sentence::policies(&ranking[..bests]);
            return Some(Sentence::of(
                "By the mean, no policy {} than {}: {}.",
                [more.into(), bests, of_best],
            ));
        }
        let by = || deed.by_how_much(&difference);
        let [first, next] = [best, second].map(Sentence::policy);
        let [next, next_which] = match rest {
            [] => [next.clone(), next],
            _ => {
                ["the second best, {}", "the second best, {},"].map(|name| Sentence::of(name, [next.clone()]))
            }
        };
        let slight = match self.is_slight(best, second, measure) {
            true => " That is less than a thousandth of net revenue.",
            false => "",
        };
        Some(match self.mark(best, second, measure)? {
            Mark::Unknown => {
                let pattern = "In this one run {} {}, {} against {} under {}.";
                Sentence::of(pattern, [first, most.into(), of_best, of_second, next])
            }
            Mark::Same => self.doubt(measure, most, &ranking, [of_best, of_second]),
            // A difference is told as it stands in the file: of the later policy from the earlier one.
            _ if best > second => {
                let parts = [first, most.into(), of_best, by(), next, slight.into()];
                Sentence::of("{} {}: {}, {} than {}.{}", parts)
            }
            _ => {
                let parts = [first, most.into(), of_best, next_which, deed.verb.into(), by(), slight.into()];
                Sentence::of("{} {}: {}; {} {} {}.{}", parts)
            }
        })
    }

    /// From which policies the best one cannot be told, and from which it can.
    fn doubt(&self, measure: &Measure, most: &str, ranking: &[usize], figures: [Sentence; 2]) -> Sentence {
        let is_worse = |other: &usize| self.mark(ranking[0], *other, measure) == Some(Mark::Gain);
        let (worse, level): (Vec<usize>, Vec<usize>) = ranking[2..].iter().partition(|other| is_worse(other));
        let names = |pattern, policies: Vec<usize>| match policies.is_empty() {
            true => Sentence::default(),
            false => Sentence::of(pattern, [Sentence::policies(&policies)]),
        };
        let [first, second] = [ranking[0], ranking[1]].map(Sentence::policy);
        let [of_first, of_second] = figures;
        let level = names(", nor between it and {}", level);
        let worse = names(" It does better than {}.", worse);
        let pattern = "Which policy {} cannot be told: {} does by its mean, {}, but no difference is seen \
                       between it and {}, {}{}.{}";
        Sentence::of(pattern, [most.into(), first, of_first, second, of_second, level, worse])
    }

    /// What the policy that is best at something pays for it, against the second; `None` where the two cannot
    /// be told apart.
    fn price_of_winning(&self, at: &Deed) -> Option<Sentence> {
        let [best, second, ..] = self.ranking(at.measure())[..] else { return None };
        if self.mark(best, second, at.measure())? != Mark::Gain {
            return None;
        }
        let is_cost = |measure| {
            self.mark(best, second, measure) == Some(Mark::Cost) && !self.is_slight(best, second, measure)
        };
        let deeds = READERS.iter().flat_map(|(_, deeds)| deeds.iter()).filter(|deed| is_cost(deed.measure()));
        let costs: Vec<Sentence> = deeds
            .filter_map(|deed| Some(deed.done_against(self.shown([best, second], deed.measure())?)))
            .collect();
        let costs = match costs.is_empty() {
            true => "none that is told here".into(),
            false => Sentence::of("it {}", [Sentence::list(costs)]),
        };
        Some(Sentence::of("The price, set against {}: {}.", [Sentence::policy(second), costs]))
    }

    /// What a policy gains and costs against another; without another, what it does.
    fn card(&self, policy: usize, baseline: Option<usize>) -> Card {
        let mut card = Card { policy, readers: Vec::new(), slight: Vec::new(), same: Vec::new() };
        for (who, deeds) in READERS {
            let points = deeds.iter().filter_map(|deed| match baseline {
                Some(baseline) => self.point(policy, baseline, deed, &mut card),
                None => {
                    let [shown] = self.shown([policy], deed.measure())?;
                    Some(Point { mark: Mark::Unknown, sentence: deed.done(shown) })
                }
            });
            let points: Vec<Point> = points.collect();
            if !points.is_empty() {
                card.readers.push(Reader { who, points });
            }
        }
        card
    }

    /// What is said of a policy against another; `None` where that is not worth a sentence: some are noted on
    /// the card.
    fn point(&self, policy: usize, baseline: usize, deed: &Deed, card: &mut Card) -> Option<Point> {
        let measure = deed.measure();
        let difference = self.difference(policy, baseline, measure)?;
        let against = deed.done_against(self.shown([policy, baseline], measure)?);
        if [policy, baseline].iter().all(|&policy| self.mean(policy, measure.name) == 0.0) {
            return None;
        }
        match Mark::of(&difference, measure) {
            Mark::Unknown => Some(Point { mark: Mark::Unknown, sentence: against }),
            Mark::Same => {
                card.same.push(measure.label);
                None
            }
            _ if self.is_slight(policy, baseline, measure) => {
                card.slight.push(measure.label);
                None
            }
            mark => {
                let sentence = Sentence::of("{}, {}", [against, deed.by_how_much(&difference)]);
                Some(Point { mark, sentence })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::results::Results;

    const THREE: [&str; 3] = ["prepaid", "top-up", "post-paid"];

    fn lead(results: &Results) -> Vec<String> {
        let verdict = verdict(Study { results });
        verdict.lead.iter().map(|sentence| sentence.read(&results.policies)).collect()
    }

    /// Each point of the n-th card, with how it is to be taken.
    fn points(results: &Results, card: usize) -> Vec<(Mark, String)> {
        let Verdict { cards, .. } = verdict(Study { results });
        let points = cards[card].readers.iter().flat_map(|reader| &reader.points);
        points.map(|point| (point.mark, point.sentence.read(&results.policies))).collect()
    }

    #[test]
    fn where_every_policy_loses_money_none_is_said_to_earn_most() {
        let losses = [-500.0, -400.0, -300.0];
        let results = Study::sample(
            20,
            &THREE,
            &[
                ("requests", &[9e6; 3], 1.0),
                ("net_revenue_usd", &[9000.0; 3], 1.0),
                ("contribution_usd", &losses, 1.0),
            ],
        );
        let told = &lead(&results)[0];
        assert!(told.starts_with("post-paid loses least: "), "{told}");
    }

    #[test]
    fn the_best_is_named_with_its_lead_and_its_price() {
        let results = Study::sample(
            20,
            &THREE,
            &[
                ("requests", &[9e6, 9e6, 9e6], 1.0),
                ("net_revenue_usd", &[9000.0, 9500.0, 9800.0], 1.0),
                ("contribution_usd", &[4838.0, 5000.0, 5432.0], 100.0),
                ("receivable_mean_usd", &[0.0, 0.006, 949.34], 0.001),
                ("bad_debt_usd", &[0.0, 0.0, 1.0], 0.1),
                ("credit_mean_usd", &[5000.0, 3805.0, 1013.0], 1.0),
                ("lost_share", &[0.061, 0.004, 0.0038], 0.01),
            ],
        );
        assert_eq!(
            lead(&results),
            [
                "post-paid earns most: $5,432 (4,889 to 5,975), 8.6 % (7.8 to 9.5) more than the second \
                 best, top-up.",
                "The price, set against top-up: it holds $1,013 of customers\u{2019} money in advance \
                 against $3,805 and lends $949 to customers on average against $0.",
                "Which policy turns away fewest requests cannot be told: post-paid does by its mean, 0.38 % \
                 (0.34 to 0.42), but no difference is seen between it and top-up, 0.40 % (0.36 to 0.44). It \
                 does better than prepaid.",
            ]
        );
    }

    #[test]
    fn an_earlier_policy_that_is_best_is_told_by_what_the_later_one_lacks() {
        let results = Study::sample(
            20,
            &THREE,
            &[
                ("requests", &[9e6, 9e6, 9e6], 1.0),
                ("contribution_usd", &[4838.0, 5432.0, 5000.0], 100.0),
                ("lost_share", &[0.0, 0.0, 0.0], 0.01),
            ],
        );
        assert_eq!(
            lead(&results),
            [
                "top-up earns most: $5,432 (4,889 to 5,975); the second best, post-paid, earns 8.0 % (7.2 to \
                 8.7) less.",
                "The price, set against post-paid: none that is told here.",
                "Every policy turns away 0 % (0 to 0) of requests.",
            ]
        );
    }

    #[test]
    fn policies_that_are_best_alike_are_named_together() {
        for replications in [1, 20] {
            let measures: [(&str, &[f64], f64); 2] =
                [("requests", &[9e6; 3], 1.0), ("lost_share", &[0.0, 0.1, 0.0], 0.01)];
            let results = Study::sample(replications, &THREE, &measures);
            let said = "By the mean, no policy turns away fewer requests than prepaid and post-paid: 0 %";
            assert!(lead(&results)[0].starts_with(said), "{:?}", lead(&results));
        }
    }

    #[test]
    fn a_lead_too_slight_to_matter_is_told_as_such() {
        let results = Study::sample(
            20,
            &THREE[..2],
            &[
                ("requests", &[9e6; 2], 1.0),
                ("net_revenue_usd", &[9000.0; 2], 1.0),
                ("contribution_usd", &[4838.0, 4840.0], 1.0),
            ],
        );
        let told = lead(&results).remove(0);
        assert!(
            told.ends_with(" more than prepaid. That is less than a thousandth of net revenue."),
            "{told}"
        );
    }

    #[test]
    fn many_policies_are_counted_rather_than_named() {
        let many = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let means = [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0];
        let measures = [("requests", &means[..], 1.0), ("contribution_usd", &means[..], 10.0)];
        let told = lead(&Study::sample(20, &many, &measures)).remove(0);
        assert!(told.ends_with("it and b, $7.00 (6.30 to 7.70), nor between it and 6 policies."), "{told}");
    }

    #[test]
    fn no_winner_is_named_where_the_difference_may_be_chance() {
        let contributions: &[f64] = &[4838.0, 5001.0, 5000.0];
        let measures = [("requests", &[9e6; 3][..], 1.0), ("contribution_usd", contributions, 1000.0)];
        let results = Study::sample(20, &THREE, &measures);
        assert_eq!(
            lead(&results),
            ["Which policy earns most cannot be told: top-up does by its mean, $5,001 (4,501 to 5,501), \
                 but no difference is seen between it and post-paid, $5,000 (4,500 to 5,500), nor between it \
                 and prepaid."]
        );
        assert_eq!(points(&results, 0), []);

        let results = Study::sample(1, &THREE, &measures);
        assert_eq!(
            lead(&results),
            [
                "In this one run top-up earns most, $5,001 against $5,000 under the second best, post-paid.",
                "One replication: no telling which of these differences are chance."
            ]
        );
        assert_eq!(points(&results, 1), [(Mark::Unknown, "earns $5,000 against $4,838".to_owned())]);
    }

    #[test]
    fn each_policy_is_told_against_the_first_by_what_it_gains_and_costs() {
        let results = Study::sample(
            20,
            &THREE[..2],
            &[
                ("requests", &[9e6, 9e6], 1.0),
                ("net_revenue_usd", &[9000.0, 9500.0], 1.0),
                ("contribution_usd", &[4838.0, 5432.0], 100.0),
                ("net_cash_usd", &[-10.0, 500.0], 1.0),
                ("bad_debt_usd", &[0.02, 4.0], 0.1),
                ("fees_usd", &[200.0, 201.0], 10.0),
                ("promotional_usd", &[0.0, 0.0], 1.0),
                ("lost_share", &[0.061, 0.004], 0.01),
            ],
        );
        assert_eq!(
            points(&results, 0),
            [
                (Mark::Gain, "earns $5,432 against $4,838, 12.3 % (11.1 to 13.5) more"),
                (
                    Mark::Gain,
                    "collects $500.00 in cash against \u{2212}$10.00, $510.00 (459.00 to 561.00) more"
                ),
                (Mark::Gain, "turns away 0.4 % of requests against 6.1 %, 5.7 points (5.1 to 6.3) less"),
            ]
            .map(|(mark, text)| (mark, text.to_owned()))
        );
        let Verdict { cards, .. } = verdict(Study { results: &results });
        assert_eq!((&cards[0].slight[..], &cards[0].same[..]), (&["bad debt"][..], &["fees"][..]));
    }

    #[test]
    fn what_cannot_be_compared_is_not() {
        let alone = Study::sample(9, &THREE[..1], &[("requests", &[9.0], 1.0), ("lost_share", &[0.25], 1.0)]);
        assert_eq!(
            lead(&alone),
            ["There is one policy in this scenario, so there is nothing to compare it with."]
        );
        let told = "turns away 25.0 % (22.5 to 27.5) of requests".to_owned();
        assert_eq!(points(&alone, 0), [(Mark::Unknown, told)]);

        let idle = Study::sample(9, &THREE, &[("requests", &[0.0; 3], 1.0), ("lost_share", &[0.0; 3], 1.0)]);
        assert_eq!(lead(&idle), ["No request was sent, so there is nothing to tell the policies by."]);
    }
}
