//! What the engine lets others know: spans of requests, postings, and everything that happens to an account.

use super::event::{PaymentResult, PurchaseKind, Purpose};
use super::flight::InFlight;
use crate::account::AccountView;
use crate::money::Money;
use crate::policy::Plan;
use crate::request::Refusal;
use crate::time::{Span, Time};
use crate::wallet::Posting;
use crate::workload::Block;
use std::ops::Range;

/// Consecutive requests of one account that fare alike, all before the end of the warm-up or all after it; or the
/// settlement of their usage.
#[derive(Clone, Debug)]
pub struct RequestSpan<'b> {
    /// How many they are.
    pub count: u64,
    /// What they cost together.
    pub cost: Money,
    /// The sum of each one's cost times its instant, in nano-dollars times microseconds.
    pub moment: i128,
    /// When the first arrived.
    pub arrived_at: Time,
    /// The instant of the first: of its arrival, or of what else is told of.
    pub first_at: Time,
    /// The instant of the last.
    pub last_at: Time,
    /// Whether their clients had tried them before.
    pub is_retry: bool,
    members: Members<'b>,
}

/// Where each request of a span is found.
#[derive(Clone, Debug)]
enum Members<'b> {
    /// There is just the one.
    One,
    /// They are told of as they arrived.
    Block(&'b Block, Range<usize>),
    /// They are told of as they settle.
    Flight(&'b [InFlight]),
}

/// The part of a span that arrived on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPart {
    /// The day of the run, from 0.
    pub day: usize,
    /// How many requests there are.
    pub count: u64,
    /// What they cost together.
    pub cost: Money,
    /// The instant of the last.
    pub last_at: Time,
}

impl<'b> RequestSpan<'b> {
    /// Requests of a block, at least one, told of as they arrived.
    pub fn of_block(block: &'b Block, range: Range<usize>) -> RequestSpan<'b> {
        RequestSpan {
            count: range.len() as u64,
            cost: Money::from_nanos(block.cost_before[range.end] - block.cost_before[range.start]),
            moment: block.moment_before[range.end] - block.moment_before[range.start],
            arrived_at: block.at[range.start],
            first_at: block.at[range.start],
            last_at: block.at[range.end - 1],
            is_retry: false,
            members: Members::Block(block, range),
        }
    }

    /// A single request, of which something is told at an instant.
    pub fn of_one(arrived_at: Time, cost: Money, at: Time) -> RequestSpan<'b> {
        let moment = i128::from(cost.nanos()) * i128::from(at.micros());
        RequestSpan {
            count: 1,
            cost,
            moment,
            arrived_at,
            first_at: at,
            last_at: at,
            is_retry: false,
            members: Members::One,
        }
    }

    /// The settlement of requests in flight, at least one.
    pub(super) fn of_flight(requests: &'b [InFlight]) -> RequestSpan<'b> {
        let moment =
            |request: &InFlight| i128::from(request.cost.nanos()) * i128::from(request.settles_at.micros());
        RequestSpan {
            count: requests.len() as u64,
            cost: requests.iter().map(|request| request.cost).sum(),
            moment: requests.iter().map(moment).sum(),
            arrived_at: requests[0].arrived,
            first_at: requests[0].settles_at,
            last_at: requests[requests.len() - 1].settles_at,
            is_retry: false,
            members: Members::Flight(requests),
        }
    }

    /// Parts of it, in order, each of requests that arrived on one day.
    pub fn by_day(&self) -> impl Iterator<Item = DayPart> {
        self.parts(self.arrived_at, |request| request.arrived)
    }

    /// Parts of it, in order, each of requests that are told of on one day: as they arrived, or as they settle.
    pub fn by_day_told(&self) -> impl Iterator<Item = DayPart> {
        self.parts(self.first_at, |request| request.settles_at)
    }

    /// Parts by day, where one that is alone counts at an instant, and one in flight as stated.
    fn parts(&self, alone: Time, in_flight: impl Fn(&InFlight) -> Time) -> impl Iterator<Item = DayPart> {
        let of_block = self.in_block().into_iter().flat_map(|(block, range)| {
            block.by_day(range).map(|(day, part)| DayPart {
                day,
                count: part.len() as u64,
                cost: Money::from_nanos(block.cost_before[part.end] - block.cost_before[part.start]),
                last_at: block.at[part.end - 1],
            })
        });
        let single = |at: Time, cost, last_at| DayPart { day: at.day(), count: 1, cost, last_at };
        of_block
            .chain(self.in_flight().iter().map(move |one| single(in_flight(one), one.cost, one.settles_at)))
            .chain(self.alone().map(move |(at, cost)| single(alone, cost, at)))
    }

    /// The instant and the cost of each.
    pub fn each(&self) -> impl Iterator<Item = (Time, Money)> {
        self.in_block()
            .into_iter()
            .flat_map(|(block, range)| range.map(|index| (block.at[index], block.cost(index))))
            .chain(self.in_flight().iter().map(|request| (request.settles_at, request.cost)))
            .chain(self.alone())
    }

    fn in_block(&self) -> Option<(&'b Block, Range<usize>)> {
        if let Members::Block(block, range) = &self.members { Some((*block, range.clone())) } else { None }
    }

    fn in_flight(&self) -> &'b [InFlight] {
        if let Members::Flight(requests) = self.members { requests } else { &[] }
    }

    fn alone(&self) -> Option<(Time, Money)> {
        matches!(self.members, Members::One).then_some((self.first_at, self.cost))
    }
}

/// What became of requests in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Admitted, and so served.
    Served,
    /// Never served.
    Lost,
    /// Never sent: the customer has left.
    Churned,
}

/// Why usage that the policy meant to prevent was not prevented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OvershootCause {
    /// When the request was admitted, usage that had ended left nothing, but was not settled or not looked at.
    Lag,
    /// What was left then would not have covered the requests that were running.
    InFlight,
    /// Something was left then: the request's own cost was not known.
    LastRequest,
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
    /// An alert: buy credit before it is used up?
    HeedAlert,
}

impl Question {
    /// How many questions there are.
    pub const COUNT: usize = 4;
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
    /// Paid credit lapsed: how much.
    CreditLapsed(Money),
    /// A payment was disputed and went back.
    PaymentReturned {
        /// What went back.
        amount: Money,
        /// Unused paid credit that was taken back for it.
        taken_back: Money,
        /// What the processor charged.
        fee: Money,
    },
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
    /// Usage settled that the policy meant to prevent.
    Overshot {
        /// How much.
        amount: Money,
        /// Why it was not prevented.
        cause: OvershootCause,
    },
    /// A hold did not fit what is left, with nothing in flight: the money is as good as used up.
    RanShort,
    /// The customer was alerted: what is left of the money.
    Alerted(Money),
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
    fn comes_under(&mut self, _plan: &Plan) {}

    /// Clients tried requests: they were admitted, or refused for a reason.
    fn attempted(&mut self, span: &RequestSpan<'_>, refused: Option<Refusal>, account: &AccountView);

    /// The fate of requests was decided.
    fn concluded(&mut self, span: &RequestSpan<'_>, fate: Fate, account: &AccountView);

    /// Usage of requests was posted: all of it, or a part where that of a single request has several sources.
    fn usage(&mut self, span: &RequestSpan<'_>, posting: Posting);

    /// The usage of requests settled, and all that it posted was told; `account` is as it left it.
    fn settled(&mut self, _span: &RequestSpan<'_>, _account: &AccountView) {}

    /// Something was posted.
    fn posting(&mut self, at: Time, posting: Posting);

    /// Something happened; `account` is as it left it.
    fn happening(&mut self, happening: Happening, account: &AccountView);
}

/// Listens to nothing.
impl Observer for () {
    fn attempted(&mut self, _: &RequestSpan<'_>, _: Option<Refusal>, _: &AccountView) {}
    fn concluded(&mut self, _: &RequestSpan<'_>, _: Fate, _: &AccountView) {}
    fn usage(&mut self, _: &RequestSpan<'_>, _: Posting) {}
    fn posting(&mut self, _: Time, _: Posting) {}
    fn happening(&mut self, _: Happening, _: &AccountView) {}
}

/// Two that listen to the same.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn comes_under(&mut self, plan: &Plan) {
        self.0.comes_under(plan);
        self.1.comes_under(plan);
    }
    fn attempted(&mut self, span: &RequestSpan<'_>, refused: Option<Refusal>, account: &AccountView) {
        self.0.attempted(span, refused, account);
        self.1.attempted(span, refused, account);
    }
    fn concluded(&mut self, span: &RequestSpan<'_>, fate: Fate, account: &AccountView) {
        self.0.concluded(span, fate, account);
        self.1.concluded(span, fate, account);
    }
    fn settled(&mut self, span: &RequestSpan<'_>, account: &AccountView) {
        self.0.settled(span, account);
        self.1.settled(span, account);
    }
    fn usage(&mut self, span: &RequestSpan<'_>, posting: Posting) {
        self.0.usage(span, posting);
        self.1.usage(span, posting);
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
    fn comes_under(&mut self, plan: &Plan) {
        if let Some(observer) = self {
            observer.comes_under(plan);
        }
    }
    fn attempted(&mut self, span: &RequestSpan<'_>, refused: Option<Refusal>, account: &AccountView) {
        if let Some(observer) = self {
            observer.attempted(span, refused, account);
        }
    }
    fn concluded(&mut self, span: &RequestSpan<'_>, fate: Fate, account: &AccountView) {
        if let Some(observer) = self {
            observer.concluded(span, fate, account);
        }
    }
    fn settled(&mut self, span: &RequestSpan<'_>, account: &AccountView) {
        if let Some(observer) = self {
            observer.settled(span, account);
        }
    }
    fn usage(&mut self, span: &RequestSpan<'_>, posting: Posting) {
        if let Some(observer) = self {
            observer.usage(span, posting);
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
