//! What each policy does (MODEL 6).

use super::account::{Account, DAY, Event, Standing};
use super::payments::PurchaseKind;
use super::requests::Rate;
use super::terms::{Dollars, Grant, Kind, Micros, NEVER, Nanos, Terms};

/// A cent, in nano-dollars.
pub const CENT: Nanos = 10_000_000;

/// Why requests are refused, in the order in which the reasons are tested (MODEL 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Closed,
    NoPaymentMethod,
    PastDue,
    LimitReached,
    BudgetReached,
    NoCredit,
    RateLimited,
    OnHold,
}

impl Reason {
    pub fn column(self) -> &'static str {
        match self {
            Reason::Closed => "refused_closed",
            Reason::NoPaymentMethod => "refused_no_payment_method",
            Reason::PastDue => "refused_past_due",
            Reason::LimitReached => "refused_limit_reached",
            Reason::BudgetReached => "refused_budget_reached",
            Reason::NoCredit => "refused_no_credit",
            Reason::RateLimited => "refused_rate_limited",
            Reason::OnHold => "refused_on_hold",
        }
    }

    pub fn name(self) -> &'static str {
        &self.column()["refused_".len()..]
    }

    pub fn http_status(self) -> u16 {
        match self {
            Reason::Closed | Reason::PastDue => 403,
            Reason::RateLimited => 429,
            _ => 402,
        }
    }
}

/// When something ends that lasts so long, for ever where that is not said.
fn after(now: Micros, lasts: Option<super::terms::Duration>) -> Micros {
    lasts.map_or(NEVER, |lasts| now.saturating_add(lasts.0))
}

impl Account<'_> {
    // 6: what refuses every request.

    /// Why the policy would refuse every request now, if it would: the second to the sixth reason.
    pub fn reason(&self) -> Option<Reason> {
        let has_no_money = self.is_out_of_money();
        let lacks_payment_method = match self.terms.kind {
            Kind::PrepaidPause | Kind::AutoTopup => has_no_money,
            Kind::Postpaid => true,
            Kind::Trial => self.trial_has_ended,
        };
        if lacks_payment_method && !self.has_payment_method() {
            return Some(Reason::NoPaymentMethod);
        }
        if self.invoices.iter().any(|invoice| invoice.is_overdue) {
            return Some(Reason::PastDue); // under any later policy too
        }
        match self.terms.kind {
            Kind::Postpaid => self.has_reached_limit().then_some(Reason::LimitReached),
            Kind::PrepaidPause | Kind::AutoTopup if has_no_money => {
                Some(if self.only_a_budget_prevents_a_top_up() {
                    Reason::BudgetReached
                } else {
                    Reason::NoCredit
                })
            }
            _ => None,
        }
    }

    /// The money that is left: alerts and holds look at it. `None`: there is no end of it.
    pub fn remaining(&self) -> Option<Nanos> {
        if !self.terms.is_postpaid() {
            return Some(self.wallet.balance());
        }
        let credit = if self.terms.counts_only_billed() { self.wallet.credit() } else { 0 };
        self.limit().map(|limit| limit - self.count() + credit)
    }

    /// How much may still settle before it is usage that the policy meant to prevent (MODEL 6.5); `None`: any amount.
    pub fn allowance(&self) -> Option<Nanos> {
        match self.terms.kind {
            Kind::Postpaid => self.limit().map(|limit| limit - self.count()),
            Kind::Trial if self.has_payment_method() => None, // it moves on
            _ => Some(self.wallet.balance()),
        }
    }

    /// Where a hold did not fit, the account lacks money until what remains has risen above its lowest since.
    pub fn update_shortness(&mut self) {
        if let Some(lowest) = self.short {
            self.short = self.remaining().filter(|remaining| *remaining <= lowest);
            if self.short.is_none() {
                self.rule("3 a hold that did not fit no longer matters: the remaining money has risen");
            }
        }
    }

    /// The customer is alerted when the remaining money falls from above `alert_at` to it or below.
    pub fn check_alert(&mut self) {
        let Some(Dollars(alert_at)) = self.terms.alert_at else { return };
        let is_above = self.remaining().is_none_or(|remaining| remaining > alert_at);
        let was_above = std::mem::replace(&mut self.was_above_alert, is_above);
        if was_above && !is_above && !self.is_closed && !self.has_churned {
            self.rule("6.5 the customer is alerted");
            self.ask_to_heed_alert();
        }
    }

    // Signup, days and periods.

    pub fn sign_up(&mut self) {
        self.counts.add_always("accounts", 1);
        self.policy_number = 1;
        self.is_opening = true;
        if let Some(Grant { amount, expires_after }) = self.terms.free_credit {
            self.rule("6.5 free credit is granted");
            self.grant(amount.0, after(self.now, expires_after));
        }
        if let Some(Dollars(credit)) = self.terms.credit {
            self.rule("6.4 a trial begins");
            let expires = after(self.now, self.terms.expires_after);
            self.grant(credit, expires);
            if expires < NEVER {
                self.schedule(expires, Event::TrialEnd { policy_number: self.policy_number });
            }
        }
        if self.luck.has_payment_method(self.world.cohort.customer.payment_method) {
            self.take_card();
            self.buy_initially();
        }
    }

    fn grant(&mut self, amount: Nanos, expires: Micros) {
        let lot = self.wallet.grant(amount, expires);
        if expires < NEVER {
            self.schedule(expires, Event::PromotionalExpiry { lot });
        }
    }

    pub fn expire_promotional(&mut self, lot: usize) {
        self.rule("4 promotional credit expires");
        self.wallet.expire_promotional(lot);
    }

    pub fn lapse(&mut self, lot: usize) {
        let lapsed = self.wallet.lapse(lot);
        if lapsed > 0 {
            self.rule("6.5 paid credit lapses");
            self.counts.add("breakage_usd", lapsed);
        }
    }

    /// Bought credit becomes balance; it lapses as the policy of this time says.
    pub fn post_credit(&mut self, amount: Nanos) {
        let expires = after(self.now, self.terms.credit_expires_after);
        let open: Vec<usize> = self.wallet.open_invoices.iter().map(|invoice| invoice.number).collect();
        let (of_uninvoiced, lot) = self.wallet.post_credit(amount, expires);
        self.billed = (self.billed - of_uninvoiced).max(0);
        if of_uninvoiced > 0 {
            self.rule("4 posted credit pays the uninvoiced receivable");
        }
        for invoice in open {
            if self.wallet.owed_on(invoice) == 0 {
                self.rule("4 posted credit pays an invoice");
                self.note_invoice_paid(invoice);
            }
        }
        if let Some(lot) = lot.filter(|_| expires < NEVER) {
            self.schedule(expires, Event::Lapse { lot });
        }
    }

    /// A UTC day begins, and maybe a month: the limit's count is reset, and what is owed is invoiced.
    pub fn begin_day(&mut self) {
        if self.world.months.contains(&self.now) {
            self.used = 0;
            self.billed = 0;
            self.invoice();
        }
    }

    /// The first instants of this day and of this period.
    pub fn day_and_period(&self) -> (Micros, Micros) {
        let period = self.world.months.iter().rev().find(|month| **month <= self.now);
        (self.now / DAY * DAY, period.copied().unwrap_or(0))
    }

    // 6.2: top-ups.

    /// The top-up that is due now, if the balance is such that one is: its amount.
    fn top_up_amount(&self) -> Option<Nanos> {
        let balance = self.wallet.balance();
        if self.terms.kind != Kind::AutoTopup
            || !(balance <= self.terms.threshold.0 || self.short.is_some())
            || self.purchases.iter().any(|purchase| purchase.is_under_way())
            || self.top_up_is_disabled
            || !self.has_payment_method()
        {
            return None;
        }
        let amount = match (self.terms.amount, self.terms.target) {
            (Some(Dollars(amount)), _) => amount,
            (None, Some(Dollars(target))) => ceil_to_cents(target - balance),
            (None, None) => unreachable!("a top-up has an amount or a target"),
        };
        (amount > 0).then_some(amount)
    }

    /// Whether a purchase would take this period's beyond the budget, or beyond what the customer is willing to pay.
    fn is_beyond_budget(&self, amount: Nanos) -> bool {
        let budget = self.terms.monthly_budget.map(|Dollars(budget)| budget);
        [budget, self.spend_limit()].into_iter().flatten().any(|most| self.bought_in_period() + amount > most)
    }

    fn has_bought_enough_today(&self) -> bool {
        self.terms.max_per_day.is_some_and(|most| self.purchases_today() >= most)
    }

    fn only_a_budget_prevents_a_top_up(&self) -> bool {
        let amount = self.top_up_amount().filter(|_| !self.has_bought_enough_today());
        amount.is_some_and(|amount| self.is_beyond_budget(amount))
    }

    pub fn top_up_if_due(&mut self) {
        if self.in_runoff || self.is_closed || self.has_churned {
            return;
        }
        let Some(amount) = self.top_up_amount() else { return };
        if self.is_beyond_budget(amount) {
            self.rule("6.2 a budget prevents a top-up");
        } else if self.has_bought_enough_today() {
            self.rule("6.2 max_per_day prevents a top-up");
        } else {
            self.rule("6.2 a top-up is attempted");
            self.purchase(PurchaseKind::TopUp, amount, None);
        }
    }

    // 6.3: limits.

    /// What counts against the limit.
    fn count(&self) -> Nanos {
        if self.terms.counts_only_billed() { self.billed } else { self.used }
    }

    /// The tier in force, and those after it.
    fn tiers_from_now(&self) -> &[super::terms::Tier] {
        let has_passed = |after: Micros| {
            after == 0
                || self
                    .first_paid_at
                    .is_some_and(|first| self.tier_timer_rang_at >= first.saturating_add(after))
        };
        let holds = |tier: &super::terms::Tier| tier.paid.0 <= self.paid && has_passed(tier.after.0);
        self.terms.tiers.iter().rposition(holds).map_or(&[], |tier| &self.terms.tiers[tier..])
    }

    /// The limit of this period: of a tier, or what the customer is willing to pay.
    pub fn limit(&self) -> Option<Nanos> {
        let tier = self.tiers_from_now().first().map(|tier| tier.limit.0);
        [tier, self.spend_limit()].into_iter().flatten().min().filter(|_| self.terms.is_postpaid())
    }

    fn has_reached_limit(&self) -> bool {
        if self.short.is_some() {
            return true;
        }
        let is_covered = self.terms.counts_only_billed() && self.wallet.credit() > 0;
        self.limit().is_some_and(|limit| self.count() >= limit) && !is_covered
    }

    /// Under a limit that is reached: what is lacking to the next tier, where a later one has a higher limit; nothing where
    /// that lacks time alone.
    pub fn lacking_to_higher_limit(&self) -> Option<Nanos> {
        let [tier, later @ ..] = self.tiers_from_now() else { return None };
        if self.spend_limit().is_some_and(|limit| limit <= tier.limit.0) {
            return None; // the customer's own limit binds
        }
        later.iter().any(|later| later.limit > tier.limit).then(|| later[0].paid.0 - self.paid)
    }

    /// A tier's `after` has passed: an event of class 5, so what settles at that instant comes before.
    pub fn ring_tier_timer(&mut self) {
        self.rule("6.3 a tier's `after` has passed");
        self.tier_timer_rang_at = self.now;
    }

    pub fn schedule_tiers(&mut self) {
        let Some(first) = self.first_paid_at else { return };
        for tier in &self.terms.tiers {
            let at = first.saturating_add(tier.after.0);
            if at > self.now {
                self.schedule(at, Event::TierTimer);
            }
        }
    }

    // 6.4: trials, and moving.

    /// The trial ends when the balance is used up: after all that settles at that instant.
    pub fn end_trial_if_due(&mut self) {
        if self.terms.is_trial() && !self.trial_has_ended && !self.is_closed && self.is_out_of_money() {
            self.schedule(self.now, Event::TrialEnd { policy_number: self.policy_number });
        }
    }

    pub fn end_trial(&mut self, policy_number: usize) {
        if policy_number != self.policy_number || self.trial_has_ended || self.is_closed {
            return;
        }
        self.rule("6.4 a trial ends");
        self.trial_has_ended = true;
        if self.has_payment_method() {
            self.convert();
        }
    }

    /// Moves to what the trial is followed by.
    pub fn convert(&mut self) {
        self.rule("6.4 a trial converts");
        self.counts.happened_to_account("accounts_converted");
        let terms = self.terms;
        self.move_to(terms.then.as_ref().expect("a trial says what follows"));
    }

    pub fn switch(&mut self) {
        if !self.is_closed {
            self.rule("6.5 an account is switched to another policy");
            let policy = self.world.policy;
            self.move_to(&policy.switch.as_ref().expect("it switches").to);
        }
    }
}

impl<'w> Account<'w> {
    fn move_to(&mut self, terms: &'w Terms) {
        self.check_alert(); // before a move in the same event
        self.terms = terms;
        self.is_opening = true;
        self.policy_number += 1;
        self.used = 0;
        self.billed = 0;
        self.trial_has_ended = false;
        self.top_up_is_disabled = false;
        self.was_above_alert = false;
        self.rate = Rate::new(terms, self.now);
        self.give_up_waiting_top_up();
        self.tier_timer_rang_at = self.now;
        self.schedule_tiers();
        if self.standing == Standing::Stopped {
            self.rule("6.4 an account moves while it is stopped");
        }
        if self.has_payment_method() && !self.has_churned {
            self.buy_initially();
        }
    }
}

/// Rounded up to a whole cent.
pub fn ceil_to_cents(amount: Nanos) -> Nanos {
    -(-amount).div_euclid(CENT) * CENT
}
