//! Requests in flight: admitted, running, and settled when their usage is known.

use super::Lane;
use super::event::Class;
use super::observation::{Observer, OvershootCause, RequestSpan};
use crate::money::Money;
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
    pub cost: Money,
    /// What they hold together.
    pub held: i128,
    /// Ends and costs of those that were still running when last looked at, by their end.
    running: VecDeque<(Time, Money)>,
    /// What these cost together.
    running_cost: Money,
}

/// A request that has been admitted and has not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InFlight {
    pub arrived: Time,
    pub settles_at: Time,
    pub cost: Money,
    pub hold: Money,
    /// Why what it takes too much, if it does, was not prevented.
    pub cause: OvershootCause,
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
    #[inline]
    pub fn add(&mut self, request: InFlight, now: Time, ends_at: Time) {
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
    pub fn ended_cost(&mut self, now: Time) -> Money {
        self.forget_ended(now);
        self.cost - self.running_cost
    }

    /// Forgets of those that have ended by now that they were running.
    fn forget_ended(&mut self, now: Time) {
        while let Some((_, cost)) = self.running.front().filter(|(ends_at, _)| *ends_at <= now) {
            self.running_cost -= *cost;
            self.running.pop_front();
        }
    }
}

/// Puts an item behind all whose time is not later.
#[inline]
fn insert<T>(queue: &mut VecDeque<T>, item: T, time: impl Fn(&T) -> Time) {
    let at = time(&item);
    match queue.back() {
        Some(last) if time(last) > at => insert_within(queue, item, time),
        _ => queue.push_back(item),
    }
}

#[cold]
fn insert_within<T>(queue: &mut VecDeque<T>, item: T, time: impl Fn(&T) -> Time) {
    let at = time(&item);
    let place = queue.partition_point(|other| time(other) <= at);
    queue.insert(place, item);
}

impl<O: Observer> Lane<'_, O> {
    /// Settles what is due by an instant and comes before an event: as much as stays within the leeway, or a single
    /// request.
    pub(super) fn settle_due(&mut self, until: Time, event: (Time, Class)) {
        let calendar = self.world.calendar;
        let leeway = self.leeway();
        // Taken out for a moment, as it is told of while the account changes.
        let mut unsettled = std::mem::take(&mut self.flight.unsettled);
        let (next, _) = unsettled.as_slices();
        let is_counted = |at: Time| at >= calendar.warmup;
        let sides = |request: &InFlight| (is_counted(request.arrived), is_counted(request.settles_at));
        let (mut cost, mut held) = (Money::ZERO, 0);
        let within = next.iter().take_while(|request| {
            let is_due = request.settles_at <= until && (request.settles_at, Class::Settlement) < event;
            let fits = cost + request.cost < leeway && sides(request) == sides(&next[0]);
            if is_due && fits {
                cost += request.cost;
                held += i128::from(request.hold.nanos());
            }
            is_due && fits
        });
        let count = within.count();
        if count > 0 {
            self.flight.cost -= cost;
            self.flight.held -= held;
            let span = RequestSpan::of_flight(&next[..count]);
            self.now = span.last_at;
            self.settle_within_leeway(&span);
            unsettled.drain(..count);
            self.flight.unsettled = unsettled;
        } else {
            self.flight.unsettled = unsettled;
            let next = self.flight.pop().expect("there is one as long as it has a time");
            self.now = next.settles_at;
            self.settle_one(&RequestSpan::of_one(next.arrived, next.cost, self.now), Some(next.cause));
        }
        self.flight.forget_ended(self.now);
    }

    /// Settles all usage in flight at once, telling nobody: the account closes, or the horizon is reached.
    pub(super) fn settle_all(&mut self) {
        if self.flight.is_empty() {
            return;
        }
        while let Some(next) = self.flight.pop() {
            let allowance = self.policy.allowance(&self.view());
            self.settle(&RequestSpan::of_one(next.arrived, next.cost, self.now), allowance, Some(next.cause));
        }
        assert_eq!(
            (self.flight.cost, self.flight.held),
            (Money::ZERO, 0),
            "a hold ends as its request settles"
        );
        self.flight = Flight::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    fn request(arrived: i64, settles: i64, dollars: i64) -> InFlight {
        InFlight {
            arrived: at(arrived),
            settles_at: at(settles),
            cost: Money::dollars(dollars),
            hold: Money::dollars(2 * dollars),
            cause: OvershootCause::LastRequest,
        }
    }

    #[test]
    fn requests_settle_by_their_time_and_those_of_one_instant_as_they_were_admitted() {
        let mut flight = Flight::default();
        for (arrived, settles, dollars) in [(0, 9, 1), (1, 5, 2), (2, 9, 3), (3, 4, 4), (4, 5, 5)] {
            flight.add(request(arrived, settles, dollars), at(arrived), at(settles));
        }
        assert_eq!((flight.cost, flight.held), (Money::dollars(15), 30_000_000_000));
        let order: Vec<i64> = std::iter::from_fn(|| flight.pop())
            .map(|next| next.cost.nanos() / Money::dollars(1).nanos())
            .collect();
        assert_eq!(order, [4, 2, 5, 1, 3]);
        assert_eq!((flight.cost, flight.held), (Money::ZERO, 0));
    }

    #[test]
    fn what_has_ended_and_not_settled_is_told_from_what_runs() {
        let mut flight = Flight::default();
        flight.add(request(0, 20, 1), at(0), at(10));
        flight.add(request(0, 15, 2), at(0), at(5));
        flight.add(request(0, 15, 4), at(0), at(0));
        let ended = |flight: &mut Flight, now| flight.ended_cost(at(now));
        assert_eq!(ended(&mut flight, 4), Money::dollars(4));
        assert_eq!(ended(&mut flight, 5), Money::dollars(6));
        assert_eq!(ended(&mut flight, 10), Money::dollars(7));
        flight.pop();
        assert_eq!(ended(&mut flight, 15), Money::dollars(5));
    }
}
