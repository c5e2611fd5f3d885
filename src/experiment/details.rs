//! What a run is asked to list beside the measures, of replication 0: accounts, postings, a few balances over time.

use crate::account::AccountView;
use crate::engine::event::{PaymentResult, PurchaseKind};
use crate::engine::observation::{Fate, Happening, Observer, RequestSpan};
use crate::metrics::Tally;
use crate::money::Money;
use crate::request::Refusal;
use crate::time::Time;
use crate::wallet::Posting;

/// Of each cohort, how many accounts have their balance told over time.
const SAMPLE_ACCOUNTS: u32 = 3;

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
        }
    }
}

/// Listens for what is listed.
pub(super) struct Listener<'d> {
    postings: Option<&'d mut Vec<(Time, Posting)>>,
    balances: Option<&'d mut Vec<(Time, Money, &'static str)>>,
}

impl Observer for Listener<'_> {
    fn attempted(&mut self, _: &RequestSpan<'_>, _: Option<Refusal>, _: &AccountView) {}

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
        if let Some(balances) = &mut self.balances {
            let mut balance = account.balance + span.cost;
            for part in span.by_day() {
                balance -= part.cost;
                balances.push((part.last_at, balance, "usage"));
            }
        }
    }

    fn posting(&mut self, at: Time, posting: Posting) {
        if let Some(postings) = &mut self.postings {
            postings.push((at, posting));
        }
    }

    fn happening(&mut self, happening: Happening, account: &AccountView) {
        if let (Some(balances), Some(event)) = (&mut self.balances, balance_event(happening)) {
            balances.push((account.now, account.balance, event));
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
