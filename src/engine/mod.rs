//! The engine: one account under one policy, driven through time by its requests and its events.
//!
//! Accounts do not affect each other, so each is simulated by itself. Between two events nothing about an account's
//! standing changes, so [`Lane::run`] takes all requests of such a span at once, up to the one that uses up the
//! headroom that the policy has stated. All else happens at instants, in `Lane::advance`; how payments, invoices,
//! customers and standing work is told in a file each.

mod customer;
pub mod event;
mod invoices;
pub mod observation;
mod payments;
mod standing;

use crate::account::AccountView;
use crate::money::Money;
use crate::policy::{Command, Gate, Grant, Policy, PolicyEvent, PolicyPlan};
use crate::rng::AccountStreams;
use crate::time::{Calendar, Span, Time};
use crate::wallet::Wallet;
use crate::workload::Block;
use crate::workload::customer::CustomerModel;
use crate::workload::payments::PaymentModel;
use customer::Customer;
use event::{CUSTOMER_ACTIONS, Event, EventQueue, PurchaseKind};
use invoices::Collections;
use observation::{Fate, Happening, Observer, RequestSpan};
use payments::Payments;
use standing::Standing;
use std::ops::Range;

/// What all accounts of a cohort share.
#[derive(Clone, Copy, Debug)]
pub struct World<'w> {
    /// The calendar of the run.
    pub calendar: &'w Calendar,
    /// The processor and the cards.
    pub payments: &'w PaymentModel,
    /// The customers.
    pub customer: &'w CustomerModel,
}

/// What an account bought, was granted and paid in fees is more than [`Money::LIMIT`] over its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncountable;

impl std::fmt::Display for Uncountable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let limit = Money::LIMIT;
        write!(f, "purchases, grants and fees are more than ${limit} in all; lower the amounts or the demand")
    }
}

impl std::error::Error for Uncountable {}

/// One account under one policy.
pub struct Lane<'w, O> {
    world: World<'w>,
    streams: AccountStreams,
    observer: O,
    now: Time,
    queue: EventQueue,
    wallet: Wallet,
    policy: Box<dyn Policy>,
    /// How many policies the account has come under before this one.
    policy_number: u32,
    payments: Payments,
    collections: Collections,
    customer: Customer,
    standing: Standing,
    /// What the account has bought, was granted and has paid in fees.
    counted: Money,
    /// Whether that went beyond [`Money::LIMIT`]: the account's figures are of no use then.
    is_uncountable: bool,
    /// Whether the account is just coming under its policy.
    is_opening: bool,
    /// Whether the horizon has passed: nothing is requested or judged any more.
    in_runoff: bool,
}

impl<'w, O: Observer> Lane<'w, O> {
    /// An account that signs up at an instant before the horizon.
    pub fn sign_up(
        world: World<'w>,
        streams: AccountStreams,
        plan: &PolicyPlan,
        signup: Time,
        observer: O,
    ) -> Lane<'w, O> {
        let mut lane = Lane {
            world,
            streams,
            observer,
            now: signup,
            queue: EventQueue::default(),
            wallet: Wallet::default(),
            policy: plan.policy.for_new_account(),
            policy_number: 0,
            payments: Payments::default(),
            collections: Collections::default(),
            customer: Customer::default(),
            standing: Standing::default(),
            counted: Money::ZERO,
            is_uncountable: false,
            is_opening: false,
            in_runoff: false,
        };
        lane.customer.spend_limit = lane.draw_spend_limit();
        lane.put_first_card_on_file();
        lane.observer.comes_under(&*lane.policy);
        lane.note(Happening::SignedUp);
        lane.schedule_next_period();
        if let Some(grant) = plan.free_credit {
            lane.grant(grant);
        }
        lane.open();
        lane.judge_when_settled();
        lane
    }

    /// Takes the account through a block of its requests and all that happens before the last of them.
    pub fn run(&mut self, block: &Block) {
        let mut next = 0;
        while next < block.len {
            self.advance(block.at[next]);
            self.now = block.at[next];
            let span = next..block.first_at_or_after(next, self.next_cut());
            next = match self.gate() {
                Gate::Open { headroom } => self.serve(block, span, headroom),
                Gate::Closed(reason) => self.lose(block, span, Fate::Refused(reason)),
            };
        }
    }

    /// When the present span of requests ends at the latest: where something happens, or another day's figures begin.
    fn next_cut(&self) -> Time {
        let warmup = Some(self.world.calendar.warmup).filter(|warmup| *warmup > self.now);
        self.queue.next_time().min(self.now.next_midnight()).min(warmup.unwrap_or(Time::NEVER))
    }

    /// Serves requests until one uses up the headroom, or the source that pays; returns the index after the last.
    fn serve(&mut self, block: &Block, span: Range<usize>, headroom: Money) -> usize {
        assert!(headroom.is_positive(), "a policy that opens its gate states a headroom above zero");
        let crossing = block.first_to_reach(span.clone(), headroom.min(self.wallet.left_of_source()));
        if crossing > span.start {
            self.settle(&RequestSpan { block, range: span.start..crossing });
        }
        if crossing == span.end {
            return crossing;
        }
        // The crossing request may be paid from two sources, and after it the policy may have something to say.
        let crossing_span = RequestSpan { block, range: crossing..crossing + 1 };
        self.now = block.at[crossing];
        self.settle(&crossing_span);
        let used = block.cost_before[crossing + 1] - block.cost_before[span.start];
        if Money::from_nanos(used) >= headroom {
            self.tell(PolicyEvent::HeadroomUsed);
            self.judge_when_settled();
        }
        crossing + 1
    }

    /// Settles the usage of served requests. What it takes beyond the policy's allowance is overshoot.
    fn settle(&mut self, span: &RequestSpan<'_>) {
        self.now = span.last_at();
        let cost = span.cost();
        let overshoot = cost.saturating_sub(self.policy.allowance(&self.view()).or_zero());
        self.wallet.settle(cost);
        let postings = self.wallet.take_postings();
        match postings[..] {
            [posting] => self.observer.usage(span, posting.entry),
            _ => postings.iter().for_each(|posting| self.observer.posting(self.now, *posting)),
        }
        self.wallet.reuse(postings);
        self.audit();
        if overshoot.is_positive() {
            self.note(Happening::Overshot(overshoot));
        }
        let view = self.view();
        self.observer.requests(span, Fate::Served, &view);
    }

    /// Lets requests go unserved; returns the index after the last.
    fn lose(&mut self, block: &Block, range: Range<usize>, refused: Fate) -> usize {
        let fate = if self.customer.has_churned { Fate::Churned } else { refused };
        let end = range.end;
        let view = self.view();
        self.observer.requests(&RequestSpan { block, range }, fate, &view);
        end
    }

    /// Lets everything happen that is due by an instant, the instant included.
    fn advance(&mut self, until: Time) {
        while self.queue.next_time() <= until {
            let (at, event) = self.queue.pop().expect("there is an event as long as it has a time");
            self.now = at;
            self.happen(event);
            self.audit();
            self.judge_when_settled();
        }
    }

    /// Ends the account: what is still due before the horizon, then the run-off. Returns what it leaves behind.
    pub fn finish(mut self) -> Result<(O, Wallet, Money), Uncountable> {
        let calendar = self.world.calendar;
        let just_before = |instant: Time| Time::from_micros(instant.micros() - 1);
        self.advance(just_before(calendar.horizon));
        self.now = calendar.horizon;
        self.in_runoff = true;
        self.note(Happening::HorizonReached);
        self.advance(just_before(calendar.end));
        self.wallet.audit_closing();
        let overdue = self.overdue_amount();
        if self.is_uncountable { Err(Uncountable) } else { Ok((self.observer, self.wallet, overdue)) }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::PeriodBoundary => self.begin_period(),
            Event::DayBoundary => self.tell(PolicyEvent::DayBegan),
            Event::CardExpiry { card } => self.expire_card(card),
            Event::PaymentResult(attempt) => self.take_result(attempt),
            Event::CreditPosting { purchase } => self.post_purchase(purchase),
            Event::GrantExpiry => self.expire_grants(),
            Event::Alarm { policy, alarm } if policy == self.policy_number => {
                self.tell(PolicyEvent::AlarmRang(alarm));
            }
            Event::Alarm { .. } => {} // of a policy that the account has left
            Event::InvoiceAttempt { invoice, schedule } => self.attempt_scheduled_invoice(invoice, schedule),
            Event::TopUpRetry { purchase } => self.retry_purchase(purchase),
            Event::InvoiceWriteOff { invoice } => self.write_off_if_unpaid(invoice),
            Event::Answer(answer) => self.act_on(answer),
            Event::PatienceEnd { stop } => self.lose_patience(stop),
        }
    }

    /// Tells the policy something and carries out its answers.
    fn tell(&mut self, event: PolicyEvent) {
        if self.standing.is_closed() {
            return;
        }
        for command in self.policy.handle(&self.view(), event) {
            self.carry_out(command);
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::BuyInitial(amount) => self.buy_initial(amount),
            Command::TopUp(amount) => self.top_up(amount),
            Command::RetryTopUp(wait) => self.plan_top_up_retry(wait),
            Command::AskForNewCard => self.give_up_top_up(),
            Command::Invoice(terms) => self.issue_invoice(terms),
            Command::GrantCredit(grant) => self.grant(grant),
            Command::WakeAt(at, alarm) => {
                self.queue.schedule(at.max(self.now), Event::Alarm { policy: self.policy_number, alarm });
            }
            Command::LookAgainNextDay => self.queue.schedule(self.now.next_midnight(), Event::DayBoundary),
            Command::BecomePolicy { policy, converts } => self.move_to(policy, converts),
            Command::Close => self.close(),
        }
    }

    /// Moves the account to another policy. The wallet goes along, and invoices keep their terms.
    fn move_to(&mut self, policy: Box<dyn Policy>, converted: bool) {
        if self.in_runoff {
            return;
        }
        self.policy = policy;
        self.policy_number += 1;
        self.wallet.begin_period();
        self.customer.top_up_wants_card = false;
        self.give_up_waiting(PurchaseKind::TopUp);
        self.observer.comes_under(&*self.policy);
        self.note(Happening::Moved { converted });
        self.open();
    }

    /// Tells the policy that the account has come under it.
    fn open(&mut self) {
        self.is_opening = true;
        self.tell(PolicyEvent::Opened);
        self.is_opening = false;
    }

    fn begin_period(&mut self) {
        self.schedule_next_period();
        self.wallet.begin_period();
        self.payments.begin_period(self.now);
        self.note(Happening::PeriodBegan);
        self.tell(PolicyEvent::PeriodBegan);
    }

    fn schedule_next_period(&mut self) {
        if let Some(boundary) = self.world.calendar.next_period(self.now) {
            self.queue.schedule(boundary, Event::PeriodBoundary);
        }
    }

    /// Takes in an amount that comes to the account; returns whether all such amounts together can be counted.
    fn is_countable(&mut self, amount: Money) -> bool {
        match self.counted.plus_within_limit(amount) {
            Some(sum) => self.counted = sum,
            None => self.is_uncountable = true,
        }
        !self.is_uncountable
    }

    fn grant(&mut self, Grant { amount, expires_after }: Grant) {
        if !self.is_countable(amount) {
            return;
        }
        let expires = expires_after.map(|after| self.now + after);
        self.wallet.grant(amount, expires.unwrap_or(Time::NEVER));
        if let Some(expires) = expires {
            self.queue.schedule(expires, Event::GrantExpiry);
        }
        self.note(Happening::Granted { amount, expires });
    }

    fn expire_grants(&mut self) {
        let expired = self.wallet.expire_promotional(self.now);
        if expired.is_positive() {
            self.note(Happening::GrantExpired(expired));
            self.tell(PolicyEvent::CreditExpired);
        }
    }

    /// What is known of the account now.
    fn view(&self) -> AccountView {
        AccountView {
            now: self.now,
            balance: self.wallet.balance(),
            credit: self.wallet.credit(),
            uninvoiced: self.wallet.uninvoiced(),
            has_payment_method: self.payments.has_card(),
            paid: self.payments.paid,
            first_paid_at: self.payments.first_paid_at,
            purchase_under_way: self.payments.purchase_is_under_way(),
            purchased_in_period: self.payments.purchased_in_period,
            purchases_today: self.payments.purchases_on(self.now.day()),
            used_in_period: self.wallet.used_in_period(),
            billed_in_period: self.wallet.billed_in_period(),
            spend_limit: self.customer.spend_limit,
        }
    }

    /// In tests and debug builds, checks the books.
    fn audit(&self) {
        if cfg!(debug_assertions) {
            self.wallet.audit();
        }
    }

    /// Hands on the postings made since last time.
    fn hand_on_postings(&mut self) {
        let postings = self.wallet.take_postings();
        for posting in &postings {
            self.observer.posting(self.now, *posting);
        }
        self.wallet.reuse(postings);
    }

    /// Lets the observer know what happened, and what was posted in the course of it.
    fn note(&mut self, happening: Happening) {
        self.hand_on_postings();
        let view = self.view();
        self.observer.happening(happening, &view);
    }

    /// Judges the account's standing, unless something is left at this instant that comes first.
    fn judge_when_settled(&mut self) {
        let undecided =
            self.queue.next().is_some_and(|(at, class)| at == self.now && class < CUSTOMER_ACTIONS);
        if !undecided {
            self.judge();
        }
    }
}

/// The delay of an answer or a retry: at least a second, so that nothing loops within an instant.
fn at_least_a_second(delay: Span) -> Span {
    delay.max(Span::SECOND)
}
