//! One account under one policy: what is known of it, its events in their order, and whether it is stopped
//! (MODEL 1 and 6).

use super::counts::Counts;
use super::customer::{Customer, Stop};
use super::luck::Luck;
use super::payments::{Attempt, Invoice, Purchase};
use super::requests::{Flight, Rate};
use super::terms::{Metering, Micros, Nanos, Terms};
use super::wallet::Wallet;
use billsim::request::Request;
use billsim::scenario::Scenario;
use billsim::workload::Cohort;
use std::collections::BTreeMap;

/// A UTC day.
pub const DAY: Micros = 24 * 3_600 * 1_000_000;

/// What all accounts of a cohort under one policy share.
pub struct World<'s> {
    pub scenario: &'s Scenario,
    pub cohort: &'s Cohort,
    pub metering: Metering,
    /// The first instants of all months after the start.
    pub months: Vec<Micros>,
    pub warmup: Micros,
    pub horizon: Micros,
    /// The end of the run-off.
    pub end: Micros,
    /// The policy that accounts sign up under before `switch`, and what they move to then.
    pub policy: &'s Terms,
    pub switch_at: Micros,
}

/// The classes of events at one instant, in their order (MODEL 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Class 0.
    Signup,
    /// Class 1.
    Boundary,
    /// Class 2.
    Payment,
    /// Class 3.
    Posting,
    /// Class 4.
    Settlement,
    /// Class 5.
    Timer,
    /// Nothing happens, but standing is judged: with `refresh`, at its multiples (6.5), before the customer acts.
    Judgement,
    /// Class 6.
    Action,
    /// Class 7: requests released or retried by the client.
    Retry,
    /// Class 7, after those.
    Arrival,
}

#[derive(Clone, Copy, Debug)]
pub enum Event {
    Signup,
    Boundary,
    CardExpiry { card: usize },
    PaymentResult(Attempt),
    Dispute { amount: Nanos },
    Posting { purchase: usize },
    Settlement { admission: usize },
    PromotionalExpiry { lot: usize },
    Lapse { lot: usize },
    Switch,
    TierTimer,
    TrialEnd { policy_number: usize },
    InvoiceAttempt { invoice: usize, round: usize },
    TopUpRetry { purchase: usize },
    WriteOff { invoice: usize },
    Judgement,
    AddsPaymentMethod { stop: usize },
    ReplacesCard,
    BuysCredit { stop: usize },
    HeedsAlert { stops: usize },
    PurchaseAgain { purchase: usize },
    PutOffPurchase { purchase: usize },
    Patience { stop: usize },
    Retry { request: usize, tries: u32 },
    Release { request: usize },
    Arrival { request: usize },
}

impl Event {
    fn class(self) -> Class {
        match self {
            Event::Signup => Class::Signup,
            Event::Boundary => Class::Boundary,
            Event::CardExpiry { .. } | Event::PaymentResult(_) | Event::Dispute { .. } => Class::Payment,
            Event::Posting { .. } => Class::Posting,
            Event::Settlement { .. } => Class::Settlement,
            Event::PromotionalExpiry { .. }
            | Event::Lapse { .. }
            | Event::Switch
            | Event::TierTimer
            | Event::TrialEnd { .. }
            | Event::InvoiceAttempt { .. }
            | Event::TopUpRetry { .. }
            | Event::WriteOff { .. } => Class::Timer,
            Event::Judgement => Class::Judgement,
            Event::AddsPaymentMethod { .. }
            | Event::ReplacesCard
            | Event::BuysCredit { .. }
            | Event::HeedsAlert { .. }
            | Event::PurchaseAgain { .. }
            | Event::PutOffPurchase { .. }
            | Event::Patience { .. } => Class::Action,
            Event::Retry { .. } | Event::Release { .. } => Class::Retry,
            Event::Arrival { .. } => Class::Arrival,
        }
    }

    /// What still happens in the run-off (MODEL 1). A period's boundary does, a day's has nothing to do.
    fn happens_in_runoff(self) -> bool {
        matches!(
            self,
            Event::Boundary
                | Event::CardExpiry { .. }
                | Event::PaymentResult(_)
                | Event::Dispute { .. }
                | Event::Posting { .. }
                | Event::PromotionalExpiry { .. }
                | Event::Lapse { .. }
                | Event::InvoiceAttempt { .. }
                | Event::WriteOff { .. }
                | Event::ReplacesCard
        )
    }
}

/// Whether requests are served, as last judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    Stopped,
    NotOpen,
}

pub struct Account<'w> {
    pub world: &'w World<'w>,
    pub luck: Luck<'w>,
    pub now: Micros,
    agenda: BTreeMap<(Micros, Class, usize), Event>,
    scheduled: usize,
    pub in_runoff: bool,

    pub signup: Micros,
    /// The policy that it is under.
    pub terms: &'w Terms,
    /// Whether it signs up or moves in the present event.
    pub is_opening: bool,
    /// How many policies it has been under: timers of an earlier one are void.
    pub policy_number: usize,
    pub trial_has_ended: bool,
    pub top_up_is_disabled: bool,

    pub wallet: Wallet,
    /// Usage settled in this period, since the account came under its policy.
    pub used: Nanos,
    /// Of it what credit did not cover, less what posted credit paid of that before it was invoiced.
    pub billed: Nanos,
    /// All that was ever added to the receivable.
    pub ever_billed: Nanos,

    /// How many cards there have been; none where nothing is on file.
    pub card: usize,
    pub card_has_expired: bool,
    pub first_paid_at: Option<Micros>,
    pub paid: Nanos,
    /// When a timer of a tier last rang, or the account moved: a tier whose `after` passes later is not in force yet.
    pub tier_timer_rang_at: Micros,
    pub purchases: Vec<Purchase>,
    pub invoices: Vec<Invoice>,

    pub standing: Standing,
    pub is_closed: bool,
    pub has_churned: bool,
    /// The lowest remaining money since a hold did not fit, for as long as that stops the account.
    pub short: Option<Nanos>,
    pub stops: usize,
    pub stop: Option<Stop>,
    pub customer: Customer,
    /// Whether the remaining money was above `alert_at` after the last event.
    pub was_above_alert: bool,

    pub requests: Vec<Request>,
    /// How many requests have been admitted.
    pub admitted: usize,
    /// Usage that is not settled, in order of admission.
    pub flights: BTreeMap<usize, Flight>,
    /// Requests that wait for service to resume, in order of arrival.
    pub waiting: Vec<usize>,
    pub rate: Rate,

    pub counts: Counts,
}

impl<'w> Account<'w> {
    pub fn new(world: &'w World<'w>, luck: Luck<'w>, signup: Micros, requests: Vec<Request>) -> Account<'w> {
        // Who signs up at or after the switch starts under `to` (MODEL 6.5).
        let terms = match &world.policy.switch {
            Some(switch) if signup >= world.switch_at => &switch.to,
            _ => world.policy,
        };
        let customer = Customer::new(&luck, &world.cohort.customer);
        Account {
            world,
            luck,
            now: signup,
            agenda: BTreeMap::new(),
            scheduled: 0,
            in_runoff: false,
            signup,
            terms,
            is_opening: false,
            policy_number: 0,
            trial_has_ended: false,
            top_up_is_disabled: false,
            wallet: Wallet::default(),
            used: 0,
            billed: 0,
            ever_billed: 0,
            card: 0,
            card_has_expired: false,
            first_paid_at: None,
            paid: 0,
            tier_timer_rang_at: 0,
            purchases: vec![],
            invoices: vec![],
            standing: Standing::Active,
            is_closed: false,
            has_churned: false,
            short: None,
            stops: 0,
            stop: None,
            customer,
            was_above_alert: false,
            requests,
            admitted: 0,
            flights: BTreeMap::new(),
            waiting: vec![],
            rate: Rate::new(terms, signup),
            counts: Counts::new(world.warmup),
        }
    }

    /// Runs it to the end of the run-off.
    pub fn run(mut self) -> Counts {
        self.schedule(self.signup, Event::Signup);
        let midnights = (self.signup / DAY + 1..).map(|day| day * DAY).take_while(|at| *at < self.world.end);
        for midnight in midnights.collect::<Vec<_>>() {
            self.schedule(midnight, Event::Boundary);
        }
        for request in 0..self.requests.len() {
            self.schedule(self.requests[request].arrived.micros(), Event::Arrival { request });
        }
        if self.world.policy.switch.as_ref().is_some_and(|switch| !switch.grandfather)
            && self.signup < self.world.switch_at
        {
            self.schedule(self.world.switch_at, Event::Switch);
        }
        while let Some(((at, ..), event)) = self.agenda.pop_first() {
            if at >= self.world.horizon && !self.in_runoff {
                self.reach_horizon();
            }
            if at >= self.world.end {
                break;
            }
            if self.in_runoff && !event.happens_in_runoff() {
                continue;
            }
            self.advance_to(at);
            self.happen(event);
            self.after_event();
        }
        if !self.in_runoff {
            self.reach_horizon();
        }
        self.count_ends();
        self.counts
    }

    pub fn schedule(&mut self, at: Micros, event: Event) {
        self.scheduled += 1;
        self.agenda.insert((at, event.class(), self.scheduled), event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Signup => self.sign_up(),
            Event::Boundary => self.begin_day(),
            Event::CardExpiry { card } => self.expire_card(card),
            Event::PaymentResult(attempt) => self.take_result(attempt),
            Event::Dispute { amount } => self.dispute(amount),
            Event::Posting { purchase } => self.post_purchase(purchase),
            Event::Settlement { admission } => self.settle(admission),
            Event::PromotionalExpiry { lot } => self.expire_promotional(lot),
            Event::Lapse { lot } => self.lapse(lot),
            Event::Switch => self.switch(),
            Event::TierTimer => self.ring_tier_timer(),
            Event::Judgement => {}
            Event::TrialEnd { policy_number } => self.end_trial(policy_number),
            Event::InvoiceAttempt { invoice, round } => self.attempt_invoice_when_due(invoice, round),
            Event::TopUpRetry { purchase } => self.retry_top_up(purchase),
            Event::WriteOff { invoice } => self.write_off_when_unpaid(invoice),
            Event::AddsPaymentMethod { stop } => self.add_payment_method(stop),
            Event::ReplacesCard => self.replace_card(),
            Event::BuysCredit { stop } => self.buy_credit(stop),
            Event::HeedsAlert { stops } => self.heed_alert(stops),
            Event::PurchaseAgain { purchase } => self.try_purchase_again(purchase),
            Event::PutOffPurchase { purchase } => self.make_put_off_purchase(purchase),
            Event::Patience { stop } => self.lose_patience(stop),
            Event::Retry { request, tries } => self.attempt_request(request, tries),
            Event::Release { request } => self.release(request),
            Event::Arrival { request } => self.arrive(request),
        }
    }

    /// What is looked at after each event, and what the policy does "whenever" something holds.
    fn after_event(&mut self) {
        self.wallet.audit();
        self.counts.add_postings(&mut self.wallet.postings);
        if self.in_runoff {
            return;
        }
        self.check_alert();
        self.update_shortness();
        self.note_limit();
        // By the shortness as it is now; at signup or at a move its purchase is one of those that open the account.
        self.top_up_if_due();
        self.is_opening = false;
        self.end_trial_if_due();
        let refresh = self.refresh();
        if refresh > 0 && self.now % refresh != 0 {
            let next = (self.now / refresh + 1) * refresh;
            if !self.agenda.range((next, Class::Judgement, 0)..(next, Class::Action, 0)).any(|_| true) {
                self.schedule(next, Event::Judgement);
            }
        }
        // Judged when nothing of classes 0-5 is left at the instant, and again after each later event there.
        let next = self.agenda.keys().next();
        if next.is_none_or(|(at, class, _)| (*at, *class) >= (self.now, Class::Action)) {
            self.judge();
        }
    }

    /// Whether a payment method is on file; a card that has expired still is.
    pub fn has_payment_method(&self) -> bool {
        self.card > 0
    }

    pub fn refresh(&self) -> Micros {
        self.terms.metering.refresh.or(self.world.metering.refresh).map_or(0, |refresh| refresh.0)
    }

    pub fn spend_limit(&self) -> Option<Nanos> {
        self.customer.spend_limit
    }

    /// Whether there is no money to spend: by the balance, or as a hold did not fit it.
    pub fn is_out_of_money(&self) -> bool {
        self.wallet.balance() <= 0 || self.short.is_some()
    }

    /// Not open (MODEL 6): under a prepaid policy, while the balance is not above 0 and a purchase that was first
    /// attempted at signup or at a move is under way.
    fn is_not_open(&self) -> bool {
        self.terms.is_prepaid()
            && self.wallet.balance() <= 0
            && self.purchases.iter().any(|purchase| purchase.made_on_opening && purchase.is_under_way())
    }

    fn judge(&mut self) {
        if self.is_closed || self.has_churned {
            return;
        }
        let was = self.standing;
        if self.is_not_open() {
            // This begins at once, even with `refresh`; a stop ends, without service resuming.
            if was != Standing::NotOpen {
                self.rule("6 an account is not open while its first purchase is under way");
                self.end_stop();
                self.drop_answers();
                self.standing = Standing::NotOpen;
            }
            return;
        }
        let refresh = self.refresh();
        let is_time = refresh == 0 || self.now % refresh == 0 || was == Standing::NotOpen;
        if !is_time {
            return;
        }
        match (self.reason(), was) {
            (None, Standing::Active) => {}
            (None, Standing::Stopped | Standing::NotOpen) => {
                self.end_stop();
                self.standing = Standing::Active;
                self.resume();
            }
            (Some(reason), Standing::Stopped) => self.go_on_stopped(reason),
            (Some(reason), Standing::Active | Standing::NotOpen) => {
                self.standing = Standing::Stopped;
                self.begin_stop(reason);
            }
        }
    }

    /// Service resumes: what was to bring that about is dropped, and the client's queue is released.
    fn resume(&mut self) {
        self.rule("6 service resumes");
        self.drop_answers();
        self.release_waiting();
        self.top_up_if_due();
    }

    /// Ends the stop, if there is one.
    pub fn end_stop(&mut self) {
        if !self.in_runoff {
            self.count_stopped_time();
        }
        self.stop = None;
    }

    /// Counts the time of a stop until now: until it ends, or the horizon.
    fn count_stopped_time(&mut self) {
        if let Some(stop) = &self.stop {
            let counted_from = stop.since.max(self.world.warmup);
            self.counts.add_micros("stopped_micros", (self.now - counted_from).max(0));
        }
    }

    /// Counts account time until it is gone: by churn, closure or the horizon.
    pub fn count_account_time(&mut self, until: Micros) {
        let counted_from = self.signup.max(self.world.warmup);
        self.counts.add_micros("account_micros", (until - counted_from).max(0));
    }

    /// Moves time on: what is owed is averaged over [warm-up, horizon).
    pub fn advance_to(&mut self, at: Micros) {
        let within = |instant: Micros| instant.clamp(self.world.warmup, self.world.horizon);
        let passed = Nanos::from(within(at) - within(self.now));
        self.counts.credit_area += passed * self.wallet.customer_credit();
        self.counts.receivable_area += passed * self.wallet.receivable();
        self.now = at;
        self.wallet.now = at;
        self.counts.now = at;
    }

    /// Usage in flight settles at the horizon, before the first event of the run-off, and triggers nothing else but the
    /// write-off of what a churned customer owes (MODEL 1 and 3).
    fn reach_horizon(&mut self) {
        self.advance_to(self.world.horizon);
        self.in_runoff = true;
        self.settle_all_in_flight();
        self.count_stopped_time();
        if !self.is_closed && !self.has_churned {
            self.count_account_time(self.now);
        }
        self.wallet.audit();
        self.counts.add_postings(&mut self.wallet.postings);
    }

    fn count_ends(&mut self) {
        self.counts.credit_end = self.wallet.customer_credit();
        self.counts.receivable_end = self.wallet.receivable();
        let overdue = self.invoices.iter().filter(|invoice| invoice.is_overdue);
        self.counts.overdue_end = overdue.map(|invoice| self.wallet.owed_on(invoice.number)).sum();
    }

    /// Notes that a rule has fired, under its section of MODEL.md.
    pub fn rule(&mut self, rule: &'static str) {
        self.counts.rule(rule);
    }
}
