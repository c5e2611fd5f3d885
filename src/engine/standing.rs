//! Standing: whether an account is served, and what begins and ends when that changes.

use super::Lane;
use super::event::{Class, Event, PurchaseKind};
use super::observation::{Happening, Observer, Question};
use crate::money::Money;
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
    /// Its policy refuses it as out of credit, but its purchase at signup or at a move is under way.
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

    /// Why every request is refused, if it is.
    #[inline]
    pub fn refusal(self) -> Option<Refusal> {
        if self == Standing::Active { None } else { self.reason() }
    }

    fn reason(self) -> Option<Refusal> {
        match self {
            Standing::Active => None,
            Standing::NotOpen => Some(Refusal::NoCredit),
            Standing::Stopped(reason) => Some(reason),
            Standing::Closed => Some(Refusal::Closed),
        }
    }
}

impl<O: Observer> Lane<'_, O> {
    /// How the account should stand. Reasons to be stopped are tested in the order of [`Refusal`].
    fn standing_now(&self) -> Standing {
        match self.policy.gate(&self.view()) {
            Gate::Closed(Refusal::NoCredit) if self.waits_for_first_credit() => Standing::NotOpen,
            Gate::Closed(Refusal::NoPaymentMethod) => Standing::Stopped(Refusal::NoPaymentMethod),
            _ if self.collections.any_overdue() => Standing::Stopped(Refusal::PastDue),
            Gate::Closed(reason) => Standing::Stopped(reason),
            Gate::Open => Standing::Active,
        }
    }

    /// Whether what the account bought at signup or at a move is on its way, and nothing is left until then.
    fn waits_for_first_credit(&self) -> bool {
        self.payments.opening_purchase_is_under_way() && !self.wallet.balance().is_positive()
    }

    /// Judges the account's standing, unless something is left at this instant that comes first. Where standing is
    /// judged at multiples of a span only, the next is awaited; but whether an account is open is no matter of
    /// judgement.
    pub(super) fn judge_when_decided(&mut self) {
        let (at, class) = self.next_event();
        self.is_undecided = at == self.now && class < Class::Judgement;
        if self.is_undecided || self.in_runoff || self.standing.is_closed() || self.customer.has_churned {
            return;
        }
        let standing = self.standing_now();
        let next = self.now.next_multiple(self.metering.refresh);
        if next == self.now || [self.standing, standing].contains(&Standing::NotOpen) {
            self.judge(standing);
        } else if (standing != self.standing || self.customer.is_asked_again()) && self.judgement_at != next {
            self.judgement_at = next;
            self.queue.schedule(next, Event::Judgement);
        }
    }

    /// Compares how the account should stand with how it stood.
    fn judge(&mut self, standing: Standing) {
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
                    self.drop_answers();
                }
                self.note(Happening::NotOpen);
            }
            (_, Standing::Active) => self.resume(before),
            (_, Standing::Closed) => unreachable!("closing is not a matter of judgement"),
        }
        self.ask_again_if_due();
    }

    /// Once a hold did not fit, the money is as good as used up until more remains of it than the least since.
    #[inline(always)]
    pub(super) fn follow_shortness(&mut self) {
        if let Some(least) = self.short_of {
            let remaining = self.policy.remaining(&self.view());
            self.short_of = (remaining <= least).then_some(remaining);
        }
    }

    /// Looks at what remains of the money and what limits it: whether it has risen since a hold did not fit, whether the
    /// limit is another, and whether it has fallen to what the customer is alerted at.
    pub(super) fn look_at_what_remains(&mut self) {
        if self.in_runoff || self.standing.is_closed() {
            return;
        }
        self.follow_shortness();
        self.note_changed_limit();
        if let Some(alert_at) = self.terms.alert_at {
            let remaining = self.policy.remaining(&self.view());
            let was_above = std::mem::replace(&mut self.is_above_alert, remaining > alert_at);
            if was_above && !self.is_above_alert {
                self.note(Happening::Alerted(remaining));
                self.ask(Question::HeedAlert);
            }
        }
    }

    /// How much usage there may be until the customer is alerted.
    pub(super) fn to_next_alert(&self) -> Money {
        match self.terms.alert_at {
            Some(alert_at) if self.is_above_alert => self.policy.remaining(&self.view()) - alert_at,
            _ => Money::MAX,
        }
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
        self.release_queue();
    }

    /// The stop has lasted as long as the customer bears: it leaves for good.
    pub(super) fn lose_patience(&mut self, stop: u32) {
        if self.in_runoff || self.customer.has_churned || !self.is_in_stop(stop) {
            return;
        }
        self.customer.has_churned = true;
        self.note(Happening::Churned);
        self.lose_what_waits();
        self.drop_answers();
        self.give_up_waiting(PurchaseKind::TopUp);
        self.write_off_what_is_left_behind();
    }

    /// Closes the account: what it owes is written off.
    pub(super) fn close(&mut self) {
        if self.standing.is_closed() {
            return;
        }
        self.settle_all();
        self.write_off_invoices();
        self.write_off_uninvoiced();
        self.standing = Standing::Closed;
        self.note(Happening::Closed);
        self.drop_answers();
        self.give_up_waiting(PurchaseKind::TopUp);
    }

    /// What a customer who has left owes is written off, where no invoice will ask for it.
    pub(super) fn write_off_what_is_left_behind(&mut self) {
        if self.customer.has_churned && !self.policy.is_postpaid() {
            self.write_off_uninvoiced();
        }
    }

    fn write_off_uninvoiced(&mut self) {
        let owed = self.wallet.write_off_uninvoiced();
        if owed.is_positive() {
            self.note(Happening::DebtWrittenOff(owed));
        }
    }
}
