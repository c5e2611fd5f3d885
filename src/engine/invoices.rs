//! Invoices: issued, collected on a schedule of their own, past due, paid, written off.

use super::event::{Event, Purpose};
use super::observation::{Happening, Observer, Question};
use super::{Lane, at_least_a_second};
use crate::money::Money;
use crate::policy::{InvoiceTerms, PolicyEvent};
use crate::time::Span;

/// How the collection of an account's open invoices stands, oldest first.
#[derive(Debug, Default)]
pub(super) struct Collections(Vec<Collection>);

/// The collection of one open invoice.
#[derive(Debug)]
struct Collection {
    invoice: u32,
    terms: InvoiceTerms,
    /// Counts the schedules of attempts: what an earlier one planned is void.
    schedule: u32,
    /// Soft declines of this schedule.
    declines: usize,
    /// Whether an attempt has been made whose result is on its way.
    is_under_way: bool,
    /// Whether it has had a final decline.
    is_overdue: bool,
}

impl Collections {
    fn find(&mut self, invoice: u32) -> Option<&mut Collection> {
        self.0.iter_mut().find(|collection| collection.invoice == invoice)
    }

    /// Whether an open invoice has had a final decline.
    pub fn any_overdue(&self) -> bool {
        self.0.iter().any(|collection| collection.is_overdue)
    }
}

impl<O: Observer> Lane<'_, O> {
    /// What is owed on open invoices that have had a final decline.
    pub(super) fn overdue_amount(&self) -> Money {
        let overdue = self.collections.0.iter().filter(|collection| collection.is_overdue);
        overdue.filter_map(|collection| self.wallet.owed_on(collection.invoice)).sum()
    }

    /// Makes the uninvoiced receivable an invoice and plans its collection.
    pub(super) fn issue_invoice(&mut self, terms: InvoiceTerms) {
        let Some(invoice) = self.wallet.issue_invoice(terms.minimum) else { return };
        self.note(Happening::InvoiceIssued { number: invoice.number, amount: invoice.owed });
        self.queue.schedule(
            self.now + terms.due_after,
            Event::InvoiceAttempt { invoice: invoice.number, schedule: 0 },
        );
        if let Some(after) = terms.write_off_after {
            self.queue.schedule(self.now + after, Event::InvoiceWriteOff { invoice: invoice.number });
        }
        self.collections.0.push(Collection {
            invoice: invoice.number,
            terms,
            schedule: 0,
            declines: 0,
            is_under_way: false,
            is_overdue: false,
        });
    }

    /// The planned time of an attempt has come.
    pub(super) fn attempt_scheduled_invoice(&mut self, invoice: u32, schedule: u32) {
        let is_current =
            self.collections.find(invoice).is_some_and(|collection| collection.schedule == schedule);
        if is_current {
            self.attempt_invoice(invoice);
        }
    }

    fn attempt_invoice(&mut self, invoice: u32) {
        if !self.payments.has_card() {
            return; // adding one pays it
        }
        if let (Some(owed), Some(collection)) = (self.wallet.owed_on(invoice), self.collections.find(invoice))
        {
            collection.is_under_way = true;
            self.attempt(Purpose::Invoice(invoice), owed.ceil_to_cents());
        }
    }

    /// With a payment method newly on file: attempts all open invoices, oldest first, each with its retries anew, but
    /// for those with an attempt under way.
    pub(super) fn attempt_open_invoices(&mut self) {
        let mut waiting = Vec::new();
        for collection in self.collections.0.iter_mut().filter(|collection| !collection.is_under_way) {
            collection.schedule += 1;
            collection.declines = 0;
            waiting.push(collection.invoice);
        }
        for invoice in waiting {
            self.attempt_invoice(invoice);
        }
    }

    /// An attempt succeeded. What the invoice no longer needs becomes credit at once.
    pub(super) fn take_invoice_payment(&mut self, invoice: u32, amount: Money, happening: Happening) {
        let (surplus, was_open) = self.wallet.receive_invoice_payment(invoice, amount);
        self.pay_fee(amount);
        self.note(happening);
        if was_open {
            self.conclude_paid_invoice(invoice);
        }
        if surplus.is_positive() {
            self.credit(surplus);
        }
        self.tell(PolicyEvent::PaymentSucceeded);
    }

    /// An invoice is paid, by a payment or by credit.
    pub(super) fn conclude_paid_invoice(&mut self, invoice: u32) {
        self.collections.0.retain(|collection| collection.invoice != invoice);
        self.note(Happening::InvoicePaid { number: invoice });
    }

    /// An attempt was declined: the next one is planned, or the invoice is overdue and the customer is asked.
    pub(super) fn take_declined_invoice(&mut self, invoice: u32, hard: bool) {
        let now = self.now;
        // An invoice that credit has paid, or that was written off, asks for nothing any more.
        let Some(collection) = self.collections.find(invoice) else { return };
        collection.is_under_way = false;
        let retry: Option<Span> = collection.terms.retry_after.get(collection.declines).copied();
        collection.declines += 1;
        match retry.filter(|_| !hard) {
            Some(wait) => {
                let at = now + at_least_a_second(wait);
                let schedule = collection.schedule;
                self.queue.schedule(at, Event::InvoiceAttempt { invoice, schedule });
                self.note(Happening::RetryPlanned(at));
            }
            None => {
                collection.is_overdue = true;
                self.note(Happening::InvoiceOverdue { number: invoice });
                self.ask(Question::ReplaceCard);
            }
        }
    }

    /// An invoice has stayed open for too long: the account is closed.
    pub(super) fn write_off_if_unpaid(&mut self, invoice: u32) {
        if self.collections.find(invoice).is_some() {
            self.close();
        }
    }

    /// Writes off all open invoices.
    pub(super) fn write_off_invoices(&mut self) {
        self.collections.0.clear();
        for number in self.wallet.write_off_invoices() {
            self.note(Happening::InvoiceWrittenOff { number });
        }
    }
}
