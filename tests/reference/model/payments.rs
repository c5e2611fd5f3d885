//! Attempts to pay, purchases, invoices, disputes and closing (MODEL 4, 5 and 6.3).

use super::account::{Account, DAY, Event};
use super::counts::half_up;
use super::luck::at_least_a_second;
use super::policies::{CENT, ceil_to_cents};
use super::terms::{Duration, Micros, Nanos};

/// An attempt to pay, with the luck that it will have.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    number: u32,
    amount: Nanos,
    of: Payment,
    fate: Fate,
}

#[derive(Clone, Copy, Debug)]
enum Payment {
    Purchase(usize),
    Invoice(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Success,
    SoftDecline,
    HardDecline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurchaseKind {
    /// At signup or at a move.
    Initial,
    TopUp,
    /// On the answer to `buys_credit`.
    Answer,
    /// By who adds a payment method.
    WithPaymentMethod,
    /// By who heeds an alert.
    Alert,
}

/// What becomes of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be made at the boundary of a day at which it fits the customer's `spend_limit`.
    PutOff,
    /// Its attempt has no result yet.
    Attempted,
    /// It was declined, and will be tried again.
    Waiting,
    /// It was paid; its credit is not posted yet.
    Paid,
    Posted,
    /// It was finally declined, or given up.
    Failed,
}

/// A payment for credit.
#[derive(Clone, Copy, Debug)]
pub struct Purchase {
    pub kind: PurchaseKind,
    pub amount: Nanos,
    pub state: State,
    /// When it was first attempted, if it was.
    since: Micros,
    /// Whether that was at signup or at a move: the account may be not open until it is posted.
    pub made_on_opening: bool,
    /// The policy under which it was made.
    policy_number: usize,
    /// The stop in which it was made.
    pub stop: Option<usize>,
    was_put_off: bool,
    soft_declines: usize,
}

impl Purchase {
    /// From its first attempt until it is posted or finally declined.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, State::Attempted | State::Waiting | State::Paid)
    }

    /// Whether it is in the period's purchases, and the day's: succeeded or under way.
    fn counts_since(&self, since: Micros) -> bool {
        (self.is_under_way() || self.state == State::Posted) && self.since >= since
    }

    /// Tried once: neither a top-up nor an answer.
    pub fn is_tried_once(&self) -> bool {
        !matches!(self.kind, PurchaseKind::TopUp | PurchaseKind::Answer)
    }
}

/// An invoice, with the terms that it was issued with.
#[derive(Clone, Debug)]
pub struct Invoice {
    pub number: usize,
    /// Whether it has had a final decline and is not paid.
    pub is_overdue: bool,
    is_under_way: bool,
    soft_declines: usize,
    /// A timer of an earlier round is void.
    round: usize,
    retry_after: Vec<Duration>,
}

impl Account<'_> {
    // 5: cards and attempts.

    /// Puts a card on file: a new one, or the same with a new life.
    pub fn take_card(&mut self) {
        self.take_card_that_lives(0);
    }

    fn take_card_that_lives(&mut self, at_least: Micros) {
        self.rate.pass_to(self.now, self.terms, self.has_payment_method());
        self.card += 1;
        self.card_has_expired = false;
        if let Some(lifetime) = &self.world.scenario.payments.card_lifetime {
            let life = self.luck.life(lifetime).max(at_least);
            self.schedule(self.now.saturating_add(life), Event::CardExpiry { card: self.card });
        }
    }

    pub fn expire_card(&mut self, card: usize) {
        if card != self.card {
            return; // it has been replaced
        }
        if self.luck.is_renewed() {
            self.rule("5 a card is renewed");
            // A second at least, so that one that is renewed does not keep a run from ending.
            self.take_card_that_lives(1_000_000);
        } else {
            self.rule("5 a card expires");
            self.card_has_expired = true;
        }
    }

    fn attempt(&mut self, of: Payment, amount: Nanos) {
        assert!(amount > 0 && amount % CENT == 0, "what is charged to a card is whole cents");
        let drawn = self.luck.attempt(self.now, self.first_paid_at.is_some());
        let fate = match drawn.is_declined {
            _ if self.card_has_expired => Fate::HardDecline,
            true => Fate::SoftDecline,
            false => Fate::Success,
        };
        // During an outage it waits for its end, and its latency starts there. They are in order of time, and do not touch.
        let mut begins = self.now;
        for (from, until) in &self.world.scenario.payments.outages {
            if (from.micros()..until.micros()).contains(&begins) {
                self.rule("5 an attempt waits for the end of an outage");
                begins = until.micros();
            }
        }
        let attempt = Attempt { number: drawn.number, amount, of, fate };
        self.schedule(begins.saturating_add(drawn.latency), Event::PaymentResult(attempt));
    }

    pub fn take_result(&mut self, attempt: Attempt) {
        self.counts.add("payments", 1);
        if attempt.fate == Fate::Success {
            self.take_success(attempt);
            return;
        }
        self.counts.add("payments_declined", 1);
        let is_hard = attempt.fate == Fate::HardDecline;
        match attempt.of {
            Payment::Purchase(purchase) => self.decline_purchase(purchase, is_hard),
            Payment::Invoice(invoice) => self.decline_invoice(invoice, is_hard),
        }
    }

    fn take_success(&mut self, attempt: Attempt) {
        let Attempt { number, amount, of, .. } = attempt;
        self.paid += amount;
        self.counts.add("cash_in_usd", amount);
        let is_first = self.first_paid_at.is_none();
        self.first_paid_at.get_or_insert(self.now);
        if is_first {
            self.schedule_tiers();
        }
        match of {
            Payment::Purchase(purchase) => {
                self.wallet.receive_purchase(amount);
                let Purchase { kind, was_put_off, .. } = self.purchases[purchase];
                match kind {
                    PurchaseKind::TopUp => self.counts.add("top_ups", 1),
                    PurchaseKind::Initial if !was_put_off => {}
                    _ => self.counts.add("manual_purchases", 1),
                }
                self.purchases[purchase].state = State::Paid;
                let posted_at = self.now.saturating_add(self.world.scenario.payments.posting_delay.micros());
                self.schedule(posted_at, Event::Posting { purchase });
            }
            Payment::Invoice(invoice) => {
                self.invoices[invoice].is_under_way = false;
                let was_open = self.wallet.owed_on(invoice) > 0;
                let surplus = self.wallet.receive_invoice_payment(invoice, amount);
                if was_open && self.wallet.owed_on(invoice) == 0 {
                    self.rule("6.3 an invoice is paid");
                    self.note_invoice_paid(invoice);
                }
                if surplus > 0 {
                    self.rule("6.3 the surplus of a payment of an invoice is credit at once");
                    self.wallet.receive_purchase(surplus);
                    self.post_credit(surplus);
                }
            }
        }
        let payments = &self.world.scenario.payments;
        let share =
            half_up(amount * i128::from(payments.fee_share.billionths()), CENT * 1_000_000_000) * CENT;
        let fee = share + i128::from(payments.fee_fixed.nanos());
        self.wallet.pay_fee(fee);
        self.counts.add("fees_usd", fee);
        if let Some(delay) = self.luck.dispute(number) {
            self.schedule(self.now.saturating_add(delay), Event::Dispute { amount });
        }
    }

    // 6: purchases.

    /// What of this period's purchases counts against budgets.
    pub fn bought_in_period(&self) -> Nanos {
        let (_, period) = self.day_and_period();
        self.purchases.iter().filter(|one| one.counts_since(period)).map(|one| one.amount).sum()
    }

    pub fn purchases_today(&self) -> usize {
        let (day, _) = self.day_and_period();
        self.purchases.iter().filter(|one| one.counts_since(day)).count()
    }

    /// Whether one more would take the period's purchases beyond what the customer is willing to pay.
    pub fn is_beyond_spend_limit(&self, amount: Nanos) -> bool {
        self.spend_limit().is_some_and(|limit| self.bought_in_period() + amount > limit)
    }

    /// Makes a purchase.
    pub fn purchase(&mut self, kind: PurchaseKind, amount: Nanos, stop: Option<usize>) {
        let purchase = self.new_purchase(kind, amount, stop);
        self.attempt_purchase(purchase);
    }

    fn new_purchase(&mut self, kind: PurchaseKind, amount: Nanos, stop: Option<usize>) -> usize {
        self.purchases.push(Purchase {
            kind,
            amount,
            state: State::PutOff,
            since: 0,
            made_on_opening: false,
            policy_number: self.policy_number,
            stop,
            was_put_off: false,
            soft_declines: 0,
        });
        self.purchases.len() - 1
    }

    pub fn attempt_purchase(&mut self, purchase: usize) {
        let now = self.now;
        let made_on_opening = self.is_opening;
        let one = &mut self.purchases[purchase];
        if one.state == State::PutOff {
            one.since = now;
            one.made_on_opening = made_on_opening;
        }
        one.state = State::Attempted;
        let amount = one.amount;
        self.attempt(Payment::Purchase(purchase), amount);
    }

    /// Makes a purchase that the customer's `spend_limit` allows; one that it does not allow is put off within a stop,
    /// and else not made.
    pub fn purchase_within_spend_limit(&mut self, kind: PurchaseKind, amount: Nanos) {
        let stop = self.stop.as_ref().map(|stop| stop.number);
        if !self.is_beyond_spend_limit(amount) {
            self.purchase(kind, amount, stop);
        } else if stop.is_some() && kind != PurchaseKind::Alert {
            self.rule("7 a purchase is put off, as the customer's spend_limit does not allow it yet");
            let purchase = self.new_purchase(kind, amount, stop);
            self.purchases[purchase].was_put_off = true;
            self.schedule((self.now / DAY + 1) * DAY, Event::PutOffPurchase { purchase });
        } else {
            self.rule("7 a purchase is not made, as the customer's spend_limit does not allow it");
        }
    }

    pub fn make_put_off_purchase(&mut self, purchase: usize) {
        let Purchase { kind, amount, state, stop, .. } = self.purchases[purchase];
        if state != State::PutOff {
            return; // dropped
        }
        if !self.is_in_stop(stop) {
            self.purchases[purchase].state = State::Failed;
            return;
        }
        let amount = if kind == PurchaseKind::Answer { self.amount_to_buy() } else { amount };
        if self.is_beyond_spend_limit(amount) {
            self.schedule((self.now / DAY + 1) * DAY, Event::PutOffPurchase { purchase });
        } else {
            self.rule("7 a purchase that was put off is made");
            self.purchases[purchase].amount = amount;
            self.attempt_purchase(purchase);
        }
    }

    /// What is bought at signup and at a move.
    pub fn buy_initially(&mut self) {
        let amount = self.terms.initial_purchase.0;
        if self.terms.is_prepaid() && amount > 0 {
            self.rule("6.1 the initial purchase is made");
            self.purchase_within_spend_limit(PurchaseKind::Initial, amount);
        }
    }

    pub fn post_purchase(&mut self, purchase: usize) {
        let Purchase { amount, kind, stop, .. } = self.purchases[purchase];
        self.purchases[purchase].state = State::Posted;
        self.post_credit(amount);
        if kind == PurchaseKind::Answer && self.is_in_stop(stop) {
            self.note_that_question_is_open();
        }
    }

    fn decline_purchase(&mut self, purchase: usize, is_hard: bool) {
        let Purchase { kind, policy_number, stop, .. } = self.purchases[purchase];
        self.purchases[purchase].state = State::Failed;
        if self.in_runoff || self.is_closed || self.has_churned {
            return; // it is given up, and nobody is asked
        }
        match kind {
            PurchaseKind::TopUp if policy_number != self.policy_number => {
                self.rule("6.4 a top-up of the policy before is given up");
            }
            PurchaseKind::TopUp => self.decline_top_up(purchase, is_hard),
            PurchaseKind::Answer if is_hard => self.want_new_card_for(purchase, stop),
            PurchaseKind::Answer => self.wait_for_another_try(purchase, stop),
            _ => self.rule("7 a purchase that is tried once is declined"),
        }
    }

    fn decline_top_up(&mut self, purchase: usize, is_hard: bool) {
        let declines = self.purchases[purchase].soft_declines;
        match self.terms.retry_after.get(declines).filter(|_| !is_hard) {
            Some(wait) => {
                self.rule("6.2 a top-up is retried");
                let at = self.now.saturating_add(at_least_a_second(wait.0));
                let one = &mut self.purchases[purchase];
                one.soft_declines += 1;
                one.state = State::Waiting;
                self.schedule(at, Event::TopUpRetry { purchase });
            }
            None => {
                self.rule("6.2 top-up is disabled");
                self.top_up_is_disabled = true;
                self.ask_to_replace_card();
            }
        }
    }

    pub fn retry_top_up(&mut self, purchase: usize) {
        if self.purchases[purchase].state != State::Waiting {
            return; // given up
        }
        if self.is_closed || self.has_churned {
            self.purchases[purchase].state = State::Failed;
        } else {
            self.attempt_purchase(purchase);
        }
    }

    /// At a move, a top-up that waits for a retry is given up.
    pub fn give_up_waiting_top_up(&mut self) {
        for purchase in &mut self.purchases {
            if purchase.kind == PurchaseKind::TopUp && purchase.state == State::Waiting {
                purchase.state = State::Failed;
            }
        }
    }

    // 6.3: invoices.

    /// The uninvoiced receivable becomes an invoice of its whole cents, if it is at least `minimum_charge`.
    pub fn invoice(&mut self) {
        let amount = self.wallet.uninvoiced.div_euclid(CENT) * CENT;
        if !self.terms.is_postpaid()
            || self.is_closed
            || amount <= 0
            || self.wallet.uninvoiced < self.terms.minimum_charge.0
        {
            return;
        }
        self.rule("6.3 an invoice is issued");
        self.counts.add("invoices", 1);
        let number = self.invoices.len();
        self.wallet.invoice(number, amount);
        self.invoices.push(Invoice {
            number,
            is_overdue: false,
            is_under_way: false,
            soft_declines: 0,
            round: 0,
            retry_after: self.terms.retry_after.clone(),
        });
        let due = self.now.saturating_add(self.terms.terms.0);
        self.schedule(due, Event::InvoiceAttempt { invoice: number, round: 0 });
        if let Some(Duration(after)) = self.terms.write_off_after {
            self.schedule(self.now.saturating_add(after), Event::WriteOff { invoice: number });
        }
    }

    /// Usage beyond credit has settled: `progressive` invoices whenever what was ever added first reaches an amount.
    pub fn invoice_progressively(&mut self, added: Nanos) {
        let before = self.ever_billed - added;
        let reached = |step: Nanos| before < step && step <= self.ever_billed;
        if self.terms.progressive.iter().any(|step| reached(step.0)) {
            self.rule("6.3 a progressive invoice");
            self.invoice();
        }
    }

    fn attempt_invoice(&mut self, invoice: usize) {
        let one = &mut self.invoices[invoice];
        one.round += 1;
        one.is_under_way = true;
        // Where posted credit has paid a part, the attempt is for the rest rounded up.
        let amount = ceil_to_cents(self.wallet.owed_on(invoice));
        self.attempt(Payment::Invoice(invoice), amount);
    }

    pub fn attempt_invoice_when_due(&mut self, invoice: usize, round: usize) {
        let is_open = self.wallet.owed_on(invoice) > 0;
        if is_open && self.invoices[invoice].round == round && self.has_payment_method() {
            self.attempt_invoice(invoice);
        }
    }

    /// A new card pays all open invoices at once, oldest first, but for those with an attempt under way, each with its
    /// retries anew.
    pub fn pay_open_invoices(&mut self) {
        for invoice in 0..self.invoices.len() {
            if self.wallet.owed_on(invoice) > 0 && !self.invoices[invoice].is_under_way {
                self.rule("6.3 a new card pays an open invoice");
                self.invoices[invoice].soft_declines = 0;
                self.attempt_invoice(invoice);
            }
        }
    }

    fn decline_invoice(&mut self, invoice: usize, is_hard: bool) {
        let is_open = self.wallet.owed_on(invoice) > 0;
        let one = &mut self.invoices[invoice];
        one.is_under_way = false;
        if !is_open {
            self.rule("6.3 an attempt is declined for an invoice that is paid already");
            return;
        }
        match one.retry_after.get(one.soft_declines).filter(|_| !is_hard) {
            Some(wait) => {
                let at = self.now.saturating_add(at_least_a_second(wait.0));
                one.soft_declines += 1;
                let round = one.round;
                self.rule("6.3 payment of an invoice is retried");
                self.schedule(at, Event::InvoiceAttempt { invoice, round });
            }
            None => {
                one.is_overdue = true;
                self.rule("6.3 an invoice is past due");
                self.ask_to_replace_card();
            }
        }
    }

    /// An invoice has been paid, by whatever.
    pub fn note_invoice_paid(&mut self, invoice: usize) {
        self.invoices[invoice].is_overdue = false;
        self.counts.add("invoices_paid", 1);
    }

    pub fn write_off_when_unpaid(&mut self, invoice: usize) {
        if self.wallet.owed_on(invoice) > 0 {
            self.rule("6.3 an unpaid invoice closes the account");
            self.close();
        }
    }

    /// A disputed payment goes back, unused credit up to it is taken back, the fee is due, and the account is closed.
    pub fn dispute(&mut self, amount: Nanos) {
        self.rule("5 a payment is disputed");
        let taken_back = self.wallet.return_payment(amount);
        let fee =
            self.world.scenario.payments.dispute.as_ref().map_or(0, |dispute| dispute.fee.nanos().into());
        self.wallet.pay_fee(fee);
        self.counts.add("returned_usd", amount);
        self.counts.add("disputes_usd", amount - taken_back);
        self.counts.add("fees_usd", fee);
        self.close();
    }

    // 4: closing.

    fn close(&mut self) {
        if self.is_closed {
            return;
        }
        self.settle_all_in_flight();
        for invoice in self.wallet.write_off_invoices() {
            self.invoices[invoice.number].is_overdue = false;
            self.counts.add("invoices_written_off", 1);
            self.counts.add("bad_debt_usd", invoice.amount);
        }
        let written_off = self.wallet.write_off_uninvoiced();
        self.counts.add("bad_debt_usd", written_off);
        self.counts.happened_to_account("accounts_closed");
        self.end_stop();
        if !self.has_churned && !self.in_runoff {
            self.count_account_time(self.now);
        }
        self.is_closed = true;
    }
}
