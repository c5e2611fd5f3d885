//! Payments: the card on file, attempts and their luck, and purchases of credit.

use super::event::{Attempt, Class, Event, PaymentResult, PurchaseKind, Purpose};
use super::observation::{Happening, Observer, Question};
use super::{Lane, at_least_a_second};
use crate::money::Money;
use crate::policy::PolicyEvent;
use crate::rng::{self, AccountStreams};
use crate::time::{Span, Time};
use crate::workload::payments::PaymentModel;
use smallvec::SmallVec;

/// An account's card, purchases and payments so far.
#[derive(Debug, Default)]
pub(super) struct Payments {
    /// The number of the card on file, counted from 1; 0: nothing is on file.
    card: u32,
    card_has_expired: bool,
    cards_expired: u32,
    attempts: u32,
    spells: Spells,
    /// All that was ever paid.
    pub paid: Money,
    /// When the first payment succeeded.
    pub first_paid_at: Option<Time>,
    /// Purchases attempted and neither posted nor finally declined.
    under_way: SmallVec<[Purchase; 1]>,
    purchases: u32,
    period_began: Time,
    /// Purchases whose first attempt is of this period and that have not failed.
    pub purchased_in_period: Money,
    purchases_of_day: (usize, u32),
    /// The top-up that was just declined, while the policy decides what becomes of it.
    declined_top_up: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Purchase {
    number: u32,
    kind: PurchaseKind,
    amount: Money,
    first_attempt: Time,
    declines: usize,
    /// Whether it was declined and waits to be tried again.
    is_waiting: bool,
    /// The number of the stop in which it was made, or of the last before.
    stop: u32,
    /// Whether it was first attempted as the account came under its policy.
    opens: bool,
    /// Under which of the account's policies it was made.
    policy: u32,
}

impl Payments {
    pub fn has_card(&self) -> bool {
        self.card > 0
    }

    pub fn purchase_is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Whether a purchase at signup or at a move is under way.
    pub fn opening_purchase_is_under_way(&self) -> bool {
        self.under_way.iter().any(|purchase| purchase.opens)
    }

    /// Whether a purchase is under way that is tried once, and that the question of a stop takes over from if it is
    /// declined.
    pub fn purchase_before_question_is_under_way(&self) -> bool {
        let comes_first = [PurchaseKind::Initial, PurchaseKind::WithPaymentMethod, PurchaseKind::Alert];
        self.under_way.iter().any(|purchase| comes_first.contains(&purchase.kind))
    }

    /// Whether a purchase in answer to a question of that stop is under way.
    pub fn answer_is_under_way(&self, stop: u32) -> bool {
        self.under_way.iter().any(|purchase| purchase.kind == PurchaseKind::Answer && purchase.stop == stop)
    }

    pub fn begin_period(&mut self, now: Time) {
        self.period_began = now;
        self.purchased_in_period = Money::ZERO;
    }

    pub fn purchases_on(&self, day: usize) -> u32 {
        let (of_day, count) = self.purchases_of_day;
        if of_day == day { count } else { 0 }
    }

    fn find(&mut self, number: u32) -> Option<&mut Purchase> {
        self.under_way.iter_mut().find(|purchase| purchase.number == number)
    }

    fn take(&mut self, number: u32) -> Option<Purchase> {
        let place = self.under_way.iter().position(|purchase| purchase.number == number)?;
        Some(self.under_way.remove(place))
    }
}

/// Spells without funds: a function of time alone, followed as time goes on.
///
/// Spells and the times between them are exponential; it starts in a spell with the long-run probability of one, so it
/// is stationary (an alternating renewal process: Ross, Stochastic Processes, ch. 3.4).
#[derive(Debug, Default)]
struct Spells {
    without_funds: bool,
    until: Time,
    phases: u32,
}

impl Spells {
    /// Whether funds are lacking at an instant not earlier than any asked for before.
    fn lacks_funds(&mut self, at: Time, model: &PaymentModel, streams: AccountStreams) -> bool {
        if model.decline <= 0.0 || model.decline >= 1.0 {
            return model.decline >= 1.0;
        }
        while self.until <= at {
            let mut draws = streams.draws(rng::Purpose::Spell, self.phases);
            self.without_funds =
                if self.phases == 0 { draws.happens(model.decline) } else { !self.without_funds };
            self.phases += 1;
            let spell = model.decline_lasts.micros() as f64;
            let mean = if self.without_funds { spell } else { spell * (1.0 - model.decline) / model.decline };
            // At least a microsecond, so that time goes on.
            let length = Span::from_micros_f64(-libm::log(draws.unit()) * mean).max(Span::from_micros(1));
            self.until += length;
        }
        self.without_funds
    }
}

/// When the processor begins to work on an attempt.
fn after_outages(model: &PaymentModel, attempted: Time) -> Time {
    let within = |at: Time| model.outages.iter().find(|(from, until)| (*from..*until).contains(&at));
    let mut at = attempted;
    while let Some((_, until)) = within(at) {
        at = *until;
    }
    at
}

impl<O: Observer> Lane<'_, O> {
    /// At signup: draws whether a payment method is on file.
    pub(super) fn put_first_card_on_file(&mut self) {
        let probability = self.world.customer.payment_method;
        // The usual certainty takes no luck.
        if probability >= 1.0 || self.streams.draws(rng::Purpose::PaymentMethod, 0).happens(probability) {
            self.take_new_card();
        }
    }

    /// Puts a new card on file, with a life of its own.
    pub(super) fn take_new_card(&mut self) {
        self.take_card(Span::ZERO);
    }

    fn take_card(&mut self, least_life: Span) {
        let had_card = self.payments.has_card();
        if let Some(rate) = &mut self.rate {
            rate.roll(self.now, had_card);
        }
        self.payments.card += 1;
        self.payments.card_has_expired = false;
        if let Some(lifetime) = &self.world.payments.card_lifetime {
            let mut draws = self.streams.draws(rng::Purpose::CardLife, self.payments.card - 1);
            let life = Span::from_micros_f64(lifetime.sample(&mut draws));
            self.queue
                .schedule(self.now + life.max(least_life), Event::CardExpiry { card: self.payments.card });
        }
    }

    /// A card's life ends: it is renewed at once, or it has expired.
    pub(super) fn expire_card(&mut self, card: u32) {
        if card != self.payments.card {
            return; // it was replaced before
        }
        let mut draws = self.streams.draws(rng::Purpose::CardUpdate, self.payments.cards_expired);
        self.payments.cards_expired += 1;
        if draws.happens(self.world.payments.card_updater) {
            // Like other things that follow on each other, not within a second: else a run might never end.
            self.take_card(Span::SECOND);
            self.note(Happening::CardRenewed);
        } else {
            self.payments.card_has_expired = true;
            self.note(Happening::CardExpired);
        }
    }

    /// Attempts a payment: its luck is drawn now, its result comes after the processor's latency.
    pub(super) fn attempt(&mut self, purpose: Purpose, amount: Money) {
        let model = self.world.payments;
        let payments = &mut self.payments;
        let number = payments.attempts;
        let mut draws = self.streams.draws(rng::Purpose::Attempt, number);
        payments.attempts += 1;
        let luck = draws.unit();
        let latency = Span::from_micros_f64(model.latency.sample(&mut draws));
        let declined = if payments.first_paid_at.is_none() {
            luck < model.first_decline
        } else if model.decline_lasts > Span::ZERO {
            payments.spells.lacks_funds(self.now, model, self.streams)
        } else {
            luck < model.decline
        };
        let result = match declined {
            _ if payments.card_has_expired => PaymentResult::HardDecline,
            true => PaymentResult::SoftDecline,
            false => PaymentResult::Success,
        };
        let result_at = after_outages(model, self.now) + latency;
        let kind = self.kind_of(purpose);
        self.queue.schedule(result_at, Event::PaymentResult(Attempt { purpose, amount, result, number }));
        self.note(Happening::PaymentAttempted { purpose, kind, amount, result_at });
    }

    fn kind_of(&mut self, purpose: Purpose) -> Option<PurchaseKind> {
        match purpose {
            Purpose::Purchase(number) => self.payments.find(number).map(|purchase| purchase.kind),
            Purpose::Invoice(_) => None,
        }
    }

    /// An attempt has its result.
    pub(super) fn take_result(&mut self, Attempt { purpose, amount, result, number }: Attempt) {
        let kind = self.kind_of(purpose);
        if result == PaymentResult::Success {
            self.payments.paid += amount;
            self.payments.first_paid_at.get_or_insert(self.now);
            self.draw_dispute(number, amount);
        }
        let happening = Happening::PaymentResult { purpose, kind, amount, result };
        match (purpose, result) {
            (Purpose::Purchase(number), PaymentResult::Success) => {
                self.wallet.receive_purchase(amount);
                self.pay_fee(amount);
                self.note(happening);
                self.tell(PolicyEvent::PaymentSucceeded);
                let posted_at = self.now + self.world.payments.posting_delay;
                if posted_at == self.now && (posted_at, Class::Posting) < self.queue.next() {
                    // Nothing comes between: it need not wait for its turn.
                    self.look_at_what_remains();
                    self.post_purchase(number);
                } else {
                    self.queue.schedule(posted_at, Event::CreditPosting { purchase: number });
                }
            }
            (Purpose::Purchase(number), _) => {
                self.note(happening);
                self.take_declined_purchase(number, result == PaymentResult::HardDecline);
            }
            (Purpose::Invoice(invoice), PaymentResult::Success) => {
                self.take_invoice_payment(invoice, amount, happening);
            }
            (Purpose::Invoice(invoice), _) => {
                self.note(happening);
                self.take_declined_invoice(invoice, result == PaymentResult::HardDecline);
            }
        }
    }

    /// Whether and when the payment of an attempt is disputed is as much a matter of luck as its success.
    fn draw_dispute(&mut self, attempt: u32, amount: Money) {
        let Some(dispute) = &self.world.payments.dispute else { return };
        let mut draws = self.streams.draws(rng::Purpose::Dispute, attempt);
        if draws.happens(dispute.probability) {
            let delay = Span::from_micros_f64(dispute.delay.sample(&mut draws));
            self.queue.schedule(self.now + delay, Event::Dispute { amount });
        }
    }

    /// A payment is disputed: it goes back, and the account is closed.
    pub(super) fn return_payment(&mut self, amount: Money) {
        let taken_back = self.wallet.return_payment(amount);
        let fee = self.world.payments.dispute.as_ref().map_or(Money::ZERO, |dispute| dispute.fee);
        if self.is_countable(fee) {
            self.wallet.pay_fee(fee);
        }
        self.note(Happening::PaymentReturned { amount, taken_back, fee });
        self.close();
    }

    /// The processor takes its fee for a payment.
    pub(super) fn pay_fee(&mut self, payment: Money) {
        let model = self.world.payments;
        let fee = payment.share_to_cent(model.fee_share) + model.fee_fixed;
        if self.is_countable(fee) {
            self.wallet.pay_fee(fee);
        }
    }

    /// Begins a purchase with its first attempt. Needs a payment method; none is made by those who have left, nor
    /// after the horizon.
    pub(super) fn purchase(&mut self, kind: PurchaseKind, amount: Money) {
        assert!(amount.is_positive() && amount.is_whole_cents(), "a card is charged whole cents above zero");
        let forbidden = self.in_runoff || self.standing.is_closed() || self.customer.has_churned;
        if forbidden || !self.payments.has_card() {
            return;
        }
        if !self.is_countable(amount) {
            return;
        }
        let payments = &mut self.payments;
        let number = payments.purchases;
        payments.purchases += 1;
        payments.under_way.push(Purchase {
            number,
            kind,
            amount,
            first_attempt: self.now,
            declines: 0,
            is_waiting: false,
            stop: self.customer.stop(),
            opens: self.is_opening,
            policy: self.policy_number,
        });
        payments.purchased_in_period += amount;
        let today = self.now.day();
        payments.purchases_of_day = (today, payments.purchases_on(today) + 1);
        self.attempt(Purpose::Purchase(number), amount);
    }

    /// At signup or at a move. Where it is beyond what the customer is willing to pay in a period, it is not made; in a
    /// stop it waits for a day that allows it.
    pub(super) fn buy_initial(&mut self, amount: Money) {
        if !self.is_beyond_spend_limit(amount) {
            self.purchase(PurchaseKind::Initial, amount);
            return;
        }
        if self.is_in_stop(self.customer.stop()) {
            self.buy_in_stop(PurchaseKind::WithPaymentMethod, amount);
        } else {
            self.note(Happening::PurchaseForgone(amount));
        }
        self.tell(PolicyEvent::PurchaseFailed);
    }

    pub(super) fn top_up(&mut self, amount: Money) {
        self.purchase(PurchaseKind::TopUp, amount);
    }

    /// Whether a purchase would take this period's beyond what the customer is willing to pay.
    pub(super) fn is_beyond_spend_limit(&self, amount: Money) -> bool {
        self.customer.spend_limit.is_some_and(|limit| self.payments.purchased_in_period + amount > limit)
    }

    /// Bought credit becomes balance.
    pub(super) fn post_purchase(&mut self, number: u32) {
        let purchase = self.payments.take(number).expect("a purchase is under way until it is posted");
        self.credit(purchase.amount);
        if purchase.kind == PurchaseKind::Answer {
            self.ask_again_if_it_lasts(purchase.stop);
        }
    }

    /// Credit that awaited posting becomes balance, and pays what is owed.
    pub(super) fn credit(&mut self, amount: Money) {
        let lapses = self.terms.credit_expires_after.map_or(Time::NEVER, |after| self.now + after);
        let (invoices, lot) = self.wallet.post_credit(amount, lapses);
        if let Some(lot) = lot {
            self.queue.schedule(lapses, Event::CreditLapse { lot });
        }
        self.note(Happening::CreditPosted(amount));
        for invoice in invoices {
            self.conclude_paid_invoice(invoice);
        }
        self.tell(PolicyEvent::CreditPosted);
    }

    fn take_declined_purchase(&mut self, number: u32, hard: bool) {
        let purchase =
            self.payments.find(number).expect("a purchase is under way until it is finally declined");
        purchase.declines += 1;
        let Purchase { kind, amount, declines, stop, policy, .. } = *purchase;
        let is_left_behind = policy != self.policy_number
            || self.standing.is_closed()
            || self.customer.has_churned
            || self.in_runoff;
        match kind {
            PurchaseKind::TopUp if is_left_behind => {
                self.fail(number);
                self.tell(PolicyEvent::PurchaseFailed);
            }
            PurchaseKind::TopUp => {
                self.payments.declined_top_up = Some(number);
                self.tell(PolicyEvent::TopUpDeclined { hard, times: declines });
                // A policy that says nothing gives it up.
                if let Some(number) = self.payments.declined_top_up.take() {
                    self.fail(number);
                }
            }
            // Tried once: a stop's question takes over.
            PurchaseKind::Initial | PurchaseKind::WithPaymentMethod | PurchaseKind::Alert => {
                self.fail(number);
            }
            // After the horizon none is tried again, so no card is replaced for it.
            PurchaseKind::Answer if hard && !self.in_runoff => {
                self.fail(number);
                self.want_new_card_for_purchase(stop, amount);
            }
            PurchaseKind::Answer => self.plan_another_try(number, stop),
        }
    }

    /// A purchase is not tried again.
    pub(super) fn fail(&mut self, number: u32) {
        let Some(purchase) = self.payments.take(number) else { return };
        let payments = &mut self.payments;
        if purchase.first_attempt >= payments.period_began {
            payments.purchased_in_period -= purchase.amount;
        }
        if purchase.first_attempt.day() == payments.purchases_of_day.0 {
            payments.purchases_of_day.1 -= 1;
        }
        self.note(Happening::PurchaseFailed(purchase.kind));
        if purchase.kind != PurchaseKind::TopUp {
            self.tell(PolicyEvent::PurchaseFailed);
        }
    }

    pub(super) fn plan_top_up_retry(&mut self, wait: Span) {
        if let Some(purchase) = self.payments.declined_top_up.take() {
            self.plan_retry(purchase, wait, Event::TopUpRetry { purchase });
        }
    }

    /// A declined purchase is to be tried again after a wait.
    pub(super) fn plan_retry(&mut self, purchase: u32, wait: Span, event: Event) {
        if let Some(purchase) = self.payments.find(purchase) {
            purchase.is_waiting = true;
            let at = self.now + at_least_a_second(wait);
            self.queue.schedule(at, event);
            self.note(Happening::RetryPlanned(at));
        }
    }

    /// Topping up is off until the card is replaced.
    pub(super) fn give_up_top_up(&mut self) {
        if let Some(number) = self.payments.declined_top_up.take() {
            self.fail(number);
        }
        self.customer.top_up_wants_card = true;
        self.note(Happening::TopUpDisabled);
        self.ask(Question::ReplaceCard);
    }

    /// Tries a purchase again, unless it was given up meanwhile. After the horizon only invoices are paid.
    pub(super) fn retry_purchase(&mut self, number: u32) {
        if self.in_runoff {
            return;
        }
        if let Some(purchase) = self.payments.find(number) {
            purchase.is_waiting = false;
            let amount = purchase.amount;
            self.attempt(Purpose::Purchase(number), amount);
        }
    }

    /// Gives up the purchases of a kind that wait to be tried again; one whose result is on its way stays.
    pub(super) fn give_up_waiting(&mut self, kind: PurchaseKind) {
        let waits = |purchase: &&Purchase| purchase.kind == kind && purchase.is_waiting;
        while let Some(number) = self.payments.under_way.iter().find(waits).map(|purchase| purchase.number) {
            self.fail(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Share;
    use crate::rng::CohortStreams;
    use crate::workload::distribution::Distribution;

    fn model(decline: f64, decline_lasts: Span, outages: Vec<(Time, Time)>) -> PaymentModel {
        PaymentModel {
            latency: Distribution::constant(0.0),
            posting_delay: Span::ZERO,
            decline,
            first_decline: decline,
            decline_lasts,
            card_updater: 0.0,
            fee_share: Share::ZERO,
            fee_fixed: Money::ZERO,
            card_lifetime: None,
            outages,
            dispute: None,
        }
    }

    /// Of a two-state Markov chain in continuous time with long-run share p of the state and mean length m of a stay:
    /// P(there at t) = p, and P(there at t and at t + u) = p^2 + p (1 - p) exp(-u / (m (1 - p))).
    ///
    /// Source: Ross, Introduction to Probability Models, ch. 6.4.
    #[test]
    fn spells_have_their_share_of_time_from_the_start_on_and_their_length() {
        const ACCOUNTS: u32 = 40_000;
        let (share, mean, lag) = (0.2, Span::days(2), Span::days(1));
        let model = model(share, mean, vec![]);
        let streams = CohortStreams::new(7, 0, "spells");
        for from in [Time::START, Time::START + Span::days(50)] {
            let (mut now, mut both) = (0, 0);
            for account in 0..ACCOUNTS {
                let mut spells = Spells::default();
                let mut lacks = |at| spells.lacks_funds(at, &model, streams.account(account));
                let (first, later) = (lacks(from), lacks(from + lag));
                now += u32::from(first);
                both += u32::from(first && later);
            }
            let joint = share * share + share * (1.0 - share) * (-0.5f64 / (1.0 - share)).exp();
            for (count, expected) in [(now, share), (both, joint)] {
                let n = f64::from(ACCOUNTS);
                let z = (f64::from(count) / n - expected) / (expected * (1.0 - expected) / n).sqrt();
                assert!(z.abs() < 4.0, "{count} of {ACCOUNTS} where {expected} are expected: z = {z}");
            }
        }
    }

    #[test]
    fn spells_are_the_same_function_of_time_however_often_it_is_asked() {
        let model = model(0.3, Span::days(1), vec![]);
        let streams = CohortStreams::new(7, 0, "spells").account(3);
        let days = |step: usize| -> Vec<bool> {
            let mut spells = Spells::default();
            let asked = (0..400).step_by(step);
            asked.map(|day| spells.lacks_funds(Time::START + Span::days(day), &model, streams)).collect()
        };
        let each_day = days(1);
        assert_eq!(days(7), each_day.iter().copied().step_by(7).collect::<Vec<_>>());
        assert!(each_day.contains(&true) && each_day.contains(&false));
    }

    #[test]
    fn an_attempt_waits_for_the_end_of_every_outage_that_it_meets() {
        let hour = |hour| Time::START + Span::hours(hour);
        let model = model(0.0, Span::ZERO, vec![(hour(1), hour(3)), (hour(3), hour(4)), (hour(6), hour(7))]);
        for (attempted, begins) in [(0, 0), (1, 4), (2, 4), (3, 4), (4, 4), (5, 5), (6, 7), (7, 7)] {
            assert_eq!(after_outages(&model, hour(attempted)), hour(begins), "attempted in hour {attempted}");
        }
    }
}
