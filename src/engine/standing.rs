//! Standing: whether an account is served, and what begins and ends when that changes.

use super::Lane;
use super::event::{Event, PurchaseKind};
use super::observation::{Happening, Observer};
use crate::policy::Gate;
use crate::request::Refusal;
use crate::rng;
use crate::time::Span;

/// How an account stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    /// Requests run.
    #[default]
    Active,
    /// Its purchase at signup or at a move is under way, and there is nothing else to spend.
    NotOpen,
    /// Its policy would refuse every request.
    Stopped(Refusal),
    /// Nothing runs any more.
    Closed,
}

impl Standing {
    pub fn is_closed(self) -> bool {
        self == Standing::Closed
    }
}

impl<O: Observer> Lane<'_, O> {
    /// What the gate does now, all things considered: refusals are tested in the order of [`Refusal`].
    pub(super) fn gate(&self) -> Gate {
        if self.standing.is_closed() {
            return Gate::Closed(Refusal::Closed);
        }
        // Who has left requests nothing: any reason will do.
        if self.customer.has_churned || self.is_not_open() {
            return Gate::Closed(Refusal::NoCredit);
        }
        let gate = self.policy.gate(&self.view());
        if self.collections.any_overdue() && gate != Gate::Closed(Refusal::NoPaymentMethod) {
            return Gate::Closed(Refusal::PastDue);
        }
        gate
    }

    /// Whether the account waits for its purchase at signup or at a move.
    fn is_not_open(&self) -> bool {
        self.payments.opening_purchase_is_under_way() && !self.wallet.balance().is_positive()
    }

    /// Compares how the account should stand with how it stood.
    pub(super) fn judge(&mut self) {
        if self.in_runoff || self.standing.is_closed() || self.customer.has_churned {
            return;
        }
        let standing = match self.gate() {
            _ if self.is_not_open() => Standing::NotOpen,
            Gate::Open { .. } => Standing::Active,
            Gate::Closed(reason) => Standing::Stopped(reason),
        };
        let before = std::mem::replace(&mut self.standing, standing);
        match (before, standing) {
            (before, after) if before == after => {}
            (Standing::Stopped(_), Standing::Stopped(reason)) => {
                self.note(Happening::ReasonChanged(reason));
                self.ask_for(reason);
            }
            (_, Standing::Stopped(reason)) => self.begin_stop(reason),
            (_, Standing::NotOpen) => {
                if matches!(before, Standing::Stopped(_)) {
                    self.note(Happening::StopEnded { served: false });
                }
                self.note(Happening::NotOpen);
            }
            (_, Standing::Active) => self.resume(before),
            (_, Standing::Closed) => unreachable!("closing is not a matter of judgement"),
        }
        self.ask_again_if_due();
    }

    fn begin_stop(&mut self, reason: Refusal) {
        let stop = self.customer.begin_stop();
        self.note(Happening::Stopped(reason));
        self.ask_for(reason);
        if let Some(patience) = &self.world.customer.patience {
            let mut draws = self.streams.draws(rng::Purpose::Patience, stop);
            let patience = Span::from_micros_f64(patience.sample(&mut draws));
            self.queue.schedule(self.now + patience, Event::PatienceEnd { stop });
        }
    }

    /// Service resumes: answers that were to bring that about no longer matter.
    fn resume(&mut self, before: Standing) {
        if matches!(before, Standing::Stopped(_)) {
            self.note(Happening::StopEnded { served: true });
        }
        self.drop_answers();
    }

    /// The stop has lasted as long as the customer bears: it leaves for good.
    pub(super) fn lose_patience(&mut self, stop: u32) {
        if self.in_runoff || self.customer.has_churned || !self.is_in_stop(stop) {
            return;
        }
        self.customer.has_churned = true;
        self.note(Happening::Churned);
        self.drop_answers();
        self.give_up_waiting(PurchaseKind::TopUp);
        if !self.policy.is_postpaid() {
            self.write_off_uninvoiced();
        }
    }

    /// Closes the account: what it owes is written off.
    pub(super) fn close(&mut self) {
        if self.standing.is_closed() {
            return;
        }
        self.write_off_invoices();
        self.write_off_uninvoiced();
        self.standing = Standing::Closed;
        self.note(Happening::Closed);
        self.drop_answers();
        self.give_up_waiting(PurchaseKind::TopUp);
    }

    pub(super) fn write_off_uninvoiced(&mut self) {
        let owed = self.wallet.write_off_uninvoiced();
        if owed.is_positive() {
            self.note(Happening::DebtWrittenOff(owed));
        }
    }
}
