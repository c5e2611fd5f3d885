//! The gate: which requests are admitted, where it looks at each of them.

use super::Lane;
use super::client::Try;
use super::flight::InFlight;
use super::observation::{Fate, Happening, Observer, OvershootCause, RequestSpan};
use crate::metering::Authorization;
use crate::money::Money;
use crate::policy::PolicyEvent;
use crate::request::{Refusal, Request, Usage};
use crate::time::Span;
use crate::workload::{Block, Service};
use std::ops::Range;

impl<O: Observer> Lane<'_, O> {
    /// Whether the gate looks at each request, or usage settles later than it arrives.
    pub(super) fn is_one_by_one(&self) -> bool {
        self.settles_later() || self.metering.authorization != Authorization::Balance || self.rate.is_some()
    }

    fn settles_later(&self) -> bool {
        self.world.service != Service::default() || self.metering.delay > Span::ZERO
    }

    /// Takes requests that the gate looks at one by one, or that settle later: those that are admitted for sure, or else
    /// a single one. Returns the index after the last.
    pub(super) fn take_some(&mut self, block: &Block, first: usize) -> usize {
        // What settles meanwhile changes nothing, but has to be told of before what settles at once.
        let settles_later = self.settles_later();
        let cut = if settles_later { self.queue.next() } else { self.next_event() }.0;
        let sure = first..self.admit_for_sure(block, self.span_until(block, first, cut));
        if sure.is_empty() {
            return self.take_one(block, first);
        }
        let admitted = RequestSpan::of_block(block, sure.clone());
        if settles_later {
            let view = self.view();
            self.observer.attempted(&admitted, None, &view);
            self.observer.concluded(&admitted, Fate::Served, &view);
        } else {
            self.serve_at_once(&admitted);
            self.settle_within_leeway(&admitted);
        }
        sure.end
    }

    /// Takes a single request; returns the index after it.
    pub(super) fn take_one(&mut self, block: &Block, index: usize) -> usize {
        self.try_request(block.request(index), Try::AtArrival);
        index + 1
    }

    /// Admits requests as long as the leeway covers all that is in flight: so nothing but settlements can happen until
    /// the last of them has settled, whenever that is. Returns the index after the last.
    fn admit_for_sure(&mut self, block: &Block, span: Range<usize>) -> usize {
        let has_payment_method = self.payments.has_card();
        let settles_later = self.settles_later();
        // What is left when all that is in flight has settled.
        let mut left = self.leeway() - self.flight.cost;
        for index in span.clone() {
            let (arrived, usage, cost) = (block.at[index], block.usage(index), block.cost(index));
            if cost >= left {
                return index;
            }
            let hold = self.hold_of(usage);
            if !self.is_authorized(hold, left) {
                return index;
            }
            if let Some(rate) = &mut self.rate {
                if rate.is_reached(arrived, has_payment_method) {
                    return index;
                }
                rate.count(usage.tokens());
            }
            left -= cost;
            if settles_later {
                let ends_at = arrived + self.world.service.time(usage);
                let settles_at = ends_at + self.metering.delay;
                let cause = OvershootCause::LastRequest; // the allowance covers all that is in flight
                self.flight.add(InFlight { arrived, settles_at, cost, hold, cause }, arrived, ends_at);
            }
        }
        span.end
    }

    /// What a request holds if it is admitted.
    fn hold_of(&self, usage: Usage) -> Money {
        match self.metering.authorization {
            Authorization::Balance => Money::ZERO,
            Authorization::Hold(hold) | Authorization::InFlight { hold, .. } => {
                hold.of(usage, self.world.tariff.price(usage.model))
            }
        }
    }

    /// Whether what is in flight allows one more request that holds so much, where so much is left of the money.
    fn is_authorized(&self, hold: Money, left: Money) -> bool {
        match self.metering.authorization {
            Authorization::Balance => true,
            Authorization::Hold(_) => self.flight.held + i128::from(hold.nanos()) <= i128::from(left.nanos()),
            Authorization::InFlight { amount, .. } => self.flight.held < i128::from(amount.nanos()),
        }
    }

    /// A client tries a request.
    pub(super) fn try_request(&mut self, request: Request, occasion: Try) {
        let admission = self.admission(&request);
        let mut span = RequestSpan::of_one(request.arrived, request.cost, self.now);
        span.is_retry = occasion != Try::AtArrival;
        let view = self.view();
        self.observer.attempted(&span, admission.err(), &view);
        match admission {
            Ok(hold) => self.admit(&request, hold),
            Err(reason) => {
                let runs_short = reason == Refusal::OnHold && self.flight.is_empty();
                if runs_short {
                    self.run_short();
                }
                self.turn_away(request, occasion, reason);
                if runs_short {
                    self.look_around();
                }
            }
        }
    }

    /// What the gate says to a request: how much it holds from now on, or why it is refused.
    fn admission(&mut self, request: &Request) -> Result<Money, Refusal> {
        if let Some(reason) = self.standing.refusal() {
            return Err(reason);
        }
        let has_payment_method = self.payments.has_card();
        if self.rate.as_mut().is_some_and(|rate| rate.is_reached(self.now, has_payment_method)) {
            return Err(Refusal::RateLimited);
        }
        let hold = self.hold_of(request.usage);
        // No less remains than the leeway, where there is any: it is known without asking the policy.
        let leeway = self.leeway();
        let is_authorized = leeway.is_positive() && self.is_authorized(hold, leeway)
            || self.is_authorized(hold, self.policy.remaining(&self.view()));
        if is_authorized { Ok(hold) } else { Err(Refusal::OnHold) }
    }

    /// A request runs: its usage settles when it has ended and been metered, which may be at once.
    fn admit(&mut self, request: &Request, hold: Money) {
        let Request { arrived, usage, cost } = *request;
        if let Some(rate) = &mut self.rate {
            rate.count(usage.tokens());
        }
        let (span, view) = (RequestSpan::of_one(arrived, cost, self.now), self.view());
        self.observer.concluded(&span, Fate::Served, &view);
        let ends_at = self.now + self.world.service.time(usage);
        let settles_at = ends_at + self.metering.delay;
        if settles_at > self.now {
            let cause = if self.leeway() > self.flight.cost {
                OvershootCause::LastRequest // the allowance covers all that is in flight
            } else {
                self.overshoot_cause(self.policy.allowance(&self.view()))
            };
            self.flight.add(InFlight { settles_at, arrived, cost, hold, cause }, self.now, ends_at);
        } else {
            self.settle_one(&span, None);
        }
    }

    /// A hold did not fit, with nothing in flight that could give way: the money is as good as used up.
    fn run_short(&mut self) {
        if self.short_of.is_none() {
            self.short_of = Some(self.policy.remaining(&self.view()));
            self.note(Happening::RanShort);
            self.tell(PolicyEvent::RanShort);
        }
    }
}
