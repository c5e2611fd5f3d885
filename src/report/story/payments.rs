//! What is told of payments, of the credit that they buy and of the invoices that they pay.

use super::Narrator;
use crate::account::AccountView;
use crate::engine::event::{PaymentResult, PurchaseKind, Purpose};
use crate::money::Money;
use crate::time::{Span, Time};
use crate::wallet::Entry;

impl Narrator<'_> {
    pub(super) fn payment_attempted(
        &mut self,
        account: &AccountView,
        purpose: Purpose,
        kind: Option<PurchaseKind>,
        amount: Money,
        result_at: Time,
    ) {
        let name = payment(purpose, kind, amount);
        let is_retry = self.declined.contains(&purpose);
        let has_new_card = self.new_card_at == Some(account.now);
        self.say_of_payment(account, purpose, &name, if is_retry { "tried again" } else { "attempted" });
        let wait = result_at - account.now;
        if wait >= Span::HOUR {
            self.add(account, &format!("; the processor answers in {}", wait.roughly()));
        }
        match (kind, purpose) {
            (Some(PurchaseKind::TopUp), _) if !is_retry => {
                let threshold = self.plan.as_ref().and_then(|plan| plan.policy.threshold());
                if let Some(threshold) = threshold {
                    let why = match account.balance <= threshold {
                        true => format!("balance at or below the threshold of {threshold}"),
                        false => "what is left is less than a request must hold".to_owned(),
                    };
                    self.rule(account, format!("{why}, no purchase under way: a top-up is attempted"));
                }
            }
            (Some(PurchaseKind::Alert), _) => {
                self.rule(account, "who heeds an alert buys the amount of `buys_credit`");
            }
            (Some(PurchaseKind::WithPaymentMethod), _) => self.rule(
                account,
                "who adds a payment method while stopped under a prepaid policy buys the initial purchase \
                 at once, or the amount of `buys_credit` where there is none",
            ),
            (None, Purpose::Invoice(_)) if has_new_card => {
                self.rule(account, "what is newly on file pays all open invoices at once, oldest first");
            }
            _ => {}
        }
    }

    pub(super) fn payment_result(
        &mut self,
        account: &AccountView,
        purpose: Purpose,
        kind: Option<PurchaseKind>,
        amount: Money,
        result: PaymentResult,
    ) {
        let name = payment(purpose, kind, amount);
        let fee = self.heard.iter().find(|posting| posting.entry == Entry::Fee);
        let fee = fee.map_or_else(String::new, |fee| format!(" (fee {})", fee.amount));
        let what = match result {
            PaymentResult::Success => format!("paid{fee}"),
            PaymentResult::SoftDecline => "declined softly".to_owned(),
            PaymentResult::HardDecline => "declined for good".to_owned(),
        };
        self.say_of_payment(account, purpose, &name, &what);
        match result {
            PaymentResult::Success => {
                self.declined.retain(|declined| *declined != purpose);
                let delay = self.scenario.payments.posting_delay;
                if kind.is_some() && delay > Span::ZERO {
                    self.rule(account, format!("bought credit becomes balance {delay} after its payment"));
                }
            }
            PaymentResult::SoftDecline => self.declined.push(purpose),
            PaymentResult::HardDecline => {
                self.declined.push(purpose);
                self.rule(account, "the card had expired when the payment was attempted");
            }
        }
    }

    pub(super) fn retry_planned(&mut self, account: &AccountView, at: Time) {
        let wait = (at - account.now).roughly();
        let number = self.declined.iter().filter(|declined| Some(**declined) == self.topic).count();
        self.add(account, &format!("; retry {number} in {wait}"));
    }

    pub(super) fn purchase_failed(&mut self, account: &AccountView, kind: PurchaseKind) {
        let was_declined =
            matches!(self.topic, Some(Purpose::Purchase(_))) && self.add(account, "; not tried again");
        if !was_declined {
            self.say(account, format!("the {} that waited to be tried again is given up", purchase(kind)));
        }
        match kind {
            PurchaseKind::Initial | PurchaseKind::WithPaymentMethod | PurchaseKind::Alert => {
                self.rule(account, "it is tried once; if declined, the stop's question takes over");
            }
            PurchaseKind::Answer if !was_declined => {
                self.rule(
                    account,
                    "what the customer meant to do in a stop is dropped when the stop is over",
                );
            }
            PurchaseKind::TopUp | PurchaseKind::Answer => {}
        }
    }

    pub(super) fn purchase_forgone(&mut self, account: &AccountView, amount: Money) {
        let which = if self.came_under_at == account.now { "initial purchase" } else { "purchase" };
        self.say(account, format!("the {which} of {amount} is not made"));
        self.rule(account, "it is beyond what the customer is willing to pay in a month");
    }

    pub(super) fn purchase_deferred(&mut self, account: &AccountView, amount: Money) {
        self.say(account, format!("the purchase of {amount} waits"));
        self.rule(
            account,
            "beyond what the customer is willing to pay in a month: it is made at the first day that allows \
             it, if the stop still lasts",
        );
    }

    pub(super) fn credit_posted(&mut self, account: &AccountView, amount: Money) {
        let debt = self.heard.iter().find(|posting| posting.entry == Entry::DebtPaidByCredit);
        let debt =
            debt.map_or_else(String::new, |debt| format!("; {} of it pays what was owed", debt.amount));
        if self.topic.is_none() || !self.add(account, &format!(", posted{debt}")) {
            self.say(account, format!("credit of {amount} posted{debt}"));
        }
        if self.is_not_open && account.balance.is_positive() {
            self.is_not_open = false;
            self.add(account, "; open now");
        }
        if !debt.is_empty() {
            self.rule(account, "posted credit first pays usage beyond credit, then open invoices");
        }
    }

    pub(super) fn credit_lapsed(&mut self, account: &AccountView, amount: Money) {
        self.say(account, format!("{amount} of paid credit lapses"));
        let after = self.plan.as_ref().and_then(|plan| plan.terms.credit_expires_after);
        let time =
            after.map_or_else(|| "in time".to_owned(), |after| format!("within {after} of its posting"));
        self.rule(account, format!("paid credit that is not used {time} is the platform's"));
    }

    pub(super) fn payment_returned(
        &mut self,
        account: &AccountView,
        amount: Money,
        taken_back: Money,
        fee: Money,
    ) {
        let taken = match taken_back {
            Money::ZERO => String::new(),
            taken_back => format!("; {taken_back} of unused credit is taken back"),
        };
        let fee = if fee.is_positive() { format!(" (fee {fee})") } else { String::new() };
        self.say(account, format!("a payment of {amount} is disputed and goes back{fee}{taken}"));
        self.rule(account, "a disputed payment closes the account: what it owes is written off");
    }

    pub(super) fn invoice_issued(&mut self, account: &AccountView, number: u32, amount: Money) {
        self.issued.push(account.now);
        self.say(account, format!("invoice {} issued: {amount}", number + 1));
        let rule = if self.period_began == Some(account.now) {
            "when a month begins, the whole cents of what is owed and not invoiced become an invoice"
        } else {
            "within a month, too, usage beyond credit is invoiced when it has grown to certain amounts"
        };
        self.rule(account, rule);
    }

    pub(super) fn invoice_paid(&mut self, account: &AccountView, number: u32) {
        self.declined.retain(|declined| *declined != Purpose::Invoice(number));
        // Its payment has told it.
        if self.topic != Some(Purpose::Invoice(number)) || self.page.last_at(account.now).is_none() {
            self.say(account, format!("invoice {} is paid by credit", number + 1));
        }
    }

    /// Tells that an invoice was written off; each has a posting of its own among those of the closing.
    pub(super) fn invoice_written_off(&mut self, account: &AccountView, number: u32) {
        let rest = self.heard.split_off(1.min(self.heard.len()));
        let amount: Money = self.heard.iter().map(|posting| posting.amount).sum();
        let age = (account.now - self.issued[number as usize]).roughly();
        self.say(account, format!("invoice {} written off with {amount} open, {age} old", number + 1));
        self.heard = rest;
        if self.disputed_at != Some(account.now) {
            self.rule(
                account,
                "an invoice unpaid for too long closes the account: open invoices and what is not invoiced \
                 are written off",
            );
        }
    }

    pub(super) fn debt_written_off(&mut self, account: &AccountView, amount: Money) {
        self.say(account, format!("{amount} of usage beyond credit written off"));
        if self.has_churned {
            self.rule(
                account,
                "what an account owes that is not post-paid is written off when its customer leaves",
            );
        }
    }
}

fn purchase(kind: PurchaseKind) -> &'static str {
    match kind {
        PurchaseKind::Initial => "initial purchase",
        PurchaseKind::TopUp => "top-up",
        PurchaseKind::WithPaymentMethod | PurchaseKind::Answer | PurchaseKind::Alert => "purchase",
    }
}

/// What a payment is called.
fn payment(purpose: Purpose, kind: Option<PurchaseKind>, amount: Money) -> String {
    match (purpose, kind) {
        (Purpose::Invoice(number), _) => format!("payment of {amount} for invoice {}", number + 1),
        (Purpose::Purchase(_), Some(kind)) => format!("{} of {amount}", purchase(kind)),
        (Purpose::Purchase(_), None) => format!("purchase of {amount}"),
    }
}
