//! What a result cannot show, said rather than guessed.

use super::Group;
use super::terminal::{grouped, printable};
use crate::account::AccountView;
use crate::experiment::{ALL_COHORTS, Outcome};
use crate::metrics::Quantity;
use crate::scenario::Scenario;
use crate::workload::customer::{Answer, CustomerModel};

/// The share of the usage that may be open at the end without a word.
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
    for plan in &scenario.policies {
        let groups: Vec<Group> =
            Group::of_rows(&outcome.rows).filter(|group| group.policy == plan.name).collect();
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
    }
    warnings
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

fn total(group: &Group<'_>, measure: &str) -> f64 {
    Quantity::as_f64(group.total(measure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Row;
    use crate::metering::Metering;
    use crate::money::{Money, Share, Total};
    use crate::policy::{Command, Gate, Plan, Policy, PolicyEvent, PolicyPlan};
    use crate::report::sample;
    use crate::tariff::Tariff;
    use crate::time::Span;
    use crate::workload::customer::ClientModel;
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
                    all[crate::report::index_of(measure)] = *value;
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

    #[test]
    fn dropped_records_are_told() {
        let outcome = Outcome { dropped_records: 1234, ..outcome(&[AT_LIMIT]) };
        assert!(warnings(&scenario(None), &outcome)[0].starts_with("1,234 records of traces came before"));
    }
}
