//! Requests in flight: admitted one by one, running, and settled when their usage is known.

use super::Lane;
use super::client::Try;
use super::observation::{Fate, Happening, Observer, OvershootCause, RequestSpan};
use crate::metering::Authorization;
use crate::money::Money;
use crate::policy::PolicyEvent;
use crate::request::{Refusal, Request};
use crate::time::Time;
use std::collections::VecDeque;

/// The requests of an account that have been admitted and have not settled.
///
/// Requests settle nearly in the order in which they are admitted, so each is put in its place from the back.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// By their settlement, those of one instant as they were admitted.
    unsettled: VecDeque<InFlight>,
    /// What they cost together.
    cost: Money,
    /// What they hold together.
    held: i128,
    /// Ends and costs of those that were still running when last looked at, by their end.
    running: VecDeque<(Time, Money)>,
    /// What these cost together.
    running_cost: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InFlight {
    settles_at: Time,
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
        self.unsettled.front().map_or(Time::NEVER, |next| next.settles_at)
    }

    /// Adds a request that runs until an instant, if not only until now.
    fn add(&mut self, request: InFlight, now: Time, ends_at: Time) {
        self.cost += request.cost;
        self.held += i128::from(request.hold.nanos());
        insert(&mut self.unsettled, request, |request| request.settles_at);
        if ends_at > now {
            self.running_cost += request.cost;
            insert(&mut self.running, (ends_at, request.cost), |(ends_at, _)| *ends_at);
        }
    }

    fn pop(&mut self) -> Option<InFlight> {
        let next = self.unsettled.pop_front()?;
        self.cost -= next.cost;
        self.held -= i128::from(next.hold.nanos());
        Some(next)
    }

    /// What those cost that have ended and are not metered yet.
    fn ended_cost(&mut self, now: Time) -> Money {
        while let Some((_, cost)) = self.running.front().filter(|(ends_at, _)| *ends_at <= now) {
            self.running_cost -= *cost;
            self.running.pop_front();
        }
        self.cost - self.running_cost
    }
}

/// Puts an item behind all whose time is not later.
fn insert<T>(queue: &mut VecDeque<T>, item: T, time: impl Fn(&T) -> Time) {
    let at = time(&item);
    match queue.back() {
        Some(last) if time(last) > at => {
            let place = queue.partition_point(|other| time(other) <= at);
            queue.insert(place, item);
        }
        _ => queue.push_back(item),
    }
}

impl<O: Observer> Lane<'_, O> {
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

    /// Settles the usage of a request.
    fn settle_one(&mut self, span: &RequestSpan<'_>, cause: Option<OvershootCause>) {
        if span.cost < self.leeway() {
            self.settle_within_leeway(span);
        } else {
            self.settle_and_look(span, cause);
        }
    }

    /// Why a request admitted now was not prevented, should it turn out to take too much: because usage that has
    /// ended was not settled or not looked at, because others were running, or because its own cost was not known.
    pub(super) fn overshoot_cause(&mut self, allowance: Money) -> OvershootCause {
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
        self.settle_one(&RequestSpan::of_one(next.arrived, next.cost, self.now), Some(next.cause));
    }

    /// Settles all usage in flight at once, telling nobody: the account closes, or the horizon is reached.
    pub(super) fn settle_all(&mut self) {
        while let Some(next) = self.flight.pop() {
            self.settle(&RequestSpan::of_one(next.arrived, next.cost, self.now), Some(next.cause));
        }
        assert_eq!((self.flight.cost, self.flight.held), (Money::ZERO, 0), "a hold ends as its request settles");
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
