//! Settlement: usage is entered in the books, with more to do wherever it goes beyond the leeway.

use super::Lane;
use super::observation::{Happening, Observer, OvershootCause, RequestSpan};
use crate::money::Money;
use crate::policy::PolicyEvent;

impl<O: Observer> Lane<'_, O> {
    /// How much usage may settle before there is more to do than to enter it, worked out anew where that is due.
    #[inline]
    pub(super) fn leeway(&mut self) -> Money {
        if !self.leeway.is_positive() && !self.is_looking_closely() {
            self.work_out_leeway();
        }
        self.leeway
    }

    fn work_out_leeway(&mut self) {
        let view = self.view();
        self.leeway = [
            self.policy.headroom(&view),
            self.policy.allowance(&view),
            self.policy.remaining(&view),
            self.to_next_alert(),
        ]
        .into_iter()
        .fold(self.wallet.left_of_source(), Money::min);
    }

    /// Whether more is done than usage entered whenever any settles.
    fn is_looking_closely(&self) -> bool {
        self.short_of.is_some() || self.is_undecided || self.customer.has_churned
    }

    /// Settles usage that is less than the leeway: all there is to do is to enter it.
    pub(super) fn settle_within_leeway(&mut self, span: &RequestSpan<'_>) {
        self.leeway -= span.cost;
        if let Some(posting) = self.wallet.settle_within_source(span.cost) {
            self.observer.usage(span, posting);
        }
        self.audit();
        let view = self.view();
        self.observer.settled(span, &view);
    }

    /// Settles usage, and looks around if it uses up what there is something to tell after.
    pub(super) fn settle_and_look(&mut self, span: &RequestSpan<'_>, cause: Option<OvershootCause>) {
        let view = self.view();
        let (headroom, allowance) = (self.policy.headroom(&view), self.policy.allowance(&view));
        assert!(headroom.is_positive(), "a policy states a headroom above zero");
        let watched = headroom.min(self.to_next_alert());
        self.settle(span, allowance, cause);
        if span.cost >= headroom {
            self.tell(PolicyEvent::HeadroomUsed);
        }
        if span.cost >= watched || self.short_of.is_some() || self.is_undecided {
            self.look_around();
        }
    }

    /// Settles usage. What it takes beyond the policy's allowance is overshoot, of the cause given, or of the one that it
    /// has where it was admitted just now.
    pub(super) fn settle(&mut self, span: &RequestSpan<'_>, allowance: Money, cause: Option<OvershootCause>) {
        self.leeway = Money::ZERO;
        let overshoot = span.cost.saturating_sub(allowance.or_zero());
        self.enter_usage(span);
        if overshoot.is_positive() {
            let cause = cause.unwrap_or_else(|| self.overshoot_cause(allowance));
            self.note(Happening::Overshot { amount: overshoot, cause });
        }
        let view = self.view();
        self.observer.settled(span, &view);
        self.write_off_what_is_left_behind();
    }

    /// Enters usage in the books.
    fn enter_usage(&mut self, span: &RequestSpan<'_>) {
        for posting in self.wallet.settle(span.cost) {
            self.observer.usage(span, posting);
        }
        self.audit();
    }

    /// Settles the usage of a request.
    pub(super) fn settle_one(&mut self, span: &RequestSpan<'_>, cause: Option<OvershootCause>) {
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
}
