//! The balance sheet that ends a story.

use super::page::{Page, counted};
use super::requests::Requests;
use crate::engine::event::PaymentResult;
use crate::engine::observation::{Fate, Happening, OvershootCause, RequestSpan};
use crate::money::Money;
use crate::time::{Span, Time};
use crate::wallet::{Entry, LedgerAccount, Posting};
use std::collections::BTreeMap;

/// Sums over an account's whole life, warm-up and run-off included.
#[derive(Debug, Default)]
pub(super) struct Closing {
    books: [Money; LedgerAccount::COUNT],
    /// All that was paid, before fees.
    paid: Money,
    /// Bought credit that is not posted yet.
    pub to_post: Money,
    served: Requests,
    lost: Requests,
    never_sent: Requests,
    /// Tries of clients that were refused.
    pub refused_tries: u64,
    overshoot: BTreeMap<OvershootCause, Money>,
    disputes: u64,
    /// What went back in disputes.
    returned: Money,
    payments: u64,
    declines: u64,
    stops: u64,
    stopped: Span,
    pub stopped_since: Option<Time>,
}

impl Closing {
    fn book(&self, account: LedgerAccount) -> Money {
        self.books[account as usize]
    }

    /// What the customer owes, invoiced or not.
    pub fn receivable(&self) -> Money {
        self.book(LedgerAccount::Receivable)
    }

    pub fn post(&mut self, Posting { entry, amount }: Posting) {
        let (debit, credit) = entry.sides();
        self.books[debit as usize] += amount;
        self.books[credit as usize] -= amount;
        match entry {
            Entry::Purchase => {
                self.to_post += amount;
                self.paid += amount;
            }
            Entry::InvoicePaid => self.paid += amount,
            _ => {}
        }
    }

    pub fn requests(&mut self, fate: Fate, span: &RequestSpan<'_>) {
        let requests = match fate {
            Fate::Served => &mut self.served,
            Fate::Lost => &mut self.lost,
            Fate::Churned => &mut self.never_sent,
        };
        requests.add(span);
    }

    pub fn happening(&mut self, happening: Happening, now: Time) {
        match happening {
            Happening::PaymentResult { result: PaymentResult::Success, .. } => self.payments += 1,
            Happening::PaymentResult { .. } => self.declines += 1,
            Happening::CreditPosted(amount) => self.to_post -= amount,
            Happening::PaymentReturned { amount, .. } => {
                self.disputes += 1;
                self.returned += amount;
            }
            Happening::Overshot { amount, cause } => *self.overshoot.entry(cause).or_default() += amount,
            Happening::Stopped(_) => {
                self.stops += 1;
                self.stopped_since = Some(now);
            }
            Happening::StopEnded { .. }
            | Happening::Churned
            | Happening::Closed
            | Happening::HorizonReached => {
                let since = self.stopped_since.take();
                self.stopped = self.stopped + since.map_or(Span::ZERO, |since| now - since);
            }
            _ => {}
        }
    }

    /// Writes the sheet. `credit` is what the account has left to use.
    ///
    /// # Panics
    /// If the books do not balance: an error of the simulator, never of a scenario.
    pub fn write(&self, page: &mut Page<'_>, end: Time, credit: Money) {
        use LedgerAccount::*;
        let (usage, promotional) = (-self.book(Revenue), self.book(Promotion));
        let (liability, net_revenue) = (-self.book(CustomerCredit), usage - promotional);
        let promotional_left = credit + self.to_post - liability;
        page.write(format!("\nThe account at the end, {} UTC", page.time(end)));
        let served = counted(self.served.count, "request");
        let mut row = |name: &str, amount: Money, remark: String| {
            page.write(format!("  {name:<20} {:>18}  {remark}", amount.to_string()).trim_end());
        };
        row("usage", usage, format!("{served} served"));
        row("  promotional", promotional, "of it, paid by promotional credit".to_owned());
        row("  net revenue", net_revenue, String::new());
        let overshoot: Money = self.overshoot.values().copied().sum();
        if overshoot.is_positive() {
            row("  overshoot", overshoot, "of the usage, what the policy meant to prevent".to_owned());
        }
        for (cause, name, remark) in [
            (OvershootCause::Lag, "    by lag", "of it, as usage that had ended was not known"),
            (OvershootCause::InFlight, "    in flight", "of it, as other requests were running"),
        ] {
            if let Some(amount) = self.overshoot.get(&cause) {
                row(name, *amount, remark.to_owned());
            }
        }
        let declines = counted(self.declines, "decline");
        row("paid", self.paid, format!("{}, {declines}", counted(self.payments, "payment")));
        if self.disputes > 0 {
            let taken_back = self.returned - self.book(Disputes);
            let disputes = counted(self.disputes, "dispute");
            row("returned", self.returned, format!("{disputes}; {taken_back} of it taken back from credit"));
        }
        row("fees", self.book(Fees), String::new());
        let unposted =
            if self.to_post.is_positive() { format!(", {} not posted", self.to_post) } else { String::new() };
        row("credit left", liability, format!("paid by the customer, to be used{unposted}"));
        if promotional_left.is_positive() {
            row("promotional left", promotional_left, String::new());
        }
        if self.book(Breakage) != Money::ZERO {
            row("lapsed", -self.book(Breakage), "paid by the customer, not used in time".to_owned());
        }
        row("owed", self.receivable(), "by the customer".to_owned());
        row("written off", self.book(BadDebt), String::new());
        let lost = counted(self.lost.count, "request");
        let lost = match self.lost.count == self.refused_tries {
            true => format!("{lost} refused"),
            false => format!("{lost}; {} in all", counted(self.refused_tries, "refusal")),
        };
        row("lost", self.lost.cost, lost);
        if self.never_sent.count > 0 {
            let requests = counted(self.never_sent.count, "request");
            row("never sent", self.never_sent.cost, format!("{requests} after the customer had left"));
        }
        let stopped =
            if self.stops > 0 { format!(", {} in all", self.stopped.roughly()) } else { String::new() };
        page.write(format!("  {}{stopped}", counted(self.stops, "stop")));

        let (cash, breakage) = (self.book(Cash), -self.book(Breakage));
        let (fees, disputes, bad_debt) = (self.book(Fees), self.book(Disputes), self.book(BadDebt));
        let left = liability + net_revenue + breakage - self.receivable() - fees - disputes - bad_debt;
        assert_eq!(cash, left, "cash is what the other books leave");
        page.write("");
        page.write_indented(
            0,
            &format!(
                "The books balance: cash {cash} = customer credit {liability} + net revenue {net_revenue} \
                 + breakage {breakage} - receivable {} - fees {fees} - disputes {disputes} - bad debt \
                  {bad_debt}.",
                self.receivable()
            ),
        );
    }
}
