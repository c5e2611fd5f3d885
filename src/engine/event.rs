//! Events of one account, and the order in which they happen.

use crate::money::Money;
use crate::policy::Alarm;
use crate::time::Time;
use crate::wallet::LotNumber;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What can happen at an instant. What has been overtaken when its time comes (an alarm of an earlier policy, the
/// expiry of a card that was replaced) carries the number that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A period ends and the next begins.
    PeriodBoundary,
    /// A UTC day begins that the policy asked to be told of.
    DayBoundary,
    /// The card on file expires.
    CardExpiry {
        /// The number of the card.
        card: u32,
    },
    /// An attempt at payment has its result.
    PaymentResult(Attempt),
    /// Bought credit becomes balance.
    CreditPosting {
        /// The number of the purchase.
        purchase: u32,
    },
    /// A payment that succeeded is disputed.
    Dispute {
        /// What it was.
        amount: Money,
    },
    /// A promotional grant expires.
    GrantExpiry {
        /// Its credit.
        lot: LotNumber,
    },
    /// Paid credit lapses.
    CreditLapse {
        /// Which.
        lot: LotNumber,
    },
    /// The date has come on which accounts move to another policy.
    Switch,
    /// A time that the policy asked for.
    Alarm {
        /// Which of the account's policies asked.
        policy: u32,
        /// Its own name for it.
        alarm: Alarm,
    },
    /// A payment of an invoice is attempted.
    InvoiceAttempt {
        /// The number of the invoice.
        invoice: u32,
        /// Which schedule of attempts this belongs to; a new card starts a new one.
        schedule: u32,
    },
    /// A declined top-up is tried again.
    TopUpRetry {
        /// The number of the purchase.
        purchase: u32,
    },
    /// An invoice has stayed unpaid for too long.
    InvoiceWriteOff {
        /// The number of the invoice.
        invoice: u32,
    },
    /// Standing is judged.
    Judgement,
    /// The customer does what a question asked for.
    Answer(Answer),
    /// The customer's patience with a stop ends.
    PatienceEnd {
        /// The number of the stop.
        stop: u32,
    },
    /// A client tries a request again after a wait.
    ClientRetry {
        /// Where it keeps it.
        slot: u32,
    },
    /// A client tries the next request of its queue again.
    ClientRelease,
}

/// An attempt at payment whose result is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What is paid for.
    pub purpose: Purpose,
    /// What is charged.
    pub amount: Money,
    /// How it ends.
    pub result: PaymentResult,
    /// The number of the attempt, counted from 0.
    pub number: u32,
}

/// What a payment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Credit: the purchase of that number.
    Purchase(u32),
    /// The invoice of that number.
    Invoice(u32),
}

/// The kind of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurchaseKind {
    /// At signup, or at a move to another policy.
    Initial,
    /// Automatic top-up.
    TopUp,
    /// By a customer who added a payment method in a stop.
    WithPaymentMethod,
    /// By a customer who was asked to buy credit.
    Answer,
    /// By a customer who heeds an alert.
    Alert,
}

/// How an attempt at payment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentResult {
    /// The money comes.
    Success,
    /// Declined this once.
    SoftDecline,
    /// Declined for good: the card has expired.
    HardDecline,
}

/// What a customer does on a yes. The number of the stop that it belongs to tells whether it still matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Puts a payment method on file.
    AddPaymentMethod {
        /// In answer to which stop.
        stop: u32,
    },
    /// Replaces the card on file.
    ReplaceCard,
    /// Buys credit.
    BuyCredit {
        /// In answer to which stop.
        stop: u32,
    },
    /// Makes a purchase that had to wait because it was beyond what the customer is willing to pay in a period.
    BuyDeferred {
        /// In answer to which stop.
        stop: u32,
        /// On which occasion.
        kind: PurchaseKind,
        /// How much credit.
        amount: Money,
    },
    /// Buys credit after an alert.
    HeedAlert {
        /// How many stops there had been.
        stops: u32,
    },
    /// Tries a purchase again that was declined softly.
    TryPurchaseAgain {
        /// The number of the purchase.
        purchase: u32,
    },
}

/// The class of an event: at one instant, lower classes happen first. Signups come before all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Periods and days begin.
    Boundary,
    /// Cards expire, payments have their results or are disputed.
    Payment,
    /// Credit becomes balance.
    Posting,
    /// Usage settles.
    Settlement,
    /// Timers of policies and invoices.
    Timer,
    /// Nothing that standing is judged by is left at the instant.
    Judgement,
    /// Customers act, or lose patience.
    Customer,
    /// Requests: those that clients try again, then arrivals.
    Request,
}

impl Event {
    /// The event's class. Signups, settlements and arrivals are not in the queue.
    pub const fn class(self) -> Class {
        match self {
            Event::PeriodBoundary | Event::DayBoundary => Class::Boundary,
            Event::CardExpiry { .. } | Event::PaymentResult(_) | Event::Dispute { .. } => Class::Payment,
            Event::CreditPosting { .. } => Class::Posting,
            Event::GrantExpiry { .. }
            | Event::CreditLapse { .. }
            | Event::Switch
            | Event::Alarm { .. }
            | Event::InvoiceAttempt { .. }
            | Event::TopUpRetry { .. }
            | Event::InvoiceWriteOff { .. } => Class::Timer,
            Event::Judgement => Class::Judgement,
            Event::Answer(_) | Event::PatienceEnd { .. } => Class::Customer,
            Event::ClientRetry { .. } | Event::ClientRelease => Class::Request,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Scheduled {
    at: Time,
    class: Class,
    /// Counts what was scheduled: the order within a class.
    sequence: u32,
    event: Event,
}

impl Scheduled {
    fn order(&self) -> (Time, Class, u32) {
        (self.at, self.class, self.sequence)
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Scheduled) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Scheduled) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Scheduled) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

/// The events to come, ordered by (time, class, the order in which they were scheduled).
#[derive(Debug, Default)]
pub struct EventQueue {
    heap: BinaryHeap<Reverse<Scheduled>>,
    scheduled: u32,
}

impl EventQueue {
    /// Adds an event.
    pub fn schedule(&mut self, at: Time, event: Event) {
        // An instant beyond reckoning never comes.
        if at < Time::NEVER {
            let sequence = self.scheduled;
            self.scheduled += 1;
            self.heap.push(Reverse(Scheduled { at, class: event.class(), sequence, event }));
        }
    }

    /// When the next event happens and of what class it is; at [`Time::NEVER`] where there is none.
    pub fn next(&self) -> (Time, Class) {
        self.heap.peek().map_or((Time::NEVER, Class::Request), |Reverse(next)| (next.at, next.class))
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<Event> {
        self.heap.pop().map(|Reverse(next)| next.event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_happen_by_time_then_class_then_the_order_in_which_they_were_scheduled() {
        let (early, late) = (Time::from_micros(1), Time::from_micros(2));
        let mut queue = EventQueue::default();
        let alarm = |number| Event::Alarm { policy: 0, alarm: Alarm(number) };
        for (at, event) in [
            (late, Event::PeriodBoundary),
            (early, Event::PatienceEnd { stop: 0 }),
            (early, alarm(2)),
            (early, alarm(1)),
            (early, Event::CreditPosting { purchase: 0 }),
            (early, Event::CardExpiry { card: 0 }),
            (early, Event::DayBoundary),
            (Time::NEVER, Event::Switch),
        ] {
            queue.schedule(at, event);
        }
        let order: Vec<Event> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(
            order,
            [
                Event::DayBoundary,
                Event::CardExpiry { card: 0 },
                Event::CreditPosting { purchase: 0 },
                alarm(2),
                alarm(1),
                Event::PatienceEnd { stop: 0 },
                Event::PeriodBoundary,
            ]
        );
    }
}
