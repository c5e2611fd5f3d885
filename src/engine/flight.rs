//! Requests in flight: admitted one by one, running, and settled when their usage is known.

use super::Lane;
use super::observation::{Fate, Happening, Observer, OvershootCause, RequestSpan};
use crate::metering::Authorization;
use crate::money::Money;
use crate::policy::PolicyEvent;
use crate::request::{Refusal, Request};
use crate::time::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The requests of an account that have been admitted and have not settled.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// By their settlement, those of one instant as they were admitted.
    unsettled: BinaryHeap<Reverse<InFlight>>,
    admitted: u32,
    /// What they cost together.
    cost: i128,
    /// What they hold together.
    held: i128,
    /// Ends and costs of those that were still running when last looked at.
    running: BinaryHeap<Reverse<(Time, Money)>>,
    /// What these cost together.
    running_cost: i128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct InFlight {
    settles_at: Time,
    /// Counts those admitted.
    number: u32,
    arrived: Time,
    cost: Money,
    hold: Money,
    /// Why what it takes too much, if it does, was not prevented.
    cause: OvershootCause,
}

impl Flight {
    pub fn is_empty(&self) -> bool {
        self.unsettled.is_empty()
    }

    /// When the next usage settles; [`Time::NEVER`] where none does.
    pub fn next_time(&self) -> Time {
        self.unsettled.peek().map_or(Time::NEVER, |Reverse(next)| next.settles_at)
    }

    fn add(&mut self, request: InFlight, ends_at: Time) {
        let nanos = i128::from(request.cost.nanos());
        self.cost += nanos;
        self.held += i128::from(request.hold.nanos());
        self.running_cost += nanos;
        self.running.push(Reverse((ends_at, request.cost)));
        self.unsettled.push(Reverse(InFlight { number: self.admitted, ..request }));
        self.admitted += 1;
    }

    fn pop(&mut self) -> Option<InFlight> {
        let Reverse(next) = self.unsettled.pop()?;
        self.cost -= i128::from(next.cost.nanos());
        self.held -= i128::from(next.hold.nanos());
        Some(next)
    }

    /// What those cost that have ended and are not metered yet.
    fn ended_cost(&mut self, now: Time) -> i128 {
        while let Some(Reverse((_, cost))) =
            self.running.peek().filter(|Reverse((ends_at, _))| *ends_at <= now)
        {
            self.running_cost -= i128::from(cost.nanos());
            self.running.pop();
        }
        self.cost - self.running_cost
    }
}

impl<O: Observer> Lane<'_, O> {
    /// A client tries a request that has been tried again so often.
    pub(super) fn try_request(&mut self, request: Request, retries: u32) {
        let admission = self.admission(&request);
        let (span, view) = (RequestSpan::of_one(request.arrived, request.cost, self.now), self.view());
        self.observer.attempted(&span, admission.err(), &view);
        match admission {
            Ok(hold) => self.admit(&request, hold),
            Err(reason) => {
                let runs_short = reason == Refusal::OnHold && self.flight.is_empty();
                if runs_short {
                    self.run_short();
                }
                self.turn_away(request, retries, reason);
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
        let price = self.world.tariff.price(request.usage.model);
        let (hold, is_authorized) = match self.metering.authorization {
            Authorization::Balance => (Money::ZERO, true),
            Authorization::Hold(hold) => {
                let hold = hold.of(request.usage, price);
                let left = i128::from(self.policy.remaining(&self.view()).nanos()) - self.flight.held;
                (hold, left >= i128::from(hold.nanos()))
            }
            Authorization::InFlight { amount, hold } => {
                (hold.of(request.usage, price), self.flight.held < i128::from(amount.nanos()))
            }
        };
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
            let allowance = self.policy.allowance(&self.view());
            let cause = self.overshoot_cause(allowance);
            self.flight.add(InFlight { settles_at, number: 0, arrived, cost, hold, cause }, ends_at);
        } else {
            self.settle_and_look(&span, None);
        }
    }

    /// Why a request admitted now was not prevented, should it turn out to take too much: because usage that has
    /// ended was not settled or not looked at, because others were running, or because its own cost was not known.
    pub(super) fn overshoot_cause(&mut self, allowance: Money) -> OvershootCause {
        let allowance = i128::from(allowance.nanos());
        if allowance <= self.flight.ended_cost(self.now) {
            OvershootCause::Lag
        } else if allowance <= self.flight.cost {
            OvershootCause::InFlight
        } else {
            OvershootCause::LastRequest
        }
    }

    /// The next usage in flight settles.
    pub(super) fn settle_next(&mut self) {
        let next = self.flight.pop().expect("there is one as long as it has a time");
        self.settle_and_look(&RequestSpan::of_one(next.arrived, next.cost, self.now), Some(next.cause));
    }

    /// Settles usage, and looks around if it uses up what there is something to tell after.
    fn settle_and_look(&mut self, span: &RequestSpan<'_>, cause: Option<OvershootCause>) {
        let headroom = self.policy.headroom(&self.view());
        let watched = headroom.min(self.to_next_alert());
        self.settle(span, cause);
        if span.cost >= headroom {
            self.tell(PolicyEvent::HeadroomUsed);
        }
        if span.cost >= watched || self.short_of.is_some() || self.is_undecided {
            self.look_around();
        }
    }

    /// Settles all usage in flight at once, telling nobody: the account closes, or the horizon is reached.
    pub(super) fn settle_all(&mut self) {
        while let Some(next) = self.flight.pop() {
            self.settle(&RequestSpan::of_one(next.arrived, next.cost, self.now), Some(next.cause));
        }
        assert_eq!((self.flight.cost, self.flight.held), (0, 0), "a hold ends as its request settles");
        self.flight = Flight::default();
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
