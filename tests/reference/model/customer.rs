//! What customers do (MODEL 7).

use super::account::{Account, Event};
use super::luck::Luck;
use super::payments::{PurchaseKind, State};
use super::policies::Reason;
use super::terms::{Micros, Nanos};
use billsim::rng::Purpose;
use billsim::workload::customer::CustomerModel;

/// What a customer has been asked and has said.
#[derive(Debug)]
pub struct Customer {
    /// What the customer is willing to pay in a period.
    pub spend_limit: Option<Nanos>,
    /// How often each question has been asked.
    asked_to_add: u32,
    asked_to_replace: u32,
    asked_to_buy: u32,
    asked_to_heed: u32,
    /// Whether a yes to `replaces_card` is to be acted on yet: one at most.
    will_replace_card: bool,
    /// A purchase that waits for a new card.
    wants_new_card: Option<usize>,
    /// The limit after the last event.
    limit: Option<Nanos>,
    /// Whether the customer has been asked to buy under it.
    was_asked_under_limit: bool,
}

impl Customer {
    pub fn new(luck: &Luck<'_>, model: &CustomerModel) -> Customer {
        Customer {
            spend_limit: model.spend_limit.as_ref().map(|dollars| luck.spend_limit(dollars)),
            asked_to_add: 0,
            asked_to_replace: 0,
            asked_to_buy: 0,
            asked_to_heed: 0,
            will_replace_card: false,
            wants_new_card: None,
            limit: None,
            was_asked_under_limit: false,
        }
    }
}

/// A time in which the account is stopped.
#[derive(Debug)]
pub struct Stop {
    pub number: usize,
    pub since: Micros,
    pub reason: Reason,
    /// Reasons whose question was answered with no.
    refused: Vec<Reason>,
    /// Answers that are to be acted on yet.
    will_add: bool,
    will_buy: bool,
    /// The question of the reason is to be asked when standing is next judged: a purchase that was in its way is over, or
    /// what was bought on it is posted.
    asks_again: bool,
    /// It waits for a purchase that is tried once.
    waits: bool,
}

impl Account<'_> {
    fn model(&self) -> &CustomerModel {
        &self.world.cohort.customer
    }

    pub fn is_in_stop(&self, stop: Option<usize>) -> bool {
        stop.is_some() && stop == self.stop.as_ref().map(|stop| stop.number)
    }

    pub fn begin_stop(&mut self, reason: Reason) {
        match reason {
            Reason::NoPaymentMethod => self.rule("6 an account is stopped: no_payment_method"),
            Reason::PastDue => self.rule("6 an account is stopped: past_due"),
            Reason::LimitReached => self.rule("6 an account is stopped: limit_reached"),
            Reason::BudgetReached => self.rule("6 an account is stopped: budget_reached"),
            _ => self.rule("6 an account is stopped: no_credit"),
        }
        self.stops += 1;
        self.counts.add("stops", 1);
        self.counts.happened_to_account("accounts_stopped");
        self.stop = Some(Stop {
            number: self.stops,
            since: self.now,
            reason,
            refused: vec![],
            will_add: false,
            will_buy: false,
            asks_again: false,
            waits: false,
        });
        // "The question comes before the patience of the stop, where both end at one instant."
        self.ask();
        if let Some(patience) = &self.world.cohort.customer.patience {
            let patience = self.luck.patience(self.stops as u32 - 1, patience);
            self.schedule(self.now.saturating_add(patience), Event::Patience { stop: self.stops });
        }
    }

    /// Judged while it is stopped: a change of reason asks the question of the new one.
    pub fn go_on_stopped(&mut self, reason: Reason) {
        let tried_once_is_under_way = self.is_tried_once_under_way();
        let Some(stop) = &mut self.stop else { return };
        let has_changed = stop.reason != reason;
        let waited = stop.waits && !tried_once_is_under_way;
        let asks = has_changed || stop.asks_again || waited;
        stop.reason = reason;
        stop.asks_again = false;
        if asks {
            if has_changed {
                self.rule("6 the reason of a stop changes");
            }
            self.ask();
        }
    }

    /// What was bought on an answer is posted: if the account is still stopped, the question is asked again.
    pub fn note_that_question_is_open(&mut self) {
        if let Some(stop) = &mut self.stop {
            stop.asks_again = true;
        }
    }

    fn is_tried_once_under_way(&self) -> bool {
        self.purchases.iter().any(|purchase| purchase.is_tried_once() && purchase.is_under_way())
    }

    /// Whether what was bought on an answer in this stop is under way, put off, or waits for a new card.
    fn has_bought_on_answer(&self) -> bool {
        let of_this_stop = |purchase: usize| {
            let purchase = &self.purchases[purchase];
            purchase.kind == PurchaseKind::Answer && self.is_in_stop(purchase.stop)
        };
        let waits_for_card = self.customer.wants_new_card.is_some_and(of_this_stop);
        let is_on = |purchase: &usize| {
            let one = &self.purchases[*purchase];
            of_this_stop(*purchase) && (one.is_under_way() || one.state == State::PutOff)
        };
        waits_for_card || (0..self.purchases.len()).any(|purchase| is_on(&purchase))
    }

    /// Asks the question of the stop's reason, if there is one and it is not open or answered already.
    fn ask(&mut self) {
        let must_wait = self.is_tried_once_under_way();
        let has_bought = self.has_bought_on_answer();
        let limit_can_rise = self.lacking_to_higher_limit().is_some();
        let top_up_is_disabled = self.top_up_is_disabled;
        let Some(stop) = &mut self.stop else { return };
        if stop.refused.contains(&stop.reason) {
            return; // a no is final for that stop and reason
        }
        stop.waits = false;
        match stop.reason {
            // A card that fails: `replaces_card` was asked at the decline.
            Reason::NoCredit if top_up_is_disabled => {}
            Reason::NoPaymentMethod | Reason::NoCredit | Reason::LimitReached if must_wait => {
                stop.waits = true;
                self.rule("7 a stop's question waits for a purchase that is tried once");
            }
            Reason::NoPaymentMethod if !stop.will_add => self.ask_to_add_payment_method(),
            Reason::NoCredit if !stop.will_buy && !has_bought => self.ask_to_buy(),
            Reason::LimitReached if !stop.will_buy && !has_bought && limit_can_rise => {
                if self.customer.was_asked_under_limit {
                    self.rule("7 nobody is asked again before the limit has changed");
                } else {
                    self.customer.was_asked_under_limit = true;
                    self.ask_to_buy();
                }
            }
            _ => {}
        }
    }

    /// A changed limit may be asked about anew; it may have changed back.
    pub fn note_limit(&mut self) {
        let limit = self.limit();
        if limit != self.customer.limit {
            self.customer.limit = limit;
            self.customer.was_asked_under_limit = false;
        }
    }

    fn answer_in_stop(&mut self, delay: Option<Micros>, event: impl Fn(usize) -> Event) -> bool {
        let now = self.now;
        let Some(stop) = &mut self.stop else { return false };
        match delay {
            Some(delay) => {
                let event = event(stop.number);
                self.schedule(now.saturating_add(delay), event);
                true
            }
            None => {
                stop.refused.push(stop.reason);
                self.rule("7 a customer says no");
                false
            }
        }
    }

    fn ask_to_add_payment_method(&mut self) {
        self.rule("7 adds_payment_method is asked");
        let answer = self.model().adds_payment_method.as_ref();
        let delay = self.luck.answer(Purpose::AddsPaymentMethod, self.customer.asked_to_add, answer);
        self.customer.asked_to_add += 1;
        let will_add = self.answer_in_stop(delay, |stop| Event::AddsPaymentMethod { stop });
        self.stop.iter_mut().for_each(|stop| stop.will_add = will_add);
    }

    fn ask_to_buy(&mut self) {
        self.rule("7 buys_credit is asked");
        let answer = self.model().buys_credit.as_ref();
        let delay = self.luck.answer(Purpose::BuysCredit, self.customer.asked_to_buy, answer);
        self.customer.asked_to_buy += 1;
        let will_buy = self.answer_in_stop(delay, |stop| Event::BuysCredit { stop });
        self.stop.iter_mut().for_each(|stop| stop.will_buy = will_buy);
    }

    /// At each final decline of a top-up, an invoice or an answer.
    pub fn ask_to_replace_card(&mut self) {
        if self.is_closed || self.has_churned || self.customer.will_replace_card {
            return;
        }
        self.rule("7 replaces_card is asked");
        let answer = self.model().replaces_card.as_ref();
        let delay = self.luck.answer(Purpose::ReplacesCard, self.customer.asked_to_replace, answer);
        self.customer.asked_to_replace += 1;
        if let Some(delay) = delay {
            self.customer.will_replace_card = true;
            self.schedule(self.now.saturating_add(delay), Event::ReplacesCard);
        }
    }

    pub fn ask_to_heed_alert(&mut self) {
        let answer = self.model().heeds_alert.as_ref();
        let delay = self.luck.answer(Purpose::HeedsAlert, self.customer.asked_to_heed, answer);
        self.customer.asked_to_heed += 1;
        if let Some(delay) = delay {
            self.schedule(self.now.saturating_add(delay), Event::HeedsAlert { stops: self.stops });
        }
    }

    fn answers_nothing(&self) -> bool {
        self.is_closed || self.has_churned
    }

    pub fn add_payment_method(&mut self, stop: usize) {
        if self.answers_nothing() || !self.is_in_stop(Some(stop)) {
            return;
        }
        let Some(stop) = self.stop.as_mut().filter(|stop| stop.will_add) else { return };
        stop.will_add = false;
        self.rule("7 a payment method is added");
        self.take_card();
        self.pay_open_invoices();
        if self.trial_has_ended {
            self.convert();
        } else if self.terms.is_prepaid() {
            let initial = self.terms.initial_purchase.0;
            let usual = Nanos::from(self.model().buys_credit_amount.nanos());
            let amount = if initial > 0 { initial } else { usual };
            if amount > 0 {
                self.rule("7 who adds a payment method buys credit");
                self.purchase_within_spend_limit(PurchaseKind::WithPaymentMethod, amount);
            }
        }
    }

    /// What is bought on an answer: at least what a higher limit asks for, where that is wanted.
    pub fn amount_to_buy(&self) -> Nanos {
        let amount = Nanos::from(self.model().buys_credit_amount.nanos());
        let is_limited = self.stop.as_ref().is_some_and(|stop| stop.reason == Reason::LimitReached);
        let lacking = self.lacking_to_higher_limit().filter(|_| is_limited);
        lacking.map_or(amount, |lacking| amount.max(super::policies::ceil_to_cents(lacking)))
    }

    pub fn buy_credit(&mut self, stop: usize) {
        if self.answers_nothing() || !self.is_in_stop(Some(stop)) {
            return;
        }
        let Some(stop) = self.stop.as_mut().filter(|stop| stop.will_buy) else { return };
        stop.will_buy = false;
        self.rule("7 a customer buys credit");
        let amount = self.amount_to_buy();
        self.purchase_within_spend_limit(PurchaseKind::Answer, amount);
    }

    pub fn heed_alert(&mut self, stops: usize) {
        if !self.answers_nothing() && stops == self.stops && self.has_payment_method() {
            self.rule("7 a customer heeds an alert");
            let amount = self.model().buys_credit_amount.nanos().into();
            self.purchase_within_spend_limit(PurchaseKind::Alert, amount);
        }
    }

    /// An answer that was declined softly is tried again after another delay, as long as its stop lasts.
    pub fn wait_for_another_try(&mut self, purchase: usize, stop: Option<usize>) {
        let Some(answer) = self.world.cohort.customer.buys_credit.as_ref() else { return };
        if self.is_in_stop(stop) {
            self.rule("7 a purchase that was declined softly is tried again");
            let delay = self.luck.until_another_try(answer);
            self.purchases[purchase].state = State::Waiting;
            self.schedule(self.now.saturating_add(delay), Event::PurchaseAgain { purchase });
        }
    }

    pub fn try_purchase_again(&mut self, purchase: usize) {
        if self.purchases[purchase].state != State::Waiting {
            return; // dropped
        }
        if self.answers_nothing() || !self.is_in_stop(self.purchases[purchase].stop) {
            self.purchases[purchase].state = State::Failed;
        } else {
            self.attempt_purchase(purchase);
        }
    }

    /// An answer was declined for good: a new card would make it again.
    pub fn want_new_card_for(&mut self, purchase: usize, stop: Option<usize>) {
        self.ask_to_replace_card();
        if self.is_in_stop(stop) && self.customer.will_replace_card {
            self.rule("7 a purchase waits for a new card");
            self.customer.wants_new_card = Some(purchase);
        }
    }

    pub fn replace_card(&mut self) {
        self.customer.will_replace_card = false;
        let failed = self.customer.wants_new_card.take();
        let failed = failed.filter(|purchase| self.is_in_stop(self.purchases[*purchase].stop));
        let is_overdue = self.invoices.iter().any(|invoice| invoice.is_overdue);
        if self.answers_nothing() || !(is_overdue || self.top_up_is_disabled || failed.is_some()) {
            return; // nothing that failed is left
        }
        self.rule("7 a card is replaced");
        self.take_card();
        self.top_up_is_disabled = false;
        self.pay_open_invoices();
        if let Some(purchase) = failed.filter(|_| !self.in_runoff) {
            let amount = self.purchases[purchase].amount;
            self.purchase_within_spend_limit(PurchaseKind::Answer, amount);
        }
    }

    /// When service resumes, other answers and purchases on them that wait to be tried again are dropped.
    pub fn drop_answers(&mut self) {
        self.customer.wants_new_card = None;
        for purchase in &mut self.purchases {
            let waits = purchase.state == State::Waiting && purchase.kind == PurchaseKind::Answer;
            if waits || purchase.state == State::PutOff {
                purchase.state = State::Failed;
            }
        }
    }

    /// A stop that has lasted as long as the customer bears it ends in churn.
    pub fn lose_patience(&mut self, stop: usize) {
        if self.answers_nothing() || !self.is_in_stop(Some(stop)) {
            return;
        }
        self.rule("7 a customer churns");
        self.counts.happened_to_account("accounts_churned");
        self.end_stop();
        self.count_account_time(self.now);
        self.has_churned = true;
        self.waiting.clear();
        self.drop_answers();
        self.write_off_after_churn();
    }

    /// The uninvoiced receivable of an account that is not post-paid is written off, then and as usage settles.
    pub fn write_off_after_churn(&mut self) {
        if !self.terms.is_postpaid() {
            let written_off = self.wallet.write_off_uninvoiced();
            if written_off > 0 {
                self.rule("7 what a churned customer owes is written off");
                self.counts.add("bad_debt_usd", written_off);
            }
        }
    }
}
