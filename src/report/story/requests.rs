//! What is told of requests: in one line, all that was heard since the line before.

use super::Narrator;
use super::page::{Levels, Line, counted, number};
use crate::account::AccountView;
use crate::engine::observation::{Fate, OvershootCause, RequestSpan};
use crate::metering::{Authorization, Metering};
use crate::money::Money;
use crate::policy::Plan;
use crate::request::Refusal;
use crate::time::{Span, Time};
use crate::wallet::Posting;
use crate::workload::customer::OnRefusal;
use std::collections::BTreeMap;

/// Requests of which the same is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Requests {
    pub count: u64,
    pub cost: Money,
}

impl Requests {
    pub fn add(&mut self, span: &RequestSpan<'_>) {
        self.count += span.count;
        self.cost += span.cost;
    }

    pub fn remove(&mut self, span: &RequestSpan<'_>) {
        self.count -= span.count;
        self.cost -= span.cost;
    }
}

/// Tries that were refused for the same reason.
#[derive(Clone, Copy, Debug, Default)]
struct Refused {
    /// The first try of each request.
    first: Requests,
    /// How many others.
    further: u64,
}

/// Clauses on so many requests each; the first names them.
#[derive(Default)]
struct Clauses(Vec<String>);

impl Clauses {
    fn add(&mut self, count: u64, what: &str) {
        if count > 0 {
            let subject = if self.0.is_empty() { counted(count, "request") } else { number(count) };
            self.0.push(format!("{subject} {what}"));
        }
    }
}

/// All that was heard of requests since the last line.
#[derive(Debug)]
pub(super) struct Run {
    first_at: Time,
    last_at: Time,
    /// How many were in flight when it began.
    in_flight_before: u64,
    admitted: Requests,
    /// Of the admitted, those that had been refused before.
    admitted_later: u64,
    settled: Requests,
    refused: BTreeMap<Refusal, Refused>,
    lost: Requests,
    never_sent: Requests,
    overshoot: BTreeMap<OvershootCause, Money>,
    levels: Levels,
    postings: Vec<Posting>,
}

impl Run {
    fn begin(at: Time, in_flight_before: u64, levels: Levels) -> Run {
        Run {
            first_at: at,
            last_at: at,
            in_flight_before,
            admitted: Requests::default(),
            admitted_later: 0,
            settled: Requests::default(),
            refused: BTreeMap::new(),
            lost: Requests::default(),
            never_sent: Requests::default(),
            overshoot: BTreeMap::new(),
            levels,
            postings: Vec::new(),
        }
    }

    /// What became of requests, as clauses of a sentence.
    fn clauses(&self, named: impl Fn(Refusal) -> String) -> Vec<String> {
        let mut clauses = Clauses::default();
        if self.in_flight_before == 0 && self.admitted == self.settled {
            clauses.add(self.admitted.count, &format!("served for {}", self.admitted.cost));
        } else {
            clauses.add(self.admitted.count, "admitted");
            clauses.add(self.settled.count, &format!("settled for {}", self.settled.cost));
        }
        clauses.add(self.admitted_later, "of them at a further try");
        for (reason, Refused { first, further }) in &self.refused {
            let named = named(*reason);
            let tries = format!("further {} refused", if *further == 1 { "try" } else { "tries" });
            match (first.count, further) {
                (0, _) => clauses.0.push(format!("{} {tries} ({named})", number(*further))),
                (count, further) => {
                    clauses.add(count, &format!("refused ({named}), worth {}", first.cost));
                    clauses.add(*further, &tries);
                }
            }
        }
        clauses.add(self.lost.count, &format!("lost, worth {}", self.lost.cost));
        clauses.add(self.never_sent.count, &format!("never sent, worth {}", self.never_sent.cost));
        clauses.0
    }

    fn overshoot(&self) -> Option<String> {
        let total: Money = self.overshoot.values().copied().sum();
        let part = |cause, how: &str| {
            let amount = self.overshoot.get(&cause).filter(|amount| **amount < total)?;
            Some(format!("{amount} {how}"))
        };
        let parts = [part(OvershootCause::Lag, "by lag"), part(OvershootCause::InFlight, "in flight")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let of_it = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        total.is_positive().then(|| format!("overshoot {total}{of_it}"))
    }

    /// The rules that say so.
    fn rules(&self, plan: &Plan, metering: &Metering, keeps: Option<&str>) -> Vec<String> {
        let mut rules = Vec::new();
        if self.admitted != self.settled && self.admitted.count > 0 {
            let delay = match metering.delay {
                Span::ZERO => String::new(),
                delay => format!(" {delay} after its end"),
            };
            rules.push(format!(
                "a request changes the balance when it is settled{delay}, not when it is admitted"
            ));
        }
        for reason in self.refused.keys() {
            rules.extend(match reason {
                Refusal::Closed => Some("arrivals go on, and are refused".to_owned()),
                Refusal::RateLimited => {
                    let limits = plan.terms.rate_limit.iter().flat_map(|limit| limit.clauses());
                    let limits: Vec<String> = limits.collect();
                    Some(format!(
                        "over the rate: {}, in windows of a minute from the signup",
                        limits.join("; ")
                    ))
                }
                Refusal::OnHold => on_hold_rule(metering.authorization),
                _ => None,
            });
        }
        rules.extend(keeps.filter(|_| !self.refused.is_empty()).map(str::to_owned));
        for cause in self.overshoot.keys() {
            rules.push(
                match cause {
                    OvershootCause::LastRequest => {
                        "what a request costs is not known at the gate: the last one may overrun"
                    }
                    OvershootCause::InFlight => {
                        "the gate does not count what is running: what was left did not cover it all"
                    }
                    OvershootCause::Lag => {
                        "the gate does not know what has ended until it is settled and looked at"
                    }
                }
                .to_owned(),
            );
        }
        rules
    }
}

fn on_hold_rule(authorization: Authorization) -> Option<String> {
    match authorization {
        Authorization::Balance => None,
        Authorization::Hold(hold) => Some(format!(
            "a request holds {hold} until it settles: refused where that is more than what is left, less all holds"
        )),
        Authorization::InFlight { amount, hold } => {
            Some(format!("refused while the requests in flight hold {amount} or more, each {hold}"))
        }
    }
}

impl Narrator<'_> {
    /// What was heard of requests since the last line, with an instant at which more is heard.
    pub(super) fn run_at(&mut self, at: Time, account: &AccountView) -> &mut Run {
        let levels = self.levels(account);
        let in_flight = self.in_flight.count;
        let run = self.run.get_or_insert_with(|| Run::begin(at, in_flight, levels));
        run.last_at = run.last_at.max(at);
        run.levels = levels;
        run
    }

    pub(super) fn requests_attempted(
        &mut self,
        span: &RequestSpan<'_>,
        refused: Option<Refusal>,
        account: &AccountView,
    ) {
        if self.run.as_ref().is_some_and(|run| run.never_sent.count > 0) {
            self.end_run();
        }
        self.credit = account.credit;
        let is_first_try = !span.is_retry;
        let run = self.run_at(span.first_at, account);
        run.last_at = run.last_at.max(span.last_at);
        match refused {
            None => {
                run.admitted.add(span);
                run.admitted_later += if is_first_try { 0 } else { span.count };
                self.in_flight.add(span);
            }
            Some(reason) => {
                let refused = run.refused.entry(reason).or_default();
                if is_first_try { refused.first.add(span) } else { refused.further += span.count }
            }
        }
        self.closing.refused_tries += if refused.is_some() { span.count } else { 0 };
        if is_first_try {
            self.waiting += span.count;
        }
    }

    pub(super) fn requests_concluded(&mut self, span: &RequestSpan<'_>, fate: Fate, account: &AccountView) {
        self.closing.requests(fate, span);
        match fate {
            Fate::Served => self.waiting -= span.count,
            Fate::Lost => {
                self.waiting -= span.count;
                // Where no client keeps any, all that are refused are lost.
                if self.keeps_requests() {
                    self.run_at(account.now.max(span.last_at), account).lost.add(span);
                }
            }
            Fate::Churned => {
                if self.run.as_ref().is_some_and(|run| run.never_sent.count == 0) {
                    self.end_run();
                }
                let run = self.run_at(span.first_at, account);
                run.last_at = span.last_at;
                run.never_sent.add(span);
            }
        }
    }

    pub(super) fn requests_settled(&mut self, span: &RequestSpan<'_>, account: &AccountView) {
        self.credit = account.credit;
        let heard = std::mem::take(&mut self.heard);
        let run = self.run_at(account.now, account);
        run.settled.add(span);
        for posting in heard {
            match run.postings.iter_mut().find(|sum| sum.entry == posting.entry) {
                Some(sum) => sum.amount += posting.amount,
                None => run.postings.push(posting),
            }
        }
        self.in_flight.remove(span);
    }

    pub(super) fn overshot(&mut self, amount: Money, cause: OvershootCause, account: &AccountView) {
        *self.run_at(account.now, account).overshoot.entry(cause).or_default() += amount;
    }

    fn keeps_requests(&self) -> bool {
        self.client().on_refusal != OnRefusal::Drop
    }

    /// Tells of the requests since the last line.
    pub(super) fn end_run(&mut self) {
        let (Some(run), Some(plan)) = (self.run.take(), self.plan.as_ref()) else { return };
        let mut text = run.clauses(|reason| refusal(plan, reason)).join(", ");
        if run.first_at < run.last_at {
            text += &format!(", since {}", self.page.time_beside(run.first_at, run.last_at));
        }
        if run.admitted != run.settled && self.in_flight.count > 0 {
            text += &format!("; {} in flight, worth {}", number(self.in_flight.count), self.in_flight.cost);
        }
        if self.keeps_requests() && self.waiting > 0 && !run.refused.is_empty() {
            let wait = if self.waiting == 1 { "waits" } else { "wait" };
            text += &format!("; {} {wait}", number(self.waiting));
        }
        text += &run.overshoot().map_or_else(String::new, |overshoot| format!("; {overshoot}"));
        let rules = run.rules(plan, &self.metering(), self.client().clause().as_deref());
        let Run { last_at, levels, postings, .. } = run;
        self.page.add(Line { at: last_at, text, rules, levels, postings });
        self.topic = None;
    }
}

/// A refusal as the client sees it.
pub(super) fn refusal(plan: &Plan, reason: Refusal) -> String {
    format!("{} {}", plan.terms.http_status(reason), reason.name())
}
