//! An account's money and its books (MODEL 4).

use super::terms::{Micros, Nanos};
use std::collections::BTreeMap;

/// One movement in the books, between two of their accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Posting {
    pub at: Micros,
    pub debit: &'static str,
    pub credit: &'static str,
    pub amount: Nanos,
}

/// Credit that lapses all at once.
#[derive(Clone, Copy, Debug)]
struct Lot {
    number: usize,
    left: Nanos,
    expires: Micros,
}

/// What is owed on one invoice.
#[derive(Clone, Copy, Debug)]
pub struct Owed {
    pub number: usize,
    pub amount: Nanos,
}

/// How some settled usage was paid for.
#[derive(Clone, Copy, Debug)]
pub struct Paid {
    pub by_promotion: Nanos,
    pub beyond_credit: Nanos,
}

#[derive(Debug, Default)]
pub struct Wallet {
    pub now: Micros,
    promotional: Vec<Lot>,
    paid: Vec<Lot>,
    lots: usize,
    /// Bought credit that is not posted yet.
    awaiting: Nanos,
    pub uninvoiced: Nanos,
    /// Oldest first; one that is paid is gone.
    pub open_invoices: Vec<Owed>,
    books: BTreeMap<&'static str, Nanos>,
    pub postings: Vec<Posting>,
}

fn left(lots: &[Lot]) -> Nanos {
    lots.iter().map(|lot| lot.left).sum()
}

/// Takes up to an amount from the lots, soonest expiry first; gives what was there.
fn take(lots: &mut Vec<Lot>, amount: Nanos) -> Nanos {
    lots.sort_by_key(|lot| (lot.expires, lot.number));
    let mut missing = amount;
    for lot in lots.iter_mut() {
        let part = lot.left.min(missing);
        lot.left -= part;
        missing -= part;
    }
    lots.retain(|lot| lot.left > 0);
    amount - missing
}

impl Wallet {
    pub fn credit(&self) -> Nanos {
        left(&self.promotional) + left(&self.paid)
    }

    /// *Balance* = promotional + paid credit - uninvoiced receivable.
    pub fn balance(&self) -> Nanos {
        self.credit() - self.uninvoiced
    }

    /// All that is owed by the customer.
    pub fn receivable(&self) -> Nanos {
        self.uninvoiced + self.open_invoices.iter().map(|invoice| invoice.amount).sum::<Nanos>()
    }

    /// Paid credit that is owed to the customer, with what awaits posting.
    pub fn customer_credit(&self) -> Nanos {
        left(&self.paid) + self.awaiting
    }

    /// What is owed on an invoice; nothing where it is paid or written off.
    pub fn owed_on(&self, number: usize) -> Nanos {
        self.open_invoices.iter().find(|invoice| invoice.number == number).map_or(0, |invoice| invoice.amount)
    }

    fn post(&mut self, debit: &'static str, credit: &'static str, amount: Nanos) {
        if amount != 0 {
            *self.books.entry(debit).or_default() += amount;
            *self.books.entry(credit).or_default() -= amount;
            self.postings.push(Posting { at: self.now, debit, credit, amount });
        }
    }

    /// That the books sum to zero, and say what the wallet holds.
    pub fn audit(&self) {
        let book = |name| self.books.get(name).copied().unwrap_or(0);
        assert_eq!(self.books.values().sum::<Nanos>(), 0, "the books do not balance");
        assert_eq!(book("receivable"), self.receivable());
        assert_eq!(-book("customer_credit"), self.customer_credit());
    }

    fn new_lot(&mut self, amount: Nanos, expires: Micros) -> Lot {
        self.lots += 1;
        Lot { number: self.lots, left: amount, expires }
    }

    /// Granting promotional credit posts nothing. Gives the lot.
    pub fn grant(&mut self, amount: Nanos, expires: Micros) -> usize {
        let lot = self.new_lot(amount, expires);
        self.promotional.push(lot);
        lot.number
    }

    /// Nor does its expiry.
    pub fn expire_promotional(&mut self, number: usize) {
        self.promotional.retain(|lot| lot.number != number);
    }

    /// Paid credit lapses; gives what of the lot was left.
    pub fn lapse(&mut self, number: usize) -> Nanos {
        let lapsed = self.paid.iter().find(|lot| lot.number == number).map_or(0, |lot| lot.left);
        self.paid.retain(|lot| lot.number != number);
        self.post("customer_credit", "breakage", lapsed);
        lapsed
    }

    /// Settled usage is taken from promotional credit first, then paid credit, and the rest is owed.
    pub fn settle(&mut self, cost: Nanos) -> Paid {
        let by_promotion = take(&mut self.promotional, cost);
        let by_credit = take(&mut self.paid, cost - by_promotion);
        let beyond_credit = cost - by_promotion - by_credit;
        self.uninvoiced += beyond_credit;
        self.post("promotion", "revenue", by_promotion);
        self.post("customer_credit", "revenue", by_credit);
        self.post("receivable", "revenue", beyond_credit);
        Paid { by_promotion, beyond_credit }
    }

    /// A purchase succeeds: a liability from then.
    pub fn receive_purchase(&mut self, amount: Nanos) {
        self.awaiting += amount;
        self.post("cash", "customer_credit", amount);
    }

    /// Bought credit is posted: it pays the uninvoiced receivable first, then open invoices, oldest first; the rest is
    /// paid credit. Gives what it paid of the first, and the lot of the rest.
    pub fn post_credit(&mut self, amount: Nanos, expires: Micros) -> (Nanos, Option<usize>) {
        self.awaiting -= amount;
        let of_uninvoiced = amount.min(self.uninvoiced);
        self.uninvoiced -= of_uninvoiced;
        let mut rest = amount - of_uninvoiced;
        for index in 0..self.open_invoices.len() {
            let part = rest.min(self.open_invoices[index].amount);
            self.open_invoices[index].amount -= part;
            rest -= part;
        }
        self.post("customer_credit", "receivable", amount - rest);
        self.open_invoices.retain(|invoice| invoice.amount > 0);
        let lot = (rest > 0).then(|| {
            let lot = self.new_lot(rest, expires);
            self.paid.push(lot);
            lot.number
        });
        (of_uninvoiced, lot)
    }

    /// The uninvoiced receivable becomes an invoice of its whole cents.
    pub fn invoice(&mut self, number: usize, amount: Nanos) {
        self.uninvoiced -= amount;
        self.open_invoices.push(Owed { number, amount });
    }

    /// An invoice is paid by a payment; gives the surplus, which is a purchase then.
    pub fn receive_invoice_payment(&mut self, number: usize, amount: Nanos) -> Nanos {
        let part = amount.min(self.owed_on(number));
        if let Some(invoice) = self.open_invoices.iter_mut().find(|invoice| invoice.number == number) {
            invoice.amount -= part;
        }
        self.open_invoices.retain(|invoice| invoice.amount > 0);
        self.post("cash", "receivable", part);
        amount - part
    }

    pub fn pay_fee(&mut self, fee: Nanos) {
        self.post("fees", "cash", fee);
    }

    /// A disputed payment goes back, and unused posted paid credit is taken back, up to it; gives how much of that.
    pub fn return_payment(&mut self, amount: Nanos) -> Nanos {
        self.post("disputes", "cash", amount);
        let taken_back = take(&mut self.paid, amount);
        self.post("customer_credit", "disputes", taken_back);
        taken_back
    }

    /// The uninvoiced receivable is written off; gives how much that was.
    pub fn write_off_uninvoiced(&mut self) -> Nanos {
        let owed = std::mem::take(&mut self.uninvoiced);
        self.post("bad_debt", "receivable", owed);
        owed
    }

    /// All open invoices are written off; gives them.
    pub fn write_off_invoices(&mut self) -> Vec<Owed> {
        let invoices = std::mem::take(&mut self.open_invoices);
        for invoice in &invoices {
            self.post("bad_debt", "receivable", invoice.amount);
        }
        invoices
    }
}
