//! What a run is asked to list beside the measures, of replication 0: accounts, postings, a few balances over time.

use crate::account::AccountView;
use crate::engine::event::{PaymentResult, PurchaseKind};
use crate::engine::observation::{Fate, Happening, Observer, RequestSpan};
use crate::metrics::Tally;
use crate::money::Money;
use crate::request::Refusal;
use crate::time::{Span, Time};
use crate::wallet::Posting;

/// Of each cohort, how many accounts have their balance told over time.
const SAMPLE_ACCOUNTS: u32 = 8;
/// Usage has a point of its own where it is the last of its day, or where it has moved the balance by more than this
/// part of the largest balance or debt so far: less could not be seen in a picture.
const VISIBLE_PART: i64 = 100;
/// Refusals have one point as long as no such time passes without one.
const LULL: Span = Span::hours(1);

/// A posting of one account under one policy.
#[derive(Clone, Copy, Debug)]
pub struct LedgerRow<'r> {
    /// When.
    pub at: Time,
    /// The policy's name.
    pub policy: &'r str,
    /// The cohort's name.
    pub cohort: &'r str,
    /// The account's number in the cohort, from 0.
    pub account: u32,
    /// What was posted.
    pub posting: Posting,
}

/// What is to be listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    pub accounts: bool,
    pub ledger: bool,
}

impl Listing {
    /// Whether anything is listed of an account.
    pub fn covers(&self, account: u32) -> bool {
        self.accounts || self.ledger || account < SAMPLE_ACCOUNTS
    }
}

/// What is listed of one account under one policy.
pub(super) struct Details {
    pub policy: usize,
    pub account: u32,
    /// What it counted, where that is listed.
    pub tally: Option<Tally>,
    pub postings: Vec<(Time, Posting)>,
    pub balances: Vec<(Time, Money, &'static str)>,
    lists_postings: bool,
}

impl Details {
    pub fn new(listing: Listing, policy: usize, account: u32) -> Details {
        Details {
            policy,
            account,
            tally: None,
            postings: Vec::new(),
            balances: Vec::new(),
            lists_postings: listing.ledger,
        }
    }

    pub fn listener(&mut self) -> Listener<'_> {
        Listener {
            postings: self.lists_postings.then_some(&mut self.postings),
            balances: (self.account < SAMPLE_ACCOUNTS).then_some(&mut self.balances),
            largest_nanos: 0,
            refused_at: None,
        }
    }
}

/// Listens for what is listed.
pub(super) struct Listener<'d> {
    postings: Option<&'d mut Vec<(Time, Posting)>>,
    balances: Option<&'d mut Vec<(Time, Money, &'static str)>>,
    /// The largest balance or debt so far.
    largest_nanos: i64,
    /// When a request was refused last.
    refused_at: Option<Time>,
}

const USAGE: &str = "usage";

impl Listener<'_> {
    fn used(&mut self, at: Time, balance: Money) {
        let Some(balances) = &mut self.balances else { return };
        if let [.., (_, before, _), last @ (_, _, USAGE)] = balances.as_mut_slice() {
            let moved = (balance - *before).nanos().abs();
            if last.0.day() == at.day() && moved <= self.largest_nanos / VISIBLE_PART {
                *last = (at, balance, USAGE);
                return;
            }
        }
        self.add(at, balance, USAGE);
    }

    fn add(&mut self, at: Time, balance: Money, event: &'static str) {
        if let Some(balances) = &mut self.balances {
            self.largest_nanos = self.largest_nanos.max(balance.nanos().abs());
            balances.push((at, balance, event));
        }
    }
}

impl Observer for Listener<'_> {
    fn attempted(&mut self, span: &RequestSpan<'_>, refused: Option<Refusal>, account: &AccountView) {
        if refused.is_some() {
            if self.refused_at.is_none_or(|before| span.first_at - before >= LULL) {
                self.add(span.first_at, account.balance, "refusal");
            }
            self.refused_at = Some(span.last_at);
        }
    }

    fn concluded(&mut self, _: &RequestSpan<'_>, _: Fate, _: &AccountView) {}

    fn usage(&mut self, span: &RequestSpan<'_>, posting: Posting) {
        match &mut self.postings {
            Some(postings) if posting.amount == span.cost => {
                let costly = span.each().filter(|(_, cost)| cost.is_positive());
                postings.extend(costly.map(|(at, amount)| (at, Posting { amount, ..posting })));
            }
            Some(postings) => postings.push((span.last_at, posting)),
            None => {}
        }
    }

    fn settled(&mut self, span: &RequestSpan<'_>, account: &AccountView) {
        let mut balance = account.balance + span.cost;
        for part in span.by_day() {
            balance -= part.cost;
            self.used(part.last_at, balance);
        }
    }

    fn posting(&mut self, at: Time, posting: Posting) {
        if let Some(postings) = &mut self.postings {
            postings.push((at, posting));
        }
    }

    fn happening(&mut self, happening: Happening, account: &AccountView) {
        if let Some(event) = balance_event(happening) {
            self.add(account.now, account.balance, event);
        }
    }
}

/// What a point of a balance is called, for what is worth a point.
fn balance_event(happening: Happening) -> Option<&'static str> {
    match happening {
        Happening::SignedUp => Some("signup"),
        Happening::Granted { .. } => Some("grant"),
        Happening::GrantExpired(_) => Some("expiry"),
        Happening::CreditLapsed(_) => Some("lapse"),
        Happening::PaymentReturned { .. } => Some("dispute"),
        Happening::Alerted(_) => Some("alert"),
        Happening::PaymentResult {
            kind: Some(PurchaseKind::TopUp), result: PaymentResult::Success, ..
        } => Some("top_up"),
        Happening::PaymentResult { kind: Some(_), result: PaymentResult::Success, .. } => Some("purchase"),
        Happening::PaymentResult { kind: None, result: PaymentResult::Success, .. } => {
            Some("invoice_payment")
        }
        Happening::PaymentResult { .. } => Some("decline"),
        Happening::CreditPosted(_) => Some("posting"),
        Happening::InvoiceIssued { .. } => Some("invoice"),
        Happening::Stopped(_) => Some("stop"),
        Happening::StopEnded { .. } => Some("resume"),
        Happening::Moved { .. } => Some("move"),
        Happening::Churned => Some("churn"),
        Happening::Closed => Some("close"),
        Happening::DebtWrittenOff(_) => Some("write_off"),
        Happening::HorizonReached => Some("horizon"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOLLAR: Money = Money::dollars(1);

    fn sample() -> Details {
        Details::new(Listing { accounts: false, ledger: false }, 0, 0)
    }

    fn at(hours: i64) -> Time {
        Time::START + Span::hours(hours)
    }

    #[test]
    fn usage_has_a_point_where_it_can_be_seen_and_at_the_end_of_each_day() {
        let mut details = sample();
        let mut listener = details.listener();
        listener.add(at(0), Money::dollars(100), "posting");
        let cents = [9990, 9980, 9970, 9800, 9790, 9780, 9770];
        for (hour, cents) in (5..).step_by(5).zip(cents) {
            listener.used(at(hour), Money::cents(cents));
        }
        listener.add(at(36), Money::cents(9770), "horizon");
        let told: Vec<(usize, i64)> = details
            .balances
            .iter()
            .map(|(at, balance, _)| (at.hour(), balance.nanos() / 10_000_000))
            .collect();
        assert_eq!(told, [(0, 10_000), (15, 9970), (20, 9800), (35, 9770), (36, 9770)]);
    }

    #[test]
    fn a_streak_of_refusals_has_one_point() {
        let mut details = sample();
        let mut listener = details.listener();
        let account = AccountView::default();
        for (minute, is_refused) in
            [(0, true), (50, true), (100, false), (105, true), (165, true), (300, true)]
        {
            let time = Time::START + Span::from_micros(minute * 60_000_000);
            let span = RequestSpan::of_one(time, DOLLAR, time);
            listener.attempted(&span, is_refused.then_some(Refusal::NoCredit), &account);
        }
        let told: Vec<(i64, &str)> =
            details.balances.iter().map(|(at, _, event)| (at.micros() / 60_000_000, *event)).collect();
        assert_eq!(told, [(0, "refusal"), (165, "refusal"), (300, "refusal")]);
    }
}
