//! What the engine lets others know: spans of requests, postings, and everything that happens to an account.

use super::event::{PaymentResult, PurchaseKind, Purpose};
use crate::account::AccountView;
use crate::money::Money;
use crate::policy::Policy;
use crate::request::Refusal;
use crate::time::{Span, Time};
use crate::wallet::{Entry, Posting};
use crate::workload::Block;
use std::ops::Range;

/// Consecutive requests of one account on one day that met the same fate.
#[derive(Clone, Debug)]
pub struct RequestSpan<'b> {
    /// The block that holds them.
    pub block: &'b Block,
    /// Which of its requests; never empty.
    pub range: Range<usize>,
}

impl RequestSpan<'_> {
    /// How many they are.
    pub fn count(&self) -> i128 {
        self.range.len() as i128
    }

    /// What they cost together.
    pub fn cost(&self) -> Money {
        let before = &self.block.cost_before;
        Money::from_nanos(before[self.range.end] - before[self.range.start])
    }

    /// The sum of each one's cost times its arrival, in nano-dollars times microseconds.
    pub fn moment(&self) -> i128 {
        let before = &self.block.moment_before;
        before[self.range.end] - before[self.range.start]
    }

    /// When the first arrived.
    pub fn first_at(&self) -> Time {
        self.block.at[self.range.start]
    }

    /// When the last arrived.
    pub fn last_at(&self) -> Time {
        self.block.at[self.range.end - 1]
    }
}

/// What became of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Served.
    Served,
    /// Refused, and lost.
    Refused(Refusal),
    /// Never sent: the customer has left.
    Churned,
}

/// A question that a customer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Nothing is on file: add a payment method?
    AddPaymentMethod,
    /// The card fails: replace it?
    ReplaceCard,
    /// No credit, or the limit is reached: buy credit?
    BuyCredit,
}

impl Question {
    /// How many questions there are.
    pub const COUNT: usize = 3;
}

/// Something that happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The account signed up.
    SignedUp,
    /// Promotional credit was granted.
    Granted {
        /// How much.
        amount: Money,
        /// When it expires; `None`: never.
        expires: Option<Time>,
    },
    /// Promotional credit expired: how much was left of it.
    GrantExpired(Money),
    /// A new period began.
    PeriodBegan,
    /// A payment was attempted.
    PaymentAttempted {
        /// What it is for.
        purpose: Purpose,
        /// The kind of purchase; `None` for an invoice.
        kind: Option<PurchaseKind>,
        /// What is charged.
        amount: Money,
        /// When the result comes.
        result_at: Time,
    },
    /// An attempt at payment had its result.
    PaymentResult {
        /// What it was for.
        purpose: Purpose,
        /// The kind of purchase; `None` for an invoice.
        kind: Option<PurchaseKind>,
        /// What was charged, or was to be.
        amount: Money,
        /// How it ended.
        result: PaymentResult,
    },
    /// A purchase is not made: it would take the customer beyond what it is willing to pay in a period.
    PurchaseForgone(Money),
    /// The same, but it waits for a boundary at which it would not.
    PurchaseDeferred(Money),
    /// A purchase was declined and is not tried again.
    PurchaseFailed(PurchaseKind),
    /// A declined payment is tried again at a time.
    RetryPlanned(Time),
    /// Bought credit became balance: how much.
    CreditPosted(Money),
    /// Topping up is off until the card is replaced.
    TopUpDisabled,
    /// An invoice was issued.
    InvoiceIssued {
        /// Its number, counted from 0.
        number: u32,
        /// What it is for.
        amount: Money,
    },
    /// An invoice was paid, by a payment or by credit.
    InvoicePaid {
        /// Its number.
        number: u32,
    },
    /// The last attempt at an invoice's payment was declined.
    InvoiceOverdue {
        /// Its number.
        number: u32,
    },
    /// What was owed on an invoice was written off.
    InvoiceWrittenOff {
        /// Its number.
        number: u32,
    },
    /// What was owed and not invoiced was written off: how much.
    DebtWrittenOff(Money),
    /// Usage settled that the policy meant to prevent: how much.
    Overshot(Money),
    /// The card on file expired.
    CardExpired,
    /// The card on file expired and was renewed at once.
    CardRenewed,
    /// The customer replaced the card on file.
    CardReplaced,
    /// The customer put a payment method on file.
    PaymentMethodAdded,
    /// A question was put to the customer.
    Asked {
        /// Which.
        question: Question,
        /// When a yes takes effect; `None`: the answer is no.
        acts_at: Option<Time>,
    },
    /// What was answered no longer matters.
    AnswerDropped(Question),
    /// The account waits for its purchase at signup or at a move, with nothing else to spend.
    NotOpen,
    /// The account was stopped.
    Stopped(Refusal),
    /// The account is still stopped, for another reason.
    ReasonChanged(Refusal),
    /// A stop ended.
    StopEnded {
        /// Whether requests run again, or the account only waits for its first purchase.
        served: bool,
    },
    /// The account moved to another policy.
    Moved {
        /// Whether by the end of a trial.
        converted: bool,
    },
    /// The customer left for good.
    Churned,
    /// The account was closed.
    Closed,
    /// The horizon passed: nothing is requested or judged any more.
    HorizonReached,
}

/// Listens to one account under one policy.
pub trait Observer {
    /// The account comes under a policy: before all else at signup, and at a move before it is noted.
    fn comes_under(&mut self, _policy: &dyn Policy) {}

    /// Requests met their fate; `account` is as they left it.
    fn requests(&mut self, span: &RequestSpan<'_>, fate: Fate, account: &AccountView);

    /// The usage of all requests of a span was posted in one kind of entry.
    fn usage(&mut self, span: &RequestSpan<'_>, entry: Entry);

    /// Something was posted.
    fn posting(&mut self, at: Time, posting: Posting);

    /// Something happened; `account` is as it left it.
    fn happening(&mut self, happening: Happening, account: &AccountView);
}

/// Listens to nothing.
impl Observer for () {
    fn requests(&mut self, _: &RequestSpan<'_>, _: Fate, _: &AccountView) {}
    fn usage(&mut self, _: &RequestSpan<'_>, _: Entry) {}
    fn posting(&mut self, _: Time, _: Posting) {}
    fn happening(&mut self, _: Happening, _: &AccountView) {}
}

/// Two that listen to the same.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn comes_under(&mut self, policy: &dyn Policy) {
        self.0.comes_under(policy);
        self.1.comes_under(policy);
    }
    fn requests(&mut self, span: &RequestSpan<'_>, fate: Fate, account: &AccountView) {
        self.0.requests(span, fate, account);
        self.1.requests(span, fate, account);
    }
    fn usage(&mut self, span: &RequestSpan<'_>, entry: Entry) {
        self.0.usage(span, entry);
        self.1.usage(span, entry);
    }
    fn posting(&mut self, at: Time, posting: Posting) {
        self.0.posting(at, posting);
        self.1.posting(at, posting);
    }
    fn happening(&mut self, happening: Happening, account: &AccountView) {
        self.0.happening(happening, account);
        self.1.happening(happening, account);
    }
}

/// One that may be there.
impl<A: Observer> Observer for Option<A> {
    fn comes_under(&mut self, policy: &dyn Policy) {
        if let Some(observer) = self {
            observer.comes_under(policy);
        }
    }
    fn requests(&mut self, span: &RequestSpan<'_>, fate: Fate, account: &AccountView) {
        if let Some(observer) = self {
            observer.requests(span, fate, account);
        }
    }
    fn usage(&mut self, span: &RequestSpan<'_>, entry: Entry) {
        if let Some(observer) = self {
            observer.usage(span, entry);
        }
    }
    fn posting(&mut self, at: Time, posting: Posting) {
        if let Some(observer) = self {
            observer.posting(at, posting);
        }
    }
    fn happening(&mut self, happening: Happening, account: &AccountView) {
        if let Some(observer) = self {
            observer.happening(happening, account);
        }
    }
}

/// The sum of the parts of `[from, until)` that lie in each UTC day, handed to `each` day by day.
pub fn split_by_day(from: Time, until: Time, mut each: impl FnMut(usize, Span)) {
    let mut start = from;
    while start < until {
        let end = start.next_midnight().min(until);
        each(start.day(), end - start);
        start = end;
    }
}
