//! What customers do, how payments fare, when usage is known, and what the policies' rules are.

use super::{about, dollars, percent};
use crate::metering::Authorization;
use crate::money::{Money, Share};
use crate::policy::{Plan, PolicyPlan};
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use crate::workload::Cohort;
use crate::workload::customer::Answer;
use crate::workload::distribution::{Distribution, Shape};
use crate::workload::payments::{DisputeModel, PaymentModel};

/// What the customers of a cohort and their clients do, in sentences.
pub(super) fn customers(cohort: &Cohort) -> String {
    let customer = &cohort.customer;
    let mut sentences = Vec::new();
    sentences.extend(cohort.workload.service.clause());
    sentences.push(match customer.payment_method {
        1.0 => "all have a payment method".to_owned(),
        0.0 => "nobody has a payment method at signup".to_owned(),
        share => format!("{} have a payment method at signup", percent(share)),
    });
    let buys = format!("buy {} of credit", customer.buys_credit_amount);
    let answers: Vec<String> = [
        ("add a payment method", &customer.adds_payment_method),
        ("replace a card that fails", &customer.replaces_card),
        (&buys, &customer.buys_credit),
    ]
    .into_iter()
    .filter_map(|(deed, answer)| answer.as_ref().map(|answer| answered(deed, answer)))
    .collect();
    if !answers.is_empty() {
        sentences.push(format!("asked to, {}", answers.join(", ")));
    }
    sentences.extend(
        customer.heeds_alert.as_ref().map(|answer| answered("heed an alert and buy as much", answer)),
    );
    sentences.extend(customer.spend_limit.as_ref().map(|limit| {
        let on_average = if is_constant(limit) { "" } else { " on average" };
        format!("each is willing to pay {}{on_average} a month", dollars(limit.mean()))
    }));
    sentences.extend(customer.client.clause());
    sentences.extend(
        customer.patience.as_ref().map(|patience| format!("a stop is borne for {}", length(patience))),
    );
    sentences.iter().map(|sentence| capitalized(sentence) + ".").collect::<Vec<_>>().join(" ")
}

fn answered(deed: &str, Answer { probability, delay }: &Answer) -> String {
    format!("{} {deed}{}", percent(*probability), after(delay))
}

pub(super) fn payments(model: &PaymentModel) -> String {
    let mut clauses = Vec::new();
    let PaymentModel { decline, first_decline, decline_lasts, .. } = model;
    if *decline > 0.0 || *first_decline > 0.0 {
        let mut clause = format!("{} of attempts are declined", percent(*decline));
        if first_decline != decline {
            clause += &format!(" ({} until the first success)", percent(*first_decline));
        }
        if *decline_lasts > Span::ZERO && *decline > 0.0 {
            clause += &format!(", in spells of {decline_lasts} on average");
        }
        clauses.push(clause);
    }
    clauses.extend(model.card_lifetime.as_ref().map(|lifetime| {
        let renewed = match model.card_updater {
            0.0 => String::new(),
            share => format!(" and {} are then renewed unnoticed", percent(share)),
        };
        format!("cards live for {}{renewed}", length(lifetime))
    }));
    if !is_zero(&model.latency) {
        clauses.push(format!("results come{}", after(&model.latency)));
    }
    if model.posting_delay > Span::ZERO {
        clauses.push(format!("bought credit is posted {} later", model.posting_delay));
    }
    clauses.extend(model.outages.iter().map(|(from, until)| {
        let since_start = (*from - Time::START).roughly();
        format!("nothing is processed for {} from {since_start} on", (*until - *from).roughly())
    }));
    clauses.extend(model.dispute.as_ref().map(|DisputeModel { probability, delay, fee }| {
        let fee = if fee.is_positive() { format!(", for a fee of {fee}") } else { String::new() };
        format!("{} are disputed{}{fee}", percent(*probability), after(delay))
    }));
    if model.fee_share > Share::ZERO || model.fee_fixed > Money::ZERO {
        let share = percent(model.fee_share.billionths() as f64 / 1e9);
        clauses.push(format!("the processor takes {share} and {}", model.fee_fixed));
    }
    match clauses.is_empty() {
        true => "Payments: at once, for nothing, and never declined.".to_owned(),
        false => format!("Payments: {}.", clauses.join("; ")),
    }
}

pub(super) fn metering(scenario: &Scenario) -> String {
    let mut clauses = scenario.metering.clauses();
    let takes_time = scenario.cohorts.iter().any(|cohort| cohort.workload.service.clause().is_some());
    if scenario.metering.authorization == Authorization::Balance {
        clauses.push(match clauses.is_empty() && !takes_time {
            true => {
                "usage is known as it arrives, so only the last request before a stop can overrun".to_owned()
            }
            false => "an account that is not stopped is served, whatever is in flight".to_owned(),
        });
    }
    format!("Metering: {}.", clauses.join("; "))
}

/// A policy's rules, in a line.
pub(super) fn policy(PolicyPlan { name, plan, switch }: &PolicyPlan) -> String {
    let kind = if name == plan.kind { String::new() } else { format!(" ({})", plan.kind) };
    let mut text = format!("  {name}{kind}: {}", rules(plan));
    if let Some(switch) = switch {
        let who = if switch.grandfather { "for those who sign up " } else { "" };
        text += &format!("; {who}from {} on {}: {}", switch.at, switch.to.kind, rules(&switch.to));
    }
    text + "."
}

fn rules(plan: &Plan) -> String {
    let clauses = plan.clauses();
    if clauses.is_empty() { "rules of its own".to_owned() } else { clauses.join("; ") }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn is_constant(distribution: &Distribution) -> bool {
    matches!(distribution.shape, Shape::Constant(_))
}

fn is_zero(delay: &Distribution) -> bool {
    is_constant(delay) && delay.mean() == 0.0
}

/// How long something takes, to two units.
fn length(distribution: &Distribution) -> String {
    let mean = distribution.mean();
    if mean >= Span::MAX.micros() as f64 {
        return "ever longer times on average".to_owned();
    }
    let length = about(mean);
    if is_constant(distribution) { length } else { format!("{length} on average") }
}

fn after(delay: &Distribution) -> String {
    if is_zero(delay) { " at once".to_owned() } else { format!(" after {}", length(delay)) }
}
