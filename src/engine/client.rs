//! The client: what it does with refused requests, and those that it keeps.

use super::event::Event;
use super::observation::{Fate, Observer, RequestSpan};
use super::{Lane, at_least_a_second};
use crate::request::{Refusal, Request};
use crate::time::Span;
use crate::workload::customer::OnRefusal;
use std::collections::VecDeque;

/// On which occasion a client tries a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Try {
    /// For the first time, as it arrives.
    AtArrival,
    /// Again after a wait, the n-th time (n from 1).
    AfterWait(u32),
    /// From the client's queue, as service resumes.
    FromQueue,
}

/// The requests that a client keeps after a refusal.
#[derive(Debug, Default)]
pub(super) struct Client {
    /// Those to be tried again after a wait, by slot; with how often each has been tried again.
    waiting: Vec<Option<(Request, u32)>>,
    /// Slots that are empty.
    free: Vec<u32>,
    /// Those that wait until service resumes, in the order of their arrival.
    queue: VecDeque<Request>,
    /// How many at the queue's front are still to be tried since service resumed.
    to_release: usize,
}

impl Client {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.queue.is_empty()
    }

    fn keep(&mut self, request: Request, retries: u32) -> u32 {
        let kept = Some((request, retries));
        if let Some(slot) = self.free.pop() {
            self.waiting[slot as usize] = kept;
            return slot;
        }
        self.waiting.push(kept);
        u32::try_from(self.waiting.len() - 1).expect("fewer requests wait than an account can send")
    }

    fn take(&mut self, slot: u32) -> Option<(Request, u32)> {
        let taken = self.waiting.get_mut(slot as usize)?.take();
        self.free.extend(taken.map(|_| slot));
        taken
    }
}

/// The backoff after so many retries, rounded half up to a microsecond.
fn nth_wait(backoff: Span, factor: f64, retries: u32) -> Span {
    let mut wait = backoff.micros() as f64;
    for _ in 0..retries {
        let next = wait * factor;
        if next == wait || next > Span::MAX.micros() as f64 {
            break;
        }
        wait = next;
    }
    Span::from_micros_f64(wait)
}

impl<O: Observer> Lane<'_, O> {
    /// Whether a request refused for a reason is lost at once.
    pub(super) fn drops(&self, reason: Refusal) -> bool {
        self.reaction(reason) == OnRefusal::Drop
    }

    fn reaction(&self, reason: Refusal) -> OnRefusal {
        let reaction = self.world.customer.client.reaction(self.terms.http_status(reason));
        match (reaction, reason) {
            // The service goes on: there is nothing to wait for.
            (OnRefusal::Queue { .. }, Refusal::RateLimited | Refusal::OnHold) => OnRefusal::Drop,
            _ => reaction,
        }
    }

    /// A request was refused: the client keeps it, or it is lost.
    pub(super) fn turn_away(&mut self, request: Request, occasion: Try, reason: Refusal) {
        let retries = if let Try::AfterWait(retries) = occasion { retries } else { 0 };
        match self.reaction(reason) {
            OnRefusal::Retry { attempts, backoff, factor } if retries < attempts => {
                let slot = self.client.keep(request, retries + 1);
                let at = self.now + at_least_a_second(nth_wait(backoff, factor, retries));
                self.queue.schedule(at, Event::ClientRetry { slot });
            }
            OnRefusal::Queue { capacity, .. }
                if capacity.is_none_or(|most| (self.client.queue.len() as u64) < most) =>
            {
                self.client.queue.push_back(request);
            }
            OnRefusal::Drop | OnRefusal::Retry { .. } | OnRefusal::Queue { .. } => self.lose(request),
        }
    }

    fn lose(&mut self, request: Request) {
        let view = self.view();
        self.observer.concluded(
            &RequestSpan::of_one(request.arrived, request.cost, self.now),
            Fate::Lost,
            &view,
        );
    }

    /// A wait is over.
    pub(super) fn retry_request(&mut self, slot: u32) {
        if let Some((request, retries)) = self.client.take(slot) {
            self.try_request(request, Try::AfterWait(retries));
        }
    }

    /// Service resumes: what the client has queued is tried again, one after another.
    pub(super) fn release_queue(&mut self) {
        if !self.client.queue.is_empty() {
            self.client.to_release = self.client.queue.len();
            self.queue.schedule(self.now, Event::ClientRelease);
        }
    }

    /// Tries the next of the queue again. One that is refused again goes to the back: so after all are tried the queue
    /// is in order again.
    pub(super) fn release_next(&mut self) {
        let client = &mut self.client;
        if client.to_release == 0 {
            return;
        }
        client.to_release -= 1;
        let Some(request) = client.queue.pop_front() else { return };
        if client.to_release > 0 {
            self.queue.schedule(self.now, Event::ClientRelease);
        }
        match self.world.customer.client.on_refusal {
            OnRefusal::Queue { max_wait: Some(most), .. } if self.now - request.arrived > most => {
                self.lose(request);
            }
            _ => self.try_request(request, Try::FromQueue),
        }
    }

    /// All that the client has kept is lost: the customer leaves, or the horizon is reached.
    pub(super) fn lose_what_waits(&mut self) {
        if self.client.is_empty() {
            return;
        }
        let client = std::mem::take(&mut self.client);
        let mut kept: Vec<Request> =
            client.waiting.into_iter().flatten().map(|(request, _)| request).collect();
        kept.extend(client.queue);
        kept.into_iter().for_each(|request| self.lose(request));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_by_their_factor_and_stop_growing_beyond_reckoning() {
        let second = Span::SECOND;
        let waits: Vec<i64> = (0..4).map(|retries| nth_wait(second, 1.5, retries).micros()).collect();
        assert_eq!(waits, [1_000_000, 1_500_000, 2_250_000, 3_375_000]);
        assert_eq!(nth_wait(second, 1.0, u32::MAX), second);
        assert!(nth_wait(second, 10.0, u32::MAX) <= Span::MAX);
    }
}
