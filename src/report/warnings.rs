//! What a result cannot show, said rather than guessed.

use super::terminal::{grouped, printable};
use super::{ALL_COHORTS, Group};
use crate::account::AccountView;
use crate::experiment::Outcome;
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
            "{} records of traces came before their account's signup and were dropped; use `signup = \"start\"` \
             for accounts that replay a trace",
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
        let limit = plan.policy.limit(&AccountView::default());
        if let Some(limit) = limit.filter(|_| total(all, "refused_limit_reached") == 0.0) {
            warnings.push(format!(
                "{name}: no request was ever refused at a limit, the lowest of which is {limit} dollars a month, \
                 so the result says nothing about limits; lower them, raise the demand, or lengthen the horizon",
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
            "{} dollars, {} % of the usage, are neither paid nor written off when the run ends; set `runoff` (now \
             \"{}\") longer than invoices take to be paid or written off, as in `runoff = \"92d\"`",
            grouped(open / replications, 2),
            grouped(100.0 * open / usage, 1),
            scenario.runoff
        )
    })
}

/// Stops that nothing can end: neither the customer, nor a new month, nor (as nobody is stopped twice) a late payment.
fn nobody_reacts(scenario: &Scenario, groups: &[Group<'_>]) -> Option<String> {
    let stuck: Vec<&Group> = groups
        .iter()
        .filter(|group| {
            let cohort = scenario.cohorts.iter().find(|cohort| cohort.name == group.cohort);
            cohort.is_some_and(|cohort| !reacts(&cohort.customer))
                && total(group, "stops") == total(group, "accounts_stopped")
                && total(group, "refused_limit_reached") + total(group, "refused_budget_reached") == 0.0
        })
        .collect();
    let stopped: f64 = stuck.iter().map(|group| total(group, "accounts_stopped") / group.rows.len() as f64).sum();
    (stopped > 0.0).then(|| {
        format!(
            "each of the {} accounts that were stopped stays stopped, as nobody reacts; say what customers do with \
             `buys_credit`, `adds_payment_method` or `replaces_card` under [cohort.customer]",
            grouped(stopped, usize::from(stopped.fract() != 0.0))
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
