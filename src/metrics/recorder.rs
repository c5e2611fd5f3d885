//! Recorders: listen to one account and add what they hear to a tally.
//!
//! A recorder counts how the account departs from its [`Demand`]: as if all requests were served but for those that it
//! hears of. So what is served takes no counting, and demand is counted once for all policies.

use super::{Balances, Demand, Flow, Flows, Levels, Owed, Tally};
use crate::account::AccountView;
use crate::engine::event::{PaymentResult, PurchaseKind};
use crate::engine::observation::{Fate, Happening, Observer, OvershootCause, RequestSpan, split_by_day};
use crate::money::Money;
use crate::request::Refusal;
use crate::time::{Calendar, Time};
use crate::wallet::{Entry, LedgerAccount, Posting, Wallet};

/// Sums kept day by day, and levels.
#[derive(Clone, Debug)]
pub struct DailyTally {
    days: Vec<Flows>,
    changes: Vec<Owed>,
    balances: Balances,
}

impl DailyTally {
    /// Nothing yet, with sums for each day of a run.
    pub fn by_day(calendar: &Calendar) -> DailyTally {
        DailyTally {
            days: vec![Flows::default(); calendar.days()],
            changes: vec![Owed::default(); calendar.days()],
            balances: Balances::default(),
        }
    }

    /// The last day for what happens at the very end of a run.
    fn within(&self, day: usize) -> usize {
        day.min(self.days.len() - 1)
    }

    /// The sums of each day.
    pub fn days(&self) -> &[Flows] {
        &self.days
    }

    /// The levels at the end of each day: what is owed, counted from the start, whatever the warm-up; and the sums so
    /// far.
    pub fn levels(&self) -> impl Iterator<Item = Levels> {
        self.changes.iter().zip(&self.days).scan(Levels::default(), |level, (change, flows)| {
            level.owed.merge(*change);
            level.net_cash += flows.net_cash();
            level.net_revenue += flows.net_revenue();
            Some(*level)
        })
    }

    /// The sums over all days.
    pub fn total(&self) -> Tally {
        let mut tally = Tally { flows: Flows::default(), balances: self.balances.clone() };
        self.days.iter().for_each(|day| tally.flows.merge(day));
        tally
    }

    /// Adds what recorders have left out: that all that was demanded was tried and served, and that nobody left.
    pub fn add_demand(&mut self, demand: &Demand) {
        demand.add_to(&mut self.days);
    }

    /// Adds another tally of the same days to this one.
    pub fn merge(&mut self, other: &DailyTally) {
        assert_eq!(self.days.len(), other.days.len(), "only tallies of the same days add up");
        self.days.iter_mut().zip(&other.days).for_each(|(day, addend)| day.merge(addend));
        self.changes.iter_mut().zip(&other.changes).for_each(|(day, addend)| day.merge(*addend));
        self.balances.merge(&other.balances);
    }
}

/// Listens to one account under one policy, and counts how it departs from its demand: day by day together with others,
/// and over all days on its own.
pub struct Recorder<'r> {
    tally: &'r mut DailyTally,
    own: &'r mut Tally,
    calendar: &'r Calendar,
    /// Whether the account's time has ended, by churn, closure or the horizon.
    has_ended: bool,
    stopped_from: Option<Time>,
    was_served: bool,
    was_stopped: bool,
}

impl<'r> Recorder<'r> {
    /// A recorder that adds to a tally of many accounts, and to one of this account alone.
    pub fn new(tally: &'r mut DailyTally, own: &'r mut Tally, calendar: &'r Calendar) -> Recorder<'r> {
        Recorder {
            tally,
            own,
            calendar,
            has_ended: false,
            stopped_from: None,
            was_served: false,
            was_stopped: false,
        }
    }

    /// Takes in what the account leaves behind.
    pub fn conclude(&mut self, wallet: &Wallet, overdue: Money) {
        let balances = &mut self.own.balances;
        balances.credit_end -= i128::from(wallet.book(LedgerAccount::CustomerCredit).nanos());
        balances.receivable_end += i128::from(wallet.book(LedgerAccount::Receivable).nanos());
        balances.overdue_end += i128::from(overdue.nanos());
        self.tally.balances.merge(balances);
    }

    fn count_on(&mut self, day: usize, flow: Flow, value: i128) {
        let day = self.tally.within(day);
        self.tally.days[day][flow] += value;
        self.own.flows[flow] += value;
    }

    fn count_refused_on(&mut self, day: usize, reason: Refusal, attempts: i128) {
        let day = self.tally.within(day);
        self.tally.days[day].add_refused(reason, attempts);
        self.own.flows.add_refused(reason, attempts);
    }

    /// Counts what happens at an instant, unless that is before the warm-up's end.
    fn count(&mut self, at: Time, flow: Flow, value: i128) {
        if at >= self.calendar.warmup {
            self.count_on(at.day(), flow, value);
        }
    }

    /// For how many counted microseconds a change at an instant lasts.
    fn lasts(&self, at: Time) -> i128 {
        let Calendar { warmup, horizon, .. } = *self.calendar;
        i128::from((horizon.micros() - at.max(warmup).micros()).max(0))
    }

    /// Adds the effect of an amount posted (times how long it lasts) to the mean levels of credit and receivable.
    fn add_area(&mut self, entry: Entry, area: i128) {
        let (debit, credit) = entry.sides();
        for (account, signed) in [(debit, area), (credit, -area)] {
            match account {
                LedgerAccount::CustomerCredit => self.own.balances.credit_area -= signed,
                LedgerAccount::Receivable => self.own.balances.receivable_area += signed,
                _ => {}
            }
        }
    }

    /// Adds the effect of an amount posted on a day to the levels of credit and receivable.
    fn add_change(&mut self, day: usize, entry: Entry, amount: i128) {
        let (debit, credit) = entry.sides();
        let day = self.tally.within(day);
        let change = &mut self.tally.changes[day];
        for (account, signed) in [(debit, amount), (credit, -amount)] {
            match account {
                LedgerAccount::CustomerCredit => change.credit -= signed,
                LedgerAccount::Receivable => change.receivable += signed,
                _ => {}
            }
        }
    }

    /// Adds an interval of time so many times.
    fn count_interval(&mut self, flow: Flow, from: Time, until: Time, times: i128) {
        let from = from.max(self.calendar.warmup);
        split_by_day(from, until, |day, length| {
            self.count_on(day, flow, times * i128::from(length.micros()))
        });
    }

    fn end_stop(&mut self, now: Time) {
        if let Some(from) = self.stopped_from.take() {
            self.count_interval(Flow::StoppedMicros, from, now, 1);
        }
    }

    /// The account's time ends: before the horizon, if the customer leaves or the account is closed.
    fn end_account_time(&mut self, now: Time) {
        self.end_stop(now);
        if !std::mem::replace(&mut self.has_ended, true) {
            self.count_interval(Flow::AccountMicros, now, self.calendar.horizon, -1);
        }
    }
}

impl Recorder<'_> {
    /// Counts tries that are not the first, or that are refused.
    fn count_tries(&mut self, span: &RequestSpan<'_>, refused: Option<Refusal>) {
        if span.is_retry {
            self.count(span.first_at, Flow::Attempts, span.count.into());
            if let Some(reason) = refused
                && span.first_at >= self.calendar.warmup
            {
                self.count_refused_on(span.first_at.day(), reason, span.count.into());
            }
        } else if let Some(reason) = refused
            && span.first_at >= self.calendar.warmup
        {
            span.by_day().for_each(|part| self.count_refused_on(part.day, reason, part.count.into()));
        }
    }

    /// Counts requests that are not served, or the first that is.
    fn count_fate(&mut self, span: &RequestSpan<'_>, fate: Fate) {
        if span.arrived_at < self.calendar.warmup {
            return;
        }
        if fate == Fate::Served {
            self.was_served = true;
            self.count(span.arrived_at, Flow::AccountsActivated, 1);
            return;
        }
        span.by_day().for_each(|part| {
            let (count, cost) = (i128::from(part.count), i128::from(part.cost.nanos()));
            self.count_on(part.day, Flow::Served, -count);
            self.count_on(part.day, Flow::Usage, -cost);
            if fate == Fate::Lost {
                self.count_on(part.day, Flow::LostUsage, cost);
            } else {
                self.count_on(part.day, Flow::Requests, -count);
                self.count_on(part.day, Flow::Attempts, -count);
                self.count_on(part.day, Flow::ChurnedRequests, count);
                self.count_on(part.day, Flow::ChurnedUsage, cost);
            }
        });
    }
}

impl Observer for Recorder<'_> {
    #[inline(always)]
    fn attempted(&mut self, span: &RequestSpan<'_>, refused: Option<Refusal>, _: &AccountView) {
        // Demand counts first tries.
        if span.is_retry || refused.is_some() {
            self.count_tries(span, refused);
        }
    }

    #[inline(always)]
    fn concluded(&mut self, span: &RequestSpan<'_>, fate: Fate, _: &AccountView) {
        // Demand counts what is served.
        if fate != Fate::Served || !self.was_served {
            self.count_fate(span, fate);
        }
    }

    #[inline]
    fn usage(&mut self, span: &RequestSpan<'_>, Posting { entry, amount }: Posting) {
        let is_whole = amount == span.cost;
        if entry == Entry::UsageOnPromotion {
            // It is part of the requests' usage, and so counted with it.
            if span.arrived_at >= self.calendar.warmup {
                span.by_day().for_each(|part| {
                    let amount = if is_whole { part.cost } else { amount };
                    self.count_on(part.day, Flow::Promotional, i128::from(amount.nanos()));
                });
            }
            return;
        }
        let nanos = i128::from(amount.nanos());
        let area = if is_whole && span.first_at >= self.calendar.warmup {
            nanos * i128::from(self.calendar.horizon.micros()) - span.moment
        } else {
            nanos * self.lasts(span.first_at)
        };
        self.add_area(entry, area);
        if !is_whole {
            return self.add_change(span.first_at.day(), entry, nanos);
        }
        // The most frequent posting: its sides are looked up once for all days.
        let (is_on_credit, last) = (entry == Entry::UsageOnCredit, self.tally.changes.len() - 1);
        span.by_day_told().for_each(|part| {
            let (change, nanos) =
                (&mut self.tally.changes[part.day.min(last)], i128::from(part.cost.nanos()));
            if is_on_credit {
                change.credit -= nanos;
            } else {
                change.receivable += nanos;
            }
        });
    }

    fn posting(&mut self, at: Time, Posting { entry, amount }: Posting) {
        let nanos = i128::from(amount.nanos());
        self.add_area(entry, nanos * self.lasts(at));
        self.add_change(at.day(), entry, nanos);
        match entry {
            Entry::Purchase | Entry::InvoicePaid => self.count(at, Flow::CashIn, nanos),
            Entry::Fee => self.count(at, Flow::Fees, nanos),
            Entry::DisputedPayment => {
                self.count(at, Flow::Disputes, nanos);
                self.count(at, Flow::Returned, nanos);
            }
            Entry::DisputedCredit => self.count(at, Flow::Disputes, -nanos),
            Entry::Lapse => self.count(at, Flow::Breakage, nanos),
            Entry::WriteOff => self.count(at, Flow::BadDebt, nanos),
            // Usage is told by its requests, and what credit pays of a debt changes nothing that is counted.
            Entry::UsageOnPromotion
            | Entry::UsageOnCredit
            | Entry::UsageOnReceivable
            | Entry::DebtPaidByCredit => {}
        }
    }

    fn happening(&mut self, happening: Happening, account: &AccountView) {
        let now = account.now;
        match happening {
            Happening::PaymentResult { kind, result, .. } => {
                self.count(now, Flow::Payments, 1);
                match (result, kind) {
                    (PaymentResult::Success, Some(PurchaseKind::TopUp)) => self.count(now, Flow::TopUps, 1),
                    (
                        PaymentResult::Success,
                        Some(PurchaseKind::Answer | PurchaseKind::WithPaymentMethod | PurchaseKind::Alert),
                    ) => {
                        self.count(now, Flow::ManualPurchases, 1);
                    }
                    // What was bought at signup or at a move, and invoices, are told by other figures.
                    (PaymentResult::Success, Some(PurchaseKind::Initial) | None) => {}
                    _ => self.count(now, Flow::PaymentsDeclined, 1),
                }
            }
            Happening::InvoiceIssued { .. } => self.count(now, Flow::Invoices, 1),
            Happening::InvoicePaid { .. } => self.count(now, Flow::InvoicesPaid, 1),
            Happening::InvoiceWrittenOff { .. } => self.count(now, Flow::InvoicesWrittenOff, 1),
            Happening::Overshot { amount, cause } => {
                let nanos = i128::from(amount.nanos());
                self.count(now, Flow::Overshoot, nanos);
                match cause {
                    OvershootCause::Lag => self.count(now, Flow::OvershootByLag, nanos),
                    OvershootCause::InFlight => self.count(now, Flow::OvershootInFlight, nanos),
                    OvershootCause::LastRequest => {} // what the others leave
                }
            }
            Happening::Stopped(_) => {
                self.stopped_from = Some(now);
                self.count(now, Flow::Stops, 1);
                self.count(now, Flow::AccountsStopped, i128::from(!self.was_stopped));
                self.was_stopped |= now >= self.calendar.warmup;
            }
            Happening::StopEnded { .. } => self.end_stop(now),
            Happening::Moved { converted } => self.count(now, Flow::AccountsConverted, i128::from(converted)),
            Happening::Churned => {
                self.count(now, Flow::AccountsChurned, 1);
                self.end_account_time(now);
            }
            Happening::Closed => {
                self.count(now, Flow::AccountsClosed, 1);
                self.end_account_time(now);
            }
            Happening::HorizonReached => self.end_account_time(now),
            // The rest is told by demand or postings, or counts in no measure.
            Happening::SignedUp
            | Happening::Granted { .. }
            | Happening::GrantExpired(_)
            | Happening::CreditLapsed(_)
            | Happening::PaymentReturned { .. }
            | Happening::RanShort
            | Happening::Alerted(_)
            | Happening::PeriodBegan
            | Happening::PaymentAttempted { .. }
            | Happening::PurchaseForgone(_)
            | Happening::PurchaseDeferred(_)
            | Happening::PurchaseFailed(_)
            | Happening::RetryPlanned(_)
            | Happening::CreditPosted(_)
            | Happening::TopUpDisabled
            | Happening::InvoiceOverdue { .. }
            | Happening::DebtWrittenOff(_)
            | Happening::CardExpired
            | Happening::CardRenewed
            | Happening::CardReplaced
            | Happening::PaymentMethodAdded
            | Happening::Asked { .. }
            | Happening::AnswerDropped(_)
            | Happening::NotOpen
            | Happening::ReasonChanged(_) => {}
        }
    }
}
