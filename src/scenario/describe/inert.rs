//! What a scenario sets in vain.

use crate::metering::{Authorization, Metering};
use crate::policy::{Plan, PolicyPlan};
use crate::request::Refusal;
use crate::scenario::Scenario;
use crate::time::Time;
use crate::workload::Cohort;
use crate::workload::customer::{CustomerModel, OnRefusal};
use std::collections::BTreeSet;

/// What is set and can have no effect, whatever happens, each as a clause with its remedy.
pub fn inert(scenario: &Scenario) -> Vec<String> {
    let mut inert = Vec::new();
    let calendar = scenario.calendar();
    let plans = || scenario.policies.iter().flat_map(PolicyPlan::all_plans);
    for PolicyPlan { name, switch, .. } in &scenario.policies {
        let Some(switch) = switch else { continue };
        let at = calendar.instant(switch.at);
        if at >= calendar.horizon {
            inert.push(format!(
                "the switch of {name} on {} comes after the horizon, so never (set `at`)",
                switch.at
            ));
        } else if at <= Time::START {
            inert.push(format!(
                "the switch of {name} on {} comes before anybody signs up, so `to` is all there is (set `at`)",
                switch.at
            ));
        }
    }
    if plans().any(|plan| {
        plan.terms.credit_expires_after.is_some_and(|after| after >= scenario.horizon + scenario.runoff)
    }) {
        inert.push(
            "paid credit lapses only after the run, so never (set `horizon` or `credit_expires_after`)"
                .to_owned(),
        );
    }
    let alerts = plans().any(|plan| plan.terms.alert_at.is_some());
    let heeds = |cohort: &Cohort| cohort.customer.heeds_alert.is_some();
    if alerts && !scenario.cohorts.iter().any(heeds) {
        inert.push("nobody heeds an alert, so alerts change nothing (set `heeds_alert`)".to_owned());
    }
    for cohort in scenario.cohorts.iter().filter(|cohort| heeds(cohort) && !alerts) {
        inert.push(format!(
            "customers of {} would heed an alert, and no policy alerts (set `alert_at`)",
            cohort.name
        ));
    }
    let codes: BTreeSet<u16> =
        plans().flat_map(|plan| codes(plan, plan.terms.metering.over(scenario.metering))).collect();
    for Cohort { name, customer: CustomerModel { client, .. }, .. } in &scenario.cohorts {
        let reacts_to = client.http_status.as_ref().filter(|_| client.on_refusal != OnRefusal::Drop);
        if reacts_to.is_some_and(|reacts_to| reacts_to.iter().all(|code| !codes.contains(code))) {
            inert.push(format!(
                "clients of {name} react to status codes with which no policy refuses (set `http_status`)"
            ));
        }
    }
    inert
}

/// The status codes with which a policy may refuse.
fn codes(plan: &Plan, metering: Metering) -> impl Iterator<Item = u16> {
    let reasons = Refusal::ALL.into_iter().filter(move |reason| match reason {
        Refusal::RateLimited => plan.terms.rate_limit.is_some(),
        Refusal::OnHold => metering.authorization != Authorization::Balance,
        _ => true,
    });
    reasons.map(|reason| plan.terms.http_status(reason))
}
