//! What customers do, how payments fare, when usage is known, and what the policies' rules are.

use super::{about, dollars, percent, sentences};
use crate::metering::Authorization;
use crate::money::{Money, Share};
use crate::policy::{PolicyPlan, Switch};
use crate::scenario::Scenario;
use crate::time::{Span, Time};
use crate::workload::Cohort;
use crate::workload::customer::Answer;
use crate::workload::distribution::{Distribution, Shape};
use crate::workload::payments::{DisputeModel, PaymentModel};

/// What the customers of a cohort and their clients are assumed to do, in sentences.
pub(super) fn customers(cohort: &Cohort) -> Vec<String> {
    let customer = &cohort.customer;
    let mut clauses = Vec::new();
    clauses.extend(cohort.workload.service.clause());
    clauses.push(match customer.payment_method {
        1.0 => "all have a payment method".to_owned(),
        0.0 => "nobody has a payment method at signup".to_owned(),
        share => format!("{} have a payment method at signup", percent(share)),
    });
    let buys = format!("buy {:#} of credit", customer.buys_credit_amount);
    let answers = [
        ("stopped for want of a payment method", "add one", &customer.adds_payment_method),
        ("asked for a card that works", "replace theirs", &customer.replaces_card),
        ("stopped for want of credit, or at a limit that paying raises", &buys, &customer.buys_credit),
        ("alerted that little is left", &buys, &customer.heeds_alert),
    ];
    clauses.extend(answers.into_iter().filter_map(|(when, deed, answer)| {
        let Answer { probability, delay } = answer.as_ref()?;
        let who = if *probability == 1.0 { "all".to_owned() } else { percent(*probability) };
        Some(format!("when {when}, {who} {deed}{}", after(delay)))
    }));
    clauses.extend(customer.spend_limit.as_ref().map(|limit| {
        let on_average = if is_constant(limit) { "" } else { " on average" };
        format!("each is willing to pay {}{on_average} a month", dollars(limit.mean()))
    }));
    clauses.push(customer.client.clause().unwrap_or_else(|| "a request that is refused is lost".to_owned()));
    clauses.extend(
        customer
            .patience
            .as_ref()
            .map(|patience| format!("a customer who is stopped leaves for good after {}", length(patience))),
    );
    sentences(clauses)
}

/// How payments fare, in sentences.
pub(super) fn payments(model: &PaymentModel) -> Vec<String> {
    let mut clauses = Vec::new();
    let PaymentModel { decline, first_decline, decline_lasts, .. } = model;
    if *decline > 0.0 || *first_decline > 0.0 {
        let mut clause = format!("{} of attempts are declined", percent(*decline));
        if first_decline != decline {
            clause += &format!(" ({} until an account's first success)", percent(*first_decline));
        }
        if *decline_lasts > Span::ZERO && *decline > 0.0 {
            clause += &format!(", in spells of {decline_lasts:#} on average");
        }
        clauses.push(clause);
    }
    clauses.extend(model.card_lifetime.as_ref().map(|lifetime| {
        let renewed = match model.card_updater {
            0.0 => String::new(),
            share => format!(", and {} are then renewed unnoticed", percent(share)),
        };
        format!("cards live for {}{renewed}", length(lifetime))
    }));
    if !is_zero(&model.latency) {
        clauses.push(format!("the result of an attempt comes{}", after(&model.latency)));
    }
    if model.posting_delay > Span::ZERO {
        clauses.push(format!("bought credit can be used {:#} later", model.posting_delay));
    }
    clauses.extend(model.outages.iter().map(|(from, until)| {
        let since_start = *from - Time::START;
        format!("no payment is processed for {:#}, beginning {since_start:#} after the start", *until - *from)
    }));
    clauses.extend(model.dispute.as_ref().map(|DisputeModel { probability, delay, fee }| {
        let fee = if fee.is_positive() { format!(", for a fee of {fee:#}") } else { String::new() };
        format!("{} of payments are disputed{}{fee}", percent(*probability), after(delay))
    }));
    if model.fee_share > Share::ZERO || model.fee_fixed > Money::ZERO {
        let (share, fixed) = (model.fee_share, model.fee_fixed);
        clauses.push(format!("the processor takes {share:#} and {fixed:#} of each payment"));
    }
    if clauses.is_empty() {
        clauses.push("payments take effect at once, cost nothing, and are never declined".to_owned());
    }
    sentences(clauses)
}

/// When usage is known, and what the gate does until then, in sentences.
pub(super) fn metering(scenario: &Scenario) -> Vec<String> {
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
    sentences(clauses)
}

/// A policy's rules, and those that it changes to, in sentences.
pub(super) fn rules(PolicyPlan { plan, switch, .. }: &PolicyPlan) -> Vec<String> {
    let mut clauses = plan.clauses();
    if let Some(Switch { at, to, grandfather }) = switch {
        let (who, whose) = match grandfather {
            true => ("who signs up", "for those who sign up"),
            false => ("everybody", ""),
        };
        clauses.push(format!("{who} from {at} on is billed by {} instead", to.kind));
        let later = format!("{whose} from {at} on");
        clauses.extend(to.clauses().iter().map(|clause| format!("{}, {clause}", later.trim_start())));
    }
    if clauses.is_empty() {
        clauses.push("it has rules of its own".to_owned());
    }
    sentences(clauses)
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
