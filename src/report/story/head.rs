//! The head of a story: who the account is, and what it is billed by.

use super::Narrator;
use crate::account::AccountView;
use crate::metering::{Authorization, Metering};
use crate::time::Span;

impl Narrator<'_> {
    pub(super) fn write_head(&mut self, account: &AccountView) {
        let on_file = if account.has_payment_method { "a payment method" } else { "nothing" };
        self.write_row("on file", on_file);
        if let Some(limit) = account.spend_limit {
            self.write_row("willing", &format!("to pay {limit} a month at most"));
        }
        self.write_row("client", &self.client().clause().unwrap_or_default());
        self.write_row("requests", &self.cohort.workload.service.clause().unwrap_or_default());
        let Some(plan) = self.plan.clone() else { return };
        self.write_row("policy", &format!("{}: {}", plan.kind, self.terms()));
        // What the policy has of its own is among its terms.
        let Metering { delay, refresh, authorization } = self.scenario.metering;
        let common = Metering {
            delay: plan.terms.metering.delay.map_or(delay, |_| Span::ZERO),
            refresh: plan.terms.metering.refresh.map_or(refresh, |_| Span::ZERO),
            authorization: plan
                .terms
                .metering
                .authorization
                .map_or(authorization, |_| Authorization::Balance),
        };
        self.write_row("metering", &common.clauses().join("; "));
        self.write_switch(account);
        if self.scenario.warmup > Span::ZERO {
            let warmup = self.scenario.warmup;
            self.write_row("warm-up", &format!("{warmup}: told here, but left out of the measures"));
        }
        self.page.write("\nTimes are UTC, amounts US dollars. A rule is told where it first applies.\n");
    }

    /// A row of the head, where there is something to say.
    fn write_row(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.page.write_indented(2, &format!("{name:<10} {text}"));
        }
    }

    fn write_switch(&mut self, account: &AccountView) {
        let Some(switch) = self.policy.switch.as_ref() else { return };
        let (at, to) = (switch.at, &switch.to);
        let text = if account.now >= self.page.calendar().instant(at) {
            format!("signs up when the policy has changed, on {at}")
        } else if switch.grandfather {
            format!("on {at} the policy changes, but not for who has signed up before")
        } else {
            format!("on {at} to {}: {}", to.kind, to.clauses().join("; "))
        };
        self.write_row("switch", &text);
    }
}
