//! The engine: one account under one policy, driven through time by its requests and its events.
//!
//! Accounts do not affect each other, so each is simulated by itself. Between two events nothing about an account's
//! standing changes, so [`Lane::run`] takes all requests of such a span at once, as long as what settles stays within the
//! leeway: what may settle before there is more to do than to enter it. All else happens at instants, in
//! `Lane::advance`; how the gate, requests in flight, rates, clients, payments, invoices, customers and standing work is
//! told in a file each.

mod client;
mod customer;
pub mod event;
mod flight;
mod gate;
mod invoices;
pub mod observation;
mod payments;
mod rate;
mod settlement;
mod standing;

use crate::account::AccountView;
use crate::metering::Metering;
use crate::money::Money;
use crate::policy::common::CommonTerms;
use crate::policy::{Command, Grant, Plan, Policy, PolicyEvent, PolicyPlan, Switch};
use crate::request::Refusal;
use crate::rng::AccountStreams;
use crate::tariff::Tariff;
use crate::time::{Calendar, Span, Time};
use crate::wallet::{LotNumber, Wallet};
use crate::workload::customer::CustomerModel;
use crate::workload::payments::PaymentModel;
use crate::workload::{Block, Service};
use client::Client;
use customer::Customer;
use event::{Class, Event, EventQueue, PurchaseKind};
use flight::Flight;
use invoices::Collections;
use observation::{Fate, Happening, Observer, RequestSpan};
use payments::Payments;
use rate::RateMeter;
use standing::Standing;
use std::ops::Range;
use std::sync::Arc;

/// What all accounts of a cohort share.
#[derive(Clone, Copy, Debug)]
pub struct World<'w> {
    /// The calendar of the run.
    pub calendar: &'w Calendar,
    /// The processor and the cards.
    pub payments: &'w PaymentModel,
    /// The customers.
    pub customer: &'w CustomerModel,
    /// When usage is known, and what the gate does until then.
    pub metering: &'w Metering,
    /// What requests cost.
    pub tariff: &'w Tariff,
    /// How long they run.
    pub service: Service,
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
    /// The last instant at which a timer of the policy has rung, or at which the account came under it.
    timers_rang_at: Time,
    queue: EventQueue,
    wallet: Wallet,
    policy: Box<dyn Policy>,
    /// The terms of the policy beside its rules.
    terms: Arc<CommonTerms>,
    /// The metering in force.
    metering: Metering,
    /// How many policies the account has come under before this one.
    policy_number: u32,
    /// A move to come at a date.
    switch: Option<&'w Switch>,
    payments: Payments,
    collections: Collections,
    customer: Customer,
    client: Client,
    flight: Flight,
    /// Where the policy limits the rate.
    rate: Option<RateMeter>,
    standing: Standing,
    /// How much usage may settle, at least, before there is more to do than to enter it; zero where that is none, or is
    /// to be worked out anew, as after everything that happens.
    leeway: Money,
    /// Whether something is left at this instant that comes before standing is judged.
    is_undecided: bool,
    /// When standing is to be judged next, where that has been planned.
    judgement_at: Time,
    /// Since a hold did not fit: the least that has remained of the money.
    short_of: Option<Money>,
    /// Whether more remains of the money than the customer is alerted at.
    is_above_alert: bool,
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
    /// An account that signs up at an instant before the horizon: with [`Lane::sign_up`], before all else.
    #[inline]
    pub fn new(
        world: World<'w>,
        streams: AccountStreams,
        plan: &'w PolicyPlan,
        signup: Time,
        observer: O,
    ) -> Lane<'w, O> {
        let (plan, _) = plan_at(plan, signup, world.calendar);
        Lane {
            world,
            streams,
            observer,
            now: signup,
            queue: EventQueue::default(),
            wallet: Wallet::default(),
            policy: plan.policy.for_new_account(),
            terms: Arc::clone(&plan.terms),
            metering: plan.terms.metering.over(*world.metering),
            policy_number: 0,
            switch: None,
            payments: Payments::default(),
            collections: Collections::default(),
            customer: Customer::default(),
            client: Client::default(),
            flight: Flight::default(),
            rate: plan.terms.rate_limit.map(|limit| RateMeter::new(limit, signup)),
            standing: Standing::default(),
            leeway: Money::ZERO,
            is_undecided: false,
            judgement_at: Time::START,
            timers_rang_at: Time::START,
            short_of: None,
            is_above_alert: false,
            counted: Money::ZERO,
            is_uncountable: false,
            is_opening: false,
            in_runoff: false,
        }
    }

    /// The account signs up under its plan, the same as in [`Lane::new`].
    pub fn sign_up(&mut self, plan: &'w PolicyPlan) {
        let (plan, to_come) = plan_at(plan, self.now, self.world.calendar);
        self.customer.spend_limit = self.draw_spend_limit();
        self.put_first_card_on_file();
        self.observer.comes_under(plan);
        self.note(Happening::SignedUp);
        self.schedule_next_period();
        if let Some((switch, at)) = to_come {
            self.switch = Some(switch);
            self.queue.schedule(at, Event::Switch);
        }
        if let Some(grant) = self.terms.free_credit {
            self.grant(grant);
        }
        self.open();
        self.look_around();
    }

    /// Takes the account through a block of its requests and all that happens before the last of them.
    pub fn run(&mut self, block: &Block) {
        let mut next = 0;
        while next < block.len {
            if self.next_event().0 <= block.at[next] {
                self.advance(block.at[next]);
            }
            self.now = block.at[next];
            next = match self.standing.refusal() {
                _ if self.customer.has_churned => self.leave_unsent(block, self.span(block, next)),
                Some(reason) if self.drops(reason) => self.refuse(block, self.span(block, next), reason),
                None if !self.is_one_by_one() => self.serve(block, self.span(block, next)),
                None => self.take_some(block, next),
                Some(_) => self.take_one(block, next),
            };
        }
    }

    /// The requests from one on that come before anything happens.
    fn span(&self, block: &Block, first: usize) -> Range<usize> {
        self.span_until(block, first, self.next_event().0)
    }

    /// The requests from one on that come before an instant, or before the warm-up ends.
    fn span_until(&self, block: &Block, first: usize, instant: Time) -> Range<usize> {
        let warmup = Some(self.world.calendar.warmup).filter(|warmup| *warmup > self.now);
        let cut = instant.min(warmup.unwrap_or(Time::NEVER));
        first..block.first_at_or_after(first..block.len, cut)
    }

    /// Serves requests until one uses up the leeway; returns the index after the last.
    fn serve(&mut self, block: &Block, span: Range<usize>) -> usize {
        let crossing = block.first_to_reach(span.clone(), self.leeway());
        if crossing == span.end {
            let quiet = RequestSpan::of_block(block, span);
            self.serve_at_once(&quiet);
            self.settle_within_leeway(&quiet);
            return crossing;
        }
        let mut last = RequestSpan::of_block(block, span.start..crossing + 1);
        if crossing > span.start && (last.cost > self.wallet.left_of_source() || !self.flight.is_empty()) {
            // Only a single request may be paid from two sources, or overshoot because of what is in flight.
            let quiet = RequestSpan::of_block(block, span.start..crossing);
            self.serve_at_once(&quiet);
            self.settle_within_leeway(&quiet);
            last = RequestSpan::of_block(block, crossing..crossing + 1);
        }
        self.serve_at_once(&last);
        self.settle_and_look(&last, None);
        crossing + 1
    }

    /// Serves requests that settle as they arrive.
    fn serve_at_once(&mut self, span: &RequestSpan<'_>) {
        self.now = span.last_at;
        let view = self.view();
        self.observer.attempted(span, None, &view);
        self.observer.concluded(span, Fate::Served, &view);
    }

    /// Refuses requests that are lost with that; returns the index after the last.
    fn refuse(&mut self, block: &Block, range: Range<usize>, reason: Refusal) -> usize {
        let end = range.end;
        let (span, view) = (RequestSpan::of_block(block, range), self.view());
        self.observer.attempted(&span, Some(reason), &view);
        self.observer.concluded(&span, Fate::Lost, &view);
        end
    }

    /// Passes over requests that a customer who has left does not send; returns the index after the last.
    fn leave_unsent(&mut self, block: &Block, range: Range<usize>) -> usize {
        let end = range.end;
        let view = self.view();
        self.observer.concluded(&RequestSpan::of_block(block, range), Fate::Churned, &view);
        end
    }

    /// Lets everything happen that is due by an instant, the instant included.
    fn advance(&mut self, until: Time) {
        loop {
            let event = self.queue.next();
            let settlement = (self.flight.next_time(), Class::Settlement);
            let at = settlement.min(event).0;
            if at > until || at == Time::NEVER {
                return;
            }
            if settlement < event {
                self.settle_due(until, event);
            } else if let Some(event) = self.queue.pop() {
                self.now = at;
                self.happen(event);
                self.look_around();
            }
        }
    }

    /// When the next thing happens, requests aside, and of what class it is.
    fn next_event(&self) -> (Time, Class) {
        self.queue.next().min((self.flight.next_time(), Class::Settlement))
    }

    /// Ends the account: what is still due before the horizon, then the run-off. Returns who has listened to it, and what
    /// it leaves behind: its wallet, and what is overdue of what it owes.
    ///
    /// # Errors
    /// Where what came to the account is more than can be counted.
    pub fn finish(&mut self) -> Result<(&mut O, &Wallet, Money), Uncountable> {
        let calendar = self.world.calendar;
        let just_before = |instant: Time| Time::from_micros(instant.micros() - 1);
        self.advance(just_before(calendar.horizon));
        self.now = calendar.horizon;
        self.in_runoff = true;
        self.settle_all();
        self.lose_what_waits();
        self.note(Happening::HorizonReached);
        self.advance(just_before(calendar.end));
        self.wallet.audit_closing();
        let overdue = self.overdue_amount();
        if self.is_uncountable { Err(Uncountable) } else { Ok((&mut self.observer, &self.wallet, overdue)) }
    }

    fn happen(&mut self, event: Event) {
        self.leeway = Money::ZERO;
        match event {
            Event::PeriodBoundary => self.begin_period(),
            Event::DayBoundary => self.tell(PolicyEvent::DayBegan),
            Event::CardExpiry { card } => self.expire_card(card),
            Event::PaymentResult(attempt) => self.take_result(attempt),
            Event::CreditPosting { purchase } => self.post_purchase(purchase),
            Event::Dispute { amount } => self.return_payment(amount),
            Event::GrantExpiry { lot } => self.expire_grant(lot),
            Event::CreditLapse { lot } => self.lapse_credit(lot),
            Event::Switch => {
                if let Some(switch) = self.switch {
                    self.move_to(switch.to.clone(), false);
                }
            }
            Event::Alarm { policy, alarm } if policy == self.policy_number => {
                self.timers_rang_at = self.now;
                self.tell(PolicyEvent::AlarmRang(alarm));
            }
            Event::Alarm { .. } => {} // of a policy that the account has left
            Event::InvoiceAttempt { invoice, schedule } => self.attempt_scheduled_invoice(invoice, schedule),
            Event::TopUpRetry { purchase } => self.retry_purchase(purchase),
            Event::InvoiceWriteOff { invoice } => self.write_off_if_unpaid(invoice),
            Event::Judgement => {} // judged it is after every event
            Event::Answer(answer) => self.act_on(answer),
            Event::PatienceEnd { stop } => self.lose_patience(stop),
            Event::ClientRetry { slot } => self.retry_request(slot),
            Event::ClientRelease => self.release_next(),
        }
    }

    /// Tells the policy something and carries out its answers.
    fn tell(&mut self, event: PolicyEvent) {
        if self.standing.is_closed() {
            return;
        }
        self.leeway = Money::ZERO;
        self.follow_shortness();
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
            Command::BecomePolicy { plan, converts } => self.move_to(plan, converts),
            Command::Close => self.close(),
        }
    }

    /// Moves the account to another policy. The wallet goes along, and invoices keep their terms.
    fn move_to(&mut self, plan: Plan, converted: bool) {
        if self.in_runoff || self.standing.is_closed() {
            return;
        }
        // What remains may have fallen to an alert in the event that ends the policy.
        self.look_at_what_remains();
        self.policy = plan.policy.for_new_account();
        self.rate = plan.terms.rate_limit.map(|limit| RateMeter::new(limit, self.now));
        self.terms = Arc::clone(&plan.terms);
        self.metering = plan.terms.metering.over(*self.world.metering);
        self.policy_number += 1;
        self.timers_rang_at = self.now;
        self.is_above_alert = false;
        self.wallet.begin_period();
        self.customer.top_up_wants_card = false;
        self.give_up_waiting(PurchaseKind::TopUp);
        self.observer.comes_under(&plan);
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
        let lot = self.wallet.grant(amount, expires.unwrap_or(Time::NEVER));
        if let Some(expires) = expires {
            self.queue.schedule(expires, Event::GrantExpiry { lot });
        }
        self.note(Happening::Granted { amount, expires });
    }

    fn expire_grant(&mut self, lot: LotNumber) {
        let expired = self.wallet.expire_promotional(lot);
        if expired.is_positive() {
            self.note(Happening::GrantExpired(expired));
            self.tell(PolicyEvent::CreditExpired);
        }
    }

    fn lapse_credit(&mut self, lot: LotNumber) {
        let lapsed = self.wallet.lapse_paid(lot);
        if lapsed.is_positive() {
            self.note(Happening::CreditLapsed(lapsed));
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
            timers_rang_at: self.timers_rang_at,
            purchase_under_way: self.payments.purchase_is_under_way(),
            purchased_in_period: self.payments.purchased_in_period,
            purchases_today: self.payments.purchases_on(self.now.day()),
            used_in_period: self.wallet.used_in_period(),
            billed_in_period: self.wallet.billed_in_period(),
            billed_ever: self.wallet.billed_ever(),
            spend_limit: self.customer.spend_limit,
            is_short: self.short_of.is_some(),
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
        for posting in self.wallet.take_postings() {
            self.observer.posting(self.now, posting);
        }
    }

    /// Lets the observer know what happened, and what was posted in the course of it.
    fn note(&mut self, happening: Happening) {
        self.hand_on_postings();
        let view = self.view();
        self.observer.happening(happening, &view);
    }

    /// What is looked at after everything that happens: the books, what remains of the money, the standing.
    fn look_around(&mut self) {
        self.leeway = Money::ZERO;
        self.audit();
        self.look_at_what_remains();
        self.judge_when_decided();
    }
}

/// What an account is billed by that signs up at an instant, and the move that is to come.
fn plan_at<'p>(
    plan: &'p PolicyPlan,
    signup: Time,
    calendar: &Calendar,
) -> (&'p Plan, Option<(&'p Switch, Time)>) {
    match plan.switch.as_ref().map(|switch| (switch, calendar.instant(switch.at))) {
        Some((switch, at)) if signup >= at => (&switch.to, None),
        Some((switch, _)) if switch.grandfather => (&plan.plan, None),
        to_come => (&plan.plan, to_come),
    }
}

/// The delay of an answer or a retry: at least a second, so that nothing loops within an instant.
fn at_least_a_second(delay: Span) -> Span {
    delay.max(Span::SECOND)
}
