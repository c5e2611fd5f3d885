//! What a result cannot show, said rather than guessed.

use super::figure::{Style, grouped, printable};
use crate::account::AccountView;
use crate::experiment::{ALL_COHORTS, Group, Outcome, Until};
use crate::metering::Authorization;
use crate::metrics::{MEASURES, Measure, Quantity};
use crate::policy::common::CommonTerms;
use crate::policy::{Plan, PolicyPlan};
use crate::scenario::{Scenario, inert};
use crate::workload::customer::{Answer, ClientModel, CustomerModel, OnRefusal};

/// The share of the usage that may be open at the end, or of requests that may wait then, without a word.
const OPEN_SHARE: f64 = 0.1;

/// Warnings about a run, each with its figure and its remedy.
pub fn warnings(scenario: &Scenario, outcome: &Outcome) -> Vec<String> {
    let mut warnings = Vec::new();
    if outcome.dropped_records > 0 {
        warnings.push(format!(
            "{} records of traces came before their account's signup and were dropped; use `signup = \
             \"start\"` for accounts that replay a trace",
            grouped(outcome.dropped_records as f64, 0)
        ));
    }
    warnings.extend(inert(scenario));
    let groups: Vec<Group> = Group::of_rows(&outcome.rows).collect();
    warnings.extend(idle_clients(scenario, &groups));
    for plan in &scenario.policies {
        let groups: Vec<Group> = groups.iter().filter(|group| group.policy == plan.name).copied().collect();
        let Some(all) = groups.iter().find(|group| group.cohort == ALL_COHORTS) else { continue };
        let name = printable(&plan.name);
        warnings.extend(open_usage(scenario, all).map(|warning| format!("{name}: {warning}")));
        warnings.extend(nobody_reacts(scenario, &groups).map(|warning| format!("{name}: {warning}")));
        let limit = plan.plan.policy.limit(&AccountView::default());
        if let Some(limit) = limit.filter(|_| total(all, "refused_limit_reached") == 0.0) {
            warnings.push(format!(
                "{name}: no request was ever refused at a limit, the lowest of which is {limit} dollars a \
                 month, so the result says nothing about limits; lower them, raise the demand, or lengthen \
                 the horizon",
            ));
        }
        warnings
            .extend(idle_terms(scenario, plan, all).into_iter().map(|warning| format!("{name}: {warning}")));
        warnings.extend(lost_waiting(scenario, &groups).map(|warning| format!("{name}: {warning}")));
    }
    warnings
}

/// Terms of a policy that never took effect.
fn idle_terms(scenario: &Scenario, plan: &PolicyPlan, all: &Group<'_>) -> Vec<String> {
    let has = |term: &dyn Fn(&CommonTerms) -> bool| plan.all_plans().any(|plan| term(&plan.terms));
    let heeds_alerts = scenario.cohorts.iter().any(|cohort| cohort.customer.heeds_alert.is_some());
    let length = scenario.horizon + scenario.runoff;
    let mut idle = Vec::new();
    if has(&|terms| terms.rate_limit.is_some()) && total(all, "refused_rate_limited") == 0.0 {
        idle.push(
            "no request was ever over its rate limit, so the result says nothing about that; lower it, or let \
             requests come in bursts"
                .to_owned(),
        );
    }
    let holds =
        |plan: &Plan| plan.terms.metering.over(scenario.metering).authorization != Authorization::Balance;
    if plan.all_plans().any(holds) && total(all, "refused_on_hold") == 0.0 {
        idle.push(
            "no request was ever refused on hold, so the result says nothing about `authorization`; raise the holds, \
             or let requests run longer"
                .to_owned(),
        );
    }
    let bought = total(all, "manual_purchases");
    if heeds_alerts && has(&|terms| terms.alert_at.is_some()) && bought == 0.0 {
        idle.push(
            "no customer ever bought credit, so alerts changed nothing; raise `alert_at`, or the demand"
                .to_owned(),
        );
    }
    let lapses = has(&|terms| terms.credit_expires_after.is_some_and(|after| after < length));
    if lapses && total(all, "breakage_usd") == 0.0 {
        idle.push(
            "no paid credit ever lapsed; shorten `credit_expires_after`, or lengthen the horizon".to_owned(),
        );
    }
    idle
}

/// Clients that would keep refused requests where none was refused.
fn idle_clients(scenario: &Scenario, groups: &[Group<'_>]) -> Option<String> {
    let idle = scenario.cohorts.iter().filter(|cohort| {
        let mut of_cohort = groups.iter().filter(|group| group.cohort == cohort.name);
        cohort.customer.client.on_refusal != OnRefusal::Drop
            && of_cohort.all(|group| total(group, "refusals") == 0.0)
    });
    let idle: Vec<String> = idle.map(|cohort| printable(&cohort.name)).collect();
    (!idle.is_empty()).then(|| {
        format!(
            "no request of {} was ever refused, so the result says nothing about `on_refusal`; raise the demand, \
             or lengthen the horizon",
            idle.join(", ")
        )
    })
}

/// Requests that were still queued when their customer left or the run ended. How many they are is known where a queue
/// has no bounds: all that it loses but those refused for reasons that are not queued for.
fn lost_waiting(scenario: &Scenario, groups: &[Group<'_>]) -> Option<String> {
    const ENDLESS: OnRefusal = OnRefusal::Queue { capacity: None, max_wait: None };
    let queues = groups.iter().filter(|group| {
        let client = scenario.cohorts.iter().find(|cohort| cohort.name == group.cohort);
        client.is_some_and(|cohort| {
            cohort.customer.client == ClientModel { on_refusal: ENDLESS, http_status: None }
        })
    });
    let (mut waiting, mut requests) = (0.0, 0.0);
    for group in queues {
        let not_queued = total(group, "refused_rate_limited") + total(group, "refused_on_hold");
        waiting += (total(group, "lost") - not_queued).max(0.0);
        requests += total(group, "requests");
    }
    (waiting > OPEN_SHARE * requests).then(|| {
        format!(
            "{} % of the requests of clients that queue were still waiting when customers left or the run ended, \
             and count as lost; bound the queue by `max_wait`, or lengthen the horizon",
            grouped(100.0 * waiting / requests, 1)
        )
    })
}

/// Usage that is neither paid nor written off when the run ends.
fn open_usage(scenario: &Scenario, all: &Group<'_>) -> Option<String> {
    let (open, usage) = (total(all, "receivable_end_usd"), total(all, "usage_usd"));
    (usage > 0.0 && open > OPEN_SHARE * usage).then(|| {
        let replications = all.rows.len() as f64;
        format!(
            "{} dollars, {} % of the usage, are neither paid nor written off when the run ends; set \
             `runoff` (now \"{}\") longer than invoices take to be paid or written off, as in `runoff = \
             \"92d\"`",
            grouped(open / replications, 2),
            grouped(100.0 * open / usage, 1),
            scenario.runoff
        )
    })
}

/// Stops that nothing can end: neither the customer, nor a new month, nor (as nobody is stopped twice) a late
/// payment.
fn nobody_reacts(scenario: &Scenario, groups: &[Group<'_>]) -> Option<String> {
    let stuck: Vec<&Group> = groups
        .iter()
        .filter(|group| {
            let cohort = scenario.cohorts.iter().find(|cohort| cohort.name == group.cohort);
            cohort.is_some_and(|cohort| !reacts(&cohort.customer))
                && total(group, "stops") > 0.0
                && total(group, "stops") == total(group, "accounts_stopped")
                && total(group, "refused_limit_reached") + total(group, "refused_budget_reached") == 0.0
        })
        .collect();
    let stopped: f64 =
        stuck.iter().map(|group| total(group, "accounts_stopped") / group.rows.len() as f64).sum();
    (stopped > 0.0).then(|| {
        let cohorts: Vec<String> = stuck.iter().map(|group| printable(group.cohort)).collect();
        format!(
            "each of the {} accounts of {} that were stopped stays stopped, as nobody reacts; say what \
             customers do with `buys_credit`, `adds_payment_method` or `replaces_card` under \
             [cohort.customer]",
            grouped(stopped, usize::from(stopped.fract() != 0.0)),
            cohorts.join(", ")
        )
    })
}

fn reacts(customer: &CustomerModel) -> bool {
    let says_yes = |answer: &Option<Answer>| answer.as_ref().is_some_and(|answer| answer.probability > 0.0);
    [&customer.adds_payment_method, &customer.replaces_card, &customer.buys_credit].into_iter().any(says_yes)
}

/// What was asked to be known more precisely than so many replications tell.
pub fn unmet(until: &Until, outcome: &Outcome) -> Vec<String> {
    let unmet = until.unmet(outcome).map(|(policy, precision, moments)| {
        let unit = MEASURES[Measure::index_of(&precision.measure)].unit;
        let half_width = moments.interval().map_or(f64::INFINITY, |it| (it.high - it.low) / 2.0);
        format!(
            "{}: {precision} is not reached within {} replications: it is {}; allow more with \
             --max-replications, or ask for less",
            printable(policy),
            moments.n,
            Style::of(unit, [moments.mean]).estimate(moments.mean, half_width)
        )
    });
    unmet.collect()
}

fn total(group: &Group<'_>, measure: &str) -> f64 {
    Quantity::as_f64(group.total(measure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Row;
    use crate::metering::{Hold, Metering};
    use crate::money::{Money, Share, Total};
    use crate::policy::common::{RateLimit, Rates};
    use crate::policy::{Command, Gate, Plan, Policy, PolicyEvent};
    use crate::report::sample;
    use crate::tariff::Tariff;
    use crate::time::Span;
    use crate::workload::distribution::Distribution;
    use crate::workload::payments::PaymentModel;
    use crate::workload::{Arrivals, Cohort, Modulation, Service, Signup, Tokens, Workload};
    use std::sync::Arc;

    /// Fifty dollars a month, and nothing else.
    #[derive(Clone)]
    struct Limited;

    impl Policy for Limited {
        fn gate(&self, _: &AccountView) -> Gate {
            Gate::Open
        }

        fn handle(&mut self, _: &AccountView, _: PolicyEvent) -> Vec<Command> {
            Vec::new()
        }

        fn limit(&self, _: &AccountView) -> Option<Money> {
            Some(Money::dollars(50))
        }
    }

    fn scenario(buys_credit: Option<Answer>) -> Scenario {
        let none = Distribution::constant(0.0);
        Scenario {
            name: "s".to_owned(),
            question: None,
            start: jiff::civil::date(2026, 1, 1),
            horizon: Span::days(90),
            warmup: Span::ZERO,
            runoff: Span::ZERO,
            replications: 2,
            seed: 0,
            serving_cost: Share::ZERO,
            tariff: Tariff::default(),
            payments: PaymentModel {
                latency: none.clone(),
                posting_delay: Span::ZERO,
                decline: 0.0,
                first_decline: 0.0,
                decline_lasts: Span::ZERO,
                card_updater: 0.0,
                fee_share: Share::ZERO,
                fee_fixed: Money::ZERO,
                card_lifetime: None,
                outages: Vec::new(),
                dispute: None,
            },
            metering: Metering::default(),
            cohorts: vec![Cohort {
                name: "c".to_owned(),
                accounts: 10,
                signup: Signup::AtStart,
                workload: Workload {
                    arrivals: Arrivals::Poisson { per_day: 1.0 },
                    modulation: Modulation::NONE,
                    heterogeneity: None,
                    tokens: Tokens {
                        prompt: none.clone(),
                        output: none.clone(),
                        cached_share: none,
                        prompt_spread: 0.0,
                        output_spread: 0.0,
                        spread_correlation: 0.0,
                    },
                    models: Vec::new(),
                    loyalty: 0.0,
                    service: Service::default(),
                },
                customer: CustomerModel {
                    payment_method: 1.0,
                    adds_payment_method: None,
                    replaces_card: None,
                    buys_credit,
                    buys_credit_amount: Money::dollars(25),
                    heeds_alert: None,
                    client: ClientModel::default(),
                    patience: None,
                    spend_limit: None,
                },
            }],
            policies: vec![PolicyPlan {
                name: "postpaid".to_owned(),
                plan: Plan { kind: "postpaid", policy: Arc::new(Limited), terms: Arc::default() },
                switch: None,
            }],
        }
    }

    /// Two replications in which a cohort has these values of the named measures, and 0 of all others.
    fn outcome(values: &[(&str, Quantity)]) -> Outcome {
        let mut outcome = Outcome::default();
        for cohort in ["c", ALL_COHORTS] {
            for replication in 0..2 {
                let mut all = sample::zero_values();
                for (measure, value) in values {
                    all[crate::metrics::Measure::index_of(measure)] = *value;
                }
                let (policy, cohort) = ("postpaid".to_owned(), cohort.to_owned());
                outcome.rows.push(Row { policy, cohort, replication, values: all });
            }
        }
        outcome
    }

    fn usd(dollars: i128) -> Quantity {
        Quantity::Usd(Total::from_nanos(dollars * 1_000_000_000))
    }

    const AT_LIMIT: (&str, Quantity) = ("refused_limit_reached", Quantity::Count(1));

    #[test]
    fn much_open_usage_at_the_end_asks_for_a_run_off() {
        let values = |open| [("usage_usd", usd(1000)), ("receivable_end_usd", usd(open)), AT_LIMIT];
        assert_eq!(warnings(&scenario(None), &outcome(&values(100))), Vec::<String>::new());
        let [warning] = &warnings(&scenario(None), &outcome(&values(333)))[..] else { panic!() };
        assert!(
            warning.starts_with("postpaid: 333.00 dollars, 33.3 % of the usage, are neither"),
            "{warning}"
        );
        assert!(warning.contains("set `runoff` (now \"0s\")"), "{warning}");
    }

    #[test]
    fn stops_without_end_ask_for_reactions() {
        let stopped = [("stops", Quantity::Count(4)), ("accounts_stopped", Quantity::Count(4))];
        let found = warnings(&scenario(None), &outcome(&stopped));
        assert!(
            found[0].starts_with("postpaid: each of the 4 accounts of c that were stopped stays"),
            "{found:?}"
        );

        let answer = Answer { probability: 0.5, delay: Distribution::constant(1.0) };
        let found = warnings(&scenario(Some(answer)), &outcome(&stopped));
        assert!(!found.iter().any(|warning| warning.contains("stays stopped")), "{found:?}");
        let twice = [("stops", Quantity::Count(5)), ("accounts_stopped", Quantity::Count(4))];
        let found = warnings(&scenario(None), &outcome(&twice));
        assert!(!found.iter().any(|warning| warning.contains("stays stopped")), "{found:?}");
    }

    #[test]
    fn a_limit_that_was_never_reached_is_told() {
        let found = warnings(&scenario(None), &outcome(&[]));
        let [warning] = &found[..] else { panic!("{found:?}") };
        assert!(warning.contains("the lowest of which is 50.00 dollars a month"), "{warning}");
        assert_eq!(warnings(&scenario(None), &outcome(&[AT_LIMIT])), Vec::<String>::new());
    }

    /// The scenario, with nothing to warn of but what a test makes of it.
    fn quiet() -> (Scenario, Vec<(&'static str, Quantity)>) {
        (scenario(Some(Answer { probability: 1.0, delay: Distribution::constant(1.0) })), vec![AT_LIMIT])
    }

    fn only_warning(scenario: &Scenario, values: &[(&str, Quantity)]) -> String {
        let found = warnings(scenario, &outcome(values));
        let [warning] = &found[..] else { panic!("{found:?}") };
        warning.clone()
    }

    #[test]
    fn terms_that_never_took_effect_are_told() {
        type Set = fn(&mut CommonTerms);
        const SIXTY: Rates = Rates { requests: Some(60), tokens: None };
        let limits: Set = |terms| {
            terms.rate_limit = Some(RateLimit { rates: SIXTY, adaptive: None, without_payment_method: None });
        };
        let lapses: Set = |terms| terms.credit_expires_after = Some(Span::days(1));
        for (set, warning, measure) in [
            (
                limits,
                "postpaid: no request was ever over its rate",
                ("refused_rate_limited", Quantity::Count(1)),
            ),
            (lapses, "postpaid: no paid credit ever lapsed", ("breakage_usd", usd(1))),
        ] {
            let (mut scenario, mut values) = quiet();
            set(Arc::make_mut(&mut scenario.policies[0].plan.terms));
            assert!(only_warning(&scenario, &values).starts_with(warning));
            values.push(measure);
            assert_eq!(warnings(&scenario, &outcome(&values)), Vec::<String>::new());
        }
    }

    #[test]
    fn alerts_are_told_that_nobody_would_heed_or_that_nobody_did() {
        let (mut scenario, mut values) = quiet();
        Arc::make_mut(&mut scenario.policies[0].plan.terms).alert_at = Some(Money::CENT);
        assert!(
            only_warning(&scenario, &values).starts_with("nobody heeds an alert, so alerts change nothing")
        );
        scenario.cohorts[0].customer.heeds_alert = scenario.cohorts[0].customer.buys_credit.clone();
        assert!(only_warning(&scenario, &values).starts_with("postpaid: no customer ever bought credit"));
        values.push(("manual_purchases", Quantity::Count(1)));
        assert_eq!(warnings(&scenario, &outcome(&values)), Vec::<String>::new());
    }

    #[test]
    fn holds_that_refused_nothing_are_told() {
        let (mut scenario, mut values) = quiet();
        scenario.metering.authorization = Authorization::Hold(Hold { output_tokens: 1, factor: Share::ONE });
        assert!(
            only_warning(&scenario, &values).starts_with("postpaid: no request was ever refused on hold")
        );
        values.push(("refused_on_hold", Quantity::Count(1)));
        assert_eq!(warnings(&scenario, &outcome(&values)), Vec::<String>::new());
    }

    #[test]
    fn clients_that_never_met_a_refusal_are_told_and_queues_that_nothing_emptied() {
        let (mut scenario, values) = quiet();
        scenario.cohorts[0].customer.client.on_refusal = OnRefusal::Queue { capacity: None, max_wait: None };
        assert!(only_warning(&scenario, &values).starts_with("no request of c was ever refused"));
        let lost = |lost, rate_limited| {
            [
                AT_LIMIT,
                ("refusals", Quantity::Count(20)),
                ("requests", Quantity::Count(100)),
                ("lost", Quantity::Count(lost)),
                ("refused_rate_limited", Quantity::Count(rate_limited)),
            ]
        };
        assert_eq!(warnings(&scenario, &outcome(&lost(10, 0))), Vec::<String>::new());
        assert_eq!(warnings(&scenario, &outcome(&lost(15, 5))), Vec::<String>::new());
        let warning = only_warning(&scenario, &lost(15, 0));
        assert!(
            warning.starts_with("postpaid: 15.0 % of the requests of clients that queue were"),
            "{warning}"
        );
    }

    #[test]
    fn what_is_known_less_precisely_than_asked_is_told() {
        let mut outcome = sample::outcome(&["prepaid", "top-up"], 20, 3);
        let until = |text: &str| Until { precisions: vec![text.parse().unwrap()], at_most: 20 };
        let [warning, other] = &unmet(&until("usage_usd:0.0001%"), &outcome)[..] else { panic!() };
        assert!(
            warning.starts_with("prepaid: usage_usd:0.0001% is not reached within 20 replications: it is $")
                && other.starts_with("top-up"),
            "{warning}"
        );
        assert_eq!(unmet(&until("usage_usd:99%"), &outcome), [""; 0]);
        outcome.rows.retain(|row| row.replication < 9);
        assert_eq!(unmet(&until("usage_usd:99%"), &outcome).len(), 2, "too few to tell");
    }

    #[test]
    fn dropped_records_are_told() {
        let outcome = Outcome { dropped_records: 1234, ..outcome(&[AT_LIMIT]) };
        assert!(warnings(&scenario(None), &outcome)[0].starts_with("1,234 records of traces came before"));
    }
}
