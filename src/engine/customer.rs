//! The customer: questions, answers, and what is done on a yes.

use super::event::{Answer, Event, PurchaseKind};
use super::observation::{Happening, Observer, Question};
use super::standing::Standing;
use super::{Lane, at_least_a_second};
use crate::money::Money;
use crate::policy::PolicyEvent;
use crate::request::Refusal;
use crate::rng;
use crate::time::Span;
use crate::workload::customer::Answer as AnswerModel;

/// What is on a customer's mind.
#[derive(Debug, Default)]
pub(super) struct Customer {
    /// What it is willing to pay in a period.
    pub spend_limit: Option<Money>,
    /// Whether it has left for good.
    pub has_churned: bool,
    /// Whether a top-up has failed, and a new card would enable the next.
    pub top_up_wants_card: bool,
    /// What a purchase was for that has failed in this stop, and that a new card would try again.
    purchase_wants_card: Option<Money>,
    /// Stops so far.
    stops: u32,
    /// How often each question was asked.
    asked: [u32; Question::COUNT],
    /// How often a purchase was put off after a soft decline.
    tries_put_off: u32,
    /// Whether a yes to each question waits to be acted upon.
    is_pending: [bool; Question::COUNT],
    /// The reasons of this stop whose question got a no.
    refused: Vec<Refusal>,
    /// The limit under which buying credit was asked for last, for as long as it has not changed since.
    asked_under_limit: Option<Money>,
    /// The reason to ask for again, if the account is still stopped for it.
    ask_again: Option<Refusal>,
}

impl Customer {
    /// Begins a stop; returns its number, counted from 0.
    pub fn begin_stop(&mut self) -> u32 {
        self.stops += 1;
        self.refused.clear();
        self.stop()
    }

    /// Whether the reason of the stop is to be asked for again.
    pub fn is_asked_again(&self) -> bool {
        self.ask_again.is_some()
    }

    /// The number of the present stop, or of the last.
    pub fn stop(&self) -> u32 {
        self.stops.saturating_sub(1)
    }
}

/// The question that a reason to be stopped raises. A failing card is asked about where it is declined, not here.
fn question_of(reason: Refusal, card_fails: bool) -> Option<Question> {
    match reason {
        Refusal::NoCredit if card_fails => None,
        Refusal::NoPaymentMethod => Some(Question::AddPaymentMethod),
        Refusal::NoCredit | Refusal::LimitReached => Some(Question::BuyCredit),
        Refusal::PastDue | Refusal::BudgetReached => None,
        Refusal::Closed | Refusal::RateLimited | Refusal::OnHold => None,
    }
}

impl<O: Observer> Lane<'_, O> {
    pub(super) fn draw_spend_limit(&self) -> Option<Money> {
        self.world.customer.spend_limit.as_ref().map(|limit| {
            let dollars = limit.sample(&mut self.streams.draws(rng::Purpose::SpendLimit, 0));
            Money::from_nanos((dollars * 1e9 + 0.5).floor() as i64).min(Money::LIMIT)
        })
    }

    /// Asks the question of a reason to be stopped, unless its answer is pending or was a no in this stop.
    pub(super) fn ask_for(&mut self, reason: Refusal) {
        let Some(question) = question_of(reason, self.customer.top_up_wants_card) else { return };
        if self.payments.purchase_before_question_is_under_way() {
            // The question takes over if that purchase is declined.
            self.customer.ask_again = Some(reason);
            return;
        }
        if self.is_pending(question) || self.customer.refused.contains(&reason) {
            return;
        }
        if reason == Refusal::LimitReached {
            let view = self.view();
            let buying_helps = self.policy.lacks_to_next_limit(&view).is_some();
            if !buying_helps || self.customer.asked_under_limit.is_some() {
                return;
            }
            self.customer.asked_under_limit = self.policy.limit(&view);
        }
        if !self.ask(question) {
            self.customer.refused.push(reason);
        }
    }

    /// Buying credit may be asked for anew once the limit is another, also if it changes back before the next stop.
    pub(super) fn note_changed_limit(&mut self) {
        if self.customer.asked_under_limit.is_some()
            && self.customer.asked_under_limit != self.policy.limit(&self.view())
        {
            self.customer.asked_under_limit = None;
        }
    }

    /// Whether an answer to a question is pending in this stop, or what was done on it is under way or waits for a card.
    fn is_pending(&self, question: Question) -> bool {
        let buys = self.payments.answer_is_under_way(self.customer.stop())
            || self.customer.purchase_wants_card.is_some();
        self.customer.is_pending[question as usize] || question == Question::BuyCredit && buys
    }

    /// Asks a question; returns whether the answer is a yes, or one that was given before is pending.
    pub(super) fn ask(&mut self, question: Question) -> bool {
        if self.standing.is_closed() || self.customer.has_churned {
            return false;
        }
        if self.customer.is_pending[question as usize] {
            return true;
        }
        let stops = self.customer.stops;
        let model = self.world.customer;
        let stop = self.customer.stop();
        let (answer, purpose, act) = match question {
            Question::AddPaymentMethod => (
                &model.adds_payment_method,
                rng::Purpose::AddsPaymentMethod,
                Answer::AddPaymentMethod { stop },
            ),
            Question::ReplaceCard => (&model.replaces_card, rng::Purpose::ReplacesCard, Answer::ReplaceCard),
            Question::BuyCredit => (&model.buys_credit, rng::Purpose::BuysCredit, Answer::BuyCredit { stop }),
            Question::HeedAlert => {
                (&model.heeds_alert, rng::Purpose::HeedsAlert, Answer::HeedAlert { stops })
            }
        };
        let occasion = self.customer.asked[question as usize];
        self.customer.asked[question as usize] += 1;
        let mut draws = self.streams.draws(purpose, occasion);
        let acts_at = answer.as_ref().filter(|answer| draws.happens(answer.probability)).map(|answer| {
            self.now + at_least_a_second(Span::from_micros_f64(answer.delay.sample(&mut draws)))
        });
        if let Some(at) = acts_at {
            // Each alert is answered by itself.
            self.customer.is_pending[question as usize] = question != Question::HeedAlert;
            self.queue.schedule(at, Event::Answer(act));
        }
        self.note(Happening::Asked { question, acts_at });
        acts_at.is_some()
    }

    /// The customer does what it said it would.
    pub(super) fn act_on(&mut self, answer: Answer) {
        if self.standing.is_closed() || self.customer.has_churned {
            return;
        }
        match answer {
            Answer::ReplaceCard => self.replace_card(),
            // After the horizon nothing else is done.
            _ if self.in_runoff => {}
            Answer::AddPaymentMethod { stop } if self.is_in_stop(stop) => {
                self.customer.is_pending[Question::AddPaymentMethod as usize] = false;
                self.add_payment_method();
            }
            Answer::BuyCredit { stop } if self.is_in_stop(stop) => {
                self.customer.is_pending[Question::BuyCredit as usize] = false;
                self.buy_in_stop(PurchaseKind::Answer, self.credit_to_buy());
            }
            Answer::BuyDeferred { stop, kind, amount } if self.is_in_stop(stop) => {
                self.buy_deferred(kind, amount);
            }
            Answer::HeedAlert { stops } if self.customer.stops == stops => self.buy_after_alert(),
            Answer::HeedAlert { .. } => self.note(Happening::AnswerDropped(Question::HeedAlert)),
            Answer::TryPurchaseAgain { purchase } => self.retry_purchase(purchase),
            // The stop that it answered is over.
            Answer::AddPaymentMethod { .. } | Answer::BuyCredit { .. } | Answer::BuyDeferred { .. } => {}
        }
    }

    /// Whether the account is in the stop of that number.
    pub(super) fn is_in_stop(&self, stop: u32) -> bool {
        matches!(self.standing, Standing::Stopped(_)) && self.customer.stop() == stop
    }

    /// A new card is on file: it pays all open invoices, enables top-ups, and tries a failed purchase again.
    fn replace_card(&mut self) {
        self.customer.is_pending[Question::ReplaceCard as usize] = false;
        let customer = &mut self.customer;
        if !(self.collections.any_overdue()
            || customer.top_up_wants_card
            || customer.purchase_wants_card.is_some())
        {
            self.note(Happening::AnswerDropped(Question::ReplaceCard));
            return;
        }
        customer.top_up_wants_card = false;
        let failed_purchase = customer.purchase_wants_card.take();
        self.take_new_card();
        self.note(Happening::CardReplaced);
        self.attempt_open_invoices();
        // The customer's own purchase comes first: while it is under way, no top-up is needed.
        if let Some(amount) = failed_purchase {
            self.buy_in_stop(PurchaseKind::Answer, amount);
        }
        self.tell(PolicyEvent::CardReplaced);
    }

    /// A payment method is on file: it pays all open invoices, and under a prepaid policy buys credit.
    fn add_payment_method(&mut self) {
        self.take_new_card();
        self.note(Happening::PaymentMethodAdded);
        self.attempt_open_invoices();
        if let Some(initial) = self.policy.initial_purchase() {
            let amount = if initial.is_positive() { initial } else { self.world.customer.buys_credit_amount };
            if amount.is_positive() {
                self.buy_in_stop(PurchaseKind::WithPaymentMethod, amount);
            }
        }
        self.tell(PolicyEvent::PaymentMethodAdded);
    }

    /// How much credit is bought now: under a limit that is reached, at least what is missing to the next tier.
    fn credit_to_buy(&self) -> Money {
        let amount = self.world.customer.buys_credit_amount;
        let lacks = match self.standing {
            Standing::Stopped(Refusal::LimitReached) => self.policy.lacks_to_next_limit(&self.view()),
            _ => None,
        };
        amount.max(lacks.unwrap_or(Money::ZERO).ceil_to_cents())
    }

    /// Buys credit before it is used up, unless that is beyond what the customer is willing to pay in a period.
    fn buy_after_alert(&mut self) {
        let amount = self.world.customer.buys_credit_amount;
        if self.is_beyond_spend_limit(amount) {
            self.note(Happening::PurchaseForgone(amount));
        } else {
            self.purchase(PurchaseKind::Alert, amount);
        }
    }

    /// Makes a purchase in a stop; where it is beyond what the customer is willing to pay in a period, at the first
    /// day that allows it.
    pub(super) fn buy_in_stop(&mut self, kind: PurchaseKind, amount: Money) {
        if self.is_beyond_spend_limit(amount) {
            self.note(Happening::PurchaseDeferred(amount));
            self.defer(kind, amount);
        } else {
            self.purchase(kind, amount);
        }
    }

    /// Makes a purchase that was put off, unless the day does not allow it either. An answer is for what is due now.
    fn buy_deferred(&mut self, kind: PurchaseKind, amount: Money) {
        let is_answer = kind == PurchaseKind::Answer;
        let amount = if is_answer { self.credit_to_buy() } else { amount };
        if self.is_beyond_spend_limit(amount) {
            self.defer(kind, amount);
            return;
        }
        if is_answer {
            self.customer.is_pending[Question::BuyCredit as usize] = false;
        }
        self.purchase(kind, amount);
    }

    /// Puts a purchase off until the next day.
    fn defer(&mut self, kind: PurchaseKind, amount: Money) {
        if kind == PurchaseKind::Answer {
            self.customer.is_pending[Question::BuyCredit as usize] = true;
        }
        let stop = self.customer.stop();
        let event = Event::Answer(Answer::BuyDeferred { stop, kind, amount });
        self.queue.schedule(self.now.next_midnight(), event);
    }

    /// A purchase in answer to a question was declined softly: it is tried again, if the stop still lasts.
    pub(super) fn plan_another_try(&mut self, purchase: u32, stop: u32) {
        let leaves = self.in_runoff || self.standing.is_closed() || self.customer.has_churned;
        let buys_credit: Option<&AnswerModel> = self.world.customer.buys_credit.as_ref();
        match buys_credit.filter(|_| !leaves && self.is_in_stop(stop)) {
            Some(buys_credit) => {
                let mut draws =
                    self.streams.draws(rng::Purpose::BuysCreditAgain, self.customer.tries_put_off);
                self.customer.tries_put_off += 1;
                let wait = Span::from_micros_f64(buys_credit.delay.sample(&mut draws));
                self.plan_retry(purchase, wait, Event::Answer(Answer::TryPurchaseAgain { purchase }));
            }
            None => self.fail(purchase),
        }
    }

    /// A purchase in answer to a question was declined for good: a new card would try it again, if the stop lasts.
    pub(super) fn want_new_card_for_purchase(&mut self, stop: u32, amount: Money) {
        let gets_card = self.ask(Question::ReplaceCard);
        if self.is_in_stop(stop) {
            self.customer.purchase_wants_card = gets_card.then_some(amount);
        }
    }

    /// Credit bought in answer to a question was posted: if that does not end the stop, the question is asked again.
    pub(super) fn ask_again_if_it_lasts(&mut self, stop: u32) {
        if let Standing::Stopped(reason) = self.standing
            && self.customer.stop() == stop
        {
            self.customer.ask_again = Some(reason);
        }
    }

    pub(super) fn ask_again_if_due(&mut self) {
        if self.payments.purchase_before_question_is_under_way() {
            return; // it waits for that, whatever happens meanwhile
        }
        if let Some(reason) = self.customer.ask_again.take()
            && self.standing == Standing::Stopped(reason)
        {
            self.ask_for(reason);
        }
    }

    /// What was answered in a stop no longer matters, as it is over.
    pub(super) fn drop_answers(&mut self) {
        for question in [Question::AddPaymentMethod, Question::BuyCredit] {
            if std::mem::take(&mut self.customer.is_pending[question as usize]) {
                self.note(Happening::AnswerDropped(question));
            }
        }
        self.customer.purchase_wants_card = None;
        self.customer.ask_again = None;
        self.give_up_waiting(PurchaseKind::Answer);
    }
}
